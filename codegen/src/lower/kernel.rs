//! The kernels that steps call, with their parameters: the runtime's own types, filled in.

use super::int16::Int16;
use super::program::ConstId;
use tinybake_runtime::kernels::arg_max::ArgMax;
use tinybake_runtime::kernels::average_pool_reals::AveragePoolReals;
use tinybake_runtime::kernels::average_pool2d::AveragePool2d;
use tinybake_runtime::kernels::binary::{Add, Broadcast, Mul, Sub, XnnAdd, XnnMul};
use tinybake_runtime::kernels::conv2d::Conv2d;
use tinybake_runtime::kernels::copy::StridedCopy;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::fully_connected::FullyConnected;
use tinybake_runtime::kernels::max_pool2d::MaxPool2d;
use tinybake_runtime::kernels::mirror_pad::MirrorPad;
use tinybake_runtime::kernels::prelu::Prelu;
use tinybake_runtime::kernels::quantize::{Affine, Requantize};
use tinybake_runtime::kernels::reals::{RealAdd, RealMul, RealProduct, RealSum};
use tinybake_runtime::kernels::reduce::{Mean, MeanReal, Reduce};
use tinybake_runtime::kernels::resize::Resize;
use tinybake_runtime::kernels::softmax::Softmax;
use tinybake_runtime::kernels::softmax_reals::SoftmaxReals;
use tinybake_runtime::kernels::transpose_conv::TransposeConv;
use tinybake_runtime::requantize::Multiplier;

/// From an accumulator to a stored output, for one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Requantizer {
    /// `tflm`, one multiplier for all channels.
    Multiplier(Multiplier),
    /// `tflm`, one multiplier a channel.
    PerChannel {
        /// `int32` multipliers, Q31.
        multipliers: ConstId,
        /// `int8` shifts, left where positive.
        shifts: ConstId,
    },
    /// `xnnpack`, one scale for all channels.
    Rint(f32),
    /// One multiplier for all channels, rounded once, which is the same as reals for all sums that there can be.
    Once(Multiplier),
    /// The same with a multiplier a channel.
    OncePerChannel {
        /// `int32`
        multipliers: ConstId,
        /// `int8`
        shifts: ConstId,
    },
    /// `xnnpack`, one scale a channel, `float32`.
    RintPerChannel(ConstId),
    /// A multiplier a channel and what is added before the shift, rounded once: sums with a bias in floats.
    Offset {
        /// `int32`
        multipliers: ConstId,
        /// `int8`
        shifts: ConstId,
        /// `int32`
        offsets: ConstId,
    },
    /// One scale and one addend a channel, `float32`, where no offsets give the same.
    RintAdded {
        /// Scales.
        scales: ConstId,
        /// Addends.
        addends: ConstId,
    },
}

impl Requantizer {
    /// Whether it rounds sums once, half up.
    pub fn rounds_once(&self) -> bool {
        match self {
            Self::Once(_) | Self::OncePerChannel { .. } | Self::Offset { .. } => true,
            Self::Multiplier(_) | Self::PerChannel { .. } | Self::Rint(_) | Self::RintPerChannel(_) | Self::RintAdded { .. } => {
                false
            }
        }
    }
}

/// What a layer with weights carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// `int8` filter in the kernel's layout.
    pub filter: ConstId,
    /// `int32` bias of each output channel; the input's zero point is folded in where the kernel says so.
    pub bias: ConstId,
    /// From sums to outputs.
    pub requantizer: Requantizer,
}

/// An element-wise function of two tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BinaryFn {
    /// Sum, as TFLM computes it.
    Add(Add),
    /// Difference, as TFLM computes it.
    Sub(Sub),
    /// Product, as TFLM computes it.
    Mul(Mul),
    /// The greater stored value.
    Maximum,
    /// The lesser stored value.
    Minimum,
    /// `x` where positive, `alpha * x` elsewhere.
    Prelu(Prelu),
    /// Sum or difference, as XNNPACK computes it.
    XnnAdd(XnnAdd),
    /// Product, as XNNPACK computes it.
    XnnMul(XnnMul),
    /// Sum or difference in reals.
    RealAdd(RealAdd),
    /// Product in reals.
    RealMul(RealMul),
    /// Sum in reals that is rounded after the zero point is added.
    RealSum(RealSum),
    /// Product in reals that is rounded after the zero point is added.
    RealProduct(RealProduct),
}

/// One copy of a step that moves elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Index into the step's reads.
    pub read: usize,
    /// Index into the step's writes.
    pub write: usize,
    /// Which elements.
    pub copy: StridedCopy,
}

/// A kernel of the runtime with its parameters.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Fields carry the standard names of the operation's attributes, which each variant's line explains.
pub enum Kernel {
    /// `conv2d::conv2d`
    Conv2d { params: Conv2d, weights: Weights },
    /// `depthwise_conv2d::depthwise_conv2d`
    DepthwiseConv2d { params: DepthwiseConv2d, weights: Weights },
    /// `fully_connected::fully_connected`, also for 1x1 convolutions of stride 1.
    FullyConnected { params: FullyConnected, weights: Weights },
    /// `transpose_conv::transpose_conv`; its bias is not folded.
    TransposeConv { params: TransposeConv, weights: Weights },
    /// `average_pool2d::average_pool2d`
    AveragePool2d(AveragePool2d),
    /// `average_pool_reals::average_pool_reals`
    AveragePoolReals(AveragePoolReals),
    /// `max_pool2d::max_pool2d`
    MaxPool2d(MaxPool2d),
    /// `softmax::softmax`
    Softmax(Softmax),
    /// `softmax::softmax_f32`, with a table of 256 exponentials.
    SoftmaxF32 { params: Softmax, table: ConstId },
    /// `softmax_reals::softmax_reals`, to `float32` or to `int8` of the quantization `output`.
    SoftmaxReals { params: SoftmaxReals, output: Affine },
    /// `lut::lut`, with a table of 256 answers.
    Lut(ConstId),
    /// `binary::elementwise`, or `binary::broadcast` where shapes differ.
    Binary { function: BinaryFn, broadcast: Option<Broadcast> },
    /// `reduce::mean`
    Mean { shape: Reduce, params: Mean },
    /// `reduce::mean_real`
    MeanReal { shape: Reduce, params: MeanReal },
    /// `reduce::reduce_max`
    ReduceMax(Reduce),
    /// `arg_max::arg_max`
    ArgMax(ArgMax),
    /// `copy::copy` for each piece, after `copy::fill` of the first write where a value is given.
    Copy { fill: Option<i16>, pieces: Vec<Piece> },
    /// `mirror_pad::mirror_pad`
    MirrorPad(MirrorPad),
    /// `resize::nearest_neighbor`, with source rows and columns.
    ResizeNearestNeighbor { params: Resize, rows: ConstId, columns: ConstId },
    /// `resize::bilinear`, with taps as `int16` triples: lower, upper, fraction.
    ResizeBilinear { params: Resize, rows: ConstId, columns: ConstId },
    /// `quantize::quantize`, `float32` to an integer dtype.
    Quantize(Affine),
    /// `quantize::quantize_to_even`, `float32` to `int8`.
    QuantizeToEven(Affine),
    /// `quantize::quantize_by_inverse`, `float32` to `int8`; the scale is the inverse.
    QuantizeByInverse(Affine),
    /// `quantize::dequantize`, an integer dtype to `float32`.
    Dequantize(Affine),
    /// `quantize::requantize`, between integer dtypes.
    Requantize(Requantize),
    /// Those of 16-bit activations.
    Int16(Int16),
    /// Nothing: the write is the read under another shape.
    View,
}

/// What a layer of 8 bits with weights does, apart from these.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // As the kernels are called.
pub enum Layer<'a> {
    Conv2d(&'a Conv2d),
    DepthwiseConv2d(&'a DepthwiseConv2d),
    FullyConnected(&'a FullyConnected),
    TransposeConv(&'a TransposeConv),
}

impl Kernel {
    /// The layer that the kernel computes, and its weights; `None` where it has none, or is one of 16 bits.
    pub fn layer(&self) -> Option<(Layer<'_>, &Weights)> {
        match self {
            Kernel::Conv2d { params, weights } => Some((Layer::Conv2d(params), weights)),
            Kernel::DepthwiseConv2d { params, weights } => Some((Layer::DepthwiseConv2d(params), weights)),
            Kernel::FullyConnected { params, weights } => Some((Layer::FullyConnected(params), weights)),
            Kernel::TransposeConv { params, weights } => Some((Layer::TransposeConv(params), weights)),
            Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::Softmax(_)
            | Kernel::SoftmaxF32 { .. }
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_)
            | Kernel::Lut(_)
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
            | Kernel::Int16(_)
            | Kernel::View => None,
        }
    }

    /// The filter and the bias of a layer of 8 or 16 bits.
    fn parameters(&self) -> Option<[ConstId; 2]> {
        match self {
            Kernel::Int16(kernel) => kernel.weights().map(|weights| [weights.filter, weights.bias]),
            other => other.layer().map(|(_, weights)| [weights.filter, weights.bias]),
        }
    }

    /// The runtime's name of the kernel.
    pub fn name(&self) -> &'static str {
        match self {
            Kernel::Conv2d { .. } => "conv2d",
            Kernel::DepthwiseConv2d { .. } => "depthwise_conv2d",
            Kernel::FullyConnected { .. } => "fully_connected",
            Kernel::TransposeConv { .. } => "transpose_conv",
            Kernel::AveragePool2d(_) => "average_pool2d",
            Kernel::AveragePoolReals(_) => "average_pool_reals",
            Kernel::MaxPool2d(_) => "max_pool2d",
            Kernel::Softmax(_) => "softmax",
            Kernel::SoftmaxF32 { .. } => "softmax_f32",
            Kernel::SoftmaxReals { .. } => "softmax_reals",
            Kernel::Lut(_) => "lut",
            Kernel::Binary { broadcast: None, .. } => "elementwise",
            Kernel::Binary { broadcast: Some(_), .. } => "broadcast",
            Kernel::Mean { .. } => "mean",
            Kernel::MeanReal { .. } => "mean_real",
            Kernel::ReduceMax(_) => "reduce_max",
            Kernel::ArgMax(_) => "arg_max",
            Kernel::Copy { .. } => "copy",
            Kernel::MirrorPad(_) => "mirror_pad",
            Kernel::ResizeNearestNeighbor { .. } => "nearest_neighbor",
            Kernel::ResizeBilinear { .. } => "bilinear",
            Kernel::Quantize(_) => "quantize",
            Kernel::QuantizeToEven(_) => "quantize_to_even",
            Kernel::QuantizeByInverse(_) => "quantize_by_inverse",
            Kernel::Dequantize(_) => "dequantize",
            Kernel::Requantize(_) => "requantize",
            Kernel::Int16(kernel) => kernel.name(),
            Kernel::View => "view",
        }
    }

    /// The reads whose memory the first write may take over: each element is read before it is written, and never again.
    pub fn in_place_operands(&self) -> &'static [usize] {
        match self {
            Kernel::Lut(_) | Kernel::Softmax(_) => &[0],
            Kernel::Binary { .. } => &[0, 1],
            Kernel::Int16(kernel) => kernel.in_place_operands(),
            Kernel::Conv2d { .. }
            | Kernel::DepthwiseConv2d { .. }
            | Kernel::FullyConnected { .. }
            | Kernel::TransposeConv { .. }
            | Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::SoftmaxF32 { .. }
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_)
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
            | Kernel::View => &[],
        }
    }

    /// Whether the kernel turns float32 to integers of 8 or 16 bits, or those to float32, and can do so in one memory.
    pub fn changes_type(&self) -> bool {
        matches!(self, Kernel::Quantize(_) | Kernel::QuantizeToEven(_) | Kernel::QuantizeByInverse(_) | Kernel::Dequantize(_))
    }

    /// The filter of a layer.
    pub fn filter(&self) -> Option<ConstId> {
        self.parameters().map(|[filter, _]| filter)
    }

    /// The constants that the kernel itself carries, beside those among its reads.
    pub fn constants(&self) -> Vec<ConstId> {
        match self {
            Kernel::Conv2d { weights, .. }
            | Kernel::DepthwiseConv2d { weights, .. }
            | Kernel::FullyConnected { weights, .. }
            | Kernel::TransposeConv { weights, .. } => {
                let mut ids = vec![weights.filter, weights.bias];
                match weights.requantizer {
                    Requantizer::Multiplier(_) | Requantizer::Once(_) | Requantizer::Rint(_) => {}
                    Requantizer::PerChannel { multipliers, shifts } | Requantizer::OncePerChannel { multipliers, shifts } => {
                        ids.extend([multipliers, shifts])
                    }
                    Requantizer::RintPerChannel(scales) => ids.push(scales),
                    Requantizer::Offset { multipliers, shifts, offsets } => ids.extend([multipliers, shifts, offsets]),
                    Requantizer::RintAdded { scales, addends } => ids.extend([scales, addends]),
                }
                ids
            }
            Kernel::Int16(kernel) => kernel.constants(),
            Kernel::SoftmaxF32 { table, .. } | Kernel::Lut(table) => vec![*table],
            Kernel::ResizeNearestNeighbor { rows, columns, .. } | Kernel::ResizeBilinear { rows, columns, .. } => {
                vec![*rows, *columns]
            }
            Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::Softmax(_)
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_)
            | Kernel::Binary { .. }
            | Kernel::Mean { .. }
            | Kernel::MeanReal { .. }
            | Kernel::ReduceMax(_)
            | Kernel::ArgMax(_)
            | Kernel::Copy { .. }
            | Kernel::MirrorPad(_)
            | Kernel::Quantize(_)
            | Kernel::QuantizeToEven(_)
            | Kernel::QuantizeByInverse(_)
            | Kernel::Dequantize(_)
            | Kernel::Requantize(_)
            | Kernel::View => Vec::new(),
        }
    }

    /// Those of [`Kernel::constants`] that are not parameters of the model but made from its quantization and shapes:
    /// multipliers, answers, indices.
    pub fn tables(&self) -> Vec<ConstId> {
        let parameters = self.parameters().map_or_else(Vec::new, Vec::from);
        self.constants().into_iter().filter(|id| !parameters.contains(id)).collect()
    }

    /// Whether its result is defined by floating-point arithmetic: the edges of a float model, and the reference `xnnpack`.
    pub fn computes_in_floats(&self) -> bool {
        match self {
            Kernel::Conv2d { weights, .. }
            | Kernel::DepthwiseConv2d { weights, .. }
            | Kernel::FullyConnected { weights, .. }
            | Kernel::TransposeConv { weights, .. } => match weights.requantizer {
                Requantizer::Multiplier(_)
                | Requantizer::PerChannel { .. }
                | Requantizer::Once(_)
                | Requantizer::OncePerChannel { .. }
                | Requantizer::Offset { .. } => false,
                Requantizer::Rint(_) | Requantizer::RintPerChannel(_) | Requantizer::RintAdded { .. } => true,
            },
            Kernel::Binary { function, .. } => match function {
                BinaryFn::XnnMul(_)
                | BinaryFn::RealAdd(_)
                | BinaryFn::RealMul(_)
                | BinaryFn::RealSum(_)
                | BinaryFn::RealProduct(_) => true,
                BinaryFn::Add(_)
                | BinaryFn::Sub(_)
                | BinaryFn::Mul(_)
                | BinaryFn::Maximum
                | BinaryFn::Minimum
                | BinaryFn::Prelu(_)
                | BinaryFn::XnnAdd(_) => false,
            },
            Kernel::SoftmaxF32 { .. }
            | Kernel::SoftmaxReals { .. }
            | Kernel::AveragePoolReals(_)
            | Kernel::Quantize(_)
            | Kernel::QuantizeToEven(_)
            | Kernel::QuantizeByInverse(_)
            | Kernel::MeanReal { .. }
            | Kernel::Dequantize(_) => true,
            Kernel::AveragePool2d(_)
            | Kernel::MaxPool2d(_)
            | Kernel::Softmax(_)
            | Kernel::Lut(_)
            | Kernel::Mean { .. }
            | Kernel::ReduceMax(_)
            | Kernel::ArgMax(_)
            | Kernel::Copy { .. }
            | Kernel::MirrorPad(_)
            | Kernel::ResizeNearestNeighbor { .. }
            | Kernel::ResizeBilinear { .. }
            | Kernel::Requantize(_)
            | Kernel::Int16(_)
            | Kernel::View => false,
        }
    }
}
