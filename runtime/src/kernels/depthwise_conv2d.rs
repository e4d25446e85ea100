//! Convolution of each channel by itself.

use super::dims::{Dims, origin};
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
    run(p, input, filter, bias, requantize, output);
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
        super::run(p, input, filter, bias, requantize, output);
    }
}

#[inline(always)]
fn run<R: Requantize>(p: &DepthwiseConv2d, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
    let (in_channels, out_channels) = (p.input.channels as usize, p.output.channels as usize);
    let (height, width) = (p.input.height as isize, p.input.width as isize);
    let mut out = output.iter_mut();
    for out_y in 0..p.output.height as usize {
        let y0 = origin(out_y, p.stride[0], p.pad[0]);
        for out_x in 0..p.output.width as usize {
            let x0 = origin(out_x, p.stride[1], p.pad[1]);
            let mut channel = 0;
            for in_channel in 0..in_channels {
                for _ in 0..p.multiplier {
                    let (Some(out), Some(&bias)) = (out.next(), bias.get(channel)) else { return };
                    let mut acc = bias;
                    let mut weight = channel;
                    for ky in 0..p.kernel[0] as usize {
                        let y = y0 + (ky * p.dilation[0] as usize) as isize;
                        for kx in 0..p.kernel[1] as usize {
                            let x = x0 + (kx * p.dilation[1] as usize) as isize;
                            let Some(&w) = filter.get(weight) else { return };
                            weight += out_channels;
                            let mut value = p.input_zero_point;
                            if (0..height).contains(&y) && (0..width).contains(&x) {
                                let Some(&x) = input.get((y * width + x) as usize * in_channels + in_channel) else { return };
                                value = x;
                            }
                            acc = acc.wrapping_add(value as i32 * w as i32);
                        }
                    }
                    *out = requantize.requantize(acc, channel, &p.clamp);
                    channel += 1;
                }
            }
        }
    }
}
