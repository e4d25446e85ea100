//! The operations of the graph. Stages match on [`Op`] exhaustively, so a new variant names every place that must care.

use super::TensorId;

/// What the maker of a tensor clamps it to, in reals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// No bound but that of the dtype.
    #[default]
    None,
    /// `max(0, x)`
    Relu,
    /// `min(max(0, x), 6)`
    Relu6,
    /// `min(max(-1, x), 1)`
    ReluN1To1,
    /// Bounds on the stored integers, as left by the fusion of a clamp.
    Clamp {
        /// Least stored value.
        min: i32,
        /// Greatest stored value.
        max: i32,
    },
}

/// How a two-dimensional kernel moves over an image. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Step between outputs, in input pixels; at least 1.
    pub stride: [usize; 2],
    /// Distance between taps, in input pixels; at least 1.
    pub dilation: [usize; 2],
    /// Pixels of zero point added before the first row and column.
    pub pad_before: [usize; 2],
    /// Pixels of zero point added after the last row and column.
    pub pad_after: [usize; 2],
}

impl Window {
    /// Output `[height, width]` for an input `[height, width]`: `(in + pads - effective_kernel) / stride + 1`; `None`
    /// where the kernel is larger than the padded image.
    pub fn output(&self, input: [usize; 2]) -> Option<[usize; 2]> {
        let mut size = [0; 2];
        for axis in 0..2 {
            let effective = (self.kernel[axis].checked_sub(1)?).checked_mul(self.dilation[axis])?.checked_add(1)?;
            let padded = input[axis].checked_add(self.pad_before[axis])?.checked_add(self.pad_after[axis])?;
            size[axis] = padded.checked_sub(effective)?.checked_div(self.stride[axis])? + 1;
        }
        Some(size)
    }

    /// The paddings of TensorFlow's `SAME`: output `ceil(in / stride)`, the odd pixel after. Source: TFLite
    /// `kernels/padding.h`, `ComputePaddingWithOffset`. Where `stride` is zero the paddings are zero.
    pub fn same(kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2], input: [usize; 2]) -> Self {
        let mut window = Self { kernel, stride, dilation, pad_before: [0; 2], pad_after: [0; 2] };
        for axis in 0..2 {
            let Some(out) = (input[axis] + stride[axis]).saturating_sub(1).checked_div(stride[axis]) else { continue };
            let effective = kernel[axis].saturating_sub(1).saturating_mul(dilation[axis]).saturating_add(1);
            let covered = out.saturating_sub(1).saturating_mul(stride[axis]).saturating_add(effective);
            let total = covered.saturating_sub(input[axis]);
            window.pad_before[axis] = total / 2;
            window.pad_after[axis] = total - total / 2;
        }
        window
    }

    /// No padding.
    pub fn valid(kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Self {
        Self { kernel, stride, dilation, pad_before: [0; 2], pad_after: [0; 2] }
    }
}

/// Element-wise functions of one tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnaryKind {
    /// `1 / (1 + exp(-x))`
    Logistic,
    /// Hyperbolic tangent.
    Tanh,
    /// `max(0, x)`
    Relu,
    /// `min(max(0, x), 6)`
    Relu6,
    /// `min(max(-1, x), 1)`
    ReluN1To1,
    /// `x` where positive, `alpha * x` elsewhere.
    LeakyRelu {
        /// Slope of the negative side.
        alpha: f32,
    },
    /// `x * relu6(x + 3) / 6`
    HardSwish,
    /// `x`, which takes the output's quantization in f32, as a dequantization and a quantization behind it do.
    Rescale,
}

/// Element-wise functions of two tensors, which broadcast as numpy's do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryKind {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `max(a, b)`
    Maximum,
    /// `min(a, b)`
    Minimum,
}

/// How a window of pixels becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// Mean of the pixels inside the image; padding does not count.
    Average,
    /// Greatest pixel.
    Max,
}

/// How an axis is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceKind {
    /// Arithmetic mean.
    Mean,
    /// Greatest element.
    Max,
}

/// What a mirrored border repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorMode {
    /// Mirror about the edge element, which is not repeated.
    Reflect,
    /// Mirror about the edge, whose element is repeated.
    Symmetric,
}

/// How an image is resized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeMode {
    /// The nearest source pixel.
    NearestNeighbor,
    /// Weighted mean of the four neighbours.
    Bilinear,
}

/// An operation. Tensors that it reads are its fields; what it writes is in [`super::Node::outputs`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Fields carry the standard names of the operation's attributes, which each variant's line explains.
pub enum Op {
    /// `conv_2d`: `[1, h, w, in]` to `[1, oh, ow, out]`, in groups where the filter's depth divides `in`.
    Conv2d { input: TensorId, filter: TensorId, bias: Option<TensorId>, window: Window, activation: Activation },
    /// `depthwise_conv_2d`: channel `c` of the output reads channel `c / multiplier` of the input.
    DepthwiseConv2d { input: TensorId, filter: TensorId, bias: Option<TensorId>, window: Window, activation: Activation },
    /// `transpose_conv`: the gradient of a convolution of that window, whose output has the shape of the node's output.
    TransposeConv { input: TensorId, filter: TensorId, bias: Option<TensorId>, window: Window, activation: Activation },
    /// `fully_connected`: the input seen as `[rows, in]`.
    FullyConnected { input: TensorId, filter: TensorId, bias: Option<TensorId>, activation: Activation },
    /// `add`, `sub`, `mul`, `maximum`, `minimum`.
    Binary { kind: BinaryKind, a: TensorId, b: TensorId, activation: Activation },
    /// `logistic`, `tanh`, `relu`, `relu6`, `leaky_relu`, `hard_swish`.
    Unary { kind: UnaryKind, input: TensorId },
    /// `prelu`: `x` where positive, `alpha * x` elsewhere; alpha broadcasts.
    Prelu { input: TensorId, alpha: TensorId },
    /// `average_pool_2d`, `max_pool_2d`. Dilation is 1.
    Pool2d { kind: PoolKind, input: TensorId, window: Window, activation: Activation },
    /// `mean`, `reduce_max` over `axes` (sorted, distinct).
    Reduce { kind: ReduceKind, input: TensorId, axes: Vec<usize> },
    /// `softmax` over the last axis.
    Softmax { input: TensorId, beta: f32 },
    /// `arg_max` over one axis; the first of equals. Output `I32` or `I64`.
    ArgMax { input: TensorId, axis: usize },
    /// `pad`: elements of `value` (stored, not real; the bits of a float) before and after along each axis.
    Pad { input: TensorId, before: Vec<usize>, after: Vec<usize>, value: i32 },
    /// `mirror_pad`.
    MirrorPad { input: TensorId, before: Vec<usize>, after: Vec<usize>, mode: MirrorMode },
    /// `concatenation` along one axis.
    Concatenation { inputs: Vec<TensorId>, axis: usize, activation: Activation },
    /// `split` along one axis, into the node's outputs in order.
    Split { input: TensorId, axis: usize },
    /// `slice`, `strided_slice`: element `begin + i * stride` along each axis; the output's shape says how many, before
    /// axes of size 1 are removed.
    Slice { input: TensorId, begin: Vec<usize>, stride: Vec<isize>, size: Vec<usize> },
    /// `transpose`: axis `i` of the output is axis `perm[i]` of the input.
    Transpose { input: TensorId, perm: Vec<usize> },
    /// `reshape`, `squeeze`, `expand_dims`: same elements in the same order.
    Reshape { input: TensorId },
    /// `pack`: equal shapes stacked along a new axis.
    Pack { inputs: Vec<TensorId>, axis: usize },
    /// `unpack`: the slices along one axis, into the node's outputs in order.
    Unpack { input: TensorId, axis: usize },
    /// `shape`: the dimensions of the input as `I32` or `I64`.
    Shape { input: TensorId },
    /// `resize_nearest_neighbor`, `resize_bilinear` to the size of the output.
    Resize { mode: ResizeMode, input: TensorId, align_corners: bool, half_pixel_centers: bool },
    /// `quantize`: from reals, or from one quantization to another.
    Quantize { input: TensorId },
    /// `dequantize`: to reals.
    Dequantize { input: TensorId },
}

impl Op {
    /// The field's standard name of the operation.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Conv2d { .. } => "conv2d",
            Op::DepthwiseConv2d { .. } => "depthwise_conv2d",
            Op::TransposeConv { .. } => "transpose_conv",
            Op::FullyConnected { .. } => "fully_connected",
            Op::Binary { kind, .. } => match kind {
                BinaryKind::Add => "add",
                BinaryKind::Sub => "sub",
                BinaryKind::Mul => "mul",
                BinaryKind::Maximum => "maximum",
                BinaryKind::Minimum => "minimum",
            },
            Op::Unary { kind, .. } => match kind {
                UnaryKind::Logistic => "logistic",
                UnaryKind::Tanh => "tanh",
                UnaryKind::Relu => "relu",
                UnaryKind::Relu6 => "relu6",
                UnaryKind::ReluN1To1 => "relu_n1_to_1",
                UnaryKind::LeakyRelu { .. } => "leaky_relu",
                UnaryKind::HardSwish => "hard_swish",
                UnaryKind::Rescale => "rescale",
            },
            Op::Prelu { .. } => "prelu",
            Op::Pool2d { kind, .. } => match kind {
                PoolKind::Average => "average_pool2d",
                PoolKind::Max => "max_pool2d",
            },
            Op::Reduce { kind, .. } => match kind {
                ReduceKind::Mean => "mean",
                ReduceKind::Max => "reduce_max",
            },
            Op::Softmax { .. } => "softmax",
            Op::ArgMax { .. } => "arg_max",
            Op::Pad { .. } => "pad",
            Op::MirrorPad { .. } => "mirror_pad",
            Op::Concatenation { .. } => "concatenation",
            Op::Split { .. } => "split",
            Op::Slice { .. } => "slice",
            Op::Transpose { .. } => "transpose",
            Op::Reshape { .. } => "reshape",
            Op::Pack { .. } => "pack",
            Op::Unpack { .. } => "unpack",
            Op::Shape { .. } => "shape",
            Op::Resize { mode, .. } => match mode {
                ResizeMode::NearestNeighbor => "resize_nearest_neighbor",
                ResizeMode::Bilinear => "resize_bilinear",
            },
            Op::Quantize { .. } => "quantize",
            Op::Dequantize { .. } => "dequantize",
        }
    }

    /// The tensors read, in the order of the fields.
    pub fn inputs(&self) -> Vec<TensorId> {
        let mut inputs = Vec::new();
        self.clone().for_each_input(|id| inputs.push(*id));
        inputs
    }

    /// Calls `f` on each tensor read, in the order of the fields; `f` may replace it.
    pub fn for_each_input(&mut self, mut f: impl FnMut(&mut TensorId)) {
        match self {
            Op::Conv2d { input, filter, bias, window: _, activation: _ }
            | Op::DepthwiseConv2d { input, filter, bias, window: _, activation: _ }
            | Op::TransposeConv { input, filter, bias, window: _, activation: _ }
            | Op::FullyConnected { input, filter, bias, activation: _ } => {
                f(input);
                f(filter);
                if let Some(bias) = bias {
                    f(bias);
                }
            }
            Op::Binary { kind: _, a, b, activation: _ } => {
                f(a);
                f(b);
            }
            Op::Prelu { input, alpha } => {
                f(input);
                f(alpha);
            }
            Op::Concatenation { inputs, axis: _, activation: _ } | Op::Pack { inputs, axis: _ } => inputs.iter_mut().for_each(f),
            Op::Unary { kind: _, input }
            | Op::Pool2d { kind: _, input, window: _, activation: _ }
            | Op::Reduce { kind: _, input, axes: _ }
            | Op::Softmax { input, beta: _ }
            | Op::ArgMax { input, axis: _ }
            | Op::Pad { input, before: _, after: _, value: _ }
            | Op::MirrorPad { input, before: _, after: _, mode: _ }
            | Op::Split { input, axis: _ }
            | Op::Slice { input, begin: _, stride: _, size: _ }
            | Op::Transpose { input, perm: _ }
            | Op::Reshape { input }
            | Op::Unpack { input, axis: _ }
            | Op::Shape { input }
            | Op::Resize { mode: _, input, align_corners: _, half_pixel_centers: _ }
            | Op::Quantize { input }
            | Op::Dequantize { input } => f(input),
        }
    }
}
