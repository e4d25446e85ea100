//! Transposed convolution: the gradient of a convolution with respect to its input.

use super::dims::Dims;
use crate::requantize::{Clamp, Requantize};

/// The shape of a transposed convolution. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposeConv {
    /// The input image.
    pub input: Dims,
    /// The output image.
    pub output: Dims,
    /// Taps of the kernel.
    pub kernel: [u16; 2],
    /// Output pixels between the contributions of neighbouring inputs; at least 1.
    pub stride: [u16; 2],
    /// Output rows and columns that are cut off before the first.
    pub pad: [u16; 2],
    /// What stands for zero in the input.
    pub input_zero_point: i8,
    /// Range and zero point of the output.
    pub clamp: Clamp,
}

/// Gathers each element of `output` (HWC) from the elements of `input` (HWC) that reach it.
///
/// `filter` is `[output channel][kernel row][kernel column][input channel]`. `bias` is as in the model, not folded: how
/// many taps reach an output depends on where it is. Slices that are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/transpose_conv.h`, which scatters into a buffer of 32-bit sums.
#[inline(always)]
pub fn transpose_conv<R: Requantize>(
    p: &TransposeConv,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let depth = p.input.channels as usize;
    let zero_point = p.input_zero_point as i32;
    let filter_size = (p.kernel[0] as usize).wrapping_mul(p.kernel[1] as usize).wrapping_mul(depth);
    let mut out = output.iter_mut();
    for out_y in 0..p.output.height as usize {
        for out_x in 0..p.output.width as usize {
            let mut filter_start = 0usize;
            for channel in 0..p.output.channels as usize {
                let (Some(out), Some(&bias)) = (out.next(), bias.get(channel)) else { return };
                let Some(weights) = filter.get(filter_start..filter_start.wrapping_add(filter_size)) else { return };
                filter_start = filter_start.wrapping_add(filter_size);
                let mut acc = bias;
                for (y, ky) in reaching(out_y, p.pad[0], p.stride[0], p.kernel[0], p.input.height) {
                    for (x, kx) in reaching(out_x, p.pad[1], p.stride[1], p.kernel[1], p.input.width) {
                        let from = (y * p.input.width as usize + x) * depth;
                        let weight = (ky * p.kernel[1] as usize + kx) * depth;
                        let (Some(x), Some(w)) = (input.get(from..from + depth), weights.get(weight..weight + depth)) else {
                            return;
                        };
                        for (&x, &w) in x.iter().zip(w) {
                            acc = acc.wrapping_add((x as i32 - zero_point) * w as i32);
                        }
                    }
                }
                *out = requantize.requantize(acc, channel, &p.clamp);
            }
        }
    }
}

/// One copy for all layers.
pub mod shared {
    use super::{Requantize, TransposeConv};

    /// [`super::transpose_conv`] with dimensions as arguments.
    #[inline(never)]
    pub fn transpose_conv<R: Requantize>(
        p: &TransposeConv,
        input: &[i8],
        filter: &[i8],
        bias: &[i32],
        requantize: R,
        output: &mut [i8],
    ) {
        super::transpose_conv(p, input, filter, bias, requantize, output);
    }
}

/// Along one axis, the inputs that reach output `index`, each with the tap it does so through: `input * stride + tap =
/// index + pad`. None where the stride is zero.
#[inline(always)]
fn reaching(index: usize, pad: u16, stride: u16, kernel: u16, size: u16) -> impl Iterator<Item = (usize, usize)> {
    let (reach, stride, kernel) = (index + pad as usize, stride as usize, kernel as usize);
    // The last input is the largest one whose tap 0 does not lie beyond the output.
    let last = reach.checked_div(stride).map_or(0, |last| last + 1).min(size as usize);
    let first = (reach + 1).saturating_sub(kernel).wrapping_add(stride).wrapping_sub(1).checked_div(stride).unwrap_or(0);
    (first..last).map(move |input| (input, reach - input * stride))
}
