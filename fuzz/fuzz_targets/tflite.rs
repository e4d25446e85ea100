//! TensorFlow Lite files through the whole compiler. The conformance models are good seeds:
//! `cargo +nightly fuzz run tflite fuzz/corpus/tflite tests/data/conformance/*/`.
#![no_main]

#[path = "../../tests/hostile/drive.rs"]
mod drive;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = drive::drive(bytes, None);
});
