//! Greatest elements of windows.

use super::dims::Dims;
use super::windows::each_window;

/// The shape of a max pool. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
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

/// The greatest element of each window and channel of `input` (HWC), into `output` (HWC). A window without a pixel in the
/// image has `min`.
///
/// Source: TFLM `reference/integer_ops/pooling.h`, `MaxPool`.
#[inline(always)]
pub fn max_pool2d(p: &MaxPool2d, input: &[i8], output: &mut [i8]) {
    shared::max_pool2d(&{ *p }, input, output);
}

/// One copy for all layers.
pub mod shared {
    use super::*;

    /// [`super::max_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn max_pool2d(p: &MaxPool2d, input: &[i8], output: &mut [i8]) {
        let size = [p.output.height, p.output.width];
        each_window(p.input, size, [p.kernel, p.stride, p.pad], output, &|window, out| {
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
