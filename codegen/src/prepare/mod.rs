//! What TensorFlow Lite Micro's kernels compute when they prepare: multipliers, shifts, clamps, tables. Host arithmetic.

pub mod binary;
pub mod convolution;
mod fixed_point;
pub mod int16;
pub mod movement;
pub mod multiplier;
pub mod offsets;
pub mod ort;
pub mod reduce;
pub mod softmax;
pub mod steps;
pub mod unary;
pub mod xnnpack;
