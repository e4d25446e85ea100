tinybake::include_model!(mod large = "models/large.tflite", target = "cortex-m44");

fn main() {}
