tinybake::include_model!(pub mod totals = "models/unsupported_op.tflite");

fn main() {}
