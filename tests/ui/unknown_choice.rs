tinybake::include_model!(mod large = "models/large.tflite", optimize = "tiny");

fn main() {}
