//! Convolutions without groups.

use super::pixels;
use crate::arch::lanes::{Channels, fill};
use crate::kernels::conv2d::{Conv2d, gather_part};
use crate::kernels::dims::origin;
use crate::kernels::pixels::Block;

/// Most elements of a window.
pub const MOST_SIZE: usize = 576;

/// The convolution `p`, of one group and windows of at most [`MOST_SIZE`] elements, of `filter`, in runs, and `scales`, four
/// numbers an output channel.
///
/// `window` is of two or four times the elements of a window, in words: of four or eight pixels. Slices that are too short end
/// the computation early.
#[inline(never)]
pub fn conv2d(p: &Conv2d, input: &[i8], filter: &[i8], scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let columns = p.output.channels as usize;
    let size = p.kernel[0] as usize * p.kernel[1] as usize * p.input.channels as usize;
    let Some(channels) = Channels::new(filter, size).filter(|_| columns > 0 && size > 0 && p.groups == 1) else { return };
    let scales = scales.as_chunks().0;
    let mut next = Next::new(p, input);
    let mut output = output;
    let mut left = p.output.height as usize * p.output.width as usize;
    while left > 0 {
        let eight = left > 4 && window.len() >= 4 * size;
        let count = left.min(if eight { 8 } else { 4 });
        let Some(out) = output.split_off_mut(..count * columns) else { return };
        if eight {
            let Some(window) = window.as_chunks_mut::<4>().0.get_mut(..size) else { return };
            next.fill(window, count);
            pixels(window, &channels, scales, (count, columns), &p.clamp, out);
        } else {
            let Some(window) = window.as_chunks_mut::<2>().0.get_mut(..size) else { return };
            next.fill(window, count);
            pixels(window, &channels, scales, (count, columns), &p.clamp, out);
        }
        left -= count;
    }
}

/// The next output pixel.
pub(in crate::kernels) struct Next<'a> {
    p: &'a Conv2d,
    input: &'a [i8],
    size: usize,
    x: usize,
    y: usize,
    /// Windows of two pixels that are not inside the image.
    gathered: [[i8; MOST_SIZE]; 2],
}

impl<'a> Next<'a> {
    /// The first pixel of the convolution `p` of `input`.
    #[inline(always)]
    pub(in crate::kernels) fn new(p: &'a Conv2d, input: &'a [i8]) -> Self {
        let size = p.kernel[0] as usize * p.kernel[1] as usize * p.input.channels as usize;
        Self { p, input, size, x: 0, y: 0, gathered: [[0; MOST_SIZE]; 2] }
    }

    /// Fills `window` with those of the next `count` pixels.
    #[inline(never)]
    pub(in crate::kernels) fn fill<const N: usize>(&mut self, window: &mut [[u32; N]], count: usize) {
        for word in 0..count.div_ceil(2) {
            let both = 2 * word + 1 < count;
            if !(both && self.fill_inside(window, word)) {
                self.fill_gathered(window, word, both);
            }
        }
    }

    /// Fills word `word` with those of the next two pixels, if all of them is in the image and in one row.
    #[inline(always)]
    fn fill_inside<const N: usize>(&mut self, window: &mut [[u32; N]], word: usize) -> bool {
        let Self { p, x, y, .. } = *self;
        let (channels, width) = (p.input.channels as usize, p.input.width as usize);
        let (left, top) = (origin(x, p.stride[1], p.pad[1]), origin(y, p.stride[0], p.pad[0]));
        let right = left + p.stride[1] as isize + p.kernel[1] as isize;
        let bottom = top + p.kernel[0] as isize;
        if p.dilation != [1, 1]
            || x + 1 >= p.output.width as usize
            || left < 0
            || top < 0
            || right > width as isize
            || bottom > p.input.height as isize
        {
            return false;
        }
        let (run, delta) = (p.kernel[1] as usize * channels, p.stride[1] as usize * channels);
        let mut start = (top as usize * width + left as usize) * channels;
        let mut window = window;
        for _ in 0..p.kernel[0] {
            let (Some(part), Some(x)) = (window.split_off_mut(..run), self.input.get(start..)) else { return true };
            fill(part, word, [x, x.get(delta..).unwrap_or(&[])]);
            start += width * channels;
        }
        self.advance();
        self.advance();
        true
    }

    /// Fills word `word` with those of the next pixel, or of the next two.
    #[inline(never)]
    fn fill_gathered<const N: usize>(&mut self, window: &mut [[u32; N]], word: usize, both: bool) {
        for pixel in 0..1 + usize::from(both) {
            let y = origin(self.y, self.p.stride[0], self.p.pad[0]);
            let x = origin(self.x, self.p.stride[1], self.p.pad[1]);
            let Some(to) = self.gathered.get_mut(pixel).and_then(|to| to.get_mut(..self.size)) else { return };
            gather_part(self.p, self.input, &Block { y, x, channel: 0, group: 0, first: true }, 0, to);
            self.advance();
        }
        // Of an odd last pixel, the partner's outputs are not wanted.
        let [even, odd] = &self.gathered;
        fill(window, word, [even, odd]);
    }

    fn advance(&mut self) {
        self.x += 1;
        if self.x >= self.p.output.width as usize {
            (self.x, self.y) = (0, self.y + 1);
        }
    }
}
