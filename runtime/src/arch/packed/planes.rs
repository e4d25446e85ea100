//! Channels of an image apart from each other, widened, for depthwise convolutions of 3 by 3 taps.
//!
//! A *plane* is one channel of some rows of an image, with its padding: each row is whole words of two `int16`, which are
//! neighbours in the row. Four planes follow one another.
//!
//! The weights of a channel are six words, two of each row of taps `a b c`: `(a, b) (b, c)`.

use super::{Finish, Scale, finish, lanes};

/// Rows of outputs to make of a plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// Words of a row of the plane.
    pub(crate) words: usize,
    /// Pixels between neighbouring windows, along both axes: 1 or 2.
    pub(crate) stride: usize,
    /// Rows of outputs.
    pub(crate) count: usize,
    /// Outputs of a row.
    pub(crate) width: usize,
    /// Elements between neighbouring outputs.
    pub(crate) channels: usize,
}

impl Rows {
    /// The fewest words that a row of a plane must have for `width` outputs. Outputs are made in pairs, or one by one from two
    /// words each.
    pub(crate) const fn words(width: usize, stride: usize) -> usize {
        if stride == 1 { width.div_ceil(2) + 1 } else { width.saturating_add(1) }
    }

    /// Whether the plane, and outputs from the first element of `out` on, are long enough for all windows.
    pub(super) fn fit(&self, plane: &[u32], out: &[i8]) -> bool {
        let (Some(last_row), Some(_)) = (self.count.checked_sub(1), self.width.checked_sub(1)) else { return false };
        let rows = last_row.checked_mul(self.stride).and_then(|first| first.checked_add(3));
        let words = rows.and_then(|rows| rows.checked_mul(self.words));
        let outputs = self.count.checked_mul(self.width).and_then(|outputs| (outputs - 1).checked_mul(self.channels));
        (1..=2).contains(&self.stride)
            && Self::words(self.width, self.stride) <= self.words
            && words.is_some_and(|words| words <= plane.len())
            && outputs.is_some_and(|last| last < out.len())
    }
}

/// Writes four channels of `pixels` pixels, the first of which begins at `x` and each `channels` elements after the one before,
/// into rows of planes that are `plane` words apart, from position `first`, which is 0 or 1, on. Positions before the first
/// and after the last pixel keep what they hold. Nothing is written where a slice is too short.
#[cfg_attr(tinybake_core = "dsp", allow(dead_code))]
pub(crate) fn spread(planes: &mut [u32], plane: usize, x: &[i8], channels: usize, pixels: usize, first: usize) {
    for pixel in 0..pixels {
        let Some(x) = x.get(pixel.wrapping_mul(channels)..).and_then(|x| x.first_chunk::<4>()) else { return };
        let position = pixel + first;
        for (lane, &x) in x.iter().enumerate() {
            let Some(word) = planes.get_mut(lane.wrapping_mul(plane).wrapping_add(position / 2)) else { return };
            let shift = position % 2 * 16;
            *word = *word & !(0xffff << shift) | (x as u16 as u32) << shift;
        }
    }
}

/// The outputs of one channel. Nothing is written where a slice is too short.
#[cfg_attr(tinybake_core = "dsp", allow(dead_code))]
pub(crate) fn channel(rows: &Rows, plane: &[u32], w: &[i32; 6], scale: &Scale, how: Finish, out: &mut [i8]) {
    if !rows.fit(plane, out) {
        return;
    }
    let mut outputs = out.iter_mut().step_by(rows.channels.max(1));
    for y in 0..rows.count {
        for x in 0..rows.width {
            let mut sum = 0i32;
            for (ky, w) in w.chunks_exact(2).enumerate() {
                let row = plane.get((y * rows.stride + ky) * rows.words..).unwrap_or(&[]);
                let taps = w.iter().flat_map(|&w| lanes(w as u32));
                // Of the two words of weights, the taps are the halves 0, 1 and 3.
                for (kx, w) in taps.enumerate().filter(|&(kx, _)| kx != 2).map(|(kx, w)| (kx.min(2), w)) {
                    let position = x * rows.stride + kx;
                    let word = row.get(position / 2).copied().unwrap_or(0);
                    let element = lanes(word)[position % 2];
                    sum = sum.wrapping_add(element.wrapping_mul(w));
                }
            }
            let Some(out) = outputs.next() else { return };
            *out = finish(sum.wrapping_mul(2).wrapping_add(scale[0]), scale, how);
        }
    }
}
