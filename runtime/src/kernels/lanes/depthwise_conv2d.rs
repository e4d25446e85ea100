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
    image::<Apart>(p, input, filter, scales, lent, output);
}

/// How a core fills a plane and makes outputs of it.
pub(in crate::kernels) trait Plane {
    /// Writes a channel of `rows` rows of the image, whose first begins at `x`, into rows of the plane from the first of `plane`
    /// on.
    fn fill(p: &DepthwiseConv2d, x: &[i8], rows: usize, plane: &mut [i32]);

    /// The outputs of `rows` rows of windows, saturated to `int8`: the first is the first of `out`, and they are as many elements
    /// apart as there are channels. `sums` has a place for each of a row.
    fn outputs(channel: &Channel<'_>, plane: &[i32], rows: usize, sums: &mut [[i32; 4]], out: &mut [i8]);
}

/// A channel of a convolution.
pub(in crate::kernels) struct Channel<'a> {
    pub(in crate::kernels) p: &'a DepthwiseConv2d,
    /// The taps.
    pub(in crate::kernels) w: &'a [i32; 9],
    pub(in crate::kernels) scale: &'a [i32; 4],
}

/// Words of a row of a plane.
pub(in crate::kernels) const fn row_words(p: &DepthwiseConv2d) -> usize {
    part_words(p) * p.stride[1] as usize
}

/// The plane of cores that load four neighbours at once: with strides of 2, elements of even and of odd places are apart.
struct Apart;

impl Plane for Apart {
    #[inline(always)]
    fn fill(p: &DepthwiseConv2d, x: &[i8], rows: usize, plane: &mut [i32]) {
        let mut x = x;
        for words in plane.chunks_exact_mut(row_words(p).max(1)).take(rows) {
            spread(p, x, part_words(p), words);
            x = x.get(p.input.width as usize * p.input.channels as usize..).unwrap_or(&[]);
        }
    }

    #[inline(always)]
    fn outputs(channel: &Channel<'_>, plane: &[i32], rows: usize, sums: &mut [[i32; 4]], out: &mut [i8]) {
        let Channel { p, w, scale } = *channel;
        let (channels, width, row) = (p.output.channels as usize, p.output.width as usize, row_words(p));
        let steps = Steps { columns: if p.stride[1] == 1 { [0, 1, 2] } else { [0, part_words(p), 1] }, row };
        for y in 0..rows {
            taps(plane.get(y * p.stride[0] as usize * row..).unwrap_or(&[]), &steps, w, sums);
            let Some(out) = out.get_mut(y * width * channels..) else { return };
            let sums = sums.as_flattened().get(..width).unwrap_or(&[]);
            finish_all(sums, scale, finish(&p.clamp, core::slice::from_ref(scale)), channels, out);
        }
    }
}

/// [`depthwise_conv2d`] on planes of a kind.
#[inline(always)]
pub(in crate::kernels) fn image<P: Plane>(
    p: &DepthwiseConv2d,
    input: Option<&[i8]>,
    filter: &[i32],
    scales: &[i32],
    lent: &mut [i32],
    output: &mut [i8],
) {
    let (channels, height, stride) = (p.output.channels as usize, p.output.height as usize, p.stride[1] as usize);
    let (row, zero) = (row_words(p), p.input_zero_point as i32);
    // A band of few rows needs less than its image.
    let wanted = planes_words(p, lent.len());
    let Some(lent) = lent.get_mut(..wanted) else { return };
    let Some((sums, plane)) = lent.split_at_mut_checked(4 * blocks(p)) else { return };
    let sums = sums.as_chunks_mut::<4>().0;
    let band = plane.len().checked_div(row).and_then(|rows| rows.checked_sub(LEAST_ROWS));
    let Some(band) = band.and_then(|more| (more + 1).checked_div(stride)).map(|more| more + 1) else { return };
    // The columns of the padding stay so. Its rows too, if no band follows another.
    plane.fill(zero);
    for (index, (w, scale)) in filter.as_chunks::<9>().0.iter().zip(scales.as_chunks::<4>().0).enumerate().take(channels) {
        let channel = Channel { p, w, scale };
        // Rows of the plane that are filled, and the image's row that is their first.
        let (mut filled, mut top) = (0, -(p.pad[0] as isize));
        let mut out_y = 0;
        while out_y < height {
            let count = band.min(height - out_y);
            // Rows of the plane that are to be filled, and those of them that are in the image.
            let end = (count - 1) * stride + 3;
            let first = top.wrapping_neg().max(filled as isize).min(end as isize);
            let last = (p.input.height as isize - top).max(first).min(end as isize);
            let (first, last) = (first as usize, last as usize);
            if count < height {
                for outside in [filled..first, last..end] {
                    let Some(words) = plane.get_mut(outside.start * row..outside.end * row) else { return };
                    words.fill(zero);
                }
            }
            let at = ((top + first as isize) as usize).wrapping_mul(p.input.width as usize * channels).wrapping_add(index);
            let Some(words) = plane.get_mut(first * row..) else { return };
            P::fill(p, input.unwrap_or(&*output).get(at..).unwrap_or(&[]), last - first, words);
            let at = out_y * p.output.width as usize * channels + index;
            let Some(out) = output.get_mut(at..) else { return };
            P::outputs(&channel, plane, count, sums, out);
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
