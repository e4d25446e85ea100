//! Fully connected layers, and convolutions of one tap.

use super::pixels;
use crate::arch::lanes::{Channels, fill};
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p` of several rows, of `filter`, in runs, and `scales`, four numbers an output channel.
///
/// `window` is of two or four times `depth` words: of four or eight rows. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected(p: &FullyConnected, input: &[i8], filter: &[i8], scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    let Some(channels) = Channels::new(filter, depth).filter(|_| columns > 0) else { return };
    let scales = scales.as_chunks().0;
    let (mut input, mut output) = (input, output);
    let mut left = p.rows as usize;
    while left > 0 {
        let eight = left > 4 && window.len() >= 4 * depth;
        let count = left.min(if eight { 8 } else { 4 });
        let (Some(x), Some(out)) = (input.split_off(..count * depth), output.split_off_mut(..count * columns)) else { return };
        if eight {
            rows::<4>(p, count, x, &channels, scales, window.as_chunks_mut().0, out);
        } else {
            rows::<2>(p, count, x, &channels, scales, window.as_chunks_mut().0, out);
        }
        left -= count;
    }
}

/// The next `count` rows, at most `2 * N`.
#[inline(always)]
fn rows<const N: usize>(
    p: &FullyConnected,
    count: usize,
    x: &[i8],
    channels: &Channels<'_>,
    scales: &[[i32; 4]],
    window: &mut [[u32; N]],
    out: &mut [i8],
) {
    let depth = p.depth as usize;
    let Some(window) = window.get_mut(..depth) else { return };
    for (word, two) in x.chunks((2 * depth).max(1)).enumerate() {
        // Of an odd last row, the partner's outputs are not wanted.
        let x0 = two.get(..depth).unwrap_or(&[]);
        fill(window, word, [x0, two.get(depth..).filter(|x1| !x1.is_empty()).unwrap_or(x0)]);
    }
    pixels(window, channels, scales, (count, p.columns as usize), &p.clamp, out);
}
