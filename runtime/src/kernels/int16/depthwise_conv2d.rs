//! Convolution of each channel by itself.

use super::products::{add_taps, channels};
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
    if multiplier > 1 {
        // A copy, since nothing is known any more of what a reference escapes to.
        return multiplied(&{ *p }, multiplier as usize, input, filter, bias, rescale, output);
    }
    let (made, columns) = (p.output.channels as usize, p.kernel[1] as usize);
    let tap = p.dilation[1] as usize * made;
    let row = p.dilation[0] as usize * p.input.width as usize * made;
    let mut output = output;
    for (y, x) in p.origins() {
        let Some(out) = output.split_off_mut(..made) else { return };
        let ((top, bottom), (left, right)) = (p.taps_inside(0, y), p.taps_inside(1, x));
        // Where no tap is inside the image, there is no place, and no tap either.
        let start = p.tap((y, x), top, left).unwrap_or(0);
        channels(0, [p.min, p.max], bias, rescale, out, |channel, sums| {
            let (mut place, mut weight) = (start + channel, (top * columns + left) * made + channel);
            for _ in top..bottom {
                let (x, w) = (input.get(place..).unwrap_or(&[]), filter.get(weight..).unwrap_or(&[]));
                add_taps(sums, x, w, [tap, made], right - left);
                place += row;
                weight += columns * made;
            }
        });
    }
}

/// The same where each input channel is read by several output channels.
#[inline(never)]
fn multiplied<R: Rescale>(
    p: &Windows,
    multiplier: usize,
    input: &[i16],
    filter: &[i8],
    bias: &[R::Sum],
    rescale: R,
    output: &mut [i16],
) {
    let mut output = output;
    for at in p.origins() {
        let Some(out) = output.split_off_mut(..p.output.channels as usize) else { return };
        for (read, out) in out.chunks_mut(multiplier.max(1)).enumerate() {
            channels(read * multiplier, [p.min, p.max], bias, rescale, out, |channel, sums| {
                each_tap(p, input, filter, at, read, channel, |x, w| {
                    let Some(&x) = x.first() else { return };
                    for (sum, &w) in sums.iter_mut().zip(w) {
                        *sum = sum.plus(x as i32 * w as i32);
                    }
                });
            });
        }
    }
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
