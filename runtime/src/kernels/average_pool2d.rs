//! Means of windows.

use super::dims::{Dims, inside, origin};
use core::num::NonZeroU32;

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
    let channels = p.input.channels as usize;
    let mut out = output.iter_mut();
    for out_y in 0..p.output.height as usize {
        let y0 = origin(out_y, p.stride[0], p.pad[0]);
        let (top, bottom) = inside(y0, p.kernel[0] as usize, p.input.height);
        for out_x in 0..p.output.width as usize {
            let x0 = origin(out_x, p.stride[1], p.pad[1]);
            let (left, right) = inside(x0, p.kernel[1] as usize, p.input.width);
            let count = NonZeroU32::new(((bottom - top) * (right - left)) as u32).unwrap_or(NonZeroU32::MIN);
            for channel in 0..channels {
                let Some(out) = out.next() else { return };
                let mut sum = 0i32;
                for ky in top..bottom {
                    let y = (y0 + ky as isize) as usize;
                    for kx in left..right {
                        let x = (x0 + kx as isize) as usize;
                        let Some(&x) = input.get((y * p.input.width as usize + x) * channels + channel) else { return };
                        sum = sum.wrapping_add(x as i32);
                    }
                }
                let magnitude = (sum.unsigned_abs().wrapping_add(count.get() / 2) / count) as i32;
                let mean = if sum < 0 { magnitude.wrapping_neg() } else { magnitude };
                *out = mean.max(p.min as i32).min(p.max as i32) as i8;
            }
        }
    }
}

/// One copy for all layers.
pub mod shared {
    use super::AveragePool2d;

    /// [`super::average_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn average_pool2d(p: &AveragePool2d, input: &[i8], output: &mut [i8]) {
        super::average_pool2d(p, input, output);
    }
}
