//! One reader per format: untrusted bytes to a [`Graph`](crate::ir::Graph).

pub mod format;
pub mod onnx;
pub mod safetensors;
pub mod tflite;
