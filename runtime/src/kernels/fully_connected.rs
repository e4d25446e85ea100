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
    let rows = p.rows as usize;
    let mut pairs = input.chunks_exact(2 * depth).zip(output.chunks_exact_mut(2 * columns));
    for (x, out) in pairs.by_ref().take(rows / 2) {
        let ((x0, x1), (out0, out1)) = (x.split_at(depth), out.split_at_mut(columns));
        two_rows(p, [x0, x1], filter, bias, requantize, [out0, out1]);
    }
    if rows % 2 == 1
        && let (Some(x), Some(out)) =
            (input.get((rows - 1) * depth..rows * depth), output.get_mut((rows - 1) * columns..rows * columns))
    {
        one_row(p, x, filter, bias, requantize, out);
    }
}

/// Two outputs of two rows at a time, so that each element loaded is used twice.
#[inline(always)]
fn two_rows<R: Requantize>(p: &FullyConnected, x: [&[i8]; 2], filter: &[i8], bias: &[i32], requantize: R, out: [&mut [i8]; 2]) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    let [out0, out1] = out;
    let blocks =
        out0.chunks_exact_mut(2).zip(out1.chunks_exact_mut(2)).zip(filter.chunks_exact(2 * depth)).zip(bias.chunks_exact(2));
    for (block, (((out0, out1), w), bias)) in blocks.enumerate() {
        let (w0, w1) = w.split_at(depth);
        let (&[b0, b1], [o00, o01], [o10, o11]) = (bias, out0, out1) else { return };
        let [[a00, a01], [a10, a11]] = arch::dot_2x2([[b0, b1]; 2], x, [w0, w1]);
        *o00 = requantize.requantize(a00, 2 * block, &p.clamp);
        *o01 = requantize.requantize(a01, 2 * block + 1, &p.clamp);
        *o10 = requantize.requantize(a10, 2 * block, &p.clamp);
        *o11 = requantize.requantize(a11, 2 * block + 1, &p.clamp);
    }
    if columns % 2 == 1 {
        let last = columns - 1;
        let (Some(w), Some(&bias), Some(out0), Some(out1)) =
            (filter.get(last * depth..columns * depth), bias.get(last), out0.get_mut(last), out1.get_mut(last))
        else {
            return;
        };
        *out0 = requantize.requantize(bias.wrapping_add(arch::dot(x[0], w)), last, &p.clamp);
        *out1 = requantize.requantize(bias.wrapping_add(arch::dot(x[1], w)), last, &p.clamp);
    }
}

/// Four outputs of one row at a time.
#[inline(always)]
fn one_row<R: Requantize>(p: &FullyConnected, x: &[i8], filter: &[i8], bias: &[i32], requantize: R, out: &mut [i8]) {
    let depth = p.depth as usize;
    let blocks = out.chunks_exact_mut(4).zip(filter.chunks_exact(4 * depth)).zip(bias.chunks_exact(4));
    for (block, ((out, w), bias)) in blocks.enumerate() {
        let ((w01, w23), &[b0, b1, b2, b3]) = (w.split_at(2 * depth), bias) else { return };
        let ((w0, w1), (w2, w3)) = (w01.split_at(depth), w23.split_at(depth));
        let sums = arch::dot_1x4([b0, b1, b2, b3], x, [w0, w1, w2, w3]);
        for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            *out = requantize.requantize(sum, 4 * block + lane, &p.clamp);
        }
    }
    let done = p.columns as usize / 4 * 4;
    let (Some(out), Some(w), Some(bias)) = (out.get_mut(done..), filter.get(done * depth..), bias.get(done..)) else { return };
    for (lane, ((out, w), &bias)) in out.iter_mut().zip(w.chunks_exact(depth)).zip(bias).enumerate() {
        *out = requantize.requantize(bias.wrapping_add(arch::dot(x, w)), done + lane, &p.clamp);
    }
}

/// One copy for all layers.
pub mod shared {
    use super::{FullyConnected, Requantize};

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
        super::one_by_one(p, input, filter, bias, requantize, output);
    }
}

#[inline(always)]
fn one_by_one<R: Requantize>(p: &FullyConnected, input: &[i8], filter: &[i8], bias: &[i32], requantize: R, output: &mut [i8]) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    if depth == 0 || columns == 0 {
        return;
    }
    let rows = input.chunks_exact(depth).zip(output.chunks_exact_mut(columns)).take(p.rows as usize);
    for (x, out) in rows {
        for (channel, ((out, w), &bias)) in out.iter_mut().zip(filter.chunks_exact(depth)).zip(bias).enumerate() {
            *out = requantize.requantize(bias.wrapping_add(arch::dot(x, w)), channel, &p.clamp);
        }
    }
}
