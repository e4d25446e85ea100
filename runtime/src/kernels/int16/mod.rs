//! Kernels of 16-bit activations and 8-bit weights: TensorFlow Lite's 16x8 scheme. Zero points are 0, so that taps outside an image
//! are simply left out, and biases need no folding.
//!
//! Sums are as wide as [`Rescale`] says: of 64 bits, or of 32 where the generator has proved from the weights that they fit.

mod conv2d;
mod depthwise_conv2d;
mod elementwise;
mod fully_connected;
mod pool2d;
mod products;
mod rescale;
mod sigmoid;
mod softmax;
mod tables;
mod transpose_conv;
mod windows;

pub use conv2d::conv2d;
pub use depthwise_conv2d::depthwise_conv2d;
pub use elementwise::{Add, Mul, Rectifier, Sub, rectifier, rectifier_in_place};
pub use fully_connected::{FullyConnected, fully_connected};
pub use pool2d::{average_pool2d, max_pool2d};
pub use rescale::{Accumulator, Narrow, Rescale, Twice, Wide};
pub use sigmoid::{Sigmoid, logistic, logistic_in_place, tanh, tanh_in_place};
pub use softmax::{Softmax, softmax, softmax_in_place};
pub use transpose_conv::transpose_conv;
pub use windows::Windows;

pub use super::binary::{Broadcast, Maximum, Minimum};
pub use super::dims::Dims;
pub use super::rows::Overlapping;
pub use crate::requantize::Multiplier;

/// One copy of each kernel for all layers, with dimensions as arguments.
pub mod shared {
    pub use super::conv2d::shared::conv2d;
    pub use super::depthwise_conv2d::shared::depthwise_conv2d;
    pub use super::elementwise::shared::{rectifier, rectifier_in_place};
    pub use super::fully_connected::shared::fully_connected;
    pub use super::pool2d::shared::{average_pool2d, max_pool2d};
    pub use super::sigmoid::shared::{logistic, logistic_in_place, tanh, tanh_in_place};
    pub use super::softmax::shared::{softmax, softmax_in_place};
    pub use super::transpose_conv::shared::transpose_conv;
}

/// `value` within bounds. Not `clamp`, which panics where `min > max`.
#[inline(always)]
fn clamped(value: i32, min: i16, max: i16) -> i16 {
    value.max(min as i32).min(max as i32) as i16
}
