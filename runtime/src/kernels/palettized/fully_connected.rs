//! Fully connected layers, and convolutions of one tap.

use super::{Layer, PIXELS, Palette, Windows};
use crate::kernels::fully_connected::FullyConnected;
use crate::requantize::Requantize;

/// The fully connected layer `p`; `bias` is folded, as that of [`crate::kernels::fully_connected::fully_connected`].
///
/// Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected<R: Requantize>(
    p: &FullyConnected,
    input: &[i8],
    filter: Palette<'_>,
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let (size, channels) = (p.depth as usize, p.columns as usize);
    if size == 0 || channels == 0 {
        return;
    }
    let layer = Layer { palette: filter, size, kept: false, channels, bias, requantize, clamp: p.clamp };
    for (input, out) in
        input.chunks(size.saturating_mul(PIXELS).max(1)).zip(output.chunks_mut(channels.saturating_mul(PIXELS).max(1)))
    {
        layer.pixels(&Rows { input, size }, out);
    }
}

/// Rows of `size` elements.
struct Rows<'a> {
    input: &'a [i8],
    size: usize,
}

impl Windows for Rows<'_> {
    fn part<'a>(&'a self, index: usize, first: usize, buffer: &'a mut [i8]) -> &'a [i8] {
        let from = index.wrapping_mul(self.size).wrapping_add(first);
        self.input.get(from..).and_then(|row| row.get(..buffer.len())).unwrap_or(&[])
    }
}
