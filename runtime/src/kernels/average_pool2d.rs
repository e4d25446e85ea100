//! Means of windows.

use super::dims::Dims;
use super::windows::each_window;
use core::num::NonZeroU32;

/// Channels that are summed at a time.
const SUMS: usize = 16;

/// The shape of an average pool. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AveragePool2d {
    /// The input image.
    pub input: Dims,
    /// The output image, of as many channels.
    pub output: Dims,
    /// Pixels of the window.
    pub kernel: [u16; 2],
    /// Input pixels between neighbouring windows.
    pub stride: [u16; 2],
    /// Pixels before the first row and column; they do not count.
    pub pad: [u16; 2],
    /// Least stored output.
    pub min: i8,
    /// Greatest stored output.
    pub max: i8,
}

/// The mean of each window of `input` (HWC), rounded to the nearest, ties away from zero, into `output` (HWC). A window
/// without a pixel in the image has the mean 0.
///
/// Source: TFLM `reference/integer_ops/pooling.h`, `AveragePool`.
#[inline(always)]
pub fn average_pool2d(p: &AveragePool2d, input: &[i8], output: &mut [i8]) {
    shared::average_pool2d(&{ *p }, input, output);
}

/// One copy for all layers.
pub mod shared {
    use super::*;

    /// [`super::average_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn average_pool2d(p: &AveragePool2d, input: &[i8], output: &mut [i8]) {
        let size = [p.output.height, p.output.width];
        each_window(p.input, size, [p.kernel, p.stride, p.pad], output, &|window, out| {
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
                    let mean = if sum < 0 { magnitude.wrapping_neg() } else { magnitude };
                    *out = mean.max(p.min as i32).min(p.max as i32) as i8;
                }
            }
        });
    }
}
