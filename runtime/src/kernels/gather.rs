//! Windows of an image as neighbouring elements.

use super::conv2d::Conv2d;
use super::pixels::copy;

/// Copies from the image what the taps of a window read, tap 0 being at `(y, x)`; those in the padding read the zero point.
/// Rows of taps begin `pitch` elements apart; what is between them is not written. In one group.
#[inline(never)]
pub(crate) fn gather(p: &Conv2d, input: &[i8], (y, x): (isize, isize), pitch: usize, window: &mut [i8]) {
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
