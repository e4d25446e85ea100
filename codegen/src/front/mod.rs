//! One reader per format: untrusted bytes to a [`Graph`](crate::ir::Graph).

pub mod safetensors;
pub mod tflite;
