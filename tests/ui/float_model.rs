tinybake::include_model!("models/float_model.tflite");

fn main() {}
