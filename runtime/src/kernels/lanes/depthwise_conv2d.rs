//! Depthwise convolutions of 3 by 3 taps.

use crate::arch::lanes::{self, Steps, finish_all, taps};
use crate::kernels::depthwise_conv2d::DepthwiseConv2d;
use crate::kernels::packed::{finish, settle};

/// Outputs of a row, in blocks of four.
const fn blocks(p: &DepthwiseConv2d) -> usize {
    (p.output.width as usize).div_ceil(4)
}

/// Words of a row of a plane, or of those elements of it whose place is even, or odd, where the stride is 2.
const fn part_words(p: &DepthwiseConv2d) -> usize {
    let stride = if p.stride[1] == 1 { 1 } else { 2 };
    let (windows, image) = (4 * blocks(p) + 2, (p.pad[1] as usize + p.input.width as usize).div_ceil(stride));
    if windows > image { windows } else { image }
}

/// Rows of planes of which two rows of outputs can be made: then what is kept of one band for the next does not overlap it.
const LEAST_ROWS: usize = 4;

/// The words to lend [`depthwise_conv2d`]: sums of a row, and all rows that the windows of a channel need, or as many as fit
/// `most` words, but those of two windows at least.
pub const fn planes_words(p: &DepthwiseConv2d, most: usize) -> usize {
    let row = part_words(p) * p.stride[1] as usize;
    let all = (p.output.height as usize).saturating_sub(1) * p.stride[0] as usize + 3;
    let fit = match most.saturating_sub(4 * blocks(p)).checked_div(row) {
        Some(fit) => fit,
        None => 0,
    };
    let rows = if all < fit { all } else { fit };
    4 * blocks(p) + row * if rows < LEAST_ROWS { LEAST_ROWS } else { rows }
}

/// The depthwise convolution `p` of 3 by 3 taps with strides of `[1, 1]` or `[2, 2]`, dilation and multiplier 1, and at most one
/// column of padding on the left, of `filter`, nine words a channel, and `scales`, four numbers a channel.
///
/// Without an `input`, it is what `output` holds, as [`Rows::in_place`](crate::kernels::rows::Rows::in_place) says when.
/// `lent` is of [`planes_words`]. Slices that are too short end the computation early.
#[inline(never)]
pub fn depthwise_conv2d(
    p: &DepthwiseConv2d,
    input: Option<&[i8]>,
    filter: &[i32],
    scales: &[i32],
    lent: &mut [i32],
    output: &mut [i8],
) {
    let (channels, height, stride) = (p.output.channels as usize, p.output.height as usize, p.stride[1] as usize);
    let (part, zero) = (part_words(p), p.input_zero_point as i32);
    let row = part * stride;
    // A band of few rows needs less than its image.
    let wanted = planes_words(p, lent.len());
    let Some(lent) = lent.get_mut(..wanted) else { return };
    let Some((sums, plane)) = lent.split_at_mut_checked(4 * blocks(p)) else { return };
    let sums = sums.as_chunks_mut::<4>().0;
    let band = plane.len().checked_div(row).and_then(|rows| rows.checked_sub(LEAST_ROWS));
    let Some(band) = band.and_then(|more| (more + 1).checked_div(stride)).map(|more| more + 1) else { return };
    let steps = Steps { columns: if stride == 1 { [0, 1, 2] } else { [0, part, 1] }, row };
    // The columns of the padding stay so. Its rows too, if no band follows another.
    plane.fill(zero);
    for (channel, (w, scale)) in filter.as_chunks::<9>().0.iter().zip(scales.as_chunks::<4>().0).enumerate().take(channels) {
        // Rows of the plane that are filled, and the image's row that is their first.
        let (mut filled, mut top) = (0, -(p.pad[0] as isize));
        let mut out_y = 0;
        while out_y < height {
            let count = band.min(height - out_y);
            for place in filled..(count - 1) * stride + 3 {
                let y = top + place as isize;
                let Some(words) = plane.get_mut(place * row..).and_then(|words| words.get_mut(..row)) else { return };
                if y >= 0 && y < p.input.height as isize {
                    let at = y as usize * p.input.width as usize * channels + channel;
                    spread(p, input.unwrap_or(&*output).get(at..).unwrap_or(&[]), part, words);
                } else if count < height {
                    words.fill(zero);
                }
            }
            for y in 0..count {
                taps(plane.get(y * stride * row..).unwrap_or(&[]), &steps, w, sums);
                let at = (out_y + y) * p.output.width as usize * channels + channel;
                let Some(out) = output.get_mut(at..) else { return };
                let sums = sums.as_flattened().get(..p.output.width as usize).unwrap_or(&[]);
                finish_all(sums, scale, finish(&p.clamp, core::slice::from_ref(scale)), channels, out);
            }
            // What the next windows have in common with these moves to the front.
            let kept = 3usize.saturating_sub(stride);
            if out_y + count < height
                && let Some((to, from)) = plane.split_at_mut_checked(count * stride * row)
            {
                to.iter_mut().zip(from).take(kept * row).for_each(|(to, from)| *to = *from);
            }
            filled = kept;
            top += (count * stride) as isize;
            out_y += count;
        }
    }
    let all = height * p.output.width as usize * channels;
    settle(&p.clamp, output.get_mut(..all).unwrap_or(&mut []));
}

/// Writes a channel of a row of the image, which begins at `x`, into a row of the plane.
#[inline(always)]
fn spread(p: &DepthwiseConv2d, x: &[i8], part: usize, words: &mut [i32]) {
    let (channels, width, pad) = (p.input.channels as usize, p.input.width as usize, p.pad[1] as usize);
    let places = match (p.stride[1], pad) {
        (1, _) => [pad, pad + 1, 2],
        (_, 0) => [0, part, 1],
        // The first element's place is odd.
        (_, _) => [part, 1, 1],
    };
    let pairs = width / 2;
    lanes::spread(x, channels, pairs, words, places);
    if width % 2 == 1 {
        let last = pairs * places[2] + places[0];
        if let (Some(&x), Some(word)) = (x.get((width - 1) * channels), words.get_mut(last)) {
            *word = x as i32;
        }
    }
}
