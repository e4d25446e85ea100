//! The part that pools have in common: the windows of an image.

use super::dims::{Dims, inside, origin};

/// The part of a window that lies in the image.
pub(crate) struct Window {
    /// Where its first pixel begins.
    pub(crate) start: usize,
    /// Pixels, in rows and columns; either may be none.
    pub(crate) size: [usize; 2],
    /// Elements between neighbouring rows and columns.
    pub(crate) steps: [usize; 2],
}

impl Window {
    /// Calls `f` with `count` channels, from `channel` on, of each pixel that lies in `input` with them.
    #[inline(always)]
    pub(crate) fn each_pixel<T>(&self, input: &[T], channel: usize, count: usize, mut f: impl FnMut(&[T])) {
        let mut row = self.start.wrapping_add(channel);
        for _ in 0..self.size[0] {
            let mut place = row;
            for _ in 0..self.size[1] {
                if let Some(x) = input.get(place..).and_then(|x| x.get(..count)) {
                    f(x);
                }
                place = place.wrapping_add(self.steps[1]);
            }
            row = row.wrapping_add(self.steps[0]);
        }
    }
}

/// Calls `pool` with each pixel of `output` and its window of the input. Pairs are `[height, width]`.
#[inline(never)]
pub(crate) fn each_window<T>(
    input: Dims,
    output_size: [u16; 2],
    [kernel, stride, pad]: [[u16; 2]; 3],
    output: &mut [T],
    pool: &dyn Fn(&Window, &mut [T]),
) {
    let (width, channels) = (input.width as usize, input.channels as usize);
    if channels == 0 {
        return;
    }
    let mut output = output;
    for out_y in 0..output_size[0] as usize {
        let y = origin(out_y, stride[0], pad[0]);
        let (top, bottom) = inside(y, kernel[0] as usize, input.height);
        for out_x in 0..output_size[1] as usize {
            let x = origin(out_x, stride[1], pad[1]);
            let (left, right) = inside(x, kernel[1] as usize, input.width);
            let Some(out) = output.split_off_mut(..channels) else { return };
            let start = ((y + top as isize) * width as isize + x + left as isize) as usize;
            let start = start.wrapping_mul(channels);
            pool(&Window { start, size: [bottom - top, right - left], steps: [width * channels, channels] }, out);
        }
    }
}
