//! Layers of which two weights in four neighbours are zero, for the DSP extension of Arm cores: six pixels at a time, over the
//! other two.
//!
//! They equal the kernels of the same name. What they need of memory, the caller lends them: generated code knows how much.
//! A layer is eligible where the reference is `tflm`, and its sums and shifts are such that `arch/lanes` is exact; the generator
//! decides.

mod conv2d;
mod fully_connected;

pub use crate::arch::sparse_pairs::{FOUR, PAIRS, PIXELS, Pairs};
pub use conv2d::{MOST_SIZE, conv2d};
pub use fully_connected::fully_connected;

use super::packed::{finish, settle};
use crate::arch::sparse_pairs::outputs;
use crate::requantize::Clamp;

/// The outputs of `count` pixels, `columns` for each, whose windows `window` holds.
#[inline(always)]
fn pixels(window: &[u32], weights: &Pairs<'_>, scales: &[[i32; 4]], places: (usize, usize), clamp: &Clamp, out: &mut [i8]) {
    outputs(window, weights, scales, places, finish(clamp, scales), out);
    settle(clamp, out);
}
