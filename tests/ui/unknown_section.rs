tinybake::include_model!(mod large = "models/large.tflite", weights_section = "two words");

fn main() {}
