//! The topology as it stands in the TOML, in serde types.

use super::values::{Activation, OneOrMany, Operand, Padding, Pair};
use crate::ir::DType;
use serde::Deserialize;

/// How the weights of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// As in a PyTorch `state_dict`: convolutions `[out, in / groups, kh, kw]`, depthwise `[out, 1, kh, kw]`, transposed
    /// convolutions `[in, out, kh, kw]`, linear layers `[out, in]`.
    Torch,
    /// As in TFLite and in the graph: convolutions `[out, kh, kw, in / groups]`, depthwise `[1, kh, kw, out]`, transposed
    /// convolutions `[out, kh, kw, in]`, fully connected layers `[out, in]`.
    Tflite,
}

/// An input of the network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Option<TypeName>,
    pub(super) quantization: Option<Scales>,
}

/// What an op makes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    pub(super) name: String,
    /// One entry may be -1 in a reshape.
    pub(super) shape: Option<Vec<i64>>,
    pub(super) dtype: Option<TypeName>,
    pub(super) quantization: Option<Scales>,
}

/// An output of the network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made {
    pub(super) name: String,
}

/// Element types by the names of [`crate::ir::DType::name`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TypeName {
    Int8,
    Uint8,
    Int16,
    Int32,
    Int64,
    Float32,
    Bool,
}

impl TypeName {
    pub(super) fn dtype(self) -> DType {
        match self {
            TypeName::Int8 => DType::I8,
            TypeName::Uint8 => DType::U8,
            TypeName::Int16 => DType::I16,
            TypeName::Int32 => DType::I32,
            TypeName::Int64 => DType::I64,
            TypeName::Float32 => DType::F32,
            TypeName::Bool => DType::Bool,
        }
    }
}

/// `real = scale * (q - zero_point)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scales {
    pub(super) scale: OneOrMany<f64>,
    /// Absent: zero.
    pub(super) zero_point: Option<OneOrMany<i32>>,
    /// Absent: the output channels of a filter, 0 elsewhere; counted in the graph's layout.
    pub(super) axis: Option<i64>,
}

/// The order of a fully connected layer's columns behind a flattened image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Flatten {
    /// PyTorch's: all of the first channel's pixels, then the next channel's.
    Chw,
    /// TFLite's and the graph's.
    Hwc,
}

/// `mode` of a mirrored border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mirror {
    Reflect,
    Symmetric,
}

/// The keys of an `[[op]]`, of which each has one; the names are those of [`crate::ir::Op::name`].
pub(super) const OPS: &[&str] = &[
    "conv2d",
    "depthwise_conv2d",
    "transpose_conv",
    "fully_connected",
    "add",
    "sub",
    "mul",
    "maximum",
    "minimum",
    "logistic",
    "tanh",
    "relu",
    "relu6",
    "relu_n1_to_1",
    "leaky_relu",
    "hard_swish",
    "prelu",
    "average_pool2d",
    "max_pool2d",
    "mean",
    "reduce_max",
    "softmax",
    "arg_max",
    "pad",
    "mirror_pad",
    "concatenation",
    "split",
    "slice",
    "transpose",
    "reshape",
    "pack",
    "unpack",
    "shape",
    "resize_nearest_neighbor",
    "resize_bilinear",
    "quantize",
    "dequantize",
];

/// An operation as the topology spells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spec {
    Conv2d(Convolution),
    #[serde(rename = "depthwise_conv2d")]
    DepthwiseConv2d(Convolution),
    TransposeConv(Convolution),
    FullyConnected(FullyConnected),
    Add(Binary),
    Sub(Binary),
    Mul(Binary),
    Maximum(Binary),
    Minimum(Binary),
    Logistic(Unary),
    Tanh(Unary),
    Relu(Unary),
    Relu6(Unary),
    #[serde(rename = "relu_n1_to_1")]
    ReluN1To1(Unary),
    LeakyRelu(LeakyRelu),
    HardSwish(Unary),
    Prelu(Prelu),
    #[serde(rename = "average_pool2d")]
    AveragePool2d(Pool),
    #[serde(rename = "max_pool2d")]
    MaxPool2d(Pool),
    Mean(Reduce),
    ReduceMax(Reduce),
    Softmax(Softmax),
    ArgMax(Along),
    Pad(Pad),
    MirrorPad(MirrorPad),
    Concatenation(Concatenation),
    Split(Along),
    Slice(Slice),
    Transpose(Transpose),
    Reshape(Unary),
    Pack(Pack),
    Unpack(Along),
    Shape(Unary),
    ResizeNearestNeighbor(Resize),
    ResizeBilinear(Resize),
    Quantize(Unary),
    Dequantize(Unary),
}

macro_rules! attributes {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $(pub(super) $field: $type),* }
    )*};
}

attributes! {
    Convolution {
        input: Operand, weights: Operand, bias: Option<Operand>, stride: Option<Pair>, padding: Option<Padding>,
        dilation: Option<Pair>, groups: Option<usize>, activation: Option<Activation>,
    }
    FullyConnected {
        input: Operand, weights: Operand, bias: Option<Operand>, flatten: Option<Flatten>, activation: Option<Activation>,
    }
    Binary { a: Operand, b: Operand, activation: Option<Activation> }
    Unary { input: Operand }
    LeakyRelu { input: Operand, alpha: f64 }
    Prelu { input: Operand, alpha: Operand }
    Pool {
        input: Operand, kernel: Pair, stride: Option<Pair>, padding: Option<Padding>, activation: Option<Activation>,
    }
    Reduce { input: Operand, axes: Vec<i64>, keep_dims: Option<bool> }
    Softmax { input: Operand, beta: Option<f64> }
    Along { input: Operand, axis: i64 }
    Pad { input: Operand, before: Vec<usize>, after: Vec<usize>, value: Option<f64> }
    MirrorPad { input: Operand, before: Vec<usize>, after: Vec<usize>, mode: Mirror }
    Concatenation { inputs: Vec<Operand>, axis: i64, activation: Option<Activation> }
    Slice { input: Operand, begin: Vec<usize>, size: Vec<usize>, stride: Option<Vec<isize>> }
    Transpose { input: Operand, perm: Vec<usize> }
    Pack { inputs: Vec<Operand>, axis: i64 }
    Resize { input: Operand, align_corners: Option<bool>, half_pixel_centers: Option<bool> }
}
