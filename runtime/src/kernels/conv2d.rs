//! Convolution of an image with a filter per output channel, in groups, with strides, dilation and padding.

use super::dims::{Dims, inside, origin};
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
    run(p, input, filter, bias, requantize, output);
}

/// One copy for all layers.
pub mod shared {
    use super::{Conv2d, Requantize};

    /// [`super::conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn conv2d<R: Requantize>(p: &Conv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
        super::run(p, input, filter, bias, requantize, output);
    }
}

#[inline(always)]
fn run<R: Requantize>(p: &Conv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
    let out_channels = p.output.channels as usize;
    let (Some(depth), Some(group_size)) = (p.input.channels.checked_div(p.groups), p.output.channels.checked_div(p.groups))
    else {
        return;
    };
    let (depth, kernel_width) = (depth as usize, p.kernel[1] as usize);
    // Without groups and dilation, the taps of one kernel row are one run of bytes in the filter and in the image.
    let whole_rows = p.groups == 1 && p.dilation[1] == 1;
    let (runs, taps) = if whole_rows { (1, kernel_width) } else { (kernel_width, 1) };
    let run_length = taps * depth;
    if run_length == 0 || out_channels == 0 {
        return;
    }
    let zero_point = p.input_zero_point as i32;
    for (index, pixel) in
        output.chunks_exact_mut(out_channels).take(p.output.height as usize * p.output.width as usize).enumerate()
    {
        let Some(out_y) = index.checked_div(p.output.width as usize) else { return };
        let out_x = index - out_y * p.output.width as usize;
        let (y0, x0) = (origin(out_y, p.stride[0], p.pad[0]), origin(out_x, p.stride[1], p.pad[1]));
        let mut weights = filter.chunks_exact(run_length);
        let mut channel_base = 0;
        let mut left_in_group = group_size;
        for (channel, (out, &bias)) in pixel.iter_mut().zip(bias).enumerate() {
            let mut acc = bias;
            if left_in_group == 0 {
                left_in_group = group_size;
                channel_base += depth;
            }
            left_in_group = left_in_group.wrapping_sub(1);
            for ky in 0..p.kernel[0] as usize {
                let y = y0 + (ky * p.dilation[0] as usize) as isize;
                let row_inside = y >= 0 && y < p.input.height as isize;
                for run in 0..runs {
                    let Some(w) = weights.next() else { return };
                    let x = x0 + (run * p.dilation[1] as usize) as isize;
                    let (first, end) = if row_inside { inside(x, taps, p.input.width) } else { (0, 0) };
                    let start =
                        ((y * p.input.width as isize + x + first as isize) * p.input.channels as isize) as usize + channel_base;
                    let length = (end - first) * depth;
                    let (Some(before), Some(after)) = (w.get(..first * depth), w.get(end * depth..)) else { return };
                    if length > 0 {
                        let (Some(x), Some(w)) = (input.get(start..start + length), w.get(first * depth..end * depth)) else {
                            return;
                        };
                        acc = acc.wrapping_add(arch::dot(x, w));
                    }
                    acc = acc.wrapping_add(zero_point.wrapping_mul(arch::sum(before).wrapping_add(arch::sum(after))));
                }
            }
            *out = requantize.requantize(acc, channel, &p.clamp);
        }
    }
}
