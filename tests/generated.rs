//! Generated code, built and run, equals what TensorFlow Lite Micro, or ONNX Runtime, recorded: on the host, and on every emulated
//! core that is installed.

mod common;

use common::Case;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::emit::Emitter;
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::plan::Plan;
use tinybake_codegen::{Interface, Optimize, Options, Reference};

/// Cores that the project promises.
const CORES: [&str; 5] = ["cortex-m0plus", "cortex-m4", "cortex-m33", "cortex-m55", "riscv32imc"];

/// Builds the cases into one image, runs it, and lists the cases that differ. `None` where the core is not installed.
fn unequal(cases: &[Case], on: &str, optimize: Optimize, samples: Option<usize>) -> Option<Vec<String>> {
    unequal_with(cases, on, &Options { optimize, ..Options::default() }, samples)
}

/// As [`unequal`], with options for any core.
fn unequal_with(cases: &[Case], on: &str, options: &Options, samples: Option<usize>) -> Option<Vec<String>> {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find(on).expect("a core of the table");
    if let Err(missing) = measure::available(&target) {
        assert!(missing.is_missing_tool(), "{missing}");
        println!("skipped: {on}: {missing}");
        return None;
    }
    let (options, optimize) = (Options { core: target.class(), ..options.clone() }, options.optimize);
    let plans: Vec<_> = cases.iter().map(|case| case.compile(&options).plan).collect();
    let programs: Vec<Program> = plans.iter().map(Program::of_plan).collect();
    let recorded: Vec<Samples> = cases
        .iter()
        .zip(&programs)
        .map(|(case, program)| {
            case.golden.samples(&program.inputs, samples).unwrap_or_else(|problem| panic!("{}: {problem}", case.name))
        })
        .collect();
    let batch: Vec<(&Program, &Samples)> = programs.iter().zip(&recorded).collect();
    let measuring = measure::Options {
        size: optimize == Optimize::Size,
        directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure"),
        ..measure::Options::default()
    };
    let runs = measure::run_many(&batch, &target, &measuring).unwrap_or_else(|problem| panic!("{on}: {problem}"));
    let mut wrong = Vec::new();
    for (((case, plan), program), run) in cases.iter().zip(&plans).zip(&programs).zip(&runs) {
        let engine = options.reference.map_or(case.engine(), Reference::name);
        let found = measure::compare(run, &program.outputs, &case.golden, engine)
            .unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
        if found.unequal > 0 {
            wrong.push(format!(
                "{}: {} of {} differ, by up to {}",
                case.name, found.unequal, found.elements, found.max_difference
            ));
        }
        if let (Some(instructions), Some(stack)) = (run.instructions, run.stack_bytes) {
            let bound = run.stack_bound_bytes.unwrap_or(0);
            println!(
                "{on} {optimize} {}: {} instructions, RAM {}, stack {stack} of {bound}",
                case.name, instructions.mean, run.ram_bytes
            );
            let planned = plan.stack_bytes(target.class()) as u64;
            if bound != planned {
                wrong.push(format!("{}: STACK_BYTES is {bound}, where the plan says {planned}", case.name));
            }
            if stack > bound {
                wrong.push(format!("{}: {stack} bytes of stack, where STACK_BYTES is {bound}", case.name));
            }
        }
    }
    Some(wrong)
}

fn equal(cases: &[Case], on: &str, samples: Option<usize>) {
    for optimize in [Optimize::Size, Optimize::Speed] {
        if let Some(wrong) = unequal(cases, on, optimize, samples) {
            assert!(wrong.is_empty(), "{on} {optimize}: {} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
        }
    }
}

/// Checks every core, on all processors.
fn on_every_core(check: impl Fn(&str) + Sync) {
    let waiting = Mutex::new(CORES.iter());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(core) = next else { break };
                    check(core);
                }
            });
        }
    });
}

/// Recordings of float32 are met by code whose interface is of integers, too: inputs are quantized as the model does, and outputs
/// dequantized.
#[test]
fn float_recordings_are_met_through_an_integer_interface() {
    let options = Options { interface: Interface::Int8, ..Options::default() };
    // Those that have more than integers at their ends, and no other operator there.
    let dropped = |case: &Case| {
        let ends = |options: &Options| {
            let plan = case.try_compile(options).ok()?.plan;
            Some(plan.inputs.iter().chain(&plan.outputs).map(|port| port.dtype).collect::<Vec<_>>())
        };
        ends(&options).is_some_and(|integers| Some(integers) != ends(&Options::default()))
    };
    let cases: Vec<Case> = common::conformance().into_iter().chain(quantized_onnx()).filter(dropped).collect();
    assert!(cases.len() >= 20, "{}", cases.len());
    let few: Vec<Case> = cases.into_iter().step_by(3).collect();
    let wrong = unequal_with(&few, "host", &options, Some(8)).expect("this computer");
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), few.len(), wrong.join("\n"));
}

/// Recorded quantized ONNX cases, in the order of generated code.
fn quantized_onnx() -> Vec<Case> {
    common::quantized_onnx().iter().map(Case::turned).collect()
}

#[test]
fn quantized_onnx_cases_on_the_host() {
    equal(&quantized_onnx(), "host", None);
}

#[test]
fn quantized_onnx_cases_on_every_core() {
    let cases = quantized_onnx();
    on_every_core(|core| equal(&cases, core, Some(2)));
}

/// The kernels that generated code calls, by path.
fn called(plan: &Plan) -> BTreeSet<String> {
    let code = Emitter::default().emit(plan).items.to_string();
    let paths = code.split("kernels :: ").skip(1);
    paths.filter_map(|rest| Some(rest.split(['(', '&', ';', ')']).next()?.trim().to_owned())).collect()
}

/// Of the cases that LiteRT's default engine has run, those that call kernels, of whatever types, which no case before them calls.
fn of_every_kernel(optimize: Optimize) -> (Options, Vec<Case>) {
    let options = Options { reference: Some(Reference::Xnnpack), optimize, ..Options::default() };
    let mut seen = BTreeSet::new();
    let recorded = |case: &Case| case.golden.engines().iter().any(|engine| engine == "xnnpack");
    let new = |case: &Case| {
        let paths = case.try_compile(&options).map(|compiled| called(&compiled.plan)).unwrap_or_default();
        let before = seen.len();
        seen.extend(paths);
        seen.len() > before
    };
    let cases: Vec<Case> = common::conformance().into_iter().filter(recorded).filter(new).collect();
    (options, cases)
}

/// Every kernel that code for `xnnpack` calls is there, and computes what the evaluator does.
#[test]
fn kernels_of_xnnpack_on_the_host() {
    for optimize in [Optimize::Size, Optimize::Speed] {
        let (options, cases) = of_every_kernel(optimize);
        assert!(cases.len() >= 20, "{}", cases.len());
        let wrong = unequal_with(&cases, "host", &options, None).expect("this computer");
        assert!(wrong.is_empty(), "{optimize}: {} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    }
}

/// Public models, of TensorFlow Lite and quantized ONNX.
fn public() -> Vec<Case> {
    let onnx = common::shared_onnx();
    common::shared().into_iter().chain(onnx.iter().map(Case::turned)).collect()
}

#[test]
fn conformance_cases_on_the_host() {
    equal(&common::conformance(), "host", None);
}

#[test]
fn conformance_cases_on_every_core() {
    let cases = common::conformance();
    on_every_core(|core| equal(&cases, core, Some(2)));
}

#[test]
fn public_models_on_the_host() {
    equal(&public(), "host", None);
}

#[test]
fn public_models_on_every_core() {
    let cases = public();
    on_every_core(|core| cases.iter().for_each(|case| equal(std::slice::from_ref(case), core, Some(2))));
}
