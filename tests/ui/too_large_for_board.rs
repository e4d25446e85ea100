tinybake::include_model!(mod large = "models/large.tflite", target = "microbit-v1");

fn main() {}
