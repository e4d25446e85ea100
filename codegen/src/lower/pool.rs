//! Pools, reductions and softmax.

use super::kernel::{Kernel, Requantizer, Weights};
use super::{LowerError, Lowering};
use crate::ir::{Activation, Data, PoolKind, Quantization, ReduceKind, TensorId, Window};
use crate::options::Reference;
use crate::prepare::{ort, reduce, softmax, unary, xnnpack};
use tinybake_runtime::kernels::Dims;
use tinybake_runtime::kernels::average_pool_reals::{AveragePoolReals, Order};
use tinybake_runtime::kernels::average_pool2d::AveragePool2d;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::max_pool2d::MaxPool2d;
use tinybake_runtime::kernels::softmax_reals::SoftmaxReals;
use tinybake_runtime::requantize::Clamp;

impl Lowering<'_> {
    pub(super) fn pool2d(
        &mut self,
        kind: PoolKind,
        input: TensorId,
        window: &Window,
        activation: Activation,
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let (from, to) = (self.quantization(input), output);
        let (input, output_dims) = (self.dims(input)?, self.dims(output)?);
        let (kernel, stride, pad) = (self.pair(window.kernel)?, self.pair(window.stride)?, self.pair(window.pad_before)?);
        let clamp = self.clamp(output, activation);
        let (min, max, output) = (clamp.min, clamp.max, output_dims);
        if kind == PoolKind::Average && self.reference == Reference::Ort {
            let output_scale = self.quantization(to).scale();
            let doubt = ort::mean_doubt(usize::from(kernel[0]) * usize::from(kernel[1]), &from, &self.quantization(to));
            let (added, zero_point, order) = match self.graph.zero_points_first {
                Some(below) => (clamp.zero_point.wrapping_add(below) as f32, below.wrapping_neg(), Order::RowByRow),
                None => (0.0, clamp.zero_point, if stride[1] <= 2 { Order::ColumnSums } else { Order::RowByRow }),
            };
            let clamp = Clamp { zero_point, ..clamp };
            let real = unary::affine(&from);
            let pool = AveragePoolReals { input, output, kernel, stride, pad, real, output_scale, added, doubt, order, clamp };
            return Ok(Kernel::AveragePoolReals(pool));
        }
        Ok(match kind {
            PoolKind::Average => Kernel::AveragePool2d(AveragePool2d { input, output, kernel, stride, pad, min, max }),
            PoolKind::Max => Kernel::MaxPool2d(MaxPool2d { input, output, kernel, stride, pad, min, max }),
        })
    }

    pub(super) fn reduce(
        &mut self,
        kind: ReduceKind,
        input: TensorId,
        axes: &[usize],
        output: TensorId,
    ) -> Result<Kernel, LowerError> {
        let shape_error = || LowerError::Shape { shape: self.shape(input).to_string() };
        let shape = reduce::reduce(self.shape(input), axes).ok_or_else(shape_error)?;
        let (from, to) = (self.quantization(input), self.quantization(output));
        match kind {
            ReduceKind::Mean if self.reference == Reference::Ort => {
                let count = axes.iter().map(|&axis| self.dim(input, axis)).product::<usize>().max(1);
                let in_floats = self.graph.zero_points_first.is_none() && !ort::mean_is_clear(count, &from, &to);
                if let (true, Ok(dims), [1, 2]) = (in_floats, self.dims(input), axes) {
                    return self.mean_in_floats(dims, &from, output);
                }
                let batch = self.dim(input, 0);
                if in_floats && batch > 1 && self.shape(input).rank() == 4 && axes == [1, 2] {
                    let reason =
                        format!("a mean of a batch of {batch} that ONNX Runtime adds in floats: export with a fixed batch of 1");
                    return Err(LowerError::Reference(reason));
                }
                match ort::mean(count, &from, &to) {
                    Some(params) => Ok(Kernel::Mean { shape, params }),
                    None => self.mean_of_image(input, axes, output),
                }
            }
            ReduceKind::Mean if self.reference == Reference::Xnnpack => {
                let count = axes.iter().map(|&axis| self.dim(input, axis)).product::<usize>().max(1);
                Ok(Kernel::MeanReal { shape, params: xnnpack::mean(count, &from, &to) })
            }
            ReduceKind::Mean => {
                let params = reduce::mean(self.shape(input), axes, &from, &to).ok_or_else(shape_error)?;
                Ok(Kernel::Mean { shape, params })
            }
            ReduceKind::Max => {
                reduce::check_max(&from, &to).map_err(|reason| LowerError::Reference(reason.into()))?;
                Ok(Kernel::ReduceMax(shape))
            }
        }
    }

    /// The mean of an image's pixels, added in single precision as MLAS adds those of a whole image.
    fn mean_in_floats(&self, input: Dims, from: &Quantization, output: TensorId) -> Result<Kernel, LowerError> {
        let order = Order::FourLanes;
        let to = self.quantization(output);
        let (kernel, real, output_scale) = ([input.height, input.width], unary::affine(from), to.scale());
        let doubt = ort::mean_doubt(usize::from(input.height) * usize::from(input.width), from, &to);
        let clamp = self.clamp(output, Activation::None);
        let output = Dims { height: 1, width: 1, ..input };
        let (stride, pad) = ([1, 1], [0, 0]);
        let pool = AveragePoolReals { input, output, kernel, stride, pad, real, output_scale, added: 0.0, doubt, order, clamp };
        Ok(Kernel::AveragePoolReals(pool))
    }

    /// The mean of an image's pixels as a depthwise convolution of one output with weights of one, which rounds in floats.
    fn mean_of_image(&mut self, input: TensorId, axes: &[usize], output: TensorId) -> Result<Kernel, LowerError> {
        let (from, to) = (self.quantization(input), self.quantization(output));
        let dims = self.dims(input).ok().filter(|_| axes == [1, 2]);
        let reason = "a mean whose halves round to even, of other than an image: change the scale of its output";
        let Dims { height, width, channels } = dims.ok_or_else(|| LowerError::Reference(reason.into()))?;
        let count = usize::from(height) * usize::from(width);
        let bias = -from.zero_point().wrapping_mul(count as i32);
        let filter = Data::I8(vec![1; count * usize::from(channels)]);
        let weights = Weights {
            filter: self.constants.add("ones".into(), filter),
            bias: self.constants.add("zero points".into(), Data::I32(vec![bias; channels.into()])),
            requantizer: Requantizer::Rint(from.scale() / (to.scale() * count as f32)),
        };
        let params = DepthwiseConv2d {
            input: Dims { height, width, channels },
            output: Dims { height: 1, width: 1, channels },
            kernel: [height, width],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [0, 0],
            multiplier: 1,
            input_zero_point: from.zero_point() as i8,
            clamp: self.clamp(output, Activation::None),
        };
        Ok(Kernel::DepthwiseConv2d { params, weights })
    }

    pub(super) fn softmax(&mut self, input: TensorId, beta: f32, output: TensorId, name: &str) -> Result<Kernel, LowerError> {
        if self.reference == Reference::Ort {
            return self.softmax_reals(input, beta, output);
        }
        let to = self.quantization(output);
        if to.zero_point() != -128 || to.scale() != 1.0 / 256.0 {
            let given =
                format!("softmax needs an output of scale 1/256 and zero point -128, not {} and {}", to.scale(), to.zero_point());
            return Err(LowerError::Reference(given));
        }
        let depth = self.shape(input).0.last().copied().unwrap_or(1);
        let u32 = |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: self.shape(input).to_string() });
        let (rows, depth) = (u32(self.shape(input).elements() / depth.max(1))?, u32(depth)?);
        let scale = self.quantization(input).scale();
        let params = softmax::softmax(rows, depth, scale, beta);
        Ok(match self.reference {
            Reference::Tflm | Reference::Ort => Kernel::Softmax(params),
            Reference::Xnnpack => {
                let table = Data::F32(softmax::exp_table(scale, beta).to_vec());
                Kernel::SoftmaxF32 { params, table: self.constants.add(format!("exponentials of {name}"), table) }
            }
        })
    }
    fn softmax_reals(&self, input: TensorId, beta: f32, output: TensorId) -> Result<Kernel, LowerError> {
        if beta != 1.0 {
            return Err(LowerError::Reference(format!("ONNX's softmax has no beta, and this one's is {beta}")));
        }
        let depth = self.shape(input).0.last().copied().unwrap_or(1);
        let u32 = |value: usize| u32::try_from(value).map_err(|_| LowerError::Shape { shape: self.shape(input).to_string() });
        let (rows, depth) = (u32(self.shape(input).elements() / depth.max(1))?, u32(depth)?);
        let params = SoftmaxReals { rows, depth, input: unary::affine(&self.quantization(input)) };
        Ok(Kernel::SoftmaxReals { params, output: unary::affine(&self.quantization(output)) })
    }
}
