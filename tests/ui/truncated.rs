tinybake::include_model!("models/truncated.tflite");

fn main() {}
