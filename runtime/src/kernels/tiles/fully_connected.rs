//! Fully connected layers, and convolutions of one tap.

use super::{Channels, pixels};
use crate::arch::lanes::fill;
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p` of several rows, of `channels`, and `scales`, four numbers an output channel, for a whole number
/// of pairs.
///
/// `window` is of `N` times `depth` words: of `2 * N` rows. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected<const N: usize>(
    p: &FullyConnected,
    input: &[i8],
    channels: Channels<'_, N>,
    scales: &[i32],
    window: &mut [u32],
    output: &mut [i8],
) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    if columns == 0 {
        return;
    }
    let Some(window) = window.as_chunks_mut::<N>().0.get_mut(..depth) else { return };
    let scales = scales.as_chunks().0;
    let (mut input, mut output) = (input, output);
    let mut left = p.rows as usize;
    while left > 0 {
        let count = left.min(2 * N);
        let (Some(x), Some(out)) = (input.split_off(..count * depth), output.split_off_mut(..count * columns)) else { return };
        for (word, two) in x.chunks((2 * depth).max(1)).enumerate() {
            // Of an odd last row, the partner's outputs are not wanted.
            let x0 = two.get(..depth).unwrap_or(&[]);
            fill(window, word, [x0, two.get(depth..).filter(|x1| !x1.is_empty()).unwrap_or(x0)]);
        }
        pixels(window, &channels, scales, (count, columns), &p.clamp, out);
        left -= count;
    }
}
