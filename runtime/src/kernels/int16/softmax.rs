//! Softmax of rows, by straight lines between entries of two tables.

use super::tables::{EXP, RECIPROCAL};
use crate::requantize::Multiplier;

/// The shape and input scaling of a softmax. The output has scale `2^-15` and zero point 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// Rows; each sums to one.
    pub rows: u32,
    /// Elements of a row.
    pub depth: u32,
    /// `beta * input_scale * 65535 / 10`: the differences that it takes to -65535 are those of -10.
    pub scale: Multiplier,
}

/// Softmax of each row of `input` into `output`.
#[inline(always)]
pub fn softmax(p: &Softmax, input: &[i16], output: &mut [i16]) {
    let length = (p.rows as usize).wrapping_mul(p.depth as usize);
    let (Some(input), Some(output)) = (input.get(..length), output.get_mut(..length)) else { return };
    for (out, &x) in output.iter_mut().zip(input) {
        *out = x;
    }
    softmax_in_place(p, output);
}

/// [`softmax`] that overwrites its input.
#[inline(always)]
pub fn softmax_in_place(p: &Softmax, data: &mut [i16]) {
    shared::softmax_in_place(p, data);
}

/// One copy for all layers.
pub(super) mod shared {
    use super::Softmax;

    /// [`super::softmax`], outlined.
    #[inline(never)]
    pub fn softmax(p: &Softmax, input: &[i16], output: &mut [i16]) {
        super::softmax(p, input, output);
    }

    /// [`super::softmax_in_place`], outlined.
    #[inline(never)]
    pub fn softmax_in_place(p: &Softmax, data: &mut [i16]) {
        let mut data = data;
        for _ in 0..p.rows {
            let Some(row) = data.split_off_mut(..p.depth as usize) else { return };
            super::row(&p.scale, row);
        }
    }
}

/// Source: TFLM `reference/softmax.h`, `SoftmaxInt16`.
fn row(scale: &Multiplier, row: &mut [i16]) {
    let max = row.iter().fold(i16::MIN, |max, &x| max.max(x));
    let mut sum = 0i32;
    for x in &mut *row {
        let difference = scale.apply((*x as i32).wrapping_sub(max as i32));
        *x = interpolated(&EXP, saturated(difference.wrapping_add(32767)));
        sum = sum.wrapping_add(*x as i32);
    }
    // The sum as 1 + x with x in [0, 1), in 16 bits about the middle.
    let headroom = (sum as u32).leading_zeros().max(1);
    let shifted = (sum as u32).wrapping_shl(headroom - 1).wrapping_add(1 << 13) >> 14;
    let reciprocal = interpolated(&RECIPROCAL, saturated((shifted as i32).wrapping_sub((1 << 15) + (1 << 16)))) as i32;
    let shift = 31u32.wrapping_sub(headroom);
    for x in row {
        // At most 2^30, and half at most 2^29.
        let product = (*x as i32).wrapping_mul(reciprocal).wrapping_add(1i32.wrapping_shl(shift.wrapping_sub(1)));
        *x = product.wrapping_shr(shift).clamp(0, 32767) as i16;
    }
}

#[inline(always)]
fn saturated(x: i32) -> i16 {
    x.max(i16::MIN as i32).min(i16::MAX as i32) as i16
}

/// The entry of the upper 9 bits of `x`, and so far to the next as the lower 7 say. Source: TFLM `kernels/internal/common.h`,
/// `LUTLookup`.
fn interpolated(table: &[i16; 513], x: i16) -> i16 {
    let index = ((x >> 7) as i32).wrapping_add(256) as usize;
    let (Some(&low), Some(&high)) = (table.get(index), table.get(index + 1)) else { return 0 };
    let slope = high.wrapping_sub(low) as i32;
    low.wrapping_add((slope.wrapping_mul((x & 0x7f) as i32).wrapping_add(64) >> 7) as i16)
}
