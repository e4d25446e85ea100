//! From sums of products to 16-bit outputs.

use crate::requantize::Multiplier;

/// What products are summed in.
pub trait Accumulator: Copy {
    /// No sum yet.
    const ZERO: Self;
    /// The sum with `product` added; wraps.
    fn plus(self, product: i32) -> Self;
}

impl Accumulator for i32 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn plus(self, product: i32) -> Self {
        self.wrapping_add(product)
    }
}

impl Accumulator for i64 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn plus(self, product: i32) -> Self {
        self.wrapping_add(product as i64)
    }
}

/// A rule that scales the sum of an output channel to the output's units and rounds.
///
/// Rules have one multiplier and shift for each output channel, or one of each for all.
pub trait Rescale: Copy {
    /// The width of sums, and of biases.
    type Sum: Accumulator;
    /// The output of output channel `channel` before it is clamped; 0 for one for which the rule has no scale.
    fn rescale(self, sum: Self::Sum, channel: usize) -> i32;
}

/// The multiplier and shift of a channel.
#[inline(always)]
fn of(multipliers: &[i32], shifts: &[i8], channel: usize) -> (i32, i8) {
    let index = if multipliers.len() == 1 { 0 } else { channel };
    match (multipliers.get(index), shifts.get(index)) {
        (Some(&multiplier), Some(&shift)) => (multiplier, shift),
        _ => (0, 1),
    }
}

/// `(sum * multiplier + half) >> shift` on 64 bits: one rounding, a multiplier of 15 bits.
///
/// Source: TFLM `kernels/internal/common.cc`, `MultiplyByQuantizedMultiplier` of an `int64_t`, whose reduced multiplier this is; its
/// shift is 15 less that of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide<'a> {
    /// Reduced multipliers, in `[0, 2^15)`.
    pub multipliers: &'a [i32],
    /// Shifts to the right, in `[8, 46]`.
    pub shifts: &'a [i8],
}

impl Rescale for Wide<'_> {
    type Sum = i64;

    #[inline(always)]
    fn rescale(self, sum: i64, channel: usize) -> i32 {
        let (multiplier, shift) = of(self.multipliers, self.shifts, channel);
        let half = 1i64.wrapping_shl((shift as u32).wrapping_sub(1));
        sum.wrapping_mul(multiplier as i64).wrapping_add(half).wrapping_shr(shift as u32) as i32
    }
}

/// [`Wide`] for sums that fit in 32 bits and shifts of 17 or more, in 32-bit arithmetic. Equal to it: what half adds lies above the
/// lowest 16 bits of the product, which may therefore go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrow<'a> {
    /// Reduced multipliers times `2^16`.
    pub multipliers: &'a [i32],
    /// Shifts to the right less 16, in `[1, 30]`.
    pub shifts: &'a [i8],
}

impl Rescale for Narrow<'_> {
    type Sum = i32;

    #[inline(always)]
    fn rescale(self, sum: i32, channel: usize) -> i32 {
        let (multiplier, shift) = of(self.multipliers, self.shifts, channel);
        let half = 1i32.wrapping_shl((shift as u32).wrapping_sub(1));
        high(sum, multiplier).wrapping_add(half).wrapping_shr(shift as u32)
    }
}

/// The high word of `sum * multiplier`, whose lowest 16 bits are 0.
#[inline(always)]
fn high(sum: i32, multiplier: i32) -> i32 {
    if cfg!(tinybake_core = "thumb1") {
        // Two products of 32 bits, where a wide one is a call.
        let (multiplier, low) = (multiplier >> 16, sum & 0xffff);
        return (sum >> 16).wrapping_mul(multiplier).wrapping_add(low.wrapping_mul(multiplier) >> 16);
    }
    ((sum as i64 * multiplier as i64) >> 32) as i32
}

/// Two roundings, as of 8-bit outputs: what the reference does where the bias is `int32`. See [`Multiplier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice<'a> {
    /// Q31 significands.
    pub multipliers: &'a [i32],
    /// Powers of two, left where positive.
    pub shifts: &'a [i8],
}

impl Rescale for Twice<'_> {
    type Sum = i32;

    #[inline(always)]
    fn rescale(self, sum: i32, channel: usize) -> i32 {
        let (multiplier, shift) = of(self.multipliers, self.shifts, channel);
        Multiplier { multiplier, shift }.apply(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On random and extreme sums, all shifts and the ends of multipliers; the two halves of a product too.
    #[test]
    fn narrow_equals_wide() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 32) as i32
        };
        let edges = [0, 1, -1, i32::MAX, i32::MIN, i32::MAX - 1, 0xffff, 0x10000, -0x10000, -0xffff];
        for shift in 17..=46i8 {
            for round in 0..4000usize {
                let sum = edges.get(round).copied().unwrap_or_else(|| random() >> (round % 31));
                let multiplier = [0x7fff, 0x4000, 1, random() & 0x7fff][round % 4];
                let wide = Wide { multipliers: &[multiplier], shifts: &[shift] }.rescale(sum.into(), 0);
                let narrow = Narrow { multipliers: &[multiplier << 16], shifts: &[shift - 16] }.rescale(sum, 0);
                assert_eq!(narrow, wide, "{sum} * {multiplier} >> {shift}");
                let split = (sum >> 16).wrapping_mul(multiplier).wrapping_add((sum & 0xffff).wrapping_mul(multiplier) >> 16);
                assert_eq!(high(sum, multiplier << 16), split);
            }
        }
    }
}
