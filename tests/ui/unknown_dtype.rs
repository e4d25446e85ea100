tinybake::include_model!("models/unknown_dtype.safetensors");

fn main() {}
