//! Sums, differences and products of two tensors, and clamps of one.

use super::clamped;
use crate::kernels::binary::{BinaryOp, Maximum, Minimum};
use crate::requantize::Multiplier;

/// The sum, rescaled. Source: TFLM `reference/add.h`, `AddElementwise`, with 15 extra bits for both operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Add {
    /// Scale of `a` over twice the larger input scale.
    pub a: Multiplier,
    /// The same for `b`.
    pub b: Multiplier,
    /// Twice the larger input scale over `2^15` times the output's.
    pub output: Multiplier,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

/// The difference, rescaled: as [`Add`]. Source: TFLM `reference/sub.h`, `SubElementwise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sub {
    /// Scale of `a` over twice the larger input scale.
    pub a: Multiplier,
    /// The same for `b`.
    pub b: Multiplier,
    /// Twice the larger input scale over `2^15` times the output's.
    pub output: Multiplier,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

/// The product, rescaled. Source: TFLM `reference/integer_ops/mul.h`, `MulElementwise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mul {
    /// The product of the input scales over the output's.
    pub output: Multiplier,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

#[inline(always)]
fn scaled(x: i16, multiplier: &Multiplier) -> i32 {
    multiplier.apply((x as i32) << 15)
}

impl BinaryOp<i16> for Add {
    #[inline(always)]
    fn apply(&self, a: i16, b: i16) -> i16 {
        let sum = scaled(a, &self.a).wrapping_add(scaled(b, &self.b));
        clamped(self.output.apply(sum), self.min, self.max)
    }
}

impl BinaryOp<i16> for Sub {
    #[inline(always)]
    fn apply(&self, a: i16, b: i16) -> i16 {
        let difference = scaled(a, &self.a).wrapping_sub(scaled(b, &self.b));
        clamped(self.output.apply(difference), self.min, self.max)
    }
}

impl BinaryOp<i16> for Mul {
    #[inline(always)]
    fn apply(&self, a: i16, b: i16) -> i16 {
        clamped(self.output.apply((a as i32).wrapping_mul(b as i32)), self.min, self.max)
    }
}

impl BinaryOp<i16> for Maximum {
    #[inline(always)]
    fn apply(&self, a: i16, b: i16) -> i16 {
        a.max(b)
    }
}

impl BinaryOp<i16> for Minimum {
    #[inline(always)]
    fn apply(&self, a: i16, b: i16) -> i16 {
        a.min(b)
    }
}

/// A clamp with a scale for each side of zero: `relu`, `relu6`, `leaky_relu`.
///
/// Source: TFLM `micro/kernels/activations_common.cc`, `ReluQuantized`, and `reference/leaky_relu.h`, `QuantizeLeakyRelu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectifier {
    /// What inputs from zero up are multiplied by.
    pub positive: Multiplier,
    /// What the others are multiplied by, in magnitude.
    pub negative: Multiplier,
    /// Whether products of the others are negated.
    pub negate: bool,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

impl Rectifier {
    #[inline(always)]
    fn apply(&self, x: i16) -> i16 {
        let scaled = match x {
            0.. => self.positive.apply(x as i32),
            _ if self.negate => self.negative.apply(x as i32).wrapping_neg(),
            _ => self.negative.apply(x as i32),
        };
        clamped(scaled, self.min, self.max)
    }
}

/// `output[i] = p(input[i])`.
#[inline(always)]
pub fn rectifier(p: &Rectifier, input: &[i16], output: &mut [i16]) {
    for (y, &x) in output.iter_mut().zip(input) {
        *y = p.apply(x);
    }
}

/// [`rectifier`] that overwrites its input.
#[inline(always)]
pub fn rectifier_in_place(p: &Rectifier, data: &mut [i16]) {
    for x in data {
        *x = p.apply(*x);
    }
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::rectifier`], outlined.
    #[inline(never)]
    pub fn rectifier(p: &Rectifier, input: &[i16], output: &mut [i16]) {
        super::rectifier(p, input, output);
    }

    /// [`super::rectifier_in_place`], outlined.
    #[inline(never)]
    pub fn rectifier_in_place(p: &Rectifier, data: &mut [i16]) {
        super::rectifier_in_place(p, data);
    }
}
