//! Fully connected layers, and convolutions of one tap.

use super::{halves, positive, settle};
use crate::arch::packed;
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p`, of `filter`, of which each two output channels have `halves(depth)` words, and
/// `scales`, four numbers an output channel, both for a whole number of pairs of channels.
///
/// `window` is of `halves(depth)` words, twice as many where there are several rows. Slices that are too short end the
/// computation early.
#[inline(never)]
pub fn fully_connected(p: &FullyConnected, input: &[i8], filter: &[i32], scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (depth, columns, positive) = (p.depth as usize, p.columns as usize, positive(&p.clamp));
    let scales = scales.as_chunks().0;
    let (mut input, mut rest) = (input, &mut *output);
    for _ in 0..p.rows / 2 {
        let (Some(x), Some(out)) = (input.get(..2 * depth), rest.split_off_mut(..2 * columns)) else { return };
        let Some(window) = window.get_mut(..2 * halves(depth)) else { return };
        // All that there is, so that the last word may be loaded whole.
        packed::widen::<2>(window, input, depth, depth);
        packed::two_rows(window, filter, scales, positive, out);
        input = input.get(x.len()..).unwrap_or(&[]);
    }
    if p.rows % 2 == 1 {
        let (Some(out), Some(window)) = (rest.split_off_mut(..columns), window.get_mut(..halves(depth))) else { return };
        packed::widen::<1>(window, input, depth, depth);
        packed::row(window, filter, scales, positive, out);
    }
    settle(&p.clamp, output);
}
