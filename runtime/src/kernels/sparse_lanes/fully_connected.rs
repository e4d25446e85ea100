//! Fully connected layers, and convolutions of one tap.

use super::{Nonzero, pixels};
use crate::arch::sparse_lanes::fill;
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p` of several rows, of `weights`, and `scales`, four numbers an output channel.
///
/// `window` is of one more than `depth` elements. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected(
    p: &FullyConnected,
    input: &[i8],
    weights: Nonzero<'_>,
    scales: &[i32],
    window: &mut [u32],
    output: &mut [i8],
) {
    let (depth, columns, most) = (p.depth as usize, p.columns as usize, 2 * weights.words());
    if depth == 0 || columns == 0 || most == 0 {
        return;
    }
    let scales = scales.as_chunks().0;
    // More than the layer's rows may follow of the input, but not of the output.
    for (x, out) in input.chunks((depth * most).max(1)).zip(output.chunks_mut((columns * most).max(1))) {
        let Some(count) = out.len().checked_div(columns) else { return };
        let Some(x) = x.get(..count * depth) else { return };
        for (word, two) in x.chunks((2 * depth).max(1)).enumerate() {
            // Of an odd last row, the partner's outputs are not wanted.
            let x0 = two.get(..depth).unwrap_or(&[]);
            fill(window, most / 2, word, [x0, two.get(depth..).filter(|x1| !x1.is_empty()).unwrap_or(x0)]);
        }
        pixels(window, &weights, scales, (count, columns), &p.clamp, out);
    }
}
