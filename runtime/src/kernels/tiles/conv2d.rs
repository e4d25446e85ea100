//! Convolutions without groups.

use super::{Channels, pixels};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::lanes::Next;

/// The convolution `p`, of one group and windows of at most [`MOST_SIZE`](crate::kernels::lanes::MOST_SIZE) elements, of
/// `channels`, and `scales`, four numbers an output channel, for a whole number of pairs.
///
/// `window` is of `N` times the elements of a window, in words: of `2 * N` pixels. Slices that are too short end the computation
/// early.
#[inline(never)]
pub fn conv2d<const N: usize>(
    p: &Conv2d,
    input: &[i8],
    channels: Channels<'_, N>,
    scales: &[i32],
    window: &mut [u32],
    output: &mut [i8],
) {
    let columns = p.output.channels as usize;
    let size = p.kernel[0] as usize * p.kernel[1] as usize * p.input.channels as usize;
    if columns == 0 || p.groups != 1 {
        return;
    }
    let Some(window) = window.as_chunks_mut::<N>().0.get_mut(..size) else { return };
    let scales = scales.as_chunks().0;
    let mut next = Next::new(p, input);
    let mut output = output;
    let mut left = p.output.height as usize * p.output.width as usize;
    while left > 0 {
        let count = left.min(2 * N);
        let Some(out) = output.split_off_mut(..count * columns) else { return };
        next.fill(window, count);
        pixels(window, &channels, scales, (count, columns), &p.clamp, out);
        left -= count;
    }
}
