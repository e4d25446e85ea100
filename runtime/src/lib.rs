//! The run-time part of tinybake: the [`Model`] trait, [`TensorInfo`], [`argmax`], and the kernels that generated code calls.
//!
//! ```
//! use tinybake_runtime::{DType, TensorInfo, argmax};
//!
//! // real = scale * (stored - zero_point)
//! const OUTPUT: TensorInfo = TensorInfo::new("scores", &[1, 3], DType::I8, 1.0 / 256.0, -128);
//! let scores = [-128_i8, 64, -64];
//! let (class, score) = argmax(&scores);
//! assert_eq!((class, OUTPUT.dequantize(score)), (1, 0.75));
//! ```
//!
//! `no_std`, no allocator. Modules that are not listed here are for generated code, which checks at compile time that it was written for
//! this version.
#![no_std]

#[doc(hidden)]
pub mod generated;
#[doc(hidden)]
pub mod kernels;
#[doc(hidden)]
pub mod requantize;
#[doc(hidden)]
pub mod stack;

mod arch;
mod model;

#[cfg(all(feature = "harness", target_os = "none", any(target_arch = "arm", target_arch = "riscv32")))]
#[doc(hidden)]
pub use arch::harness;
#[cfg(feature = "fixed")]
pub use fixed;
pub use model::{DType, Model, TensorInfo, argmax, argmax_slice};
