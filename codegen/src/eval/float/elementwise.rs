//! Functions of one and of two elements.

use super::Frame;
use crate::ir::movement::walk;
use crate::ir::{Activation, BinaryKind, Shape, TensorId, UnaryKind};

/// Clamps to what a fused activation allows.
pub(super) fn activate(values: &mut [f32], activation: Activation) {
    let (min, max) = match activation {
        Activation::None | Activation::Clamp { min: _, max: _ } => return,
        Activation::Relu => (0.0, f32::INFINITY),
        Activation::Relu6 => (0.0, 6.0),
        Activation::ReluN1To1 => (-1.0, 1.0),
    };
    for value in values {
        *value = value.clamp(min, max);
    }
}

pub(super) fn unary(kind: UnaryKind, values: &[f32]) -> Vec<f32> {
    let map = |f: fn(f32) -> f32| values.iter().map(|&value| f(value)).collect();
    match kind {
        UnaryKind::Logistic => map(|x| 1.0 / (1.0 + (-x).exp())),
        UnaryKind::Tanh => map(f32::tanh),
        UnaryKind::Relu => map(|x| x.max(0.0)),
        UnaryKind::Relu6 => map(|x| x.clamp(0.0, 6.0)),
        UnaryKind::ReluN1To1 => map(|x| x.clamp(-1.0, 1.0)),
        UnaryKind::LeakyRelu { alpha } => values.iter().map(|&x| if x > 0.0 { x } else { alpha * x }).collect(),
        UnaryKind::Rescale => map(|x| x),
        UnaryKind::HardSwish => map(|x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
    }
}

pub(super) fn prelu(frame: &Frame<'_>, input: TensorId, alpha: TensorId) -> Vec<f32> {
    broadcast(frame, input, alpha, |x, alpha| if x >= 0.0 { x } else { alpha * x })
}

pub(super) fn binary(frame: &Frame<'_>, kind: BinaryKind, a: TensorId, b: TensorId) -> Vec<f32> {
    match kind {
        BinaryKind::Add => broadcast(frame, a, b, |a, b| a + b),
        BinaryKind::Sub => broadcast(frame, a, b, |a, b| a - b),
        BinaryKind::Mul => broadcast(frame, a, b, |a, b| a * b),
        BinaryKind::Maximum => broadcast(frame, a, b, f32::max),
        BinaryKind::Minimum => broadcast(frame, a, b, f32::min),
    }
}

/// `f` of two tensors that broadcast as numpy's do.
fn broadcast(frame: &Frame<'_>, a: TensorId, b: TensorId, f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let output = frame.shape(frame.output());
    let (a_steps, b_steps) = (steps(frame.shape(a), output.rank()), steps(frame.shape(b), output.rank()));
    let (a, b) = (frame.reals(a), frame.reals(b));
    let pairs = walk(&output.0, &a_steps, 0).into_iter().zip(walk(&output.0, &b_steps, 0));
    pairs.map(|(i, j)| f(a[i], b[j])).collect()
}

/// Distances along the axes of an output of `rank` dimensions; zero along those that repeat.
fn steps(shape: &Shape, rank: usize) -> Vec<isize> {
    let missing = rank.saturating_sub(shape.rank());
    let own = shape.0.iter().zip(shape.strides()).map(|(&dim, stride)| if dim == 1 { 0 } else { stride as isize });
    core::iter::repeat_n(0, missing).chain(own).collect()
}
