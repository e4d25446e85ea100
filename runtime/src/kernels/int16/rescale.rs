//! From sums of products to 16-bit outputs.

use crate::arch::halves;
use crate::requantize::Multiplier;

/// Products of which 32 bits hold the sum: each is at most `2^22` in magnitude.
const RUN: usize = 256;

/// What products are summed in.
pub trait Accumulator: Copy {
    /// The sum with `product` added; wraps.
    fn plus(self, product: i32) -> Self;

    /// Adds to each sum the products of `x` with one of the rows of `w`, which begin `stride` elements apart; nothing where `w` is too
    /// short.
    fn dot_1x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], stride: usize);

    /// Adds to each sum the products of its channel at `taps` taps, whose channels are neighbours: those of `x` and `w` begin `steps`
    /// elements apart.
    fn taps_x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], steps: [usize; 2], taps: usize);
}

impl Accumulator for i32 {
    #[inline(always)]
    fn plus(self, product: i32) -> Self {
        self.wrapping_add(product)
    }

    #[inline(always)]
    fn dot_1x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], stride: usize) {
        halves::dot_1x4(sums, x, w, stride);
    }

    #[inline(always)]
    fn taps_x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], steps: [usize; 2], taps: usize) {
        halves::taps_x4(sums, x, w, steps, taps);
    }
}

impl Accumulator for i64 {
    #[inline(always)]
    fn plus(self, product: i32) -> Self {
        self.wrapping_add(product as i64)
    }

    #[inline(always)]
    fn dot_1x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], stride: usize) {
        let (mut x, mut w) = (x, w);
        while let Some(part) = x.split_off(..RUN.min(x.len())).filter(|part| !part.is_empty()) {
            let mut of_part = [0; 4];
            halves::dot_1x4(&mut of_part, part, w, stride);
            for (sum, part) in sums.iter_mut().zip(of_part) {
                *sum = sum.plus(part);
            }
            w = w.get(part.len()..).unwrap_or(&[]);
        }
    }

    #[inline(always)]
    fn taps_x4(sums: &mut [Self; 4], x: &[i16], w: &[i8], steps: [usize; 2], taps: usize) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let (mut x, mut w) = (x.get(lane..).unwrap_or(&[]), w.get(lane..).unwrap_or(&[]));
            for _ in 0..taps {
                let (Some(&of_x), Some(&of_w)) = (x.first(), w.first()) else { break };
                *sum = sum.plus(of_x as i32 * of_w as i32);
                (x, w) = (x.get(steps[0]..).unwrap_or(&[]), w.get(steps[1]..).unwrap_or(&[]));
            }
        }
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
        const ROUNDS: usize = if cfg!(miri) { 40 } else { 4000 };
        for shift in 17..=46i8 {
            for round in 0..ROUNDS {
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
