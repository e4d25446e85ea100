//! Kernels for RV32IM, over weights and scales that the generator has arranged for it: tiles of six pixels, or four, by two
//! output channels, two pixels in a word.
//!
//! They equal the kernels of the same name. What they need of memory, the caller lends them: generated code knows how much.
//! A layer is eligible where the reference is `tflm`, and every channel has a [`finish`] that is exact for all sums that its
//! weights allow; the generator decides. The arrangement is told in `arch/tiles/`; depthwise convolutions are arranged as for
//! [`super::lanes`], but for the scales.

mod conv2d;
mod depthwise_conv2d;
mod fully_connected;

pub use crate::arch::tiles::{Channels, HEAD, MOST_RUN, finish, head};
pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use fully_connected::fully_connected;

use super::packed::settle;
use crate::arch::tiles::outputs;
use crate::requantize::Clamp;

/// Whether outputs below the zero point are clamped.
#[inline(always)]
fn positive(clamp: &Clamp) -> bool {
    clamp.zero_point <= clamp.min as i32
}

/// The outputs of `count` pixels, at most `2 * N`; `columns` for each.
#[inline(always)]
fn pixels<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_, N>,
    scales: &[[i32; 4]],
    places: (usize, usize),
    clamp: &Clamp,
    out: &mut [i8],
) {
    outputs(window, channels, scales, places, positive(clamp), out);
    settle(clamp, out);
}
