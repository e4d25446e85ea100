//! TensorFlow Lite flatbuffers.
