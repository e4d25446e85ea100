//! Softmax of rows, in fixed point (reference `tflm`) or by a table of exponentials (reference `xnnpack`).

use crate::requantize::{high_mul, rounding_shift_right};

/// The shape and input scaling of a softmax. The output has scale 1/256 and zero point -128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// Rows; each sums to one.
    pub rows: u32,
    /// Elements of a row.
    pub depth: u32,
    /// Q31 significand of `beta * input_scale * 2^26`.
    pub multiplier: i32,
    /// Left shift that goes with the multiplier, in `[0, 31]`.
    pub shift: u8,
    /// Least difference to the row's maximum that has a nonzero output; negative.
    pub diff_min: i32,
}

/// Softmax of each row of `input` into `output`, in fixed point.
///
/// Source: TFLM `reference/softmax.h`, `Softmax` from int8 to int8.
#[inline(always)]
pub fn softmax(p: &Softmax, input: &[i8], output: &mut [i8]) {
    let length = (p.rows as usize).wrapping_mul(p.depth as usize);
    let (Some(input), Some(output)) = (input.get(..length), output.get_mut(..length)) else { return };
    // Of equal lengths here, so this does not panic.
    for (out, &x) in output.iter_mut().zip(input) {
        *out = x;
    }
    softmax_in_place(p, output);
}

/// [`softmax`] that overwrites its input.
#[inline(always)]
pub fn softmax_in_place(p: &Softmax, data: &mut [i8]) {
    shared::softmax_in_place(p, data);
}

/// One copy for all layers.
pub mod shared {
    use super::Softmax;

    /// [`super::softmax`] with dimensions as arguments.
    #[inline(never)]
    pub fn softmax(p: &Softmax, input: &[i8], output: &mut [i8]) {
        super::softmax(p, input, output);
    }

    /// [`super::softmax_f32`] with dimensions as arguments.
    #[inline(never)]
    pub fn softmax_f32(p: &Softmax, table: &[f32; 256], input: &[i8], output: &mut [i8]) {
        super::softmax_f32(p, table, input, output);
    }

    /// [`super::softmax_in_place`] with dimensions as arguments.
    #[inline(never)]
    pub fn softmax_in_place(p: &Softmax, data: &mut [i8]) {
        if p.depth == 0 {
            return;
        }
        let mut data = data;
        for _ in 0..p.rows {
            let Some(row) = data.split_off_mut(..p.depth as usize) else { return };
            super::softmax_row(p, row);
        }
    }
}

/// The product of two fractions in Q0.31: one copy, since there are many.
#[inline(never)]
fn mul(a: i32, b: i32) -> i32 {
    high_mul(a, b)
}

fn softmax_row(p: &Softmax, row: &mut [i8]) {
    let max = row.iter().fold(i8::MIN, |max, &x| max.max(x));
    let mut sum = 0i32;
    for &x in row.iter() {
        if let Some(exp) = exp_of(p, x, max) {
            // From Q0.31 to Q12.19, where as many as 4095 ones fit.
            sum = sum.wrapping_add(rounding_shift_right(exp, 12));
        }
    }
    let headroom = (sum as u32).leading_zeros();
    // The sum as 1 + f with f in [0, 1).
    let fraction = (sum as u32).wrapping_shl(headroom).wrapping_sub(1 << 31) as i32;
    let scale = one_over_one_plus(fraction);
    let exponent = (12 - headroom as i32 + 31 - 8).clamp(1, 31) as u32;
    for x in row.iter_mut() {
        *x = match exp_of(p, *x, max) {
            Some(exp) => rounding_shift_right(mul(scale, exp), exponent).wrapping_sub(128).clamp(-128, 127) as i8,
            None => i8::MIN,
        };
    }
}

/// `exp(beta * input_scale * (x - max))` in Q0.31; `None` where it counts as zero.
#[inline(never)]
fn exp_of(p: &Softmax, x: i8, max: i8) -> Option<i32> {
    let diff = x as i32 - max as i32;
    if diff < p.diff_min {
        return None;
    }
    Some(exp_on_negative(mul(diff.wrapping_shl(p.shift as u32), p.multiplier)))
}

/// `exp(a)` in Q0.31 for a nonpositive `a` in Q5.26. Source: gemmlowp `fixedpoint.h`, `exp_on_negative_values`.
fn exp_on_negative(a: i32) -> i32 {
    /// `exp(-2^k)` in Q0.31 for k = -2, -1, ..., 4.
    const FACTORS: [i32; 7] = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];
    const QUARTER: i32 = 1 << 24;
    if a == 0 {
        return i32::MAX;
    }
    // The part in [-1/4, 0) by a polynomial, the rest, a multiple of 1/4, by the factors of its bits.
    let part = (a & (QUARTER - 1)) - QUARTER;
    let mut result = exp_on_quarter(part << 5);
    let rest = part.wrapping_sub(a);
    for (bit, &factor) in FACTORS.iter().enumerate() {
        if rest & (QUARTER << bit) != 0 {
            result = mul(result, factor);
        }
    }
    result
}

/// `exp(a)` in Q0.31 for `a` in [-1/4, 0): a Taylor polynomial about -1/8. Source: gemmlowp `fixedpoint.h`,
/// `exp_on_interval_between_negative_one_quarter_and_0_excl`.
fn exp_on_quarter(a: i32) -> i32 {
    const EXP_MINUS_EIGHTH: i32 = 1895147668;
    const THIRD: i32 = 715827883;
    let x = a.wrapping_add(1 << 28);
    let x2 = mul(x, x);
    let x3 = mul(x2, x);
    let x4 = mul(x2, x2);
    let higher = rounding_shift_right(mul(rounding_shift_right(x4, 2).wrapping_add(x3), THIRD).wrapping_add(x2), 1);
    EXP_MINUS_EIGHTH.wrapping_add(mul(EXP_MINUS_EIGHTH, x.wrapping_add(higher)))
}

/// `1 / (1 + a)` in Q0.31 for `a` in [0, 1): three steps of Newton and Raphson. Source: gemmlowp `fixedpoint.h`,
/// `one_over_one_plus_x_for_x_in_0_1`.
fn one_over_one_plus(a: i32) -> i32 {
    /// 48/17 and -32/17 in Q2.29.
    const START: i32 = 1515870810;
    const SLOPE: i32 = -1010580540;
    const ONE: i32 = 1 << 29;
    let half_denominator = ((a as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut x = START.wrapping_add(mul(half_denominator, SLOPE));
    for _ in 0..3 {
        let error = ONE.wrapping_sub(mul(half_denominator, x));
        // Q4.27 to Q2.29 saturates; the product is small here.
        x = x.wrapping_add(saturating_shift_left(mul(x, error), 2));
    }
    // Half of x in Q2.29 is x in Q1.30; to Q0.31.
    saturating_shift_left(x, 1)
}

/// `x * 2^exponent`, saturated. Source: gemmlowp `fixedpoint.h`, `SaturatingRoundingMultiplyByPOT`.
fn saturating_shift_left(x: i32, exponent: u32) -> i32 {
    let threshold = (1 << (31 - exponent)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << exponent
    }
}

/// Softmax of each row of `input` into `output`, by a table of `exp(-input_scale * beta * (255 - i))` for `i` in `0..256`.
///
/// Only `rows` and `depth` of `p` count. Source: LiteRT's `optimized_ops.h`, `Softmax` from int8 to int8.
#[inline(always)]
pub fn softmax_f32(p: &Softmax, table: &[f32; 256], input: &[i8], output: &mut [i8]) {
    let depth = p.depth as usize;
    if depth == 0 {
        return;
    }
    let (mut input, mut output) = (input, output);
    for _ in 0..p.rows {
        let (Some(input), Some(output)) = (input.split_off(..depth), output.split_off_mut(..depth)) else { return };
        let max = input.iter().fold(i8::MIN, |max, &x| max.max(x));
        // x <= max, so the difference fits a byte.
        let exp = |x: i8| table[(x as u8).wrapping_sub(max as u8).wrapping_add(255) as usize];
        let sum = input.iter().fold(0.0f32, |sum, &x| sum + exp(x));
        let inverse = 1.0 / (sum * (1.0 / 256.0));
        for (out, &x) in output.iter_mut().zip(input) {
            // Nonnegative and at most 256, so adding one half and truncating rounds ties away from zero.
            let scaled = exp(x) * inverse;
            let whole = scaled as i32;
            let rounded = whole + (scaled - whole as f32 >= 0.5) as i32;
            *out = rounded.wrapping_sub(128).clamp(-128, 127) as i8;
        }
    }
}
