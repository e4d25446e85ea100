//! Convolutions without groups and dilation.

use super::{finish, halves, settle};
use crate::arch::packed::{self, Runs};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::dims::{inside, origin};
use crate::kernels::pixels::copy;

/// Most elements of a row of a window: taps of a row times channels.
pub const MOST_RUN: usize = 256;

/// Bytes of two longest runs, and of what is loaded behind them.
const LONG: usize = 2 * MOST_RUN + 4;

/// Bytes for runs of few channels.
const SHORT: usize = 128;

/// Words of a window, of which each row is a run of its own.
pub const fn window_words(p: &Conv2d) -> usize {
    p.kernel[0] as usize * halves(p.kernel[1] as usize * p.input.channels as usize)
}

/// The convolution `p`, of one group and dilation 1, with rows of windows of at most [`MOST_RUN`] elements, of `filter`, of
/// which each two output channels have [`window_words`], and `scales`, four numbers an output channel, both for a whole
/// number of pairs of channels.
///
/// `window` is of twice [`window_words`]. Slices that are too short end the computation early.
#[inline(never)]
pub fn conv2d(p: &Conv2d, input: &[i8], filter: &[i32], scales: &[i32], window: &mut [u32], output: &mut [i8]) {
    let (channels, words, scales) = (p.output.channels as usize, window_words(p), scales.as_chunks().0);
    let how = finish(&p.clamp, scales);
    let mut rest = &mut *output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let mut out_x = 0;
        while out_x < p.output.width as usize {
            let x = origin(out_x, p.stride[1], p.pad[1]);
            if out_x + 1 < p.output.width as usize {
                let (Some(window), Some(out)) = (window.get_mut(..2 * words), rest.split_off_mut(..2 * channels)) else { return };
                gather::<2>(p, input, (y, x), window);
                packed::two_rows(window, words, filter, scales, how, out);
                out_x += 2;
            } else {
                let (Some(window), Some(out)) = (window.get_mut(..words), rest.split_off_mut(..channels)) else { return };
                gather::<1>(p, input, (y, x), window);
                packed::row(window, filter, scales, how, out);
                out_x += 1;
            }
        }
    }
    settle(&p.clamp, output);
}

/// Fills `window` with those of `N` neighbouring output pixels, tap 0 of the first of which is at `(y, x)`.
#[inline(never)]
fn gather<const N: usize>(p: &Conv2d, input: &[i8], (y, x): (isize, isize), window: &mut [u32]) {
    let (channels, run) = (p.input.channels as usize, p.kernel[1] as usize * p.input.channels as usize);
    let (width, row) = (p.input.width as isize, p.input.width as usize * channels);
    let delta = p.stride[1] as usize * channels;
    let end = x + (N - 1) as isize * p.stride[1] as isize + p.kernel[1] as isize;
    let zero = p.input_zero_point as u16 as u32;
    let (top, bottom) = inside(y, p.kernel[0] as usize, p.input.height);
    let words = N * halves(run);
    let mut window = window;
    let (Some(above), Some(rows)) = (window.split_off_mut(..top * words), window.split_off_mut(..(bottom - top) * words)) else {
        return;
    };
    for outside in [above, window] {
        if !outside.is_empty() {
            outside.fill(zero | zero << 16);
        }
    }
    if bottom <= top {
        return;
    }
    let Some(image) = input.get((y + top as isize) as usize * row..) else { return };
    if x >= 0 && end <= width {
        let runs = Runs { count: bottom - top, pitch: row };
        packed::widen::<N>(rows, image.get(x as usize * channels..).unwrap_or(&[]), delta, run, runs);
    } else {
        for (ky, words) in rows.chunks_exact_mut(words.max(1)).enumerate() {
            let image = image.get(ky * row..).unwrap_or(&[]);
            // The buffer is filled each time: no more of it than short runs need.
            if N * run + 4 <= SHORT {
                border::<N, SHORT>(p, image, x, words);
            } else {
                border::<N, LONG>(p, image, x, words);
            }
        }
    }
}

/// Fills `words` with a row of `N` windows that reaches over the image's left or right edge, `row` beginning with its row.
#[inline(never)]
fn border<const N: usize, const LENGTH: usize>(p: &Conv2d, row: &[i8], x: isize, words: &mut [u32]) {
    let (channels, run) = (p.input.channels as usize, p.kernel[1] as usize * p.input.channels as usize);
    let mut runs = [p.input_zero_point; LENGTH];
    let mut x = x;
    for run in runs.chunks_exact_mut(run.max(1)).take(N) {
        let skip = (x.wrapping_neg().max(0) as usize).saturating_mul(channels);
        let start = (x.max(0) as usize).saturating_mul(channels);
        let inside = (p.input.width as usize * channels).saturating_sub(start).min(run.len().saturating_sub(skip));
        if let Some(run) = run.get_mut(skip..).and_then(|run| run.get_mut(..inside)) {
            copy(run, row.get(start..).unwrap_or(&[]));
        }
        x = x.wrapping_add(p.stride[1] as isize);
    }
    packed::widen::<N>(words, &runs, run, run, Runs::ONE);
}
