//! What generated code promises, looked for in images linked for every core whose Rust target is installed: no panic, no floats
//! in software, no allocator, and a `Model` of `RAM_BYTES`. `measure/tests.rs` shows that breaches of each kind are found.

mod common;

use common::Case;
use std::path::{Path, PathBuf};
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::measure::{self, Breaches, MeasureError, Program};
use tinybake_codegen::pipeline::compile;
use tinybake_codegen::plan::Plan;
use tinybake_codegen::script::Files;
use tinybake_codegen::{Optimize, Options};

/// A core of each Rust target, and of each kind of assembly in the runtime.
const CORES: [&str; 7] = ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m33", "cortex-m55", "riscv32imc", "riscv32imac"];

fn measuring(optimize: Optimize) -> measure::Options {
    measure::Options {
        size: optimize == Optimize::Size,
        directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure"),
        ..measure::Options::default()
    }
}

fn digits(options: &Options) -> Plan {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits.tflite");
    let files = Files::read(&model).expect("the model of the examples");
    compile(&files.source("digits.tflite"), options).expect("the digits model compiles").plan
}

/// Links the programs of each group into one image; the first breach is told with its program, which is then linked alone.
fn hold(on: &str, optimize: Optimize, models: &[Case]) {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find(on).expect("a core of the table");
    if let Err(missing) = measure::installed(&target) {
        assert!(missing.is_missing_tool(), "{missing}");
        println!("skipped: {on}: {missing}");
        return;
    }
    let options = Options { optimize, core: target.class(), ..Options::default() };
    let mut plans: Vec<(String, Plan)> = models.iter().map(|case| (case.name.clone(), case.compile(&options).plan)).collect();
    plans.push(("digits".into(), digits(&options)));
    let programs: Vec<(&str, bool, Program)> =
        plans.iter().map(|(name, plan)| (name.as_str(), plan.computes_in_floats(), Program::of_plan(plan))).collect();
    let look = |programs: &[&Program]| {
        measure::breaches(programs, &target, &measuring(optimize)).unwrap_or_else(|problem| panic!("{on}: {problem}"))
    };
    for floats in [false, true] {
        let group: Vec<_> = programs.iter().filter(|(_, own, _)| *own == floats).collect();
        let texts: Vec<&Program> = group.iter().map(|(_, _, program)| program).collect();
        let together = if texts.is_empty() { continue } else { look(&texts) };
        if together.none(floats) {
            continue;
        }
        let broken = group.iter().map(|(name, _, program)| (name, look(&[program])));
        let broken: Vec<(&&str, Breaches)> = broken.filter(|(_, found)| !found.none(floats)).collect();
        panic!("{on} {optimize}: {together:#?}; alone: {broken:#?}");
    }
}

/// Every fifth case of each operator, so that every kernel is there.
fn spread() -> Vec<Case> {
    let cases = common::conformance();
    let folder = |case: &Case| case.model.parent().map(Path::to_owned);
    cases.chunk_by(|a, b| folder(a) == folder(b)).flat_map(|group| group.iter().step_by(5).cloned()).collect()
}

#[test]
fn conformance_cases_hold_what_is_promised() {
    let cases = spread();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for core in CORES {
        hold(core, Optimize::Size, &cases);
        hold(core, Optimize::Speed, &cases);
    }
}

#[test]
fn public_models_hold_what_is_promised() {
    let cases = common::shared();
    if cases.is_empty() {
        return;
    }
    for core in CORES {
        hold(core, Optimize::Size, &cases);
        hold(core, Optimize::Speed, &cases);
    }
}

#[test]
fn a_wrong_size_of_the_model_does_not_build() {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").expect("a core of the table");
    if let Err(missing) = measure::installed(&target) {
        println!("skipped: {missing}");
        return;
    }
    let plan = digits(&Options { core: target.class(), ..Options::default() });
    let mut program = Program::of_plan(&plan);
    let line = format!("pub const RAM_BYTES: usize = {};", plan.ram_bytes());
    assert!(program.source.contains(&line));
    program.source = program.source.replace(&line, &line.replace(&plan.ram_bytes().to_string(), "1"));
    let problem = measure::breaches(&[&program], &target, &measuring(Optimize::Speed)).expect_err("the assertion fails");
    assert!(matches!(&problem, MeasureError::Build { log, .. } if log.contains("assertion failed")), "{problem}");
}
