//! Convolutions without groups and dilation.

use super::{Four, Lane, Sparse, pixels};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::dims::{inside, origin};
use crate::requantize::Requantize;

/// The convolution `p`, of one group and dilation 1; `bias` is folded, as that of [`crate::kernels::conv2d::conv2d`].
///
/// `window` is of as many elements as a window. Slices that are too short end the computation early.
#[inline(never)]
pub fn conv2d<R: Requantize>(
    p: &Conv2d,
    input: &[i8],
    filter: Sparse<'_>,
    bias: &[i32],
    requantize: R,
    window: &mut [Four],
    output: &mut [i8],
) {
    let (channels, width) = (p.output.channels as usize, p.output.width as usize);
    if channels == 0 || width == 0 {
        return;
    }
    let (mut out_y, mut out_x) = (0, 0);
    for out in output.chunks_mut(4 * channels) {
        for lane in 0..out.len() / channels {
            gather(p, input, (origin(out_y, p.stride[0], p.pad[0]), origin(out_x, p.stride[1], p.pad[1])), lane, window);
            out_x += 1;
            if out_x == width {
                (out_x, out_y) = (0, out_y + 1);
            }
        }
        pixels(&p.clamp, window, filter, bias, requantize, channels, out);
    }
}

/// Copies the window whose tap 0 is at `(y, x)` to the elements of pixel `lane`; taps in the padding read the zero point.
#[inline(never)]
fn gather(p: &Conv2d, input: &[i8], (y, x): (isize, isize), lane: usize, window: &mut [Four]) {
    let (channels, taps) = (p.input.channels as usize, p.kernel[1] as usize);
    let row = p.input.width as usize * channels;
    let (first, end) = inside(x, taps, p.input.width);
    let mut window = window;
    for ky in 0..p.kernel[0] as isize {
        let Some(run) = window.split_off_mut(..taps * channels) else { return };
        let y = y + ky;
        let (first, end) = if y >= 0 && y < p.input.height as isize { (first, end) } else { (0, 0) };
        let place = |four: &mut Four, value: i8| {
            if let Some(to) = four.0.get_mut(lane) {
                *to = value as Lane;
            }
        };
        let from = (y * row as isize).wrapping_add((x + first as isize) * channels as isize);
        let pixels = input.get(from as usize..).unwrap_or(&[]);
        let Some((before, rest)) = run.split_at_mut_checked(first * channels) else { return };
        let Some((within, after)) = rest.split_at_mut_checked((end - first) * channels) else { return };
        within.iter_mut().zip(pixels).for_each(|(four, &value)| place(four, value));
        before.iter_mut().chain(after).for_each(|four| place(four, p.input_zero_point));
    }
}
