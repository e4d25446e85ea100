//! How a window moves over an image.

use crate::kernels::dims::{Dims, origin};

/// A window over an image, and the range of what is made of it. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The input image.
    pub input: Dims,
    /// The output image.
    pub output: Dims,
    /// Taps, or pixels of a pool.
    pub kernel: [u16; 2],
    /// Input pixels between neighbouring outputs; of a transposed convolution, output pixels between neighbouring inputs.
    pub stride: [u16; 2],
    /// Input pixels between neighbouring taps.
    pub dilation: [u16; 2],
    /// Pixels before the first row and column.
    pub pad: [u16; 2],
    /// Groups that the channels of a convolution's input and output fall into; divides both. 1 for all else.
    pub groups: u16,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

impl Windows {
    /// Calls `make` with every pixel of `output`, and with the row and column of the input that tap 0 reads, which are negative
    /// in the padding.
    #[inline(always)]
    pub(super) fn each_pixel(&self, output: &mut [i16], mut make: impl FnMut(isize, isize, &mut [i16])) {
        let channels = self.output.channels as usize;
        if channels == 0 {
            return;
        }
        let mut output = output;
        for out_y in 0..self.output.height as usize {
            let y = origin(out_y, self.stride[0], self.pad[0]);
            for out_x in 0..self.output.width as usize {
                let Some(out) = output.split_off_mut(..channels) else { return };
                make(y, origin(out_x, self.stride[1], self.pad[1]), out);
            }
        }
    }

    /// The position in the input of channel 0 of the pixel that a tap reads, tap 0 being at `(y, x)`; `None` in the padding.
    #[inline(always)]
    pub(super) fn tap(&self, (y, x): (isize, isize), ky: usize, kx: usize) -> Option<usize> {
        let y = y.wrapping_add((ky * self.dilation[0] as usize) as isize) as usize;
        let x = x.wrapping_add((kx * self.dilation[1] as usize) as isize) as usize;
        let inside = y < self.input.height as usize && x < self.input.width as usize;
        inside.then(|| (y * self.input.width as usize + x) * self.input.channels as usize)
    }
}
