//! The size of an image, and which taps of a window lie in it.

/// Height, width and channels of an image of a batch of one; elements are in that order, channels innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
    /// Channels of one pixel.
    pub channels: u16,
}

impl Dims {
    /// Height, width and channels.
    #[inline(always)]
    pub(crate) fn sizes(self) -> [usize; 3] {
        [self.height as usize, self.width as usize, self.channels as usize]
    }
}

/// The pixel that tap 0 of output pixel `index` reads along one axis; negative inside the padding.
#[inline(always)]
pub(crate) fn origin(index: usize, stride: u16, pad: u16) -> isize {
    (index.wrapping_mul(stride as usize) as isize).wrapping_sub(pad as isize)
}

/// The half-open range of the `taps` taps, one pixel apart and starting at pixel `origin`, that lie in `0..size`.
#[inline(always)]
pub(crate) fn inside(origin: isize, taps: usize, size: u16) -> (usize, usize) {
    let first = origin.wrapping_neg().max(0).min(taps as isize);
    let end = (size as isize).wrapping_sub(origin).min(taps as isize).max(first);
    (first as usize, end as usize)
}
