//! The number model, kernels and `Model` trait of tinybake.
#![no_std]

pub mod kernels;
pub mod requantize;

mod arch;
mod model;

pub use fixed;
pub use model::{DType, Model, TensorInfo, argmax, argmax_slice};
