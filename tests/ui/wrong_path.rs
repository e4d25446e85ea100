tinybake::include_model!("models/missing.tflite");

fn main() {}
