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
    /// For each pixel of the output, row by row, the row and column of the input that tap 0 reads; negative in the padding.
    #[inline(always)]
    pub(super) fn origins(&self) -> Origins<'_> {
        Origins { windows: self, row: 0, column: 0 }
    }

    /// The half-open range of the taps along an axis (0 for rows, 1 for columns) that lie in the image, tap 0 being at `origin`.
    #[inline(always)]
    pub(super) fn taps_inside(&self, axis: usize, origin: isize) -> (usize, usize) {
        let size = [self.input.height, self.input.width];
        let (Some(&size), Some(&taps), Some(&dilation)) = (size.get(axis), self.kernel.get(axis), self.dilation.get(axis)) else {
            return (0, 0);
        };
        let (mut at, mut first) = (origin, 0);
        while first < taps as usize && at < 0 {
            at += dilation as isize;
            first += 1;
        }
        let mut end = first;
        while end < taps as usize && at < size as isize {
            at += dilation as isize;
            end += 1;
        }
        (first, end)
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

/// See [`Windows::origins`]. An iterator, since the body of a loop is part of the kernel, as a closure need not be.
pub(super) struct Origins<'a> {
    windows: &'a Windows,
    row: usize,
    column: usize,
}

impl Iterator for Origins<'_> {
    type Item = (isize, isize);

    #[inline(always)]
    fn next(&mut self) -> Option<(isize, isize)> {
        let Self { windows, row, column } = self;
        if *column >= windows.output.width as usize {
            (*row, *column) = (*row + 1, 0);
        }
        if *row >= windows.output.height as usize {
            return None;
        }
        let at = (origin(*row, windows.stride[0], windows.pad[0]), origin(*column, windows.stride[1], windows.pad[1]));
        *column += 1;
        Some(at)
    }
}
