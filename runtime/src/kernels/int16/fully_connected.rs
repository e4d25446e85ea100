//! Fully connected layers, and convolutions of one tap, which are the same thing for each pixel.

use super::products::{add_products, channels};
use super::rescale::Rescale;

/// The shape of a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullyConnected {
    /// Rows of the input and of the output: batches, or pixels.
    pub rows: u32,
    /// Elements of an input row.
    pub depth: u32,
    /// Elements of an output row.
    pub columns: u32,
    /// Least stored output.
    pub min: i16,
    /// Greatest stored output.
    pub max: i16,
}

/// `output[row][column] = sum(input[row][i] * filter[column][i]) + bias[column]`, for dimensions known at compile time. Slices that
/// are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/fully_connected.h`.
#[inline(always)]
pub fn fully_connected<R: Rescale>(
    p: &FullyConnected,
    input: &[i16],
    filter: &[i8],
    bias: &[R::Sum],
    rescale: R,
    output: &mut [i16],
) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    let (mut input, mut output) = (input, output);
    for _ in 0..p.rows {
        let (Some(x), Some(out)) = (input.split_off(..depth), output.split_off_mut(..columns)) else { return };
        channels(0, [p.min, p.max], bias, rescale, out, |channel, sums| {
            add_products(sums, x, filter.get(channel * depth..).unwrap_or(&[]), depth);
        });
    }
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::fully_connected`] with dimensions as arguments.
    #[inline(never)]
    pub fn fully_connected<R: Rescale>(
        p: &FullyConnected,
        input: &[i16],
        filter: &[i8],
        bias: &[R::Sum],
        rescale: R,
        output: &mut [i16],
    ) {
        super::fully_connected(p, input, filter, bias, rescale, output);
    }
}
