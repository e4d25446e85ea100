//! Fully connected layers, and convolutions of one tap.

use super::{finish, halves, settle};
use crate::arch::packed::{self, Runs};
use crate::kernels::fully_connected::FullyConnected;

/// The fully connected layer `p`, of `filter`, of which each two output channels have `halves(depth)` words, and
/// `scales`, four numbers an output channel, both for a whole number of pairs of channels.
///
/// `window` is of `halves(depth)` words, where there are several rows of a multiple of twice as many: rows are widened as many at
/// a time. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected(p: &FullyConnected, input: &[i8], filter: &[i32], scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (depth, columns, scales) = (p.depth as usize, p.columns as usize, scales.as_chunks().0);
    let (how, halves) = (finish(&p.clamp, scales), halves(depth));
    let (mut input, mut rest) = (input, &mut *output);
    let mut left = p.rows as usize / 2;
    let Some(most) = window.len().checked_div(2 * halves) else { return };
    while left > 0 && most > 0 {
        let count = left.min(most);
        let (Some(next), Some(out)) = (input.get(2 * depth * count..), rest.split_off_mut(..2 * columns * count)) else { return };
        let Some(window) = window.get_mut(..2 * halves * count) else { return };
        // All that there is, so that the last word may be loaded whole.
        packed::widen::<2>(window, input, depth, depth, Runs { count, pitch: 2 * depth });
        packed::two_rows(window, halves, filter, scales, how, out);
        input = next;
        left -= count;
    }
    if p.rows % 2 == 1 {
        let (Some(out), Some(window)) = (rest.split_off_mut(..columns), window.get_mut(..halves)) else { return };
        packed::widen::<1>(window, input, depth, depth, Runs::ONE);
        packed::row(window, filter, scales, how, out);
    }
    settle(&p.clamp, output);
}
