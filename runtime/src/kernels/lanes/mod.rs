//! Kernels for cores without any multiplication but that of 32 bits, over weights and scales that the generator has arranged
//! for it: two pixels are made at a time in one word.
//!
//! They equal the kernels of the same name. What they need of memory, the caller lends them: generated code knows how much.
//! A layer is eligible where its sums and shifts are such that `arch/lanes` is exact; the generator
//! decides.

mod conv2d;
mod depthwise_conv2d;
mod fully_connected;

pub(super) use conv2d::Next;
pub use conv2d::{MOST_SIZE, conv2d};
pub(super) use depthwise_conv2d::{Channel, Plane, image, row_words};
pub use depthwise_conv2d::{depthwise_conv2d, planes_words};
pub use fully_connected::fully_connected;

use super::packed::{finish, settle};
use crate::arch::lanes::{Channels, outputs};
use crate::requantize::Clamp;

/// The outputs of `count` pixels, at most `2 * N`; `columns` for each.
#[inline(always)]
fn pixels<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_>,
    scales: &[[i32; 4]],
    places: (usize, usize),
    clamp: &Clamp,
    out: &mut [i8],
) {
    outputs(window, channels, scales, places, finish(clamp, scales), out);
    settle(clamp, out);
}
