//! Greatest elements of windows.

use super::dims::{Dims, inside, origin};

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
    let channels = p.input.channels as usize;
    if channels == 0 {
        return;
    }
    let mut pixels = output.chunks_exact_mut(channels);
    for out_y in 0..p.output.height as usize {
        let y0 = origin(out_y, p.stride[0], p.pad[0]);
        let (top, bottom) = inside(y0, p.kernel[0] as usize, p.input.height);
        for out_x in 0..p.output.width as usize {
            let x0 = origin(out_x, p.stride[1], p.pad[1]);
            let (left, right) = inside(x0, p.kernel[1] as usize, p.input.width);
            let Some(out) = pixels.next() else { return };
            out.fill(p.min);
            for ky in top..bottom {
                let y = (y0 + ky as isize) as usize;
                for kx in left..right {
                    let x = (x0 + kx as isize) as usize;
                    let from = (y * p.input.width as usize + x) * channels;
                    let Some(pixel) = input.get(from..from + channels) else { return };
                    for (out, &x) in out.iter_mut().zip(pixel) {
                        // Clamping each element above is clamping their maximum.
                        *out = (*out).max(x.min(p.max));
                    }
                }
            }
        }
    }
}

/// One copy for all layers.
pub mod shared {
    use super::MaxPool2d;

    /// [`super::max_pool2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn max_pool2d(p: &MaxPool2d, input: &[i8], output: &mut [i8]) {
        super::max_pool2d(p, input, output);
    }
}
