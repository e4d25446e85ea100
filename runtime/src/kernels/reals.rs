//! Element-wise functions of stored integers in single precision, as ONNX Runtime computes them between dequantization and
//! quantization.

use super::binary::BinaryOp;
use super::quantize::Affine;
use super::softmax_reals::fma;
use crate::requantize::Clamp;

/// `(a + b) / output_scale` of real values, rounded half to even; a difference where the scale of `b` is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealAdd {
    /// Of `a`.
    pub a: Affine,
    /// Of `b`; its scale may be negative.
    pub b: Affine,
    /// Of the output.
    pub output_scale: f32,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// `a * b / output_scale` of real values, rounded half to even.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealMul {
    /// Of `a`.
    pub a: Affine,
    /// Of `b`.
    pub b: Affine,
    /// Of the output.
    pub output_scale: f32,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// A sum that is rounded half to even after the zero point is added.
///
/// Source: MLAS `qladd_avx2.cpp`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealSum {
    /// Scales of the operands, as parts of the output's.
    pub scales: [f32; 2],
    /// The zero points of all three, at that scale.
    pub fixed: f32,
    /// How far stored values are below those that are computed with.
    pub below: i32,
    /// Whether products and sums are rounded as one.
    pub fused: bool,
    /// Range of the output; its zero point is in `fixed`.
    pub range: [i8; 2],
}

/// A product that is rounded half to even after the zero point is added.
///
/// Source: MLAS `qlmul.cpp`, with SSE2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealProduct {
    /// Zero points of the operands.
    pub zero_points: [i32; 2],
    /// The product of their scales, as a part of the output's.
    pub scale: f32,
    /// What is added before rounding.
    pub added: f32,
    /// How far stored values are below those that are computed with.
    pub below: i32,
    /// Range of the output.
    pub range: [i8; 2],
}

/// The real that a stored value stands for.
#[inline(always)]
fn real(affine: &Affine, stored: i8) -> f32 {
    affine.scale * i32::from(stored).wrapping_sub(affine.zero_point) as f32
}

/// `1.5 * 2^23`: adding it leaves the nearest integer in the low bits. `core` has no rounding function.
const MAGIC: f32 = 12_582_912.0;

/// How far `scaled` is from the nearest half between two integers, at most 0.5, which it is where all around rounds to the same end of the range.
#[inline(always)]
pub fn from_half(scaled: f32, clamp: &Clamp) -> f32 {
    let end = |end: i8| i32::from(end).wrapping_sub(clamp.zero_point) as f32;
    let near = scaled.max(end(clamp.min) - 1.0).min(end(clamp.max) + 1.0);
    let rest = near - ((near + MAGIC) - MAGIC);
    0.5 - if rest < 0.0 { -rest } else { rest }
}

/// The nearest integer, half to even, plus the zero point, within the range; the least of the range for what is no number.
#[inline(always)]
pub fn nearest(scaled: f32, clamp: &Clamp) -> i8 {
    let low = i32::from(clamp.min).wrapping_sub(clamp.zero_point) as f32;
    let high = i32::from(clamp.max).wrapping_sub(clamp.zero_point) as f32;
    // Plain comparisons: `f32::max` calls a library function for the sake of NaN.
    let scaled = if scaled > low { scaled } else { low };
    let scaled = if scaled < high { scaled } else { high };
    clamp.apply(((scaled + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32))
}

impl BinaryOp for RealAdd {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        nearest((real(&self.a, a) + real(&self.b, b)) / self.output_scale, &self.clamp)
    }
}

impl BinaryOp for RealMul {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        nearest(real(&self.a, a) * real(&self.b, b) / self.output_scale, &self.clamp)
    }
}

impl BinaryOp for RealSum {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let [a, b] = [a, b].map(|stored| i32::from(stored).wrapping_add(self.below) as f32);
        let [of_a, of_b] = self.scales;
        let sum = match self.fused {
            true => fma(a, of_a, fma(b, of_b, self.fixed)),
            false => a * of_a + (b * of_b + self.fixed),
        };
        nearest(sum, &lowered(self.below, self.range))
    }
}

impl BinaryOp for RealProduct {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let [of_a, of_b] = self.zero_points;
        let product = i32::from(a).wrapping_sub(of_a).wrapping_mul(i32::from(b).wrapping_sub(of_b));
        nearest(product as f32 * self.scale + self.added, &lowered(self.below, self.range))
    }
}

/// From integers that are `below` above stored ones.
#[inline(always)]
fn lowered(below: i32, [min, max]: [i8; 2]) -> Clamp {
    Clamp { zero_point: below.wrapping_neg(), min, max }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_even() {
        let clamp = Clamp { zero_point: 3, min: -128, max: 127 };
        for (scaled, expected) in [(0.5, 3), (1.5, 5), (-0.5, 3), (-1.5, 1), (1e9, 127), (-1e9, -128), (f32::NAN, -128)] {
            assert_eq!(nearest(scaled, &clamp), expected, "{scaled}");
        }
        let affine = |scale, zero_point| Affine { scale, zero_point };
        let add = RealAdd { a: affine(0.5, 1), b: affine(-0.25, 0), output_scale: 0.5, clamp };
        // (4.5 - 1.25) / 0.5 = 6.5
        assert_eq!(add.apply(10, 5), 9);
        let mul = RealMul { a: affine(0.5, 1), b: affine(0.25, 0), output_scale: 0.5, clamp };
        assert_eq!(mul.apply(10, 5), 14);
    }
}
