//! Layers whose constants lie in one stream, in the order in which a core with vectors of 16 bytes reads them.
//!
//! The stream of a fully connected layer or convolution is a sequence of *blocks*, each of which makes four neighbouring output
//! channels: their biases; for each vector of 16 elements of a [`Run`], 16 weights of each of the four, zero where the run is
//! longer than what is summed; their multipliers; their shifts, all negative, which is to the right. Where the channels are no
//! multiple of four, the last block makes the last four, some of them once more.
//!
//! A block of a depthwise convolution makes sixteen lanes, which are channels of one pixel, or of [`neighbours`] together. Lane
//! [`LANES_OF_BLOCK`]`[j][i]` is element `i` of vector `j` of 32-bit words: four vectors of biases; 16 weights of each tap, the
//! first lane first; for each of the four vectors, multipliers and shifts. Lanes of no channel are zero.
//!
//! Words are little-endian, and so are the bytes of weights in them.

mod conv2d;
mod depthwise_conv2d;
mod fully_connected;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use fully_connected::fully_connected;

use super::conv2d::Conv2d;
use super::depthwise_conv2d::DepthwiseConv2d;
use crate::arch::{self, Pairs};
use crate::requantize::Clamp;

/// Elements of a vector.
pub const VECTOR: usize = 16;

/// Lanes of a block of a depthwise convolution, by vector of words.
pub const LANES_OF_BLOCK: [[usize; 4]; 4] = [[0, 4, 8, 12], [2, 6, 10, 14], [1, 5, 9, 13], [3, 7, 11, 15]];

/// Words of a block of a depthwise convolution of nine taps.
pub const BLOCK_OF_TAPS: usize = 16 + 9 * VECTOR / 4 + 32;

/// Bytes of a window that is gathered because part of it lies outside the image: 3 by 3 taps of 64 channels.
pub const WINDOW: usize = 576;

/// Most elements that a [`Run`] sums, and between the beginnings of its first and last segment: sizes made of two such numbers
/// cannot overflow, also where `usize` has 32 bits.
const LONGEST: usize = 1 << 24;

/// The elements that an output sums over: `segments` segments of `vectors` times [`VECTOR`] elements, beginning `step` elements
/// apart. There is at least one of each, and all sizes are below `LONGEST`: the assembly reads as many elements as these say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    vectors: usize,
    segments: usize,
    step: usize,
}

impl Run {
    /// `None` where there is nothing to sum, or more than [`LONGEST`] elements.
    #[inline(always)]
    const fn new(vectors: usize, segments: usize, step: usize) -> Option<Self> {
        let (Some(all), Some(before)) = (vectors.checked_mul(segments), segments.saturating_sub(1).checked_mul(step)) else {
            return None;
        };
        if all == 0 || all > LONGEST / VECTOR || before > LONGEST {
            return None;
        }
        Some(Self { vectors, segments, step })
    }

    /// The run of `depth` neighbouring elements; `None` where they are none, or more than 2^24.
    #[inline(always)]
    pub const fn of_depth(depth: usize) -> Option<Self> {
        let all = depth.div_ceil(VECTOR);
        if all > LONGEST / VECTOR {
            return None;
        }
        let (mut best, mut least) = (all, 1);
        if all > 8 {
            let mut vectors = 8;
            (best, least) = (vectors, all.div_ceil(vectors));
            while vectors > 4 {
                vectors -= 1;
                let segments = all.div_ceil(vectors);
                if segments * vectors < least * best {
                    (best, least) = (vectors, segments);
                }
            }
        }
        Self::new(best, least, VECTOR * best)
    }

    /// The run of a convolution, and whether its segments are rows of taps, which are read in the image; where they are not, each
    /// window is gathered, without gaps. `None` where a window has no element, or more than 2^24.
    #[inline(always)]
    pub const fn of_conv2d(p: &Conv2d) -> Option<(Self, bool)> {
        let rows = p.kernel[0] as usize;
        let Some(row) = (p.kernel[1] as usize).checked_mul(p.input.channels as usize) else { return None };
        let Some(depth) = rows.checked_mul(row) else { return None };
        let Some(whole) = Self::of_depth(depth) else { return None };
        let mut vectors = row.div_ceil(VECTOR);
        if vectors > 8 {
            vectors = vectors.next_multiple_of(12);
        }
        // Each vector more takes about two instructions an output, and gathering as many as that a pixel.
        let more = rows.saturating_mul(vectors).saturating_sub(whole.segments * whole.vectors);
        let extra = more.saturating_mul(2).saturating_mul(p.output.channels as usize);
        if vectors > 12 || extra > 40 + 16 * rows || p.dilation[1] != 1 {
            return Some((whole, false));
        }
        let line = (p.input.width as usize).checked_mul(p.input.channels as usize);
        let Some(line) = line else { return None };
        let Some(step) = line.checked_mul(p.dilation[0] as usize) else { return None };
        match Self::new(vectors, rows, step) {
            Some(run) => Some((run, true)),
            None => None,
        }
    }

    /// Vectors of each segment; 1 to 8, or 12.
    #[inline(always)]
    pub const fn vectors(&self) -> usize {
        self.vectors
    }

    /// Number of segments.
    #[inline(always)]
    pub const fn segments(&self) -> usize {
        self.segments
    }

    /// Elements from the beginning of a segment to the next one's.
    #[inline(always)]
    pub const fn step(&self) -> usize {
        self.step
    }

    /// Elements from the first to the end of the last.
    #[inline(always)]
    pub const fn span(&self) -> usize {
        (self.segments - 1) * self.step + VECTOR * self.vectors
    }

    /// Elements that are summed.
    #[inline(always)]
    pub const fn elements(&self) -> usize {
        VECTOR * self.vectors * self.segments
    }

    /// Words of a block of the stream.
    #[inline(always)]
    pub const fn block(&self) -> usize {
        self.elements() + 12
    }

    /// The same elements without anything between the segments.
    #[inline(always)]
    const fn gathered(&self) -> Self {
        Self { step: VECTOR * self.vectors, ..*self }
    }
}

/// Neighbouring pixels that a block of a depthwise convolution makes at once.
#[inline(always)]
pub const fn neighbours(p: &DepthwiseConv2d) -> usize {
    let channels = p.output.channels as usize;
    if p.stride[1] == 1 && channels > 0 && channels <= VECTOR { VECTOR / channels } else { 1 }
}

/// What all pixels of a layer have in common.
struct Layer<'a> {
    run: Run,
    stream: &'a [i32],
    clamp: &'a Clamp,
    channels: usize,
}

impl Layer<'_> {
    /// Pairs of pixels, the first of which begins at `x` and `out`.
    #[inline(always)]
    fn pairs(&self, pairs: &Pairs, x: &[i8], out: &mut [i8]) {
        if pairs.count == 0 {
            return;
        }
        let whole = self.channels / 4 * 4;
        arch::rows_2(&self.run, pairs, x, self.stream, self.clamp, whole, out);
        if whole != self.channels {
            let Some(out) = out.get_mut(self.channels.saturating_sub(4)..) else { return };
            arch::rows_2(&self.run, pairs, x, self.last(), self.clamp, 4, out);
        }
    }

    /// One pixel, whose segments are as `run` says.
    #[inline(always)]
    fn pixel(&self, run: &Run, x: &[i8], out: &mut [i8]) {
        let Some(whole) = out.get_mut(..self.channels / 4 * 4) else { return };
        let done = whole.len();
        arch::rows_1(run, x, self.stream, self.clamp, whole);
        if done != self.channels {
            let Some(out) = out.get_mut(self.channels.saturating_sub(4)..self.channels) else { return };
            arch::rows_1(run, x, self.last(), self.clamp, out);
        }
    }

    /// The stream of the last block.
    #[inline(always)]
    fn last(&self) -> &[i32] {
        self.stream.get((self.channels / 4).saturating_mul(self.run.block())..).unwrap_or(&[])
    }
}

/// The output pixels of an axis, from the first to the end, of which all `span` input pixels lie inside.
#[inline(always)]
fn interior(output: u16, input: u16, span: usize, stride: u16, pad: u16) -> (usize, usize) {
    let (output, stride, pad) = (output as usize, stride as usize, pad as usize);
    let first = pad.div_ceil(stride.max(1)).min(output);
    let room = (input as usize + pad).checked_sub(span);
    let end = room.map_or(0, |room| (room / stride.max(1) + 1).min(output));
    (first, end.max(first))
}

#[cfg(test)]
mod tests;
