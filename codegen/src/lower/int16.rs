//! Kernels of 16-bit activations: what they are, and how ops become them.

use super::kernel::Kernel;
use super::program::ConstId;
use super::{LowerError, Lowering};
use crate::ir::{Activation, BinaryKind, DType, Data, Layer, Node, Op, PoolKind, TensorId, UnaryKind, Window};
use crate::options::Reference;
use crate::prepare::convolution::convolution_multipliers;
use crate::prepare::{binary, int16};
use tinybake_runtime::kernels::binary::Broadcast;
use tinybake_runtime::kernels::int16::{Add, FullyConnected, Mul, Rectifier, Sigmoid, Softmax, Sub, Windows};
use tinybake_runtime::requantize::Multiplier;

/// A kernel of the runtime's `kernels::int16` with its parameters. Kernels that only move or convert elements are those of 8 bits.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Fields carry the standard names of the operation's attributes.
pub enum Int16 {
    /// `int16::conv2d`
    Conv2d { params: Windows, weights: Scaled },
    /// `int16::depthwise_conv2d`
    DepthwiseConv2d { params: Windows, weights: Scaled },
    /// `int16::fully_connected`, also for 1x1 convolutions of stride 1.
    FullyConnected { params: FullyConnected, weights: Scaled },
    /// `int16::transpose_conv`
    TransposeConv { params: Windows, weights: Scaled },
    /// `int16::average_pool2d`
    AveragePool2d(Windows),
    /// `int16::max_pool2d`
    MaxPool2d(Windows),
    /// `binary::elementwise`, or `binary::broadcast` where shapes differ.
    Binary { function: Function, broadcast: Option<Broadcast> },
    /// `int16::rectifier`
    Rectifier(Rectifier),
    /// `int16::logistic`
    Logistic(Sigmoid),
    /// `int16::tanh`
    Tanh(Sigmoid),
    /// `int16::softmax`
    Softmax(Softmax),
}

/// An element-wise function of two 16-bit tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// Sum.
    Add(Add),
    /// Difference.
    Sub(Sub),
    /// Product.
    Mul(Mul),
    /// The greater stored value.
    Maximum,
    /// The lesser stored value.
    Minimum,
}

/// What a layer of 16-bit activations carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled {
    /// `int8` filter in the kernel's layout.
    pub filter: ConstId,
    /// Bias of each output channel, as wide as the sums of the rule.
    pub bias: ConstId,
    /// From sums to outputs.
    pub rule: Rule,
    /// `int32` multipliers of the rule: one a channel, or one for all.
    pub multipliers: ConstId,
    /// `int8` shifts of the rule, as many.
    pub shifts: ConstId,
}

/// The rule of the runtime that scales sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `int16::Wide`: 64 bits.
    Wide,
    /// `int16::Narrow`: 32 bits that give the same.
    Narrow,
    /// `int16::Twice`: that of layers with 32-bit biases.
    Twice,
}

impl Rule {
    /// The runtime's name.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Wide => "Wide",
            Rule::Narrow => "Narrow",
            Rule::Twice => "Twice",
        }
    }
}

impl Int16 {
    /// The runtime's name of the kernel.
    pub fn name(&self) -> &'static str {
        match self {
            Int16::Conv2d { .. } => "int16 conv2d",
            Int16::DepthwiseConv2d { .. } => "int16 depthwise_conv2d",
            Int16::FullyConnected { .. } => "int16 fully_connected",
            Int16::TransposeConv { .. } => "int16 transpose_conv",
            Int16::AveragePool2d(_) => "int16 average_pool2d",
            Int16::MaxPool2d(_) => "int16 max_pool2d",
            Int16::Binary { broadcast: None, .. } => "int16 elementwise",
            Int16::Binary { broadcast: Some(_), .. } => "int16 broadcast",
            Int16::Rectifier(_) => "int16 rectifier",
            Int16::Logistic(_) => "int16 logistic",
            Int16::Tanh(_) => "int16 tanh",
            Int16::Softmax(_) => "int16 softmax",
        }
    }

    /// See [`Kernel::in_place_operands`].
    pub fn in_place_operands(&self) -> &'static [usize] {
        match self {
            Int16::Rectifier(_) | Int16::Logistic(_) | Int16::Tanh(_) | Int16::Softmax(_) => &[0],
            Int16::Binary { .. } => &[0, 1],
            Int16::Conv2d { .. }
            | Int16::DepthwiseConv2d { .. }
            | Int16::FullyConnected { .. }
            | Int16::TransposeConv { .. }
            | Int16::AveragePool2d(_)
            | Int16::MaxPool2d(_) => &[],
        }
    }

    /// The weights of a layer.
    pub fn weights(&self) -> Option<&Scaled> {
        match self {
            Int16::Conv2d { weights, .. }
            | Int16::DepthwiseConv2d { weights, .. }
            | Int16::FullyConnected { weights, .. }
            | Int16::TransposeConv { weights, .. } => Some(weights),
            Int16::AveragePool2d(_)
            | Int16::MaxPool2d(_)
            | Int16::Binary { .. }
            | Int16::Rectifier(_)
            | Int16::Logistic(_)
            | Int16::Tanh(_)
            | Int16::Softmax(_) => None,
        }
    }

    /// The constants that the kernel itself carries.
    pub fn constants(&self) -> Vec<ConstId> {
        let ids = |weights: &Scaled| vec![weights.filter, weights.bias, weights.multipliers, weights.shifts];
        self.weights().map(ids).unwrap_or_default()
    }

    /// Outputs of a layer or pool; `None` for element-wise kernels.
    pub fn outputs(&self) -> Option<f64> {
        match self {
            Int16::Conv2d { params, .. }
            | Int16::DepthwiseConv2d { params, .. }
            | Int16::TransposeConv { params, .. }
            | Int16::AveragePool2d(params)
            | Int16::MaxPool2d(params) => {
                Some(f64::from(params.output.height) * f64::from(params.output.width) * f64::from(params.output.channels))
            }
            Int16::FullyConnected { params, .. } => Some(f64::from(params.rows) * f64::from(params.columns)),
            Int16::Binary { .. } | Int16::Rectifier(_) | Int16::Logistic(_) | Int16::Tanh(_) | Int16::Softmax(_) => None,
        }
    }
}

impl Lowering<'_> {
    /// The kernel of a node that computes with 16-bit activations; `None` where the one of 8 bits serves, or where it makes others.
    pub(super) fn int16(&mut self, index: usize, node: &Node) -> Option<Result<Kernel, LowerError>> {
        let output = *node.outputs.first()?;
        if self.graph.tensor(output).dtype != DType::I16 {
            return None;
        }
        let kernel = match &node.op {
            Op::Conv2d { input, filter, bias: _, window, activation } => {
                let weights = self.int16_weights(index, node, output)?;
                self.int16_conv2d(*input, *filter, window, *activation, output, weights)
            }
            Op::DepthwiseConv2d { input, filter: _, bias: _, window, activation } => {
                let weights = self.int16_weights(index, node, output)?;
                self.windows(*input, window, *activation, output, 1).map(|params| Int16::DepthwiseConv2d { params, weights })
            }
            Op::TransposeConv { input, filter: _, bias: _, window, activation } => {
                let weights = self.int16_weights(index, node, output)?;
                self.windows(*input, window, *activation, output, 1).map(|params| Int16::TransposeConv { params, weights })
            }
            Op::FullyConnected { input: _, filter, bias: _, activation } => {
                let weights = self.int16_weights(index, node, output)?;
                let params = self.int16_matrix(self.dim(*filter, 1), self.dim(*filter, 0), *activation, output);
                params.map(|params| Int16::FullyConnected { params, weights })
            }
            Op::Pool2d { kind, input, window, activation } => self.int16_pool(*kind, *input, window, *activation, output),
            Op::Binary { kind, a, b, activation } => self.int16_binary(*kind, *a, *b, *activation, output),
            Op::Unary { kind, input } => self.int16_unary(*kind, *input, output),
            Op::Softmax { input, beta } => self.int16_softmax(*input, *beta, output),
            Op::Prelu { .. }
            | Op::Reduce { .. }
            | Op::ArgMax { .. }
            | Op::Pad { .. }
            | Op::MirrorPad { .. }
            | Op::Concatenation { .. }
            | Op::Split { .. }
            | Op::Slice { .. }
            | Op::Transpose { .. }
            | Op::Reshape { .. }
            | Op::Pack { .. }
            | Op::Unpack { .. }
            | Op::Shape { .. }
            | Op::Resize { .. }
            | Op::Quantize { .. }
            | Op::Dequantize { .. } => return None,
        };
        match self.reference {
            Reference::Tflm => Some(kernel.map(Kernel::Int16)),
            Reference::Ort => Some(Err(LowerError::Reference("quantized ONNX is computed with 8 bits only".into()))),
            Reference::Xnnpack => Some(Err(LowerError::Reference("XNNPACK computes with no int16 activations".into()))),
        }
    }

    fn int16_conv2d(
        &self,
        input: TensorId,
        filter: TensorId,
        window: &Window,
        activation: Activation,
        output: TensorId,
        weights: Scaled,
    ) -> Result<Int16, LowerError> {
        let (channels, depth) = (self.dim(filter, 0), self.dim(filter, 3));
        if self.graph.is_matrix_product(input, filter, window) {
            let params = self.int16_matrix(depth, channels, activation, output)?;
            return Ok(Int16::FullyConnected { params, weights });
        }
        let groups = self.dim(input, 3).checked_div(depth).unwrap_or(1);
        Ok(Int16::Conv2d { params: self.windows(input, window, activation, output, groups)?, weights })
    }

    /// The shape of a layer that makes rows of `columns` elements from rows of `depth`.
    fn int16_matrix(
        &self,
        depth: usize,
        columns: usize,
        activation: Activation,
        output: TensorId,
    ) -> Result<FullyConnected, LowerError> {
        let rows = self.shape(output).elements() / columns.max(1);
        let u32 =
            |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: format!("[{rows}, {depth}, {columns}]") });
        let [min, max] = int16::activation_range(activation, self.quantization(output).scale());
        Ok(FullyConnected { rows: u32(rows)?, depth: u32(depth)?, columns: u32(columns)?, min, max })
    }

    fn windows(
        &self,
        input: TensorId,
        window: &Window,
        activation: Activation,
        output: TensorId,
        groups: usize,
    ) -> Result<Windows, LowerError> {
        let [min, max] = int16::activation_range(activation, self.quantization(output).scale());
        Ok(Windows {
            input: self.dims(input)?,
            output: self.dims(output)?,
            kernel: self.pair(window.kernel)?,
            stride: self.pair(window.stride)?,
            dilation: self.pair(window.dilation)?,
            pad: self.pair(window.pad_before)?,
            groups: self.u16(groups)?,
            min,
            max,
        })
    }

    /// Constants of a layer. With a bias of 32 bits the reference sums in 32 bits and rounds twice; else it sums in 64 bits, for
    /// which 32 do where validation has proved that no sum of any channel leaves them. `None` for an op without weights.
    fn int16_weights(&mut self, index: usize, node: &Node, output: TensorId) -> Option<Scaled> {
        let Layer { input, filter, bias, channel_axis } = node.op.layer()?;
        let channels = self.dim(filter, channel_axis);
        let scales = (self.quantization(input).scale(), self.quantization(filter), self.quantization(output).scale());
        let mut multipliers = convolution_multipliers(scales.0, &scales.1, scales.2, channels);
        if multipliers.iter().all(|other| Some(other) == multipliers.first()) {
            multipliers.truncate(1);
        }
        let data = bias.and_then(|bias| self.graph.value(bias));
        let mut biases = data.and_then(Data::integers).unwrap_or_default();
        biases.resize(channels, 0);
        let reduced: Vec<(i32, i8)> = multipliers.iter().map(|&multiplier| int16::reduced(multiplier)).collect();
        let sums = self.facts.accumulators.get(index).map_or(&[][..], Vec::as_slice);
        let fits = |value: i64| i32::try_from(value).is_ok();
        let rule = if matches!(data, Some(Data::I32(_))) {
            Rule::Twice
        } else if sums.iter().all(|sum| fits(sum.min) && fits(sum.max)) && reduced.iter().all(|&(_, shift)| shift >= 17) {
            Rule::Narrow
        } else {
            Rule::Wide
        };
        let (multipliers, shifts): (Vec<i32>, Vec<i8>) = match rule {
            Rule::Wide => reduced.into_iter().unzip(),
            Rule::Narrow => reduced.into_iter().map(|(multiplier, shift)| (multiplier << 16, shift - 16)).unzip(),
            Rule::Twice => multipliers.iter().map(|&Multiplier { multiplier, shift }| (multiplier, shift)).unzip(),
        };
        let biases = match rule {
            Rule::Wide => Data::I64(biases),
            // As many bits as the sums have, which hold it.
            Rule::Narrow | Rule::Twice => Data::I32(biases.into_iter().map(|bias| bias as i32).collect()),
        };
        let name = self.graph.tensor(filter).name.clone();
        let data = self.graph.value(filter).cloned().unwrap_or(Data::I8(Vec::new()));
        Some(Scaled {
            filter: self.constants.add(format!("filter {name}"), data),
            bias: self.constants.add(format!("bias of {name}"), biases),
            rule,
            multipliers: self.constants.add(format!("multipliers of {name}"), Data::I32(multipliers)),
            shifts: self.constants.add(format!("shifts of {name}"), Data::I8(shifts)),
        })
    }

    fn int16_pool(
        &self,
        kind: PoolKind,
        input: TensorId,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Int16, LowerError> {
        let params = self.windows(input, window, activation, output, 1)?;
        Ok(match kind {
            PoolKind::Average => Int16::AveragePool2d(params),
            PoolKind::Max => Int16::MaxPool2d(params),
        })
    }

    fn int16_binary(
        &self,
        kind: BinaryKind,
        a: TensorId,
        b: TensorId,
        activation: Activation,
        output: TensorId,
    ) -> Result<Int16, LowerError> {
        let quantizations = (self.quantization(a), self.quantization(b), self.quantization(output));
        let (qa, qb, qy) = (&quantizations.0, &quantizations.1, &quantizations.2);
        let [min, max] = int16::activation_range(activation, qy.scale());
        let sum = || -> Result<[Multiplier; 3], LowerError> {
            int16::check_sum(qa, qb, qy).map_err(|reason| LowerError::Reference(reason.into()))?;
            Ok(int16::sum_multipliers(qa, qb, qy))
        };
        let function = match kind {
            BinaryKind::Add => {
                let [a, b, output] = sum()?;
                Function::Add(Add { a, b, output, min, max })
            }
            BinaryKind::Sub => {
                let [a, b, output] = sum()?;
                Function::Sub(Sub { a, b, output, min, max })
            }
            BinaryKind::Mul => Function::Mul(Mul { output: int16::product_multiplier(qa, qb, qy), min, max }),
            BinaryKind::Maximum => Function::Maximum,
            BinaryKind::Minimum => Function::Minimum,
        };
        let (a, b) = (self.shape(a), self.shape(b));
        let broadcast = if binary::same_elements(a, b) {
            None
        } else {
            Some(binary::broadcast(a, b).ok_or_else(|| LowerError::Shape { shape: format!("{a} with {b}") })?)
        };
        Ok(Int16::Binary { function, broadcast })
    }

    fn int16_unary(&self, kind: UnaryKind, input: TensorId, output: TensorId) -> Result<Int16, LowerError> {
        let (input, output) = (self.quantization(input), self.quantization(output));
        let sigmoid = |powers: &[i32]| {
            let params = int16::sigmoid(&input, powers).filter(|_| int16::is_fraction(output.scale()));
            let refused = "int16 logistic and tanh need an output scale of 2^-15 and an input scale below 8/3";
            params.ok_or_else(|| LowerError::Reference(refused.into()))
        };
        match kind {
            UnaryKind::Logistic => sigmoid(&[-12]).map(Int16::Logistic),
            UnaryKind::Tanh => sigmoid(&[-12, -11]).map(Int16::Tanh),
            UnaryKind::Relu => Ok(Int16::Rectifier(int16::relu(&input, &output))),
            UnaryKind::Relu6 => Ok(Int16::Rectifier(int16::relu6(&input))),
            UnaryKind::LeakyRelu { alpha } => Ok(Int16::Rectifier(int16::leaky_relu(&input, &output, alpha))),
            UnaryKind::ReluN1To1 | UnaryKind::HardSwish | UnaryKind::Rescale => {
                Err(LowerError::Reference("relu_n1_to_1 and hard_swish have no int16 kernels".into()))
            }
        }
    }

    fn int16_softmax(&self, input: TensorId, beta: f32, output: TensorId) -> Result<Int16, LowerError> {
        let given = self.quantization(output).scale();
        if (given * 32768.0 - 1.0).abs() > 1e-3 {
            return Err(LowerError::Reference(format!("int16 softmax needs an output of scale 2^-15, not {given}")));
        }
        let depth = self.shape(input).0.last().copied().unwrap_or(1);
        let u32 = |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: self.shape(input).to_string() });
        let (rows, depth) = (u32(self.shape(input).elements() / depth.max(1))?, u32(depth)?);
        Ok(Int16::Softmax(int16::softmax(rows, depth, self.quantization(input).scale(), beta)))
    }
}
