//! Convolutions without groups.

use super::{Layer, MEMORY, PIXELS, Palette, Windows};
use crate::kernels::conv2d::{Conv2d, gather_part};
use crate::kernels::dims::origin;
use crate::kernels::pixels::Block;
use crate::requantize::Requantize;

/// The convolution `p`, of one group; `bias` is folded, as that of [`crate::kernels::conv2d::conv2d`].
///
/// Slices that are too short end the computation early.
#[inline(never)]
pub fn conv2d<R: Requantize>(p: &Conv2d, input: &[i8], filter: Palette<'_>, bias: &[i32], requantize: R, output: &mut [i8]) {
    let (width, channels) = (p.output.width as usize, p.output.channels as usize);
    let size = (p.kernel[0] as usize).wrapping_mul(p.kernel[1] as usize).wrapping_mul(p.input.channels as usize);
    if width == 0 || channels == 0 || p.groups != 1 {
        return;
    }
    // To keep at least half of the windows that there could be is worth a look-up of weights for fewer pixels.
    let room = MEMORY.checked_div(size).map_or(0, |windows| windows.saturating_sub(4));
    let kept = room >= PIXELS / 2;
    let pixels = if kept { room.min(PIXELS) } else { PIXELS };
    let layer = Layer { palette: filter, size, kept, channels, bias, requantize, clamp: p.clamp };
    // Pixels that are made at a time are neighbours in a row.
    for (out_y, row) in output.chunks_mut((width * channels).max(1)).enumerate().take(p.output.height as usize) {
        for (group, out) in row.chunks_mut((pixels * channels).max(1)).enumerate() {
            let (y, x) = (origin(out_y, p.stride[0], p.pad[0]), origin(group * pixels, p.stride[1], p.pad[1]));
            layer.pixels(&Row { p, input, y, x }, out);
        }
    }
}

/// Windows of neighbouring pixels, tap 0 of the first of which is at `(y, x)`.
struct Row<'a> {
    p: &'a Conv2d,
    input: &'a [i8],
    y: isize,
    x: isize,
}

impl Windows for Row<'_> {
    fn part<'a>(&'a self, index: usize, first: usize, buffer: &'a mut [i8]) -> &'a [i8] {
        let x = self.x.wrapping_add(index.wrapping_mul(self.p.stride[1] as usize) as isize);
        gather_part(self.p, self.input, &Block { y: self.y, x, channel: 0, group: 0, first: true }, first, buffer);
        buffer
    }
}
