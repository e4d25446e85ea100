//! Convolution of an image with a filter per output channel, in groups, with strides, dilation and padding.

use super::dims::{Dims, inside, origin};
use super::fully_connected;
use super::pixels::{Block, Pixels};
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
    let channels = p.output.channels as usize;
    if p.groups != 1 || p.dilation != [1, 1] || channels == 0 {
        return shared::conv2d(&{ *p }, input, filter, bias, requantize, output);
    }
    let mut pixels = output.chunks_exact_mut(channels);
    let [kernel_height, kernel_width] = p.kernel.map(usize::from);
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let rows_inside = inside(y, kernel_height, p.input.height) == (0, kernel_height);
        for out_x in 0..p.output.width as usize {
            let x = origin(out_x, p.stride[1], p.pad[1]);
            let Some(out) = pixels.next() else { return };
            if rows_inside && inside(x, kernel_width, p.input.width) == (0, kernel_width) {
                interior_pixel(p, (y as usize, x as usize), input, filter, bias, requantize, out);
            } else {
                // A copy, since nothing is known any more of what a reference escapes to.
                let (p, runs) = (&{ *p }, Runs { count: 1, taps: kernel_width });
                self::pixels(p, bias, requantize)
                    .pixel((y, x), out, &|block, sums| add_products(p, &runs, input, filter, block, sums));
            }
        }
    }
}

/// The channels of an output pixel all of whose taps lie in the image, tap 0 at `(y, x)`; without groups or dilation. The
/// taps of a kernel row are one run of bytes in the image and in the filter; four channels share what they load of the
/// image.
#[inline(always)]
fn interior_pixel<R: Requantize>(
    p: &Conv2d,
    (y, x): (usize, usize),
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) {
    let (depth, rows) = (p.input.channels as usize, p.kernel[0] as usize);
    let (stride, length) = (p.input.width as usize * depth, p.kernel[1] as usize * depth);
    let size = rows * length;
    // The window from the first tap to the last, so that its rows need no bounds checks.
    let start = y.wrapping_mul(stride).wrapping_add(x.wrapping_mul(depth));
    let reach = rows.saturating_sub(1) * stride + length;
    let Some(window) = input.get(start..).and_then(|x| x.get(..reach)) else { return };
    let row = |ky: usize| window.get(ky * stride..).and_then(|x| x.get(..length)).unwrap_or(&[]);
    let mut w = filter;
    let ((fours, rest), (fours_bias, rest_bias)) = (out.as_chunks_mut::<4>(), bias.as_chunks::<4>());
    let mut channel = 0;
    for (out, &bias) in fours.iter_mut().zip(fours_bias) {
        let mut sums = bias;
        for ky in 0..rows {
            arch::dot_1x4(&mut sums, row(ky), w.get(ky * length..).unwrap_or(&[]), size);
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = requantize.requantize(sum, channel, &p.clamp);
            channel += 1;
        }
        w = w.get(4 * size..).unwrap_or(&[]);
    }
    for (out, &bias) in rest.iter_mut().zip(rest_bias) {
        let mut sum = bias;
        for ky in 0..rows {
            sum = sum.wrapping_add(arch::dot(row(ky), w.get(ky * length..).unwrap_or(&[])));
        }
        *out = requantize.requantize(sum, channel, &p.clamp);
        channel += 1;
        w = w.get(size..).unwrap_or(&[]);
    }
}

/// How the pixels of the shared form and of borders are made.
#[inline(always)]
fn pixels<'a, R: Requantize>(p: &Conv2d, bias: &'a [i32], requantize: R) -> Pixels<'a, R> {
    let group_size = p.output.channels.checked_div(p.groups).unwrap_or(0);
    Pixels { group_size: group_size as usize, bias, requantize, clamp: p.clamp }
}

/// One copy for all layers.
pub mod shared {
    use super::{Conv2d, Requantize, Runs};

    /// [`super::conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn conv2d<R: Requantize>(p: &Conv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
        // Without groups and dilation, the taps of one kernel row are one run of bytes in the filter and in the image.
        let whole_rows = p.groups == 1 && p.dilation[1] == 1;
        let columns = p.kernel[1] as usize;
        let runs = if whole_rows { Runs { count: 1, taps: columns } } else { Runs { count: columns, taps: 1 } };
        let pixels = super::pixels(p, bias, requantize);
        pixels.image(p.output.sizes(), p.stride, p.pad, output, &|block, sums| {
            super::add_products(p, &runs, input, filter, block, sums)
        });
    }
}

/// How the taps of a kernel row lie in memory: in `count` runs of `taps` taps each.
struct Runs {
    count: usize,
    taps: usize,
}

/// Adds the products of the channels of a block, run by run.
#[inline(never)]
fn add_products(p: &Conv2d, runs: &Runs, input: &[i8], filter: &[i8], block: &Block, sums: &mut [i32]) {
    let depth = p.input.channels.checked_div(p.groups).unwrap_or(0) as usize;
    let (taps, length) = (runs.taps, runs.taps * depth);
    let size = p.kernel[0] as usize * runs.count * length;
    let Some(mut filter) = filter.get(block.channel * size..).filter(|_| size != 0) else { return };
    for ky in 0..p.kernel[0] as usize {
        let y = block.y + (ky * p.dilation[0] as usize) as isize;
        // A row outside is as if all its taps were.
        let width = if y >= 0 && y < p.input.height as isize { p.input.width } else { 0 };
        for run in 0..runs.count {
            let x = block.x + (run * p.dilation[1] as usize) as isize;
            let (first, end) = inside(x, taps, width);
            let pixel = y * p.input.width as isize + x + first as isize;
            let start = (pixel as usize).wrapping_mul(p.input.channels as usize).wrapping_add(block.group * depth);
            let x = input.get(start..).and_then(|x| x.get(..(end - first) * depth)).unwrap_or(&[]);
            let Some(inside) = filter.get(first * depth..) else { return };
            fully_connected::add_products(x, inside, size, sums);
            if x.len() < length {
                // Taps in the padding read the zero point: of all taps, less those that read the image.
                for (sum, (all, inside)) in sums.iter_mut().zip(filter.chunks(size).zip(inside.chunks(size))) {
                    let (all, inside) = (all.get(..length).unwrap_or(&[]), inside.get(..x.len()).unwrap_or(&[]));
                    let skipped = arch::sum(all).wrapping_sub(arch::sum(inside));
                    *sum = sum.wrapping_add(skipped.wrapping_mul(p.input_zero_point as i32));
                }
            }
            filter = filter.get(length..).unwrap_or(&[]);
        }
    }
}
