//! Convolutions by blocks of channels.

use super::{Layer, Run, VECTOR, WINDOW, interior};
use crate::arch::Pairs;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::dims::{inside, origin};
use crate::kernels::pixels::copy;

/// [`crate::kernels::conv2d::conv2d`] in one group, of at least four output channels, from a stream whose blocks are of
/// [`Run::of_conv2d`], with at most [`WINDOW`] elements.
#[inline(always)]
pub fn conv2d(p: &Conv2d, input: &[i8], stream: &[i32], output: &mut [i8]) {
    let (run, in_image) = Run::of_conv2d(p);
    let (channels, in_channels, in_width) = (p.output.channels as usize, p.input.channels as usize, p.input.width as usize);
    if channels < 4 || p.groups != 1 || in_channels == 0 {
        return;
    }
    let layer = Layer { run, stream, clamp: &p.clamp, channels };
    let [height, width] = [0, 1]
        .map(|axis| (p.kernel[axis] as usize).saturating_sub(1).saturating_mul(p.dilation[axis] as usize).saturating_add(1));
    let (left, right) = interior(p.output.width, p.input.width, width, p.stride[1], p.pad[1]);
    let step = p.stride[1] as usize * in_channels;
    // A copy, since nothing is known any more of what a reference escapes to.
    let escaped = &{ *p };
    let mut window = [0; WINDOW];
    let mut output = output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let Some(row) = output.split_off_mut(..channels * p.output.width as usize) else { return };
        let (mut first, mut end) = (0, 0);
        if in_image && inside(y, height, p.input.height) == (0, height) {
            let start = (y as usize * in_width + (left * p.stride[1] as usize).wrapping_sub(p.pad[1] as usize)) * in_channels;
            // Pixels whose last vector ends within the input.
            let room = input.len().checked_sub(start).and_then(|room| room.checked_sub(run.span()));
            let count = room.map_or(0, |room| room.checked_div(step).unwrap_or(0) + 1).min(right - left);
            (first, end) = (left, left + count);
            let (Some(x), Some(out)) = (input.get(start..), row.get_mut(first * channels..)) else { return };
            layer.pairs(&Pairs { count: count / 2, second: step, next: 2 * step, row: channels }, x, out);
            if count % 2 != 0 {
                let last = count - 1;
                let (Some(x), Some(out)) = (x.get(last * step..), out.get_mut(last * channels..)) else { return };
                layer.pixel(&run, x, out);
            }
        }
        for (out_x, out) in row.chunks_exact_mut(channels).enumerate() {
            if out_x < first || out_x >= end {
                let pitch = if in_image { VECTOR * run.vectors } else { p.kernel[1] as usize * in_channels };
                gather(escaped, input, (y, origin(out_x, p.stride[1], p.pad[1])), pitch, &mut window);
                layer.pixel(&run.gathered(), &window, out);
            }
        }
    }
}

/// Copies from the image what the taps of a window read, tap 0 being at `(y, x)`; those in the padding read the zero point.
/// Rows of taps begin `pitch` elements apart; what is between them is not written.
#[inline(never)]
fn gather(p: &Conv2d, input: &[i8], (y, x): (isize, isize), pitch: usize, window: &mut [i8; WINDOW]) {
    let (channels, taps, dilation) = (p.input.channels as usize, p.kernel[1] as usize, p.dilation[1] as usize);
    // Runs of neighbouring pixels: a row of taps, or each tap.
    let (runs, length) = if dilation == 1 { (1, taps * channels) } else { (taps, channels) };
    let width = p.input.width as usize * channels;
    for kx in 0..runs {
        // What of the run lies in the image is the same in all rows.
        let start = (x + (kx * dilation) as isize) * channels as isize;
        let skip = (start.wrapping_neg().max(0) as usize).min(length);
        let from = start.max(0) as usize;
        let there = width.saturating_sub(from).min(length - skip);
        let mut line = y.wrapping_mul(width as isize).wrapping_add(from as isize);
        let mut y = y;
        for row in window.chunks_mut(pitch.max(1)).take(p.kernel[0] as usize) {
            let Some(run) = row.get_mut(kx * channels..).and_then(|row| row.get_mut(..length)) else { return };
            let inside = y >= 0 && y < p.input.height as isize;
            if !inside || there < length {
                run.fill(p.input_zero_point);
            }
            if inside && let Some(part) = run.get_mut(skip..).and_then(|run| run.get_mut(..there)) {
                copy(part, input.get(line as usize..).unwrap_or(&[]));
            }
            y = y.wrapping_add(p.dilation[0] as isize);
            line = line.wrapping_add(p.dilation[0] as isize * width as isize);
        }
    }
}
