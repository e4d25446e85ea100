//! Softmax of rows in single precision, as ONNX Runtime computes it of dequantized values on an x86-64 with AVX-512.
//!
//! Source: MLAS `compute.cpp`, `MlasComputeSoftmaxThreaded`, and `amd64/SoftmaxKernelAvx512F.asm`: a polynomial with fused
//! multiply-adds for the exponential, and sixteen sums of every sixteenth element, which are added pairwise.

use super::quantize::Affine;
use super::reals::nearest;
use crate::requantize::Clamp;

/// Rows, their length, and what their elements stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxReals {
    /// Rows; each sums to one.
    pub rows: u32,
    /// Elements of a row.
    pub depth: u32,
    /// Quantization of the input.
    pub input: Affine,
}

/// What a softmax writes its results as.
pub trait Result: Copy {
    /// The stored form of `probability`.
    fn of(probability: f32, output: &Affine) -> Self;
}

impl Result for f32 {
    #[inline(always)]
    fn of(probability: f32, _: &Affine) -> Self {
        probability
    }
}

impl Result for i8 {
    #[inline(always)]
    fn of(probability: f32, output: &Affine) -> Self {
        let clamp = Clamp { zero_point: output.zero_point, min: i8::MIN, max: i8::MAX };
        nearest(probability / output.scale, &clamp)
    }
}

/// Softmax of each row of `input`, to reals, or to integers that stand for reals as `output` says.
#[inline(always)]
pub fn softmax_reals<T: Result>(p: &SoftmaxReals, output: &Affine, input: &[i8], y: &mut [T]) {
    shared::softmax_reals(p, output, input, y);
}

/// One copy for all layers.
pub mod shared {
    use super::{Affine, Result, SoftmaxReals};

    /// [`super::softmax_reals`] with dimensions as arguments.
    #[inline(never)]
    pub fn softmax_reals<T: Result>(p: &SoftmaxReals, output: &Affine, input: &[i8], y: &mut [T]) {
        let depth = p.depth as usize;
        if depth == 0 {
            return;
        }
        let (mut input, mut y) = (input, y);
        for _ in 0..p.rows {
            let (Some(input), Some(y)) = (input.split_off(..depth), y.split_off_mut(..depth)) else { return };
            super::row(p, output, input, y);
        }
    }
}

fn row<T: Result>(p: &SoftmaxReals, output: &Affine, input: &[i8], y: &mut [T]) {
    let real = |stored: i8| p.input.scale * i32::from(stored).wrapping_sub(p.input.zero_point) as f32;
    let greatest = real(input.iter().fold(i8::MIN, |greatest, &x| greatest.max(x)));
    let mut sums = [0.0f32; 16];
    for group in input.chunks(16) {
        for (sum, &x) in sums.iter_mut().zip(group) {
            *sum += exp(real(x) - greatest);
        }
    }
    // Halves, then neighbours, then neighbours.
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, q] = sums;
    let low = ((i + a) + (j + b)) + ((k + c) + (l + d));
    let high = ((m + e) + (n + f)) + ((o + g) + (q + h));
    let factor = 1.0 / (low + high);
    for (y, &x) in y.iter_mut().zip(input) {
        *y = T::of(exp(real(x) - greatest) * factor, output);
    }
}

/// The exponential of what is not above zero.
#[inline(never)]
fn exp(x: f32) -> f32 {
    /// Below it the result is zero.
    const LEAST: f32 = -103.972_084;
    /// `1.5 * 2^23`, to round to an integer.
    const MAGIC: f32 = 12_582_912.0;
    /// The logarithm of two, with few bits, and what is left of it.
    const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];
    /// Coefficients of `x^6` to `x^2`; those of `x` and 1 are one.
    const COEFFICIENTS: [f32; 5] = [0.001_378_059_4, 0.008_373_124_5, 0.041_669_536, 0.166_664_72, 0.499_999_85];
    let x = if x > LEAST { x } else { LEAST };
    let biased = fma(x, core::f32::consts::LOG2_E, MAGIC);
    let whole = biased - MAGIC;
    let x = fma(whole, -LN_2[1], fma(whole, -LN_2[0], x));
    let mut p = 0.0f32;
    for coefficient in COEFFICIENTS {
        p = fma(p, x, coefficient);
    }
    p = fma(fma(p, x, 1.0), x, 1.0);
    // Times a power of two, rounded once where the result is subnormal.
    let exponent = (biased.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    (f64::from(p) * f64::from_bits((exponent.wrapping_add(1023) as u64) << 52)) as f32
}

/// `a * b + c`, rounded once. `core` has no such function; the product is exact in `f64`, and so is whether the sum was.
#[inline(never)]
pub(super) fn fma(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the sum lacks: Knuth's exact sum of two.
    let back = sum - product;
    let error = (product - (sum - back)) + (c - back);
    let bits = sum.to_bits();
    if error == 0.0 || bits & 1 == 1 {
        return sum as f32;
    }
    // To odd, so that rounding once more rounds as once.
    let away = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) }) as f32
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn multiply_add_rounds_once() {
        const ROUNDS: usize = if cfg!(miri) { 2_000 } else { 200_000 };
        let mut state = 3u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            f32::from_bits((state >> 33) as u32 & 0x807f_ffff | ((state >> 56) as u32 % 40 + 107) << 23)
        };
        for _ in 0..ROUNDS {
            let (a, b, c) = (random(), random(), random());
            assert_eq!(fma(a, b, c), a.mul_add(b, c), "{a} * {b} + {c}");
        }
    }

    #[test]
    fn rows_sum_to_one() {
        let p = SoftmaxReals { rows: 2, depth: 20, input: Affine { scale: 0.1, zero_point: 5 } };
        let input: std::vec::Vec<i8> = (0..40).map(|index| (index * 37 % 256) as u8 as i8).collect();
        let mut y = [0f32; 40];
        softmax_reals(&p, &p.input, &input, &mut y);
        for row in y.chunks(20) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }
}
