//! Fully connected layers, and convolutions of one tap.

use super::{Four, Lane, Sparse, pixels};
use crate::arch::sparse;
use crate::kernels::fully_connected::FullyConnected;
use crate::requantize::Requantize;

/// The fully connected layer `p`; `bias` is folded, as that of [`crate::kernels::fully_connected::fully_connected`].
///
/// `window` is of `depth` elements where there are several rows. Slices that are too short end the computation early.
#[inline(never)]
pub fn fully_connected<R: Requantize>(
    p: &FullyConnected,
    input: &[i8],
    filter: Sparse<'_>,
    bias: &[i32],
    requantize: R,
    window: &mut [Four],
    output: &mut [i8],
) {
    let (depth, columns) = (p.depth as usize, p.columns as usize);
    if depth == 0 || columns == 0 {
        return;
    }
    if p.rows == 1 {
        let mut filter = filter;
        for (channel, (out, &bias)) in output.iter_mut().zip(bias).enumerate() {
            *out = requantize.requantize_outlined(sparse::add(filter.channel(), input, bias), channel, &p.clamp);
        }
        return;
    }
    for (out, x) in output.chunks_mut(columns.saturating_mul(4)).zip(input.chunks(depth.saturating_mul(4))) {
        for (lane, row) in x.chunks_exact(depth).enumerate() {
            for (Four(to), &from) in window.iter_mut().zip(row) {
                if let Some(to) = to.get_mut(lane) {
                    *to = from as Lane;
                }
            }
        }
        pixels(&p.clamp, window, filter, bias, requantize, columns, out);
    }
}
