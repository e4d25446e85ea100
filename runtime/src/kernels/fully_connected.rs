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
    let mut wide = arch::Wide::new();
    let pairs = if arch::PAIRS { p.rows / 2 } else { 0 };
    for _ in 0..pairs {
        let (Some(x), Some(out)) = (input.split_off(..2 * depth), output.split_off_mut(..2 * columns)) else { break };
        // No buffer at all where it would not be used.
        let wide = if arch::Wide::holds(depth) {
            wide.fill(x, depth);
            Some(&wide)
        } else {
            None
        };
        two_rows(&p.clamp, depth, (x, wide), filter, bias, requantize, out);
    }
    for _ in 2 * pairs..p.rows {
        let (Some(x), Some(out)) = (input.split_off(..depth), output.split_off_mut(..columns)) else { return };
        row(&p.clamp, depth, x, filter, bias, requantize, out);
    }
}

/// Two rows of `depth` elements, and of half of `out` each, four columns at a time: they share what they load.
/// `wide`, if any, has been filled with them.
#[inline(always)]
pub(super) fn two_rows<R: Requantize>(
    clamp: &Clamp,
    depth: usize,
    (x, wide): (&[i8], Option<&arch::Wide>),
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    out: &mut [i8],
) {
    let columns = out.len() / 2;
    let (Some((x0, x1)), Some((upper, lower))) = (x.split_at_checked(depth), out.split_at_mut_checked(columns)) else { return };
    let (fours, done) = (bias.as_chunks::<4>().0, columns / 4 * 4);
    let mut w = filter;
    let mut channel = 0;
    for ((upper, lower), &bias) in upper.as_chunks_mut::<4>().0.iter_mut().zip(lower.as_chunks_mut::<4>().0).zip(fours) {
        let mut sums = [bias; 2];
        arch::dot_2x4(&mut sums, x, wide, w, depth);
        let [sums0, sums1] = sums;
        for (((upper, lower), sum0), sum1) in upper.iter_mut().zip(lower).zip(sums0).zip(sums1) {
            *upper = requantize.requantize(sum0, channel, clamp);
            *lower = requantize.requantize(sum1, channel, clamp);
            channel += 1;
        }
        w = w.get(4 * depth..).unwrap_or(&[]);
    }
    let bias = bias.get(done..).unwrap_or(&[]);
    for (x, out) in [(x0, upper), (x1, lower)] {
        rest(clamp, x, w, bias, requantize, done, out.get_mut(done..).unwrap_or(&mut []));
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
    self::rest(clamp, x, w, rest_bias, requantize, channel, rest);
}

/// The columns of a row that are left, from `channel` on, one at a time.
#[inline(always)]
fn rest<R: Requantize>(clamp: &Clamp, x: &[i8], w: &[i8], bias: &[i32], requantize: R, channel: usize, out: &mut [i8]) {
    let mut w = w;
    for (lane, (out, &bias)) in out.iter_mut().zip(bias).enumerate() {
        *out = requantize.requantize(bias.wrapping_add(arch::dot(x, w)), channel + lane, clamp);
        w = w.get(x.len()..).unwrap_or(&[]);
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::requantize::Multiplier;
    use std::{vec, vec::Vec};

    #[test]
    fn two_rows_equal_each_row() {
        let clamp = Clamp { zero_point: -5, min: -128, max: 127 };
        let scale = Multiplier { multiplier: 0x5a3c_17e9, shift: -7 };
        for (depth, columns) in [(1, 1), (3, 4), (4, 5), (9, 8), (20, 6), (64, 12)] {
            let noise = |i: usize| (i.wrapping_mul(2654435761) >> 13) as i8;
            let x: Vec<i8> = (0..2 * depth).map(noise).collect();
            let filter: Vec<i8> = (7..7 + columns * depth).map(noise).collect();
            let bias: Vec<i32> = (0..columns).map(|i| noise(i + 3) as i32 * 91).collect();
            let (mut given, mut expected) = (vec![0; 2 * columns], vec![0; 2 * columns]);
            two_rows(&clamp, depth, (&x, None), &filter, &bias, scale, &mut given);
            for (x, out) in x.chunks(depth).zip(expected.chunks_mut(columns)) {
                for (channel, out) in out.iter_mut().enumerate() {
                    let products = x.iter().zip(&filter[channel * depth..]).map(|(&x, &w)| x as i32 * w as i32);
                    *out = scale.requantize(bias[channel] + products.sum::<i32>(), channel, &clamp);
                }
            }
            assert_eq!(given, expected, "{depth} by {columns}");
        }
    }
}
