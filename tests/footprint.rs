//! What models take on a Cortex-M4, read from the linked image with and without them.

mod common;

use common::Case;
use std::path::{Path, PathBuf};
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure::{self, Program};
use tinybake_codegen::{Optimize, Options};

/// Code and RAM of a model at `optimize = "size"`; `None` where the target is not installed.
fn at_size(case: &Case) -> Option<(u64, usize)> {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").expect("the core");
    if let Err(missing) = measure::available(&target) {
        println!("skipped: {missing}");
        return None;
    }
    let plan = case.compile(&Options { optimize: Optimize::Size, core: target.class(), ..Options::default() }).plan;
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
    let options = measure::Options { size: true, directory, ..measure::Options::default() };
    let footprint = measure::footprint(&Program::of_plan(&plan), &target, &options).unwrap_or_else(|problem| panic!("{problem}"));
    let model = footprint.model();
    println!(
        "{}: code {}, constants {} ({} of weights and tables), RAM {}",
        case.name,
        model.code,
        model.rodata,
        plan.weight_bytes(),
        plan.ram_bytes()
    );
    // Shapes and parameters of layers count as code: they are the model's own flash beyond its weights.
    Some((model.code + model.rodata.saturating_sub(plan.weight_bytes() as u64), plan.ram_bytes()))
}

#[test]
fn digits_are_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    let model = folder.join("digits.tflite");
    let golden = std::fs::read(folder.join("digits.test.safetensors")).expect("the recording");
    let golden = measure::Golden::parse(&golden).expect("a recording");
    if let Some((code, ram)) = at_size(&Case { name: "digits".into(), model, golden }) {
        assert!(code <= 6_000, "{code} bytes of code");
        assert!(ram <= 1_280, "{ram} bytes of RAM");
    }
}

#[test]
fn person_detect_is_small() {
    let cases = common::shared();
    for case in &cases {
        if let Some((code, ram)) = at_size(case) {
            assert!(code <= 12_000, "{}: {code} bytes of code", case.name);
            assert!(!case.name.contains("person_detect") || ram <= 60_000, "{ram} bytes of RAM");
        }
    }
}
