//! Fully connected layers, and convolutions of one tap, which are the same thing for each pixel.

use crate::arch;
use crate::requantize::{Clamp, Requantize};

/// The shape of a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullyConnected {
    /// Rows of the input and of the output: batches, or pixels.
    pub rows: u32,
    /// Elements of an input row.
    pub depth: u32,
    /// Elements of an output row.
    pub columns: u32,
    /// Range and zero point of the output.
    pub clamp: Clamp,
}

/// `output[row][column] = sum(input[row][i] * filter[column][i]) + bias[column]`, for dimensions known at compile time.
///
/// `bias` is folded: of each column, `bias - input_zero_point * sum(filter)`. Slices that are too short end the
/// computation early.
///
/// Source: TFLM `reference/integer_ops/fully_connected.h`.
#[inline(always)]
pub fn fully_connected<R: Requantize>(
    p: &FullyConnected,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    if depth == 0 || columns == 0 {
        return;
    }
    let (mut input, mut output) = (input, output);
    for _ in 0..p.rows {
        let (Some(x), Some(out)) = (input.split_off(..depth), output.split_off_mut(..columns)) else { return };
        row(&p.clamp, depth, x, filter, bias, requantize, out);
    }
}

/// One row of `depth` elements, four columns at a time: they share what they load of the input.
#[inline(always)]
pub(super) fn row<R: Requantize>(
    clamp: &Clamp,
    depth: usize,
    x: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) {
    let mut w = filter;
    let ((fours, rest), (fours_bias, rest_bias)) = (out.as_chunks_mut::<4>(), bias.as_chunks::<4>());
    let mut channel = 0;
    for (out, &bias) in fours.iter_mut().zip(fours_bias) {
        let mut sums = bias;
        arch::dot_1x4(&mut sums, x, w, depth);
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = requantize.requantize(sum, channel, clamp);
            channel += 1;
        }
        w = w.get(4 * depth..).unwrap_or(&[]);
    }
    for (out, &bias) in rest.iter_mut().zip(rest_bias) {
        *out = requantize.requantize(bias.wrapping_add(arch::dot(x, w)), channel, clamp);
        channel += 1;
        w = w.get(depth..).unwrap_or(&[]);
    }
}

/// One copy for all layers.
pub mod shared {
    use super::{FullyConnected, Requantize, add_products};
    use crate::kernels::pixels::Pixels;

    /// [`super::fully_connected`] with dimensions as arguments.
    #[inline(never)]
    pub fn fully_connected<R: Requantize>(
        p: &FullyConnected,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        requantize: R,
        output: &mut [i8],
    ) {
        let depth = p.depth as usize;
        if depth == 0 {
            return;
        }
        let pixels = Pixels { group_size: p.columns as usize, bias, requantize, clamp: p.clamp };
        // Each row is a pixel, of a column of pixels.
        pixels.image([p.rows as usize, 1, p.columns as usize], [1, 1], [0, 0], output, &mut |block, sums| {
            let start = (block.y as usize).wrapping_mul(depth);
            let Some(x) = input.get(start..).and_then(|x| x.get(..depth)) else { return };
            let Some(filter) = filter.get(block.channel.wrapping_mul(depth)..) else { return };
            add_products(x, filter, depth, sums);
        });
    }
}

/// Adds to each sum the products of `x` with one of the rows of `w`, which begin `stride` elements apart.
#[inline(never)]
pub(super) fn add_products(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) {
    let mut w = w;
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for four in fours {
        arch::dot_1x4(four, x, w, stride);
        w = w.get(stride.wrapping_mul(4)..).unwrap_or(&[]);
    }
    for sum in rest {
        *sum = sum.wrapping_add(arch::dot_outlined(x, w));
        w = w.get(stride..).unwrap_or(&[]);
    }
}
