//! What every stage makes of the digits model: a change of graph, memory, kernel or emitted text shows as a diff.
//!
//! `INSTA_UPDATE=always cargo test --test snapshots` accepts a change.

use std::path::Path;
use tinybake_codegen::emit::{Blobs, Emitter};
use tinybake_codegen::pipeline::{Compiled, compile};
use tinybake_codegen::script::Files;
use tinybake_codegen::{CoreClass, Optimize, Options, text};

fn digits(optimize: Optimize) -> Compiled {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits.tflite");
    let files = Files::read(&model).expect("the model");
    let options = Options { optimize, core: CoreClass::Dsp, ..Options::default() };
    compile(&files.source("digits.tflite"), &options).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn graph() {
    insta::assert_snapshot!(digits(Optimize::Size).graph);
}

#[test]
fn plans() {
    for optimize in [Optimize::Size, Optimize::Speed, Optimize::Balanced] {
        insta::assert_snapshot!(format!("plan_{optimize}"), digits(optimize).plan);
    }
}

#[test]
fn source() {
    // Weights go into files, so that the text is what a person reads.
    let emitted = Emitter { blobs: Blobs::Beside { least: 1 }, ..Emitter::default() }.emit(&digits(Optimize::Size).plan);
    insta::assert_snapshot!(text::file(&emitted));
}
