//! Functions of single elements, reductions, softmax.

use super::Frame;
use super::check::MAX_RANK;
use burn_tensor::{Tensor, activation};
use tinybake_codegen::ir::{BinaryKind, ReduceKind, TensorId, UnaryKind};

/// An operand as `[samples or 1, four dimensions]`, ones in front of its own.
fn spread(frame: &Frame<'_>, id: TensorId) -> Tensor<5> {
    let value = frame.value(id);
    let dims = frame.dims(id);
    let mut shape = [1; MAX_RANK + 1];
    let own = MAX_RANK + 1 - dims.len();
    shape[own..].copy_from_slice(dims);
    shape[0] = value.dims()[0];
    value.reshape(shape)
}

fn flat(frame: &Frame<'_>, value: Tensor<5>) -> Tensor<2> {
    value.reshape([frame.samples as i64, -1])
}

/// Two operands of one shape, as numpy broadcasts them.
fn broadcast(frame: &Frame<'_>, a: TensorId, b: TensorId) -> (Tensor<5>, Tensor<5>) {
    let (a, b) = (spread(frame, a), spread(frame, b));
    let mut shape = [0; MAX_RANK + 1];
    for ((both, a), b) in shape.iter_mut().zip(a.dims()).zip(b.dims()) {
        *both = a.max(b);
    }
    shape[0] = frame.samples;
    (a.expand(shape), b.expand(shape))
}

/// `add`, `sub`, `mul`, `maximum`, `minimum`.
pub(super) fn binary(frame: &Frame<'_>, kind: BinaryKind, a: TensorId, b: TensorId) -> Tensor<2> {
    let (a, b) = broadcast(frame, a, b);
    let made = match kind {
        BinaryKind::Add => a + b,
        BinaryKind::Sub => a - b,
        BinaryKind::Mul => a * b,
        BinaryKind::Maximum => a.clone().mask_where(a.lower(b.clone()), b),
        BinaryKind::Minimum => a.clone().mask_where(a.greater(b.clone()), b),
    };
    flat(frame, made)
}

/// Functions of one tensor.
pub(super) fn unary(kind: UnaryKind, x: Tensor<2>) -> Tensor<2> {
    match kind {
        UnaryKind::Logistic => activation::sigmoid(x),
        UnaryKind::Tanh => activation::tanh(x),
        UnaryKind::Relu => activation::relu(x),
        UnaryKind::Relu6 => x.clamp(0.0, 6.0),
        UnaryKind::ReluN1To1 => x.clamp(-1.0, 1.0),
        UnaryKind::LeakyRelu { alpha } => {
            let positive = activation::relu(x.clone());
            positive - activation::relu(x.neg()).mul_scalar(alpha)
        }
        UnaryKind::Rescale => x,
        UnaryKind::HardSwish => x.clone() * x.add_scalar(3.0).clamp(0.0, 6.0).div_scalar(6.0),
    }
}

/// `x` where positive, `alpha * x` elsewhere.
pub(super) fn prelu(frame: &Frame<'_>, input: TensorId, alpha: TensorId) -> Tensor<2> {
    let (x, alpha) = broadcast(frame, input, alpha);
    flat(frame, activation::relu(x.clone()) - alpha * activation::relu(x.neg()))
}

/// Mean or greatest element over axes.
pub(super) fn reduce(frame: &Frame<'_>, kind: ReduceKind, input: TensorId, axes: &[usize]) -> Tensor<2> {
    let own = MAX_RANK + 1 - frame.dims(input).len();
    let mut value = spread(frame, input);
    // The graph's own batch of 1 is not the axis of the samples.
    for axis in axes.iter().map(|axis| axis + own).filter(|&axis| axis > 0) {
        value = match kind {
            ReduceKind::Mean => value.mean_dim(axis),
            ReduceKind::Max => value.max_dim(axis),
        };
    }
    flat(frame, value)
}

/// Softmax over the last axis.
pub(super) fn softmax(frame: &Frame<'_>, input: TensorId, beta: f32) -> Tensor<2> {
    let last = frame.dims(input).last().copied().unwrap_or(1);
    let rows = frame.value(input).mul_scalar(beta).reshape([-1, last as i64]);
    activation::softmax(rows, 1).reshape([frame.samples as i64, -1])
}
