//! Kernels for the DSP extension of Arm cores, over weights and scales that the generator has arranged for it.
//!
//! They equal the kernels of the same name. What they need of memory, the caller lends them: generated code knows how much.
//! A layer is eligible where its sums and shifts are such that `Bounded` or `Once` is exact, and, of
//! convolutions and fully connected layers, where the weights can be paired; the generator decides. The arrangement is
//! told in `arch/packed/`.

mod conv2d;
mod depthwise_conv2d;
mod fully_connected;

pub use crate::arch::packed::{ONCE, halves, places};
pub use conv2d::{MOST_RUN, conv2d, window_words};
pub use depthwise_conv2d::{depthwise_conv2d, planes_words};
pub use fully_connected::fully_connected;

use crate::arch::packed::Finish;
use crate::requantize::Clamp;

/// How the sums of a layer with these scales are rounded.
#[inline(always)]
pub(super) fn finish(clamp: &Clamp, scales: &[[i32; 4]]) -> Finish {
    if scales.first().is_some_and(|scale| scale[3] & ONCE != 0) {
        Finish::Once
    } else if clamp.zero_point <= clamp.min as i32 {
        Finish::Positive
    } else {
        Finish::Any
    }
}

/// Clamps outputs that are saturated to `int8`.
#[inline(always)]
pub(super) fn settle(clamp: &Clamp, outputs: &mut [i8]) {
    if clamp.min > i8::MIN || clamp.max < i8::MAX {
        for output in outputs {
            *output = (*output).max(clamp.min).min(clamp.max);
        }
    }
}
