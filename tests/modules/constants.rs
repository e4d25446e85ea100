//! The file of constants: each module has its own, and is compiled with no other.

use super::common::{self, Case};
use super::project::Project;
use safetensors::SafeTensors;
use std::fmt::Write;
use std::fs;
use tinybake_codegen::Options;
use tinybake_codegen::emit::{Blob, Blobs, Emitter};
use tinybake_codegen::ir::{DType, Data};
use tinybake_codegen::measure::Program;
use tinybake_codegen::output::Module;
use tinybake_codegen::text;

/// Two networks of one name and of the same shapes, with other weights.
fn networks() -> Vec<Case> {
    let cases: Vec<Case> = common::conformance()
        .into_iter()
        .filter(|case| ["palettized/separable_stack", "sparse/separable_stack"].contains(&case.name.as_str()))
        .collect();
    assert_eq!(cases.len(), 2);
    cases
}

#[test]
fn every_module_has_its_own_constants_and_is_compiled_with_no_others() {
    let project = Project::new("constants");
    let mut main = String::from("#![deny(warnings)]\n");
    let (mut calls, mut blobs) = (String::new(), Vec::new());
    for (index, case) in networks().iter().enumerate() {
        let plan = case.compile(&Options::default()).plan;
        let emitted = Emitter { blobs: Blobs::Beside { least: 512 }, ..Emitter::default() }.emit(&plan);
        let (text, path) = (text::file(&emitted), project.source(&format!("net{index}.rs")));
        let blob = emitted.blob.expect("constants of 512 bytes");
        Module { path: &path, text: &text, constants: Some(&blob) }.write(&[]).expect("the module is written");
        blobs.push(blob);
        let _ = writeln!(main, "mod net{index} {{ include!(\"net{index}.rs\"); }}");
        let program = Program::of_plan(&plan);
        let sample = case.samples(&program).remove(0).remove(0);
        let _ = writeln!(calls, "println!(\"{{:?}}\", net{index}::Model::new().infer(&{:?}));", elements(&sample));
    }
    fs::write(project.source("main.rs"), format!("{main}fn main() {{ {calls} }}\n")).expect("the program");
    let built = project.cargo("run");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let printed = String::from_utf8_lossy(&built.stdout).into_owned();
    let expected: Vec<String> = networks().iter().map(recorded).collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    // The file is for the compiler: only the statics are linked.
    let image = fs::read(project.program()).expect("the program");
    assert!(!image.windows(Blob::MAGIC.len()).any(|window| window == Blob::MAGIC));
    // Another network's constants, the same with a byte changed in the middle, and cut short.
    let own = &blobs[0];
    let mut changed = own.bytes.clone();
    changed[own.bytes.len() / 2] ^= 1;
    let short = own.bytes[..own.bytes.len() - 128].to_vec();
    for (wrong, name) in [(&blobs[1].bytes, "another's"), (&changed, "changed"), (&short, "short")] {
        fs::write(project.source(&own.file), wrong).expect("the constants");
        let refused = project.cargo("check");
        let log = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{name}");
        assert!(log.contains("is not the file that this module was generated with"), "{name}: {log}");
    }
    fs::write(project.source(&own.file), &own.bytes).expect("the constants");
    assert!(project.cargo("check").status.success());
}

fn elements(data: &Data) -> Vec<i8> {
    match data {
        Data::I8(elements) => elements.clone(),
        other => panic!("inputs of {}", other.dtype().name()),
    }
}

/// The first recorded output, as the program prints it.
fn recorded(case: &Case) -> String {
    let port = &case.compile(&Options::default()).plan.outputs[0];
    assert_eq!(port.dtype, DType::I8);
    let file = fs::read(case.model.with_extension("golden.safetensors")).expect("the recording");
    let file = SafeTensors::deserialize(&file).expect("a recording");
    let all = file.tensor(&format!("output.0.{}", case.engine())).expect("recorded outputs").data();
    format!("{:?}", all[..port.elements()].iter().map(|&byte| byte as i8).collect::<Vec<_>>())
}
