//! Element-wise functions of stored integers in single precision, as ONNX Runtime computes them between dequantization and
//! quantization.

use super::binary::BinaryOp;
use super::quantize::Affine;
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

/// The real that a stored value stands for.
#[inline(always)]
fn real(affine: &Affine, stored: i8) -> f32 {
    affine.scale * i32::from(stored).wrapping_sub(affine.zero_point) as f32
}

/// The nearest integer, half to even, plus the zero point, within the range; the least of the range for what is no number.
#[inline(always)]
pub fn nearest(scaled: f32, clamp: &Clamp) -> i8 {
    /// `1.5 * 2^23`: adding it leaves the nearest integer in the low bits. `core` has no rounding function.
    const MAGIC: f32 = 12_582_912.0;
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
