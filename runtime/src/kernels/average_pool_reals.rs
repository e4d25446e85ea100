//! Means of windows in single precision, as ONNX Runtime computes them of dequantized values on an x86-64.
//!
//! Source: MLAS `pooling.cpp` for operators on reals, which adds the columns of a window first where windows are at most two
//! columns apart, and a whole image in four lanes; and ONNX Runtime's `qlinear_pool.cc` for those on integers, which adds row after row.

use super::dims::Dims;
use super::quantize::Affine;
use super::reals::{from_half, nearest};
use crate::requantize::Clamp;

/// The shape of an average pool, and what its operands stand for. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePoolReals {
    /// The input image.
    pub input: Dims,
    /// The output image, of as many channels.
    pub output: Dims,
    /// Pixels of the window.
    pub kernel: [u16; 2],
    /// Input pixels between neighbouring windows.
    pub stride: [u16; 2],
    /// Pixels before the first row and column; they do not count.
    pub pad: [u16; 2],
    /// Quantization of the input.
    pub real: Affine,
    /// Scale of the output.
    pub output_scale: f32,
    /// What is added before a mean is rounded.
    pub added: f32,
    /// How near to a half a mean is added in floats: elsewhere those could not round it otherwise than the sum of the stored integers.
    pub doubt: f32,
    /// In which order the pixels of a window are added.
    pub order: Order,
    /// What is added after a mean is rounded, and the range of the output.
    pub clamp: Clamp,
}

/// In which order the pixels of a window are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Row after row.
    RowByRow,
    /// Each column first, and then their sums.
    ColumnSums,
    /// Every fourth pixel, the four sums as `(0 + 2) + (1 + 3)`, and then the pixels that are left.
    FourLanes,
}

/// The mean of each window of `input` (HWC), rounded half to even, into `output` (HWC).
#[inline(always)]
pub fn average_pool_reals(p: &AveragePoolReals, input: &[i8], output: &mut [i8]) {
    shared::average_pool_reals(&{ *p }, input, output);
}

/// One copy for all layers.
pub mod shared {
    use super::*;

    /// [`super::average_pool_reals`] with dimensions as arguments.
    #[inline(never)]
    pub fn average_pool_reals(p: &AveragePoolReals, input: &[i8], output: &mut [i8]) {
        let (channels, columns) = (usize::from(p.output.channels), usize::from(p.output.width));
        if channels == 0 || columns == 0 {
            return;
        }
        for (row, out) in output.chunks_mut(columns * channels).enumerate() {
            let rows = range(row, p.stride[0], p.kernel[0], p.pad[0], p.input.height);
            for (column, out) in out.chunks_mut(channels).enumerate() {
                let columns = range(column, p.stride[1], p.kernel[1], p.pad[1], p.input.width);
                let count = (rows.len() * columns.len()) as f32;
                for (channel, out) in out.iter_mut().enumerate() {
                    let difference = |row: usize, column: usize| {
                        let index = (row * usize::from(p.input.width) + column) * channels + channel;
                        i32::from(input.get(index).copied().unwrap_or(0)).wrapping_sub(p.real.zero_point)
                    };
                    let width = usize::from(p.input.width);
                    // Whole rows lie one after the other.
                    let (lines, pixels) =
                        if columns.len() == width { (1, rows.len() * width) } else { (rows.len(), columns.len()) };
                    let mut whole = 0_i32;
                    for line in 0..lines {
                        let mut index = ((rows.start + line) * width + columns.start) * channels + channel;
                        for _ in 0..pixels {
                            whole = whole.wrapping_add(input.get(index).copied().unwrap_or(0).into());
                            index += channels;
                        }
                    }
                    let whole = whole.wrapping_sub(p.real.zero_point.wrapping_mul((rows.len() * columns.len()) as i32));
                    let mean = whole as f32 * p.real.scale / p.output_scale / count + p.added;
                    if from_half(mean, &p.clamp) > p.doubt {
                        *out = nearest(mean, &p.clamp);
                        continue;
                    }
                    let at = |row: usize, column: usize| p.real.scale * difference(row, column) as f32;
                    let by_rows = rows.clone().flat_map(|row| columns.clone().map(move |column| (row, column)));
                    let sum = match p.order {
                        Order::RowByRow => by_rows.fold(0.0, |sum, (row, column)| sum + at(row, column)),
                        Order::ColumnSums => columns
                            .clone()
                            .fold(0.0, |sum, column| sum + rows.clone().fold(0.0, |sum, row| sum + at(row, column))),
                        Order::FourLanes => {
                            let whole = (rows.len() * columns.len()) & !3;
                            let mut lanes = [0.0; 4];
                            for (index, (row, column)) in by_rows.clone().take(whole).enumerate() {
                                lanes[index & 3] += at(row, column);
                            }
                            let [a, b, c, d] = lanes;
                            by_rows.skip(whole).fold((a + c) + (b + d), |sum, (row, column)| sum + at(row, column))
                        }
                    };
                    *out = nearest(sum / count / p.output_scale + p.added, &p.clamp);
                }
            }
        }
    }
}

/// The pixels along one axis that the window at `index` covers.
#[inline(always)]
fn range(index: usize, stride: u16, kernel: u16, pad: u16, size: u16) -> core::ops::Range<usize> {
    let (start, pad) = (index * usize::from(stride), usize::from(pad));
    let end = (start + usize::from(kernel)).saturating_sub(pad).min(size.into());
    start.saturating_sub(pad).min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_even_before_or_after_the_zero_point() {
        let image = |height, width| Dims { height, width, channels: 1 };
        let clamp = Clamp { zero_point: 1, min: -128, max: 127 };
        let mut p = AveragePoolReals {
            input: image(2, 2),
            output: image(1, 2),
            kernel: [2, 2],
            stride: [1, 1],
            pad: [0, 0],
            real: Affine { scale: 0.5, zero_point: 1 },
            output_scale: 0.5,
            added: 0.0,
            doubt: 1e-3,
            order: Order::ColumnSums,
            clamp,
        };
        let mut output = [0; 2];
        // Means of 1.5 and, of the right column, of 1.5: less the zero point, they are halves.
        let input = [1, 3, 1, 1];
        average_pool_reals(&p, &input, &mut output);
        assert_eq!(output, [1, 2]);
        (p.added, p.clamp.zero_point, p.order) = (1.0, 0, Order::RowByRow);
        average_pool_reals(&p, &input, &mut output);
        assert_eq!(output, [2, 2]);
    }
}
