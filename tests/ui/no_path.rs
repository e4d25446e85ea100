tinybake::include_model!(pub mod large);

fn main() {}
