//! The compiler of tinybake: a trained, quantized network in, specialized `no_std` Rust out.
#![forbid(unsafe_code)]

pub mod boards;
pub mod diag;
pub mod front;
pub mod ir;
pub mod lower;
#[cfg(feature = "measure")]
pub mod measure;
