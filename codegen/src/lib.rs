//! The compiler of tinybake: reads a trained, quantized network and writes specialized `no_std` Rust.
//!
//! Build scripts use [`Builder`]:
//!
//! ```no_run
//! use tinybake_codegen::{Builder, Optimize};
//!
//! # fn main() -> Result<(), tinybake_codegen::diag::Diagnostics> {
//! Builder::new("models/kws.tflite").target_from_env().optimize(Optimize::Speed).build()?; // writes OUT_DIR/kws.rs
//! # Ok(())
//! # }
//! ```
//!
//! The macro `tinybake::include_model!` and the program `tinybake` (feature `cli`) call the same function, [`pipeline::compile`].
//! Modules that are not listed here are stages of the compiler, public for the crates of the project and without a promise of stability.
#![forbid(unsafe_code)]

pub mod boards;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod diag;
#[doc(hidden)]
pub mod emit;
#[doc(hidden)]
pub mod eval;
#[cfg(feature = "quantize")]
mod fit;
#[doc(hidden)]
pub mod front;
#[doc(hidden)]
pub mod ir;
#[cfg(feature = "guard")]
#[doc(hidden)]
pub mod json;
#[cfg(feature = "quantize")]
pub mod judge;
#[doc(hidden)]
pub mod lower;
#[cfg(feature = "measure")]
#[doc(hidden)]
pub mod measure;
pub mod nearest;
pub mod options;
#[doc(hidden)]
pub mod output;
#[cfg(feature = "quantize")]
mod parallel;
#[doc(hidden)]
pub mod passes;
pub mod pipeline;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod prepare;
#[cfg(feature = "quantize")]
pub mod prune;
#[cfg(feature = "quantize")]
pub mod quantize;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "quantize")]
pub mod samples;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod scaffold;
pub mod script;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod valid;

pub use options::{Bytes, CoreClass, Interface, Optimize, Options, Placement, Reference};
pub use script::Builder;
