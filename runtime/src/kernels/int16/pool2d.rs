//! Means and greatest elements of windows.

use super::clamped;
use super::windows::Windows;
use crate::kernels::windows::each_window;
use core::num::NonZeroU32;

/// Channels that are summed at a time.
const SUMS: usize = 16;

/// The mean of each window of `input` (HWC), rounded to the nearest, ties away from zero, into `output` (HWC). A window
/// without a pixel in the image has the mean 0.
///
/// Source: TFLM `reference/integer_ops/pooling.h`, `AveragePool` of 16-bit data.
#[inline(always)]
pub fn average_pool2d(p: &Windows, input: &[i16], output: &mut [i16]) {
    shared::average_pool2d(&{ *p }, input, output);
}

/// The greatest element of each window and channel of `input` (HWC), into `output` (HWC). A window without a pixel in the
/// image has `min`.
///
/// Source: TFLM `reference/integer_ops/pooling.h`, `MaxPool` of 16-bit data.
#[inline(always)]
pub fn max_pool2d(p: &Windows, input: &[i16], output: &mut [i16]) {
    shared::max_pool2d(&{ *p }, input, output);
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::average_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn average_pool2d(p: &Windows, input: &[i16], output: &mut [i16]) {
        let size = [p.output.height, p.output.width];
        each_window(p.input, size, [p.kernel, p.stride, p.pad], output, &|window, out: &mut [i16]| {
            let count = NonZeroU32::new((window.size[0] * window.size[1]) as u32).unwrap_or(NonZeroU32::MIN);
            let mut channel = 0;
            for out in out.chunks_mut(SUMS) {
                let mut sums = [0i32; SUMS];
                window.each_pixel(input, channel, out.len(), |x| {
                    for (sum, &x) in sums.iter_mut().zip(x) {
                        *sum = sum.wrapping_add(x as i32);
                    }
                });
                channel += out.len();
                for (out, sum) in out.iter_mut().zip(sums) {
                    let magnitude = (sum.unsigned_abs().wrapping_add(count.get() / 2) / count) as i32;
                    *out = clamped(if sum < 0 { magnitude.wrapping_neg() } else { magnitude }, p.min, p.max);
                }
            }
        });
    }

    /// [`super::max_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn max_pool2d(p: &Windows, input: &[i16], output: &mut [i16]) {
        let size = [p.output.height, p.output.width];
        each_window(p.input, size, [p.kernel, p.stride, p.pad], output, &|window, out: &mut [i16]| {
            out.fill(p.min);
            window.each_pixel(input, 0, out.len(), |x| {
                for (out, &x) in out.iter_mut().zip(x) {
                    // Clamping each element above is clamping their maximum.
                    *out = x.min(p.max).max(*out);
                }
            });
        });
    }
}
