//! Depthwise convolutions of 3 by 3 taps.

use super::{finish, settle};
use crate::arch::packed::{self, Rows};
use crate::kernels::depthwise_conv2d::DepthwiseConv2d;

/// Words of a row of a plane: for the windows, and for the padding on the left and the image.
const fn row_words(p: &DepthwiseConv2d) -> usize {
    let (windows, image) =
        (Rows::words(p.output.width as usize, p.stride[1] as usize), (p.pad[1] as usize + p.input.width as usize).div_ceil(2));
    if windows > image { windows } else { image }
}

/// Rows of planes of which two rows of outputs can be made: then what is kept of one band for the next does not overlap it.
const LEAST_ROWS: usize = 4;

/// The words to lend [`depthwise_conv2d`]: all rows that the windows need, or as many as fit `most`, but those of two
/// windows at least.
pub const fn planes_words(p: &DepthwiseConv2d, most: usize) -> usize {
    let row = 4 * row_words(p);
    let all = (p.output.height as usize).saturating_sub(1) * p.stride[0] as usize + 3;
    let fit = match most.checked_div(row) {
        Some(fit) => fit,
        None => 0,
    };
    let rows = if all < fit { all } else { fit };
    row * if rows < LEAST_ROWS { LEAST_ROWS } else { rows }
}

/// The depthwise convolution `p` of 3 by 3 taps with strides of `[1, 1]` or `[2, 2]`, dilation and multiplier 1, four or more
/// channels, and at most one column of padding on the left, of `filter`, six words a channel, and `scales`, four numbers a
/// channel.
///
/// Without an `input`, it is what `output` holds, as [`Rows::in_place`](crate::kernels::rows::Rows::in_place) says when.
/// `planes` is of [`planes_words`]. Slices that are too short end the computation early.
#[inline(never)]
pub fn depthwise_conv2d(
    p: &DepthwiseConv2d,
    input: Option<&[i8]>,
    filter: &[i32],
    scales: &[i32],
    planes: &mut [u32],
    output: &mut [i8],
) {
    let (channels, height, stride) = (p.output.channels as usize, p.output.height as usize, p.stride[1] as usize);
    let (words, zero) = (row_words(p), p.input_zero_point as u16 as u32);
    // A band of few rows needs less than its image.
    let wanted = planes_words(p, planes.len());
    let Some(planes) = planes.get_mut(..wanted) else { return };
    let (Some(last), Some(plane_rows)) = (channels.checked_sub(4), (planes.len() / 4).checked_div(words)) else { return };
    let Some(band) = plane_rows.checked_sub(LEAST_ROWS).and_then(|more| (more + 1).checked_div(stride)).map(|more| more + 1)
    else {
        return;
    };
    let plane = (plane_rows * words).max(1);
    let (filter, scales) = (filter.as_chunks::<6>().0, scales.as_chunks().0);
    let zeros = zero | zero << 16;
    let row_length = p.output.width as usize * channels;
    // The columns of the padding stay so. Its rows too, if no band follows another.
    planes.fill(zeros);
    for first in (0..channels).step_by(4) {
        // The last four channels may have been made in part.
        let start = first.min(last);
        // Rows of the planes that are filled, and the image's row that is their first.
        let (mut filled, mut top) = (0, -(p.pad[0] as isize));
        let mut out_y = 0;
        while out_y < height {
            let count = band.min(height - out_y);
            let wanted = (count - 1) * stride + 3;
            for row in filled..wanted {
                let y = top + row as isize;
                let Some(places) = planes.get_mut(row * words..) else { return };
                if y >= 0 && y < p.input.height as isize {
                    let at = y as usize * p.input.width as usize * channels + start;
                    let x = input.unwrap_or(&*output).get(at..).unwrap_or(&[]);
                    packed::spread(places, plane, x, channels, p.input.width as usize, p.pad[1] as usize);
                } else if count < height {
                    for row in places.chunks_mut(plane) {
                        row.iter_mut().take(words).for_each(|word| *word = zeros);
                    }
                }
            }
            let rows = Rows { words, stride, count, width: p.output.width as usize, channels };
            for (lane, plane) in planes.chunks_exact_mut(plane).enumerate().skip(first - start).take(4) {
                let channel = start + lane;
                let (Some(w), Some(scale)) = (filter.get(channel), scales.get(channel)) else { return };
                let Some(out) = output.get_mut(out_y * row_length + channel..) else { return };
                packed::channel(&rows, plane, w, scale, finish(&p.clamp, core::slice::from_ref(scale)), out);
                // What the next windows have in common with these moves to the front.
                if out_y + count < height
                    && let Some((to, from)) = plane.split_at_mut_checked(count * stride * words)
                {
                    let kept = 3usize.saturating_sub(stride) * words;
                    keep(to.get_mut(..kept).unwrap_or(&mut []), from);
                }
            }
            filled = 3usize.saturating_sub(stride);
            top += (count * stride) as isize;
            out_y += count;
        }
    }
    settle(&p.clamp, output.get_mut(..height * row_length).unwrap_or(&mut []));
}

/// Copies from `from` as much as `to` holds.
#[inline(always)]
fn keep(to: &mut [u32], from: &[u32]) {
    let ((to, to_rest), (from, from_rest)) = (to.as_chunks_mut::<4>(), from.as_chunks::<4>());
    let rest = from.get(to.len()).map_or(from_rest, |next| next);
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(rest) {
        *to = *from;
    }
}
