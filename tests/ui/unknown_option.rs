tinybake::include_model!(mod large = "models/large.tflite", optimise = "size");

fn main() {}
