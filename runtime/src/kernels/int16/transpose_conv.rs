//! Transposed convolution: the gradient of a convolution with respect to its input.

use super::products::{add_products, channels};
use super::rescale::Rescale;
use super::windows::Windows;
use crate::kernels::transpose_conv::reaching;

/// Gathers each element of `output` (HWC) from the elements of `input` (HWC) that reach it.
///
/// `filter` is `[output channel][kernel row][kernel column][input channel]`. Slices that are too short end the computation early.
///
/// Source: TFLM `reference/integer_ops/transpose_conv.h`, which scatters into a buffer of 64-bit sums.
#[inline(always)]
pub fn transpose_conv<R: Rescale>(p: &Windows, input: &[i16], filter: &[i8], bias: &[R::Sum], rescale: R, output: &mut [i16]) {
    shared::transpose_conv(&{ *p }, input, filter, bias, rescale, output);
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::transpose_conv`] with dimensions as arguments.
    #[inline(never)]
    pub fn transpose_conv<R: Rescale>(
        p: &Windows,
        input: &[i16],
        filter: &[i8],
        bias: &[R::Sum],
        rescale: R,
        output: &mut [i16],
    ) {
        let (depth, columns) = (p.input.channels as usize, p.kernel[1] as usize);
        let size = p.kernel[0] as usize * columns * depth;
        // One pixel of the output a step.
        let pixels = Windows { stride: [1, 1], pad: [0, 0], ..*p };
        let mut output = output;
        for (out_y, out_x) in pixels.origins() {
            let Some(out) = output.split_off_mut(..p.output.channels as usize) else { return };
            channels(0, [p.min, p.max], bias, rescale, out, |channel, sums| {
                let rows = filter.get(channel * size..).unwrap_or(&[]);
                for (y, ky) in reaching(out_y as usize, p.pad[0], p.stride[0], p.kernel[0], p.input.height) {
                    for (x, kx) in reaching(out_x as usize, p.pad[1], p.stride[1], p.kernel[1], p.input.width) {
                        let start = (y * p.input.width as usize + x) * depth;
                        let Some(x) = input.get(start..).and_then(|x| x.get(..depth)) else { return };
                        add_products(sums, x, rows.get((ky * columns + kx) * depth..).unwrap_or(&[]), size);
                    }
                }
            });
        }
    }
}
