//! Convolution of each channel by itself.

use super::products::channels;
use super::rescale::{Accumulator, Rescale};
use super::windows::Windows;

/// Convolves `input` (HWC) into `output` (HWC), which has a multiple of the input's channels, for dimensions known at compile time.
///
/// `filter` is `[kernel row][kernel column][output channel]`. Slices that are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/depthwise_conv.h`, `DepthwiseConvPerChannel` of 16-bit data.
#[inline(always)]
pub fn depthwise_conv2d<R: Rescale>(p: &Windows, input: &[i16], filter: &[i8], bias: &[R::Sum], rescale: R, output: &mut [i16]) {
    let Some(multiplier) = p.output.channels.checked_div(p.input.channels).filter(|&multiplier| multiplier > 0) else { return };
    let multiplier = multiplier as usize;
    p.each_pixel(output, |y, x, out| {
        if multiplier == 1 {
            channels(0, [p.min, p.max], bias, rescale, out, |channel, sums| {
                each_tap(p, input, filter, (y, x), channel, channel, |x, w| {
                    for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
                        *sum = sum.plus(x as i32 * w as i32);
                    }
                });
            });
            return;
        }
        for (read, out) in out.chunks_mut(multiplier).enumerate() {
            channels(read * multiplier, [p.min, p.max], bias, rescale, out, |channel, sums| {
                each_tap(p, input, filter, (y, x), read, channel, |x, w| {
                    let Some(&x) = x.first() else { return };
                    for (sum, &w) in sums.iter_mut().zip(w) {
                        *sum = sum.plus(x as i32 * w as i32);
                    }
                });
            });
        }
    });
}

/// Calls `f` with the input from channel `read` on and the filter from channel `made` on, for each tap inside the image.
#[inline(always)]
fn each_tap(
    p: &Windows,
    input: &[i16],
    filter: &[i8],
    at: (isize, isize),
    read: usize,
    made: usize,
    mut f: impl FnMut(&[i16], &[i8]),
) {
    let [rows, columns] = p.kernel.map(usize::from);
    for ky in 0..rows {
        for kx in 0..columns {
            let Some(start) = p.tap(at, ky, kx) else { continue };
            let place = (ky * columns + kx) * p.output.channels as usize + made;
            if let (Some(x), Some(w)) = (input.get(start + read..), filter.get(place..)) {
                f(x, w);
            }
        }
    }
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::depthwise_conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn depthwise_conv2d<R: Rescale>(
        p: &Windows,
        input: &[i16],
        filter: &[i8],
        bias: &[R::Sum],
        rescale: R,
        output: &mut [i16],
    ) {
        super::depthwise_conv2d(p, input, filter, bias, rescale, output);
    }
}
