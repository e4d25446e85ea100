tinybake::include_model!("models/missing_tensor.safetensors");

fn main() {}
