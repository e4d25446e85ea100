//! Generated code compiles where users are strictest.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused, clippy::all)]

::tinybake::include_model!(
    /// A picture with a border.
    mod large = "models/large.tflite", optimize = "size"
);

fn main() {
    let mut model = large::Model::new();
    model.input_mut()[0] = 7;
    ::core::assert!(model.run()[163 * 2] == 7);
}
