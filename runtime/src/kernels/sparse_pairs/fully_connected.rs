//! Fully connected layers, and convolutions of one tap.

use super::{PIXELS, Pairs, pixels};
use crate::arch::sparse_pairs::fill;
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p` of several rows, of `weights`, and `scales`, four numbers an output channel.
///
/// `window` is of one four more than `depth` elements have. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected(
    p: &FullyConnected,
    input: &[i8],
    weights: Pairs<'_>,
    scales: &[i32],
    window: &mut [u32],
    output: &mut [i8],
) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    if depth == 0 || columns == 0 {
        return;
    }
    let scales = scales.as_chunks().0;
    // More than the layer's rows may follow of the input, but not of the output.
    for (x, out) in input.chunks((depth * PIXELS).max(1)).zip(output.chunks_mut((columns * PIXELS).max(1))) {
        let Some(count) = out.len().checked_div(columns) else { return };
        for (lane, x) in x.chunks_exact(depth).take(count).enumerate() {
            fill(window, lane, x);
        }
        pixels(window, &weights, scales, (count, columns), &p.clamp, out);
    }
}
