//! From an op and its quantizations to kernels of the runtime with their parameters; evaluation and emission share it.

mod addends;
mod elementwise;
mod int16;
mod kernel;
mod layer;
mod movement;
mod pool;
mod program;

pub(crate) use elementwise::apply;
pub use int16::{Function, Int16, Rule, Scaled};
pub use kernel::{BinaryFn, Kernel, Layer, Piece, Requantizer, Weights};
pub use program::{ConstId, Constant, Operand, Program, Step, little_endian};

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{Data, Graph, Node, Op, Quantization, ResizeMode, Shape, Tensor, TensorId, UnaryKind};
use crate::options::Reference;
use crate::prepare;
use crate::valid::{self, AccumulatorRange, Facts};
use program::Constants;
use thiserror::Error;

/// Why an op that validation has accepted has no kernel.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LowerError {
    /// More axes, or longer ones, than the kernel's loops count.
    #[error("its shapes need more or longer loops than the kernel has (shape {shape})")]
    Shape {
        /// The shape of the first output.
        shape: String,
    },
    /// What the reference itself refuses.
    #[error("the reference has no such kernel: {0}")]
    Reference(String),
}

impl Explain for LowerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "lower::shape",
            Self::Reference(_) => "lower::reference",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Shape { .. } => "use tensors of fewer axes, none longer than 65,535".into(),
            Self::Reference(_) => "quantize the model again with a current converter, or choose the other reference".into(),
        }
    }
}

/// Sums below this in magnitude may be doubled in an `int32`.
const SMALL: i64 = 1 << 30;

/// Lowers every node of a graph that [`valid::check`] has accepted.
///
/// # Errors
/// Every node for which there is no kernel.
pub fn lower<'a>(graph: &'a Graph, facts: &'a Facts, reference: Reference) -> Result<Program, Diagnostics> {
    let mut lowering = Lowering { graph, facts, reference, sums: &[], constants: Constants::default() };
    let mut steps = Vec::with_capacity(graph.nodes.len());
    let mut problems: Vec<Diagnostic> = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        lowering.sums = facts.accumulators.get(index).map_or(&[][..], Vec::as_slice);
        match lowering.node(index, node) {
            Ok(kernel) => {
                let reads = lowering.reads(&kernel, node);
                let (origin, macs) = (node.origin.clone(), valid::macs(graph, node));
                let sums = facts.accumulators.get(index).map_or(&[][..], Vec::as_slice);
                let bounded = !sums.is_empty() && sums.iter().all(|sum| -SMALL < sum.min && sum.max < SMALL);
                steps.push(Step { origin, op: node.op.name(), kernel, reads, writes: node.outputs.clone(), macs, bounded });
            }
            Err(error) => {
                let op = Some((node.origin.clone(), node.op.name()));
                problems.push(error.at(Place { op, ..Place::default() }));
            }
        }
    }
    if !problems.is_empty() {
        return Err(Diagnostics(problems));
    }
    let outputs = lowering.constant_outputs(&mut steps);
    Ok(Program {
        name: graph.name.clone(),
        reference,
        tensors: lowering.tensors(&outputs),
        inputs: graph.inputs.clone(),
        outputs,
        steps,
        constants: lowering.constants.finish(),
    })
}

/// What the lowering of one graph shares.
struct Lowering<'a> {
    graph: &'a Graph,
    facts: &'a Facts,
    reference: Reference,
    /// Those of the node's channels.
    sums: &'a [AccumulatorRange],
    constants: Constants,
}

impl<'a> Lowering<'a> {
    fn node(&mut self, index: usize, node: &Node) -> Result<Kernel, LowerError> {
        if let Some(kernel) = self.int16(index, node) {
            return kernel;
        }
        let output = node.outputs.first().copied().unwrap_or(TensorId(0));
        let shape_error = || LowerError::Shape { shape: self.graph.tensor(output).shape.to_string() };
        match &node.op {
            Op::Conv2d { input, filter, bias, window, activation } => {
                self.conv2d(*input, *filter, *bias, window, *activation, output)
            }
            Op::DepthwiseConv2d { input, filter, bias, window, activation } => {
                self.depthwise_conv2d(*input, *filter, *bias, window, *activation, output)
            }
            Op::TransposeConv { input, filter, bias, window, activation } => {
                self.transpose_conv(*input, *filter, *bias, window, *activation, output)
            }
            Op::FullyConnected { input, filter, bias, activation } => {
                self.fully_connected(*input, *filter, *bias, *activation, output)
            }
            Op::Binary { kind, a, b, activation } => self.binary(*kind, *a, *b, *activation, output),
            Op::Unary { kind, input } => self.unary(*kind, *input, output, &node.origin.name),
            Op::Prelu { input, alpha } => self.prelu(*input, *alpha, output, &node.origin.name),
            Op::Pool2d { kind, input, window, activation } => self.pool2d(*kind, *input, window, *activation, output),
            Op::Reduce { kind, input, axes } => self.reduce(*kind, *input, axes, output),
            Op::Softmax { input, beta } => self.softmax(*input, *beta, output, &node.origin.name),
            Op::ArgMax { input, axis } => {
                prepare::reduce::arg_max(self.shape(*input), *axis).map(Kernel::ArgMax).ok_or_else(shape_error)
            }
            Op::Pad { input, before, after, value } => self.pad(*input, before, after, *value).ok_or_else(shape_error),
            Op::MirrorPad { input, before, after, mode } => {
                prepare::movement::mirror_pad(self.shape(*input), before, after, *mode)
                    .map(Kernel::MirrorPad)
                    .ok_or_else(shape_error)
            }
            Op::Concatenation { inputs, axis, activation: _ } => {
                for &input in inputs {
                    prepare::movement::check_concatenation(&self.quantization(input), &self.quantization(output))
                        .map_err(|reason| LowerError::Reference(reason.into()))?;
                }
                self.concatenation(inputs, *axis, output).ok_or_else(shape_error)
            }
            Op::Split { input, axis } => self.split(*input, *axis, &node.outputs).ok_or_else(shape_error),
            Op::Slice { input, begin, stride, size } => self.slice(*input, begin, stride, size).ok_or_else(shape_error),
            Op::Transpose { input, perm } => self.transpose(*input, perm).ok_or_else(shape_error),
            Op::Reshape { input: _ } => Ok(Kernel::View),
            Op::Pack { inputs, axis } => self.pack(inputs, *axis, output).ok_or_else(shape_error),
            Op::Unpack { input, axis } => self.unpack(*input, *axis, &node.outputs).ok_or_else(shape_error),
            Op::Shape { input: _ } => Err(LowerError::Reference("shape must be folded before lowering".into())),
            Op::Resize { mode: ResizeMode::Bilinear, .. } if self.reference == Reference::Ort => {
                let reason = "integers between pixels are not ONNX Runtime's: export the resize with mode nearest";
                Err(LowerError::Reference(reason.into()))
            }
            Op::Resize { mode: ResizeMode::Bilinear, .. } if self.reference == Reference::Xnnpack => {
                let reason = "resize_bilinear is not XNNPACK's here: use reference tflm, or resize_nearest_neighbor";
                Err(LowerError::Reference(reason.into()))
            }
            Op::Resize { mode, input, align_corners, half_pixel_centers } => {
                self.resize(*mode, *input, *align_corners, *half_pixel_centers, output).ok_or_else(shape_error)
            }
            Op::Quantize { input } => Ok(self.quantize(*input, output, &node.origin.name)),
            Op::Dequantize { input } => Ok(Kernel::Dequantize(prepare::unary::affine(&self.quantization(*input)))),
        }
    }

    /// The tensors that a kernel reads: all that the op reads, less weights and what a table has taken in.
    fn reads(&mut self, kernel: &Kernel, node: &Node) -> Vec<Operand> {
        let inputs = node.op.inputs();
        let inputs: Vec<TensorId> = match kernel {
            Kernel::Conv2d { .. }
            | Kernel::DepthwiseConv2d { .. }
            | Kernel::FullyConnected { .. }
            | Kernel::TransposeConv { .. } => inputs.into_iter().take(1).collect(),
            Kernel::Int16(kernel) => {
                let layer = kernel.weights().is_some();
                inputs.into_iter().take(if layer { 1 } else { usize::MAX }).collect()
            }
            Kernel::Lut(_) => match inputs.iter().position(|&id| self.graph.value(id).is_none()) {
                Some(activation) => vec![inputs[activation]],
                None => inputs.into_iter().take(1).collect(),
            },
            Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::Softmax(_)
            | Kernel::SoftmaxF32 { .. }
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_)
            | Kernel::Binary { .. }
            | Kernel::Mean { .. }
            | Kernel::MeanReal { .. }
            | Kernel::ReduceMax(_)
            | Kernel::ArgMax(_)
            | Kernel::Copy { .. }
            | Kernel::MirrorPad(_)
            | Kernel::ResizeNearestNeighbor { .. }
            | Kernel::ResizeBilinear { .. }
            | Kernel::Quantize(_)
            | Kernel::QuantizeToEven(_)
            | Kernel::QuantizeByInverse(_)
            | Kernel::Dequantize(_)
            | Kernel::Requantize(_)
            | Kernel::View => inputs,
        };
        inputs.into_iter().map(|id| self.operand(id)).collect()
    }

    fn operand(&mut self, id: TensorId) -> Operand {
        match self.graph.value(id) {
            Some(data) => {
                let label = self.graph.tensor(id).name.clone();
                Operand::Constant(self.constants.add(label, data.clone()))
            }
            None => Operand::Activation(id),
        }
    }

    /// Outputs that are constants become tensors of their own, which a step fills.
    fn constant_outputs(&mut self, steps: &mut Vec<Step>) -> Vec<TensorId> {
        let mut next = self.graph.tensors.len() as u32;
        let outputs = self.graph.outputs.iter().map(|&id| match self.graph.value(id) {
            None => id,
            Some(_) => {
                let made = TensorId(next);
                next += 1;
                let shape = self.shape(id);
                let whole = prepare::movement::slice(shape, &vec![0; shape.rank()], &vec![1; shape.rank()], &shape.0);
                let pieces = whole.map(|copy| Piece { read: 0, write: 0, copy }).into_iter().collect();
                let reads = vec![self.operand(id)];
                let origin = crate::ir::Origin { index: steps.len(), name: self.graph.tensor(id).name.clone() };
                steps.push(Step {
                    origin,
                    op: "constant",
                    kernel: Kernel::Copy { fill: None, pieces },
                    reads,
                    writes: vec![made],
                    macs: 0,
                    bounded: false,
                });
                made
            }
        });
        outputs.collect()
    }

    /// The graph's tensors, and those that stand for constant outputs.
    fn tensors(&self, outputs: &[TensorId]) -> Vec<Tensor> {
        let mut tensors = self.graph.tensors.clone();
        for (&made, &id) in outputs.iter().zip(&self.graph.outputs) {
            if made != id {
                tensors.push(Tensor { value: None, ..self.graph.tensor(id).clone() });
            }
        }
        tensors
    }

    fn shape(&self, id: TensorId) -> &'a Shape {
        &self.graph.tensor(id).shape
    }

    /// The quantization of a tensor; the identity where an op needs none.
    fn quantization(&self, id: TensorId) -> Quantization {
        self.graph.tensor(id).quantization.clone().unwrap_or(Quantization::per_tensor(1.0, 0))
    }

    fn table(&mut self, label: &str, table: [i8; 256]) -> Kernel {
        Kernel::Lut(self.constants.add(label.to_string(), Data::I8(table.to_vec())))
    }

    fn unary(&mut self, kind: UnaryKind, input: TensorId, output: TensorId, name: &str) -> Result<Kernel, LowerError> {
        let (input, output) = (self.quantization(input), self.quantization(output));
        if self.reference == Reference::Ort {
            let table = prepare::ort::table(|x| prepare::ort::unary(kind, x), &input, &output);
            return Ok(self.table(&format!("answers of {name}"), table));
        }
        if self.reference == Reference::Xnnpack {
            let table = prepare::xnnpack::table(kind, &input, &output).map_err(|reason| LowerError::Reference(reason.into()))?;
            return Ok(self.table(&format!("answers of {name}"), table));
        }
        prepare::unary::check(kind, &input, &output).map_err(|reason| LowerError::Reference(reason.into()))?;
        Ok(self.table(&format!("answers of {name}"), prepare::unary::table(kind, &input, &output)))
    }
}
