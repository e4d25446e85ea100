//! The number model, kernels and `Model` trait of tinybake.
#![no_std]

pub mod kernels;
pub mod requantize;
pub mod stack;

pub mod generated;

mod arch;
mod model;

#[cfg(all(feature = "harness", target_os = "none", any(target_arch = "arm", target_arch = "riscv32")))]
pub use arch::harness;
#[cfg(feature = "fixed")]
pub use fixed;
pub use model::{DType, Model, TensorInfo, argmax, argmax_slice};
