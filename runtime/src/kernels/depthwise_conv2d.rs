//! Convolution of each channel by itself.

use super::dims::{Dims, inside, origin};
use super::pixels::{Block, Pixels, copy};
use crate::arch::{self, LANES};
use crate::requantize::{Clamp, Requantize};

/// The shape of a depthwise convolution. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseConv2d {
    /// The input image.
    pub input: Dims,
    /// The output image; it has `multiplier` times the input's channels.
    pub output: Dims,
    /// Taps of the kernel.
    pub kernel: [u16; 2],
    /// Input pixels between neighbouring outputs.
    pub stride: [u16; 2],
    /// Input pixels between neighbouring taps.
    pub dilation: [u16; 2],
    /// Pixels of zero point before the first row and column.
    pub pad: [u16; 2],
    /// Output channels of each input channel: output channel `c` reads input channel `c / multiplier`.
    pub multiplier: u16,
    /// What stands for zero in the input, and for every tap in the padding.
    pub input_zero_point: i8,
    /// Range and zero point of the output.
    pub clamp: Clamp,
}

/// Convolves `input` (HWC) into `output` (HWC), for dimensions known at compile time.
///
/// `filter` is `[kernel row][kernel column][output channel]`. `bias` is folded: of each output channel,
/// `bias - input_zero_point * sum(filter)`. Slices that are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/depthwise_conv.h`, `DepthwiseConvPerChannel`.
#[inline(always)]
pub fn depthwise_conv2d<R: Requantize>(
    p: &DepthwiseConv2d,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let (channels, span) = (p.output.channels as usize, span(p));
    if channels == 0 {
        return;
    }
    // Channels of which all taps fit the window together: whole vectors of them, if there are as many.
    let taps = p.kernel[0] as usize * p.kernel[1] as usize;
    let lanes = WINDOW.checked_div(taps).unwrap_or(0);
    let lanes = if lanes > LANES { lanes / LANES * LANES } else { lanes };
    let mut output = output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let rows_inside = inside(y, span[0], p.input.height) == (0, span[0]);
        for out_x in 0..p.output.width as usize {
            let x = origin(out_x, p.stride[1], p.pad[1]);
            let Some(out) = output.split_off_mut(..channels) else { return };
            if rows_inside && inside(x, span[1], p.input.width) == (0, span[1]) {
                interior_pixel(p, (y as usize, x as usize), input, filter, bias, requantize, out);
                continue;
            }
            // A copy, since nothing is known any more of what a reference escapes to.
            let escaped = &{ *p };
            if p.multiplier != 1 || lanes == 0 {
                pixels(escaped, bias, requantize)
                    .pixel((y, x), out, &mut |block, sums| add_products(escaped, input, filter, block, sums));
                continue;
            }
            let mut window = [0; WINDOW];
            for first in (0..channels).step_by(lanes) {
                gather(escaped, input, (y, x), first, lanes, &mut window);
                let steps = [p.kernel[1] as usize * lanes, lanes];
                let range = (first, (first + lanes).min(channels));
                self::channels::<R, 1>(p, steps, range, &window, filter, bias, requantize, out);
            }
        }
    }
}

/// Bytes of border windows that are gathered at a time, on the stack: 3 by 3 taps of 32 channels.
const WINDOW: usize = 288;

/// Copies from the image what the taps of a window read of `lanes` channels from `first` on, tap 0 being at `(y, x)`. Taps in
/// the padding read the zero point.
#[inline(never)]
fn gather(p: &DepthwiseConv2d, input: &[i8], (y, x): (isize, isize), first: usize, lanes: usize, window: &mut [i8; WINDOW]) {
    window.fill(p.input_zero_point);
    let wanted = lanes.min((p.input.channels as usize).saturating_sub(first));
    let mut window = &mut window[..];
    for ky in 0..p.kernel[0] as usize {
        let y = y + (ky * p.dilation[0] as usize) as isize;
        for kx in 0..p.kernel[1] as usize {
            let x = x + (kx * p.dilation[1] as usize) as isize;
            let Some((tap, rest)) = window.split_at_mut_checked(lanes) else { return };
            let Some(tap) = tap.get_mut(..wanted) else { return };
            window = rest;
            if (0..p.input.height as isize).contains(&y) && (0..p.input.width as isize).contains(&x) {
                let start = (y * p.input.width as isize + x) as usize * p.input.channels as usize + first;
                copy(tap, input.get(start..).unwrap_or(&[]));
            }
        }
    }
}

/// One copy for all layers.
pub mod shared {
    use super::{DepthwiseConv2d, Requantize};

    /// [`super::depthwise_conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn depthwise_conv2d<R: Requantize>(
        p: &DepthwiseConv2d,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        requantize: R,
        output: &mut [i8],
    ) {
        let pixels = super::pixels(p, bias, requantize);
        pixels.image(p.output.sizes(), p.stride, p.pad, output, &mut |block, sums| {
            super::add_products(p, input, filter, block, sums)
        });
    }
}

/// How the pixels of the shared form and of borders are made. Output channels that read the same input channel go
/// together; with a multiplier of 1, neighbouring ones do.
#[inline(always)]
fn pixels<'a, R: Requantize>(p: &DepthwiseConv2d, bias: &'a [i32], requantize: R) -> Pixels<'a, R> {
    let group_size = if p.multiplier == 1 { p.output.channels } else { p.multiplier };
    Pixels { group_size: group_size as usize, bias, requantize, clamp: p.clamp }
}

/// Pixels from the first tap to the last, both included, along each axis.
#[inline(always)]
fn span(p: &DepthwiseConv2d) -> [usize; 2] {
    let [rows, columns] = p.kernel.map(|taps| (taps as usize).saturating_sub(1));
    [rows * p.dilation[0] as usize + 1, columns * p.dilation[1] as usize + 1]
}

/// The channels of an output pixel all of whose taps lie in the image, tap 0 at `(y, x)`.
#[inline(always)]
fn interior_pixel<R: Requantize>(
    p: &DepthwiseConv2d,
    (y, x): (usize, usize),
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) {
    let start = y.wrapping_mul(p.input.width as usize).wrapping_add(x).wrapping_mul(p.input.channels as usize);
    let Some(input) = input.get(start..) else { return };
    let tap = p.dilation[1] as usize * p.input.channels as usize;
    let steps = [p.dilation[0] as usize * p.input.width as usize * p.input.channels as usize, tap];
    if p.multiplier == 1 {
        channels::<R, 1>(p, steps, (0, out.len()), input, filter, bias, requantize, out);
    } else {
        for in_channel in 0..p.input.channels as usize {
            let (Some(input), first) = (input.get(in_channel..), in_channel * p.multiplier as usize) else { return };
            channels::<R, 0>(p, steps, (first, first + p.multiplier as usize), input, filter, bias, requantize, out);
        }
    }
}

/// The output channels `first..end`, as many at a time as can be. With `STEP` 1, `input` begins at input channel `first`
/// of tap 0, and neighbouring outputs read neighbouring inputs; with `STEP` 0, all read the first element of each tap. Rows
/// and columns of taps are `steps` elements apart.
#[expect(clippy::too_many_arguments, reason = "inlined: these are the parts of a loop body")]
#[inline(always)]
fn channels<R: Requantize, const STEP: usize>(
    p: &DepthwiseConv2d,
    steps: [usize; 2],
    (first, end): (usize, usize),
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) {
    let mut channel = first;
    if arch::TAPS && STEP == 1 && p.kernel[1] == 3 {
        while channel + 4 <= end {
            let done = four(p, steps, channel, channel - first, input, filter, bias, requantize, out);
            let Some(()) = done else { return };
            channel += 4;
        }
    }
    while channel + LANES <= end {
        let done = block::<R, LANES, STEP>(p, steps, channel, (channel - first) * STEP, input, filter, bias, requantize, out);
        let Some(()) = done else { return };
        channel += LANES;
    }
    while channel < end {
        let done = block::<R, 1, STEP>(p, steps, channel, (channel - first) * STEP, input, filter, bias, requantize, out);
        let Some(()) = done else { return };
        channel += 1;
    }
}

/// Four output channels from `channel` on, for a kernel three taps wide; `None` where a slice is too short.
#[expect(clippy::too_many_arguments, reason = "inlined: these are the parts of a loop body")]
#[inline(always)]
fn four<R: Requantize>(
    p: &DepthwiseConv2d,
    [row, tap]: [usize; 2],
    channel: usize,
    offset: usize,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) -> Option<()> {
    let (rows, out_channels) = (p.kernel[0] as usize, p.output.channels as usize);
    let window = input.get(offset..)?.get(..rows.saturating_sub(1) * row + 2 * tap + 4)?;
    let weights = filter.get(channel..)?.get(..(3 * rows).saturating_sub(1) * out_channels + 4)?;
    let mut sums: [i32; 4] = *bias.get(channel..)?.first_chunk()?;
    for ky in 0..rows {
        arch::taps_3x4(&mut sums, window.get(ky * row..)?, weights.get(3 * ky * out_channels..)?, [tap, out_channels]);
    }
    let out: &mut [i8; 4] = out.get_mut(channel..)?.first_chunk_mut()?;
    for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
        *out = requantize.requantize(sum, channel + lane, &p.clamp);
    }
    Some(())
}

/// `N` output channels from `channel` on, in registers; `None` where a slice is too short.
#[expect(clippy::too_many_arguments, reason = "inlined: these are the parts of a loop body")]
#[inline(always)]
fn block<R: Requantize, const N: usize, const STEP: usize>(
    p: &DepthwiseConv2d,
    [row, tap]: [usize; 2],
    channel: usize,
    offset: usize,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) -> Option<()> {
    let ([kernel_height, kernel_width], out_channels) = (p.kernel.map(usize::from), p.output.channels as usize);
    // Slices of lengths known at compile time, so that no tap needs a bounds check.
    let last = kernel_height.saturating_sub(1) * row + kernel_width.saturating_sub(1) * tap;
    let window = input.get(offset..)?.get(..last + 1 + (N - 1) * STEP)?;
    let weights = filter.get(channel..)?.get(..(kernel_height * kernel_width).saturating_sub(1) * out_channels + N)?;
    let mut sums: [i32; N] = *bias.get(channel..)?.first_chunk()?;
    for ky in 0..kernel_height {
        for kx in 0..kernel_width {
            let x = window.get(ky * row + kx * tap..)?;
            let w: &[i8; N] = weights.get((ky * kernel_width + kx) * out_channels..)?.first_chunk()?;
            for (lane, (sum, &w)) in sums.iter_mut().zip(w).enumerate() {
                let &x = x.get(lane * STEP)?;
                *sum = sum.wrapping_add(x as i32 * w as i32);
            }
        }
    }
    let out: &mut [i8; N] = out.get_mut(channel..)?.first_chunk_mut()?;
    for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
        *out = requantize.requantize(sum, channel + lane, &p.clamp);
    }
    Some(())
}

/// Adds the products of the channels of a block, tap by tap.
#[inline(never)]
fn add_products(p: &DepthwiseConv2d, input: &[i8], filter: &[i8], block: &Block, sums: &mut [i32]) {
    let in_channel = if p.multiplier == 1 { block.channel } else { block.group };
    let mut filter = filter.get(block.channel..).unwrap_or(&[]);
    for ky in 0..p.kernel[0] as usize {
        let y = block.y + (ky * p.dilation[0] as usize) as isize;
        for kx in 0..p.kernel[1] as usize {
            let x = block.x + (kx * p.dilation[1] as usize) as isize;
            let mut pixel: &[i8] = &[];
            if (0..p.input.height as isize).contains(&y) && (0..p.input.width as isize).contains(&x) {
                let start = (y * p.input.width as isize + x) as usize * p.input.channels as usize + in_channel;
                pixel = input.get(start..).unwrap_or(&[]);
            }
            if p.multiplier == 1 && !pixel.is_empty() {
                for ((sum, &x), &w) in sums.iter_mut().zip(pixel).zip(filter) {
                    *sum = sum.wrapping_add(x as i32 * w as i32);
                }
            } else {
                let x = pixel.first().copied().unwrap_or(p.input_zero_point) as i32;
                for (sum, &w) in sums.iter_mut().zip(filter) {
                    *sum = sum.wrapping_add(x * w as i32);
                }
            }
            filter = filter.get(p.output.channels as usize..).unwrap_or(&[]);
        }
    }
}
