//! Convolutions without groups.

use super::{PIXELS, Pairs, pixels};
use crate::arch::sparse_pairs::fill;
use crate::kernels::conv2d::{Conv2d, gather_part};
use crate::kernels::dims::origin;
use crate::kernels::pixels::Block;

/// Most elements of a window.
pub const MOST_SIZE: usize = 128;

/// The convolution `p`, of one group and windows of at most [`MOST_SIZE`] elements, of `weights`, and `scales`, four numbers an
/// output channel.
///
/// `window` is of one four more than a window's elements have. Slices that are too short end the computation early.
#[inline(never)]
pub fn conv2d(p: &Conv2d, input: &[i8], weights: Pairs<'_>, scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (columns, width) = (p.output.channels as usize, p.output.width as usize);
    let size = p.kernel[0] as usize * p.kernel[1] as usize * p.input.channels as usize;
    let mut gathered = [0; MOST_SIZE];
    let Some(gathered) = gathered.get_mut(..size).filter(|_| columns > 0 && width > 0 && p.groups == 1) else { return };
    let (mut out_y, mut out_x) = (0, 0);
    for out in output.chunks_mut((PIXELS * columns).max(1)) {
        let Some(count) = out.len().checked_div(columns) else { return };
        for lane in 0..count {
            let (y, x) = (origin(out_y, p.stride[0], p.pad[0]), origin(out_x, p.stride[1], p.pad[1]));
            gather_part(p, input, &Block { y, x, channel: 0, group: 0, first: true }, 0, gathered);
            fill(window, lane, gathered);
            out_x += 1;
            if out_x == width {
                (out_x, out_y) = (0, out_y + 1);
            }
        }
        pixels(window, &weights, scales.as_chunks().0, (count, columns), &p.clamp, out);
    }
}
