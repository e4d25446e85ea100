//! Sums of products of two pixels at a time in one 32-bit multiplication, for cores whose only multiplication that is.
//!
//! A word `x0 + (x1 << 16)` of an element of two pixels, times a weight, is both products. Sums of such words are right for as
//! long as the sum of `x0` fits 16 bits: with elements of at least -128, while the weights' magnitudes add up to at most 255. The
//! generator knows the weights, and so where such runs of them end.

mod portable;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(tinybake_core = "thumb1")]
pub(super) mod thumb1;

use super::packed::Finish;
#[cfg(not(any(tinybake_core = "thumb1", target_arch = "riscv32")))]
pub(crate) use portable::fill;
#[cfg(not(tinybake_core = "thumb1"))]
pub(crate) use portable::{finish_all, outputs, spread, taps};
#[cfg(target_arch = "riscv32")]
pub(crate) use riscv::fill;
#[cfg(tinybake_core = "thumb1")]
pub(crate) use thumb1::{fill, finish_all, outputs, spread, taps};

/// Weights of output channels in runs: of each channel, of each run, the number of weights and then the weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channels<'a> {
    /// Whole channels, of which the runs have `size` weights together, and none has none.
    weights: &'a [i8],
    size: usize,
    count: usize,
}

impl<'a> Channels<'a> {
    /// The channels, each of `size` weights, at least one; `None` where the bytes are not whole channels.
    #[inline(never)]
    pub(crate) fn new(weights: &'a [i8], size: usize) -> Option<Self> {
        let (mut rest, mut channels) = (weights, 0);
        while !rest.is_empty() {
            let mut left = size;
            loop {
                let (&count, after) = rest.split_first()?;
                let count = count as u8 as usize;
                rest = after.get(count..)?;
                left = left.checked_sub(count)?;
                if left == 0 && count > 0 {
                    break;
                }
                if count == 0 {
                    return None;
                }
            }
            channels += 1;
        }
        Some(Self { weights, size, count: channels })
    }
}

/// Where the taps of a window of 3 by 3 lie in a plane: one channel of some rows, an element a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// Where the element of each column of taps is, from the first's: `[0, 1, 2]` if neighbours are neighbours.
    pub(crate) columns: [usize; 3],
    /// Words of a row.
    pub(crate) row: usize,
}

impl Steps {
    /// Whether `count` windows lie in a plane of `length` words.
    fn fit(&self, length: usize, count: usize) -> bool {
        let last = self.columns.iter().copied().max().and_then(|column| column.checked_add(count));
        self.row.checked_mul(2).and_then(|row| last.and_then(|last| last.checked_add(row))).is_some_and(|end| end <= length)
    }
}

/// `x * multiplier / 2^31`, without a wider multiplication: rounded as `high_mul` does with a `half` of `2^14`, down with none. For
/// `x` in `-2^29..2^29`, and the multiplier's high and low half, the latter unsigned.
#[inline(always)]
const fn high_mul(x: i32, [high, low]: [i32; 2], half: i32) -> i32 {
    let x_low = x as i16 as i32;
    let x_high = x.wrapping_sub(x_low) >> 16;
    // What the products of low halves have below is less than one, and lost in the shift.
    let middle = x_low.wrapping_mul(high).wrapping_add(x_high.wrapping_mul(low)).wrapping_add(x_low.wrapping_mul(low) >> 16);
    (x_high.wrapping_mul(high) << 1).wrapping_add(middle.wrapping_add(half) >> 15)
}

/// The output for a sum with its bias, in `-2^29..2^29`; `scale` and `how` as in `packed::finish`.
#[inline(always)]
pub(crate) const fn finish(sum: i32, scale: &[i32; 4], how: Finish) -> i32 {
    let [_, multiplier, offset, shift] = *scale;
    let halves = [multiplier >> 16, multiplier & 0xffff];
    let high = match how {
        Finish::Positive => high_mul(sum, halves, 1 << 14),
        Finish::Any => {
            let high = high_mul(sum, halves, 1 << 14);
            high.wrapping_add(high >> 31)
        }
        Finish::Once => high_mul(sum, halves, 0),
    };
    high.wrapping_add(offset).wrapping_shr(shift as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One round in so many is run by Miri, which is slow.
    const SHARE: i32 = if cfg!(miri) { 100 } else { 1 };

    #[test]
    fn high_mul_equals_the_wide_one() {
        let mut state = 5u64;
        for round in 0..100_000 / SHARE {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let x = ((state >> 32) as i32 >> 2 >> (round % 24)).clamp(-(1 << 29) + 1, (1 << 29) - 1);
            let multiplier = match round % 3 {
                0 => i32::MAX,
                1 => 1 << 30,
                _ => (state >> 16) as i32 & i32::MAX,
            };
            let halves = [multiplier >> 16, multiplier & 0xffff];
            assert_eq!(high_mul(x, halves, 1 << 14), crate::requantize::high_mul(x, multiplier), "{x} * {multiplier}");
            assert_eq!(high_mul(x, halves, 0), ((x as i64 * multiplier as i64) >> 31) as i32, "{x} * {multiplier}");
        }
    }

    #[test]
    fn only_whole_channels_are_channels() {
        assert!(Channels::new(&[2, 7, 7, 1, 7, 3, 7, 7, 7], 3).is_some());
        assert!(Channels::new(&[], 3).is_some());
        for wrong in [&[2, 7, 7][..], &[4, 7, 7, 7, 7], &[0, 3, 7, 7, 7], &[3, 7, 7], &[3, 7, 7, 7, 0], &[-1, 7]] {
            assert!(Channels::new(wrong, 3).is_none(), "{wrong:?}");
        }
        assert!(Channels::new(&[0], 0).is_none());
    }
}
