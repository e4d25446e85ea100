//! tinybake embeds a quantized neural network in firmware at compile time: `include_model!("model.tflite")`.
#![no_std]
#![forbid(unsafe_code)]

pub use tinybake_macros::include_model;
pub use tinybake_runtime::*;
