//! Transposed convolution: the gradient of a convolution with respect to its input.

use super::dims::Dims;
use super::pixels::{Block, Pixels};
use crate::arch;
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
    shared::transpose_conv(&{ *p }, input, filter, bias, requantize, output);
}

/// One copy for all layers.
pub mod shared {
    use super::{Pixels, Requantize, TransposeConv};

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
        let pixels = Pixels { group_size: p.output.channels as usize, bias, requantize, clamp: p.clamp };
        // The place of a block is that of its output.
        let image = p.output.sizes();
        pixels.image(image, [1, 1], [0, 0], output, &mut |block, sums| super::add_products(p, input, filter, block, sums));
    }
}

/// Adds the products of the channels of a block, input by input that reaches its pixel.
#[inline(never)]
fn add_products(p: &TransposeConv, input: &[i8], filter: &[i8], block: &Block, sums: &mut [i32]) {
    let depth = p.input.channels as usize;
    let [rows, columns] = p.kernel.map(usize::from);
    let size = rows * columns * depth;
    let Some(filter) = filter.get(block.channel * size..).filter(|_| size != 0) else { return };
    for (y, ky) in reaching(block.y as usize, p.pad[0], p.stride[0], p.kernel[0], p.input.height) {
        for (x, kx) in reaching(block.x as usize, p.pad[1], p.stride[1], p.kernel[1], p.input.width) {
            let start = (y * p.input.width as usize + x) * depth;
            let Some(x) = input.get(start..).and_then(|x| x.get(..depth)) else { return };
            let mut filter = filter.get((ky * columns + kx) * depth..).unwrap_or(&[]);
            for sum in &mut *sums {
                let w = filter.get(..depth).unwrap_or(&[]);
                filter = filter.get(size..).unwrap_or(&[]);
                let zero = arch::sum(w).wrapping_mul(p.input_zero_point as i32);
                *sum = sum.wrapping_add(arch::dot_outlined(x, w)).wrapping_sub(zero);
            }
        }
    }
}

/// Along one axis, the inputs that reach output `index`, each with the tap it does so through: `input * stride + tap =
/// index + pad`. None where the stride is zero.
#[inline(always)]
pub(super) fn reaching(index: usize, pad: u16, stride: u16, kernel: u16, size: u16) -> impl Iterator<Item = (usize, usize)> {
    let (reach, stride, kernel) = (index + pad as usize, stride as usize, kernel as usize);
    // From the first whose last tap reaches as far, to the last whose tap 0 does not lie beyond.
    let first = (reach + stride).saturating_sub(kernel).checked_div(stride).unwrap_or(0);
    let end = reach.checked_div(stride).map_or(0, |last| last + 1).min(size as usize);
    (first..end).map(move |input| (input, reach - input * stride))
}
