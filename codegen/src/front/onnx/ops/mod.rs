//! The operators: each reads its operands in the order that they are stored in, and says in which order its result is.

mod elementwise;
mod layer;
mod movement;
mod quantized;
mod reduction;
mod resize;
mod saturation;
mod shape;
mod transposed;
mod window;

use super::builder::{Builder, Call};
use super::error::Error;
use super::value::Known;
use crate::ir::{BinaryKind, UnaryKind};

type Made = Result<Vec<Known>, Error>;

macro_rules! words {
    ($($word:literal),+ $(,)?) => {
        /// The operator's name for diagnostics.
        pub(super) fn word(kind: &str) -> &'static str {
            match kind {
                $($word => $word,)+
                _ => "operator",
            }
        }
    };
}

words!(
    "Conv",
    "ConvTranspose",
    "Gemm",
    "MatMul",
    "BatchNormalization",
    "Relu",
    "Clip",
    "Sigmoid",
    "Tanh",
    "HardSwish",
    "HardSigmoid",
    "LeakyRelu",
    "PRelu",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Max",
    "Min",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "ReduceMean",
    "ReduceMax",
    "ArgMax",
    "Concat",
    "Split",
    "Pad",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Softmax",
    "Resize",
    "Identity",
    "Dropout",
    "Shape",
    "Constant",
    "Cast",
    "Gather",
    "QuantizeLinear",
    "DequantizeLinear",
    "QLinearConv",
    "QLinearMatMul",
    "QGemm",
    "QLinearAdd",
    "QLinearMul",
    "QLinearConcat",
    "QLinearAveragePool",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "MatMulInteger",
    "ConvInteger",
    "DynamicQuantizeLinear",
);

/// Whether operators of a domain are read.
pub(super) fn is_known_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx" | "com.microsoft")
}

/// Adds what a node of the file computes; its outputs in order.
pub(super) fn build(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let attributes = call.attributes;
    match call.kind {
        "Conv" => layer::conv(builder, call),
        "ConvTranspose" => transposed::conv_transpose(builder, call),
        "Gemm" => layer::gemm(builder, call),
        "MatMul" => layer::mat_mul(builder, call),
        "BatchNormalization" => elementwise::batch_normalization(builder, call),
        "Relu" => elementwise::unary(builder, call, UnaryKind::Relu),
        "Sigmoid" => elementwise::unary(builder, call, UnaryKind::Logistic),
        "Tanh" => elementwise::unary(builder, call, UnaryKind::Tanh),
        "HardSwish" => elementwise::unary(builder, call, UnaryKind::HardSwish),
        "LeakyRelu" => elementwise::unary(builder, call, UnaryKind::LeakyRelu { alpha: attributes.float("alpha", 0.01) }),
        "HardSigmoid" => elementwise::hard_sigmoid(builder, call),
        "Clip" => elementwise::clip(builder, call),
        "PRelu" => elementwise::prelu(builder, call),
        "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" => elementwise::binary(builder, call),
        "MaxPool" | "AveragePool" => window::pool(builder, call),
        "GlobalAveragePool" | "GlobalMaxPool" => window::global_pool(builder, call),
        "ReduceMean" | "ReduceMax" => reduction::reduce(builder, call),
        "ArgMax" => reduction::arg_max(builder, call),
        "Softmax" => reduction::softmax(builder, call),
        "Concat" => movement::concat(builder, call),
        "Split" => movement::split(builder, call),
        "Pad" => movement::pad(builder, call),
        "Slice" => movement::slice(builder, call),
        "Transpose" => movement::transpose(builder, call),
        "Reshape" => shape::reshape(builder, call),
        "Flatten" => shape::flatten(builder, call),
        "Squeeze" => shape::squeeze(builder, call),
        "Unsqueeze" => shape::unsqueeze(builder, call),
        "Shape" => shape::shape(builder, call),
        "Resize" => resize::resize(builder, call),
        "Identity" | "Dropout" => Ok(vec![Known::Computed(builder.computed(call, 0, "the operand")?)]),
        "Cast" => shape::cast(builder, call),
        "QuantizeLinear" => quantized::quantize_linear(builder, call),
        "DequantizeLinear" => quantized::dequantize_linear(builder, call),
        "QLinearConv" => quantized::conv(builder, call),
        "QLinearMatMul" => quantized::mat_mul(builder, call),
        "QGemm" => quantized::gemm(builder, call),
        "QLinearAdd" => quantized::binary(builder, call, BinaryKind::Add),
        "QLinearMul" => quantized::binary(builder, call, BinaryKind::Mul),
        "QLinearConcat" => quantized::concat(builder, call),
        "QLinearAveragePool" => quantized::unary(builder, call, "AveragePool"),
        "QLinearGlobalAveragePool" => quantized::unary(builder, call, "GlobalAveragePool"),
        "QLinearLeakyRelu" => quantized::unary(builder, call, "LeakyRelu"),
        "QLinearSigmoid" => quantized::unary(builder, call, "Sigmoid"),
        "QLinearSoftmax" => quantized::unary(builder, call, "Softmax"),
        "DynamicQuantizeLinear" | "MatMulInteger" | "ConvInteger" => Err(Error::Dynamically { operator: call.kind.into() }),
        other => Err(Error::Operator { operator: other.chars().take(64).collect() }),
    }
}

/// An axis that may count from the end.
fn axis(given: i64, rank: usize) -> Result<usize, Error> {
    let counted = if given < 0 { given.saturating_add(rank as i64) } else { given };
    usize::try_from(counted).ok().filter(|&axis| axis < rank).ok_or_else(|| Error::Value {
        what: "an axis",
        expected: "inside the tensor",
        given: given.to_string(),
    })
}

/// Several axes, sorted and distinct.
fn axes(given: &[i64], rank: usize) -> Result<Vec<usize>, Error> {
    let mut axes = given.iter().map(|&given| axis(given, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}
