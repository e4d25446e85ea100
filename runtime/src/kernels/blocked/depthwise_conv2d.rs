//! Depthwise convolutions of three by three taps, by blocks of sixteen lanes.

use super::{BLOCK_OF_TAPS, VECTOR, interior, neighbours};
use crate::arch::{self, OUTSIDE, Units};
use crate::kernels::depthwise_conv2d::DepthwiseConv2d;
use crate::kernels::dims::origin;
use crate::kernels::pixels::copy;

/// Channels of a pixel that are made at a time where some of its taps lie outside the image.
const CHUNK: usize = 64;

/// [`crate::kernels::depthwise_conv2d::depthwise_conv2d`] of three by three taps with a multiplier of 1, from a stream of blocks
/// in which the products of taps 0 and 1, 2 and 3, 4 and 5, 6 and 7 always add up to 16 bits.
#[inline(always)]
pub fn depthwise_conv2d(p: &DepthwiseConv2d, input: &[i8], stream: &[i32], output: &mut [i8]) {
    let channels = p.output.channels as usize;
    if p.kernel != [3, 3] || p.multiplier != 1 || p.input.channels != p.output.channels || channels == 0 {
        return;
    }
    let (left, right) = interior(p.output.width, p.input.width, 2 * p.dilation[1] as usize + 1, p.stride[1], p.pad[1]);
    // A copy, since nothing is known any more of what a reference escapes to.
    let escaped = &{ *p };
    let outside = [p.input_zero_point; CHUNK];
    let mut output = output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let Some(row) = output.split_off_mut(..channels * p.output.width as usize) else { return };
        let end = left + inner(p, y, (left, right), (input, &outside), stream, row);
        for (out_x, out) in row.chunks_exact_mut(channels).enumerate() {
            if out_x < left || out_x >= end {
                pixel(escaped, (y, origin(out_x, p.stride[1], p.pad[1])), (input, &outside), stream, out);
            }
        }
    }
}

/// The output pixels `left..right` of the row whose first taps are in row `y`; all columns of taps lie inside. The number of
/// pixels made, which can be less by those whose last vector ends behind the input.
#[inline(always)]
fn inner(
    p: &DepthwiseConv2d,
    y: isize,
    (left, right): (usize, usize),
    (input, outside): (&[i8], &[i8; CHUNK]),
    stream: &[i32],
    row: &mut [i8],
) -> usize {
    let (channels, together) = (p.output.channels as usize, neighbours(p));
    let line = p.input.width as usize * channels;
    let across = p.dilation[1] as usize * channels;
    let x = (left * p.stride[1] as usize).wrapping_sub(p.pad[1] as usize) * channels;
    // Where the rows of taps begin, and the last of those inside.
    let rows = [0, 1, 2].map(|ky| y.wrapping_add((ky * p.dilation[0] as usize) as isize) as usize);
    let rows = rows.map(|row| if row < p.input.height as usize { row * line + x } else { OUTSIDE });
    let Some(&last) = rows.iter().filter(|row| **row != OUTSIDE).max() else { return 0 };
    let all_inside = rows.iter().all(|row| *row != OUTSIDE);
    let mut made = 0;
    // As many neighbours at once as there are, then each of the rest.
    for together in [together, 1] {
        let size = together * channels;
        let next = if together > 1 { size } else { p.stride[1] as usize * channels };
        let bytes = size.next_multiple_of(VECTOR);
        loop {
            let done = made * p.stride[1] as usize * channels;
            let fit = |room: Option<usize>| room.map_or(0, |room| room.checked_div(next).unwrap_or(0) + 1);
            let mut count = fit(input.len().checked_sub(last + done + 2 * across + bytes))
                .min((right - left - made).checked_div(together).unwrap_or(0));
            if !all_inside {
                count = count.min(fit(CHUNK.checked_sub(bytes)));
            }
            if count == 0 {
                break;
            }
            let at = rows.map(|row| [0, 1, 2].map(|kx| if row == OUTSIDE { OUTSIDE } else { row + done + kx * across }));
            let [[a, b, c], [d, e, f], [g, h, i]] = at;
            let Some(out) = row.get_mut((left + made) * channels..) else { return made };
            let units = Units { count, next, channels: size };
            arch::taps_9(&[a, b, c, d, e, f, g, h, i], &units, (input, outside), stream, &p.clamp, out);
            made += count * together;
        }
        if together == 1 {
            break;
        }
    }
    made
}

/// A pixel whose tap 0 is at `(y, x)` and of which taps may lie outside, or end where the input does.
#[inline(never)]
fn pixel(p: &DepthwiseConv2d, (y, x): (isize, isize), (input, outside): (&[i8], &[i8; CHUNK]), stream: &[i32], out: &mut [i8]) {
    let channels = p.input.channels as usize;
    let mut at = [OUTSIDE; 9];
    let mut end = 0;
    let [down, across] = p.dilation.map(usize::from);
    let width = p.input.width as usize;
    for ky in 0..3 {
        // As unsigned numbers, those that are negative are too great.
        let y = y.wrapping_add((ky * down) as isize) as usize;
        if y < p.input.height as usize {
            for kx in 0..3 {
                let x = x.wrapping_add((kx * across) as isize) as usize;
                if x < width
                    && let Some(at) = at.get_mut(3 * ky + kx)
                {
                    end = (y * width + x) * channels;
                    *at = end;
                }
            }
        }
    }
    if end + channels.next_multiple_of(VECTOR) > input.len() {
        return gathered(p, &at, input, stream, out);
    }
    let mut stream = stream;
    for out in out.chunks_mut(CHUNK) {
        let units = Units { count: 1, next: 0, channels: out.len() };
        arch::taps_9(&at, &units, (input, outside), stream, &p.clamp, out);
        for at in at.iter_mut().filter(|at| **at != OUTSIDE) {
            *at += CHUNK;
        }
        stream = stream.get(CHUNK / VECTOR * BLOCK_OF_TAPS..).unwrap_or(&[]);
    }
}

/// Such a pixel, from a copy of what the taps read.
#[inline(never)]
fn gathered(p: &DepthwiseConv2d, at: &[usize; 9], input: &[i8], stream: &[i32], out: &mut [i8]) {
    let channels = out.len();
    for (block, (out, stream)) in out.chunks_mut(VECTOR).zip(stream.chunks_exact(BLOCK_OF_TAPS)).enumerate() {
        let mut window = [p.input_zero_point; 9 * VECTOR];
        let (first, mut places) = (block * VECTOR, [0; 9]);
        for (tap, (window, (place, at))) in
            window.as_chunks_mut::<VECTOR>().0.iter_mut().zip(places.iter_mut().zip(at)).enumerate()
        {
            *place = tap * VECTOR;
            if let (true, Some(part)) = (*at != OUTSIDE, window.get_mut(..VECTOR.min(channels - first))) {
                copy(part, input.get(at + first..).unwrap_or(&[]));
            }
        }
        arch::taps_9(&places, &Units { count: 1, next: 0, channels: out.len() }, (&window, &[]), stream, &p.clamp, out);
    }
}
