//! Sums and outputs of several pixels by blocks of channels, whose constants lie in one stream in the order of their use: the
//! portable twins, which are the specification of those for cores with vectors of 16 bytes.
//!
//! [`crate::kernels::blocked`] says how the stream is laid out.

use super::packed::Finish;
pub(crate) use crate::kernels::blocked::{BLOCK_OF_TAPS, LANES_OF_BLOCK, Run, VECTOR};
use crate::requantize::{Clamp, Multiplier, Once};

/// Pairs of pixels, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pairs {
    /// How many.
    pub(crate) count: usize,
    /// Elements from the first input pixel of a pair to the second.
    pub(crate) second: usize,
    /// Elements from the first input pixel of a pair to that of the next pair.
    pub(crate) next: usize,
    /// Elements from an output pixel to the next.
    pub(crate) row: usize,
}

impl Pairs {
    /// Elements of the input and of the output that are used, where `channels` of each pixel are made.
    #[inline(always)]
    pub(crate) fn spans(&self, run: &Run, channels: usize) -> [usize; 2] {
        let before = self.count.saturating_sub(1);
        let input = before.saturating_mul(self.next).saturating_add(self.second).saturating_add(run.span());
        [input, before.saturating_mul(2).saturating_add(1).saturating_mul(self.row).saturating_add(channels)]
    }
}

/// Units of the output, each `channels` elements, made of nine taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    /// How many.
    pub(crate) count: usize,
    /// Elements from the input of a unit to that of the next.
    pub(crate) next: usize,
    /// Elements of the output of each.
    pub(crate) channels: usize,
}

impl Units {
    /// Blocks of sixteen channels of each.
    #[inline(always)]
    pub(crate) const fn blocks(&self) -> usize {
        self.channels.div_ceil(VECTOR)
    }
}

/// Byte `index` of a stream.
fn byte(stream: &[i32], index: usize) -> i32 {
    let word = stream.get(index / 4).copied().unwrap_or(0).to_le_bytes();
    word.get(index % 4).copied().unwrap_or(0) as i8 as i32
}

/// Word `index` of a stream.
#[inline(always)]
pub(crate) fn word(stream: &[i32], index: usize) -> i32 {
    stream.get(index).copied().unwrap_or(0)
}

/// The word of a stream of taps that holds the first shift.
#[cfg_attr(not(tinybake_core = "mve"), allow(dead_code))]
pub(crate) const FIRST_SHIFT: usize = 16 + 9 * VECTOR / 4 + 4;

/// How sums are rounded, `shift` being one of the stream. Shifts of layers that round once are bytes with [`ONCE`] added.
#[inline(always)]
pub(crate) fn finish(clamp: &Clamp, shift: i32) -> Finish {
    if shift > 0 {
        Finish::Once
    } else if clamp.min as i32 >= clamp.zero_point {
        Finish::Positive
    } else {
        Finish::Any
    }
}

/// A shift of the first block of a stream.
#[inline(always)]
#[cfg_attr(not(tinybake_core = "mve"), allow(dead_code))]
pub(crate) fn last_word(run: &Run, stream: &[i32]) -> i32 {
    word(stream, run.block().wrapping_sub(1))
}

/// The output of a sum, its shift not to the left.
fn output(sum: i32, multiplier: i32, shift: i32, clamp: &Clamp) -> i8 {
    let rule = Multiplier { multiplier, shift: shift as i8 };
    clamp.apply(match finish(clamp, shift) {
        Finish::Once => Once(rule).apply(sum),
        Finish::Positive | Finish::Any => rule.apply(sum),
    })
}

/// Makes `channels` neighbouring channels, a multiple of 4, of pairs of pixels. Where a slice is too short it makes nothing.
/// Shifts are to the right, by at least one.
#[inline(never)]
#[cfg_attr(tinybake_core = "mve", allow(dead_code))]
pub(crate) fn rows_2(run: &Run, pairs: &Pairs, x: &[i8], stream: &[i32], clamp: &Clamp, channels: usize, out: &mut [i8]) {
    let [input, written] = pairs.spans(run, channels);
    if x.len() < input || out.len() < written {
        return;
    }
    for pair in 0..pairs.count {
        for second in 0..2 {
            let x = x.get(pair * pairs.next + second * pairs.second..).unwrap_or(&[]);
            let out = out.get_mut((2 * pair + second) * pairs.row..).and_then(|out| out.get_mut(..channels));
            rows_1(run, x, stream, clamp, out.unwrap_or(&mut []));
        }
    }
}

/// Makes the channels `out` of one pixel; see [`rows_2`].
#[inline(never)]
#[cfg_attr(tinybake_core = "mve", allow(dead_code))]
pub(crate) fn rows_1(run: &Run, x: &[i8], stream: &[i32], clamp: &Clamp, out: &mut [i8]) {
    let (depth, block) = (VECTOR * run.vectors(), run.block());
    if x.len() < run.span() || stream.len() < (out.len() / 4).saturating_mul(block) {
        return;
    }
    for (index, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let stream = stream.get(index * block..).unwrap_or(&[]);
        for (channel, out) in out.iter_mut().enumerate() {
            let mut sum = word(stream, channel);
            for segment in 0..run.segments() {
                let x = x.get(segment * run.step()..).and_then(|x| x.get(..depth)).unwrap_or(&[]);
                for (vector, x) in x.chunks_exact(VECTOR).enumerate() {
                    let first = 16 + ((segment * run.vectors() + vector) * 4 + channel) * VECTOR;
                    for (lane, &x) in x.iter().enumerate() {
                        sum = sum.wrapping_add(x as i32 * byte(stream, first + lane));
                    }
                }
            }
            *out = output(sum, word(stream, block - 8 + channel), word(stream, block - 4 + channel), clamp);
        }
    }
}

/// Where a tap lies outside the image.
pub(crate) const OUTSIDE: usize = usize::MAX;

/// Makes units of which tap `k` reads at `at[k]`: elements `x[at[k]..]`, or those of `outside` where that is [`OUTSIDE`].
/// Where a slice is too short it makes nothing. Of each tap, whole vectors are readable. The products of taps `2 * i` and
/// `2 * i + 1` add up to 16 bits.
#[inline(never)]
#[cfg_attr(tinybake_core = "mve", allow(dead_code))]
pub(crate) fn taps_9(
    at: &[usize; 9],
    units: &Units,
    (x, outside): (&[i8], &[i8]),
    stream: &[i32],
    clamp: &Clamp,
    out: &mut [i8],
) {
    if stream.len() < units.blocks().saturating_mul(BLOCK_OF_TAPS) || units.channels == 0 {
        return;
    }
    for (unit, out) in out.chunks_exact_mut(units.channels).take(units.count).enumerate() {
        for (vector, lanes) in LANES_OF_BLOCK.iter().enumerate() {
            for (lane, &first) in lanes.iter().enumerate() {
                for (block, out) in out.chunks_mut(VECTOR).enumerate() {
                    let Some(out) = out.get_mut(first) else { continue };
                    let stream = stream.get(block * BLOCK_OF_TAPS..).unwrap_or(&[]);
                    let mut sum = word(stream, 4 * vector + lane);
                    for (tap, at) in at.iter().enumerate() {
                        let channel = block * VECTOR + first;
                        let x = match *at {
                            OUTSIDE => outside.get(unit * units.next + channel),
                            at => x.get(at.wrapping_add(unit * units.next + channel)),
                        };
                        let w = byte(stream, 64 + tap * VECTOR + first);
                        sum = sum.wrapping_add(x.copied().unwrap_or(0) as i32 * w);
                    }
                    let scale = 16 + 9 * VECTOR / 4 + 8 * vector + lane;
                    *out = output(sum, word(stream, scale), word(stream, scale + 4), clamp);
                }
            }
        }
    }
}
