//! The compiler of tinybake: a trained, quantized network in, specialized `no_std` Rust out.
#![forbid(unsafe_code)]

pub mod boards;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diag;
pub mod emit;
pub mod eval;
#[cfg(feature = "quantize")]
mod fit;
pub mod front;
pub mod ir;
pub mod lower;
#[cfg(feature = "measure")]
pub mod measure;
pub mod options;
pub mod output;
pub mod passes;
pub mod pipeline;
pub mod plan;
pub mod prepare;
#[cfg(feature = "quantize")]
pub mod prune;
#[cfg(feature = "quantize")]
pub mod quantize;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "quantize")]
pub mod samples;
#[cfg(feature = "cli")]
pub mod scaffold;
pub mod script;
pub mod text;
pub mod valid;

pub use options::{Bytes, CoreClass, Optimize, Options, Placement, Reference};
pub use script::Builder;
