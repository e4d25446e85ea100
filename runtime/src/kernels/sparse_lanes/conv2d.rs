//! Convolutions without groups and dilation.

use super::{Nonzero, pixels};
use crate::arch::sparse_lanes::place;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::dims::{inside, origin};

/// The convolution `p`, of one group and dilation 1, of `weights`, and `scales`, four numbers an output channel.
///
/// `window` is of one element more than a window. Slices that are too short end the computation early.
#[inline(never)]
pub fn conv2d(p: &Conv2d, input: &[i8], weights: Nonzero<'_>, scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (columns, width, words) = (p.output.channels as usize, p.output.width as usize, weights.words());
    if columns == 0 || width == 0 || words == 0 {
        return;
    }
    let (mut out_y, mut out_x) = (0, 0);
    for out in output.chunks_mut((2 * words * columns).max(1)) {
        let Some(count) = out.len().checked_div(columns) else { return };
        for lane in 0..count {
            let from = (origin(out_y, p.stride[0], p.pad[0]), origin(out_x, p.stride[1], p.pad[1]));
            gather(p, input, from, lane, words, window);
            out_x += 1;
            if out_x == width {
                (out_x, out_y) = (0, out_y + 1);
            }
        }
        pixels(window, &weights, scales.as_chunks().0, (count, columns), &p.clamp, out);
    }
}

/// Copies the window whose tap 0 is at `(y, x)` to the elements of pixel `lane`; taps in the padding read the zero point.
#[inline(never)]
fn gather(p: &Conv2d, input: &[i8], (y, x): (isize, isize), lane: usize, words: usize, window: &mut [u32]) {
    let (channels, taps) = (p.input.channels as usize, p.kernel[1] as usize);
    let row = p.input.width as usize * channels;
    let (first, end) = inside(x, taps, p.input.width);
    let mut elements = window.chunks_exact_mut(words.max(1));
    for ky in 0..p.kernel[0] as isize {
        let y = y + ky;
        let (first, end) = if y >= 0 && y < p.input.height as isize { (first, end) } else { (0, 0) };
        let from = (y * row as isize).wrapping_add((x + first as isize) * channels as isize);
        let pixels = input.get(from as usize..).unwrap_or(&[]);
        let zero = p.input_zero_point;
        elements.by_ref().take(first * channels).for_each(|element| place(element, lane, zero));
        for (element, &x) in elements.by_ref().take((end - first) * channels).zip(pixels) {
            place(element, lane, x);
        }
        elements.by_ref().take((taps - end) * channels).for_each(|element| place(element, lane, zero));
    }
}
