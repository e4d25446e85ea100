//! Convolution of an image with a filter per output channel, in groups, with strides, dilation and padding.

use super::dims::{Dims, inside, origin};
use super::fully_connected;
use super::gather::gather;
use super::pixels::{Block, Pixels, copy};
use crate::arch;
use crate::requantize::{Clamp, Requantize};

/// The shape of a convolution. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// The input image.
    pub input: Dims,
    /// The output image.
    pub output: Dims,
    /// Taps of the kernel.
    pub kernel: [u16; 2],
    /// Input pixels between neighbouring outputs.
    pub stride: [u16; 2],
    /// Input pixels between neighbouring taps.
    pub dilation: [u16; 2],
    /// Pixels of zero point before the first row and column.
    pub pad: [u16; 2],
    /// Groups that the channels of input and output fall into; divides both.
    pub groups: u16,
    /// What stands for zero in the input, and for every tap in the padding.
    pub input_zero_point: i8,
    /// Range and zero point of the output.
    pub clamp: Clamp,
}

/// Convolves `input` (HWC) into `output` (HWC), for dimensions known at compile time.
///
/// `filter` is `[output channel][kernel row][kernel column][input channel of the group]`. `bias` is folded: of each output
/// channel, `bias - input_zero_point * sum(filter)`. Slices that are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/conv.h`, `ConvPerChannel`.
#[inline(always)]
pub fn conv2d<R: Requantize>(p: &Conv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
    let (channels, size) = (p.output.channels as usize, p.kernel.map(usize::from));
    let row = size[1].wrapping_mul(p.input.channels as usize);
    let size = size[0].wrapping_mul(row);
    // A copy, since nothing is known any more of what a reference escapes to.
    let escaped = &{ *p };
    // Two windows where two pixels are made at a time.
    let mut window = [0; if arch::PAIRS { 2 * WINDOW } else { WINDOW }];
    let window = match window.get_mut(..if arch::PAIRS { size.saturating_mul(2) } else { size }) {
        Some(window) if p.groups == 1 && channels > 0 && size > 0 => window,
        _ => return shared::conv2d(escaped, input, filter, bias, requantize, output),
    };
    let mut output = output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let (mut out_x, width) = (0, p.output.width as usize);
        while out_x < width {
            let pixels = if arch::PAIRS && out_x + 1 < width { 2 } else { 1 };
            let Some(out) = output.split_off_mut(..pixels * channels) else { return };
            let Some(window) = window.get_mut(..pixels * size) else { return };
            for window in window.chunks_exact_mut(size) {
                let x = origin(out_x, p.stride[1], p.pad[1]);
                let outside =
                    |origin, axis: usize, size| inside(origin, p.kernel[axis] as usize, size) != (0, p.kernel[axis] as usize);
                if p.dilation != [1, 1] || outside(y, 0, p.input.height) || outside(x, 1, p.input.width) {
                    gather(escaped, input, (y, x), row, window);
                } else {
                    let line = p.input.width as usize * p.input.channels as usize;
                    let mut from = y as usize * line + x as usize * p.input.channels as usize;
                    for run in window.chunks_exact_mut(row) {
                        copy(run, input.get(from..).unwrap_or(&[]));
                        from += line;
                    }
                }
                out_x += 1;
            }
            if pixels == 2 {
                fully_connected::two_rows(&p.clamp, size, (window, None), filter, bias, requantize, out);
            } else {
                fully_connected::row(&p.clamp, size, window, filter, bias, requantize, out);
            }
        }
    }
}

/// Bytes of a window that are gathered at a time, on the stack: 3 by 3 taps of 32 channels.
const WINDOW: usize = 288;

/// The same for the shared form, whose stack is to be small: 3 by 3 taps of 16 channels, and some.
const SHARED_WINDOW: usize = 160;

/// One copy for all layers.
pub mod shared {
    use super::*;

    /// [`super::conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn conv2d<R: Requantize>(p: &Conv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
        let (Some(depth), Some(group_size)) = (p.input.channels.checked_div(p.groups), p.output.channels.checked_div(p.groups))
        else {
            return;
        };
        let size = (p.kernel[0] as usize).wrapping_mul(p.kernel[1] as usize).wrapping_mul(depth as usize);
        let mut buffer = [0; SHARED_WINDOW];
        let pixels = Pixels { group_size: group_size as usize, bias, requantize, clamp: p.clamp };
        pixels.image(p.output.sizes(), p.stride, p.pad, output, &mut |block, sums| {
            let mut filter = filter.get(block.channel.wrapping_mul(size)..).unwrap_or(&[]);
            let mut first = 0;
            while let Some(window) = buffer.get_mut(..SHARED_WINDOW.min(size - first)).filter(|window| !window.is_empty()) {
                // A window that is gathered whole serves all blocks of its group.
                if block.first || size > SHARED_WINDOW {
                    gather_part(p, input, block, first, window);
                }
                fully_connected::add_products(window, filter, size, sums);
                filter = filter.get(window.len()..).unwrap_or(&[]);
                first += window.len();
            }
        });
    }
}

/// Copies from the image what the taps of a window read, from element `first` of the window on; those in the padding read
/// the zero point. Elements are in the order of the filter's: `[kernel row][kernel column][input channel of the group]`.
#[inline(never)]
pub(super) fn gather_part(p: &Conv2d, input: &[i8], block: &Block, first: usize, window: &mut [i8]) {
    let (Some(depth), columns) = (p.input.channels.checked_div(p.groups), p.kernel[1] as usize) else { return };
    let (channels, depth) = (p.input.channels as isize, depth as usize);
    let (mut ky, mut kx, mut channel) = (0, 0, 0);
    if first > 0 {
        let Some(tap) = first.checked_div(depth) else { return };
        let Some(row) = tap.checked_div(columns) else { return };
        (ky, kx, channel) = (row, tap - row * columns, first - tap * depth);
    }
    // Without groups and dilation, neighbouring taps of a row are neighbours in the image.
    let whole_rows = p.groups == 1 && p.dilation[1] == 1;
    let row_length = p.input.width as isize * channels;
    let mut window = window;
    while !window.is_empty() {
        let taps = if whole_rows { columns - kx } else { 1 };
        let Some((run, rest)) = window.split_at_mut_checked((taps * depth - channel).min(window.len())) else { return };
        let y = block.y + (ky * p.dilation[0] as usize) as isize;
        let x = block.x + (kx * p.dilation[1] as usize) as isize;
        // Where the run lies in the row of the image, and what of it lies outside.
        let start = x * channels + (block.group * depth + channel) as isize;
        let width = if y >= 0 && y < p.input.height as isize { row_length } else { 0 };
        let skip = start.wrapping_neg().max(0).min(run.len() as isize);
        let end = width.wrapping_sub(start).max(skip).min(run.len() as isize);
        let from = (y * row_length + start + skip) as usize;
        let Some((before, rest_of_run)) = run.split_at_mut_checked(skip as usize) else { return };
        let Some((inside, after)) = rest_of_run.split_at_mut_checked((end - skip) as usize) else { return };
        if !inside.is_empty() {
            copy(inside, input.get(from..).unwrap_or(&[]));
        }
        for outside in [before, after] {
            if !outside.is_empty() {
                outside.fill(p.input_zero_point);
            }
        }
        channel = 0;
        kx += taps;
        if kx >= columns {
            (kx, ky) = (0, ky + 1);
        }
        window = rest;
    }
}
