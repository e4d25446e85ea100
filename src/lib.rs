//! tinybake embeds a quantized neural network in firmware at compile time.
//!
//! ```
//! tinybake::include_model!(mod digits = "examples/models/digits.tflite");
//!
//! let mut model = digits::Model::new();                    // const and all zero: a static of it lies in .bss
//! model.input_mut().fill(-128);                            // int8[1, 8, 8, 1], written in place; -128 is a blank pixel
//! let scores: &[i8; 10] = model.run();                     // never allocates, parses or fails
//! let (digit, score) = tinybake::argmax(scores);
//! let probability = digits::OUTPUT.dequantize(score);      // scale * (score - zero_point)
//! assert!(digit < 10 && (0.0..=1.0).contains(&probability));
//! assert_eq!(digits::RAM_BYTES, size_of::<digits::Model>());
//! ```
//!
//! [`include_model!`] reads a TensorFlow Lite, ONNX or safetensors model when the crate is compiled. Weights become constant arrays, layers
//! become integer kernels for exactly their shapes, and all activations get fixed places in one static arena. Outputs equal those of the
//! reference engine (TensorFlow Lite Micro, LiteRT with XNNPACK, or ONNX Runtime) bit for bit.
//!
//! # The generated module
//!
//! | item | |
//! |---|---|
//! | `Model` | the network's memory; `new`, `input_mut`, `run`, `infer`, `output`; implements [`Model`] |
//! | `Input`, `Output` | fixed-size arrays, for example `[i8; 64]` |
//! | `INPUT`, `OUTPUT` | [`TensorInfo`]: name, shape, dtype, scale, zero point; quantizes and dequantizes |
//! | `RAM_BYTES`, `STACK_BYTES` | bytes of `Model`, and an upper bound of the stack of one inference |
//! | `WEIGHT_BYTES`, `MACS` | bytes of constants, and multiply-accumulates of one inference |
//! | `SOURCE_SHA256`, `REFERENCE` | digest of the model file, and the engine whose outputs are reproduced |
//!
//! Several inputs or outputs become several arguments and a tuple, named after the model's tensors.
//!
//! # Features
//!
//! - `fixed` (default): quantizes from and to the types of the crate `fixed`, without floating-point instructions. Adds eight crates to the
//!   build; `default-features = false` turns it off.
//! - `critical-section`: `take()` for models in a link section on cores without atomic swaps (Cortex-M0, RV32IMC).
//!
//! # Limits
//!
//! Float32 networks are quantized first, by `tinybake quantize`. Batches other than 1, dynamic shapes and operators with state are rejected
//! with a diagnostic at the path of the model.
#![no_std]
#![forbid(unsafe_code)]

pub use tinybake_macros::include_model;
pub use tinybake_runtime::*;
