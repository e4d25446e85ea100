//! Every case equals what TensorFlow Lite Micro recorded, on the host through the evaluator.

mod common;

use common::Case;
use tinybake_codegen::measure::{Golden, Program, Run};
use tinybake_codegen::options::Passes;
use tinybake_codegen::script::Files;
use tinybake_codegen::{Options, Reference, eval, measure, pipeline};

/// Evaluates a case and returns how its outputs compare with those of `engine`.
fn compare(case: &Case, options: &Options, engine: &str) -> measure::Comparison {
    let compiled = case.compile(options);
    let program = Program::of_plan(&compiled.plan);
    let mut outputs = vec![Vec::new(); program.outputs.len()];
    let samples = case.samples(&program);
    for sample in &samples {
        let results = eval::run(&compiled.program, sample).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
        for (output, result) in outputs.iter_mut().zip(&results) {
            output.extend(common::bytes(result));
        }
    }
    let run = Run {
        samples: samples.len(),
        outputs,
        instructions: None,
        ram_bytes: 0,
        stack_bytes: None,
        stack_bound_bytes: None,
        image: Default::default(),
    };
    let golden: &Golden = &case.golden;
    measure::compare(&run, &program.outputs, golden, engine).unwrap_or_else(|problem| panic!("{}: {problem}", case.name))
}

fn all_equal(cases: &[Case], options: &Options, engine: &str) {
    let mut wrong = Vec::new();
    for case in cases {
        match std::panic::catch_unwind(|| compare(case, options, engine)) {
            Ok(found) if found.unequal > 0 => wrong.push(format!(
                "{}: {} of {} differ, by up to {}",
                case.name, found.unequal, found.elements, found.max_difference
            )),
            Ok(_) => {}
            Err(_) => wrong.push(format!("{}: panicked", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn conformance_cases_equal_tflm() {
    let cases = common::conformance();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    all_equal(&cases, &Options::default(), "tflm");
}

#[test]
fn conformance_cases_equal_tflm_without_passes() {
    all_equal(&common::conformance(), &Options { passes: Passes::None, ..Options::default() }, "tflm");
}

#[test]
fn public_models_equal_tflm() {
    all_equal(&common::shared(), &Options::default(), "tflm");
}

/// Every operator, and small graphs; what is computed otherwise here is refused by name.
#[test]
fn conformance_cases_equal_xnnpack() {
    let options = Options { reference: Some(Reference::Xnnpack), ..Options::default() };
    let recorded = |case: &Case| case.golden.engines().iter().any(|engine| engine == "xnnpack");
    let cases = common::conformance().into_iter().filter(recorded);
    let (refused, cases): (Vec<Case>, Vec<Case>) = cases.partition(|case| case.refused(&options));
    for case in &refused {
        println!("refused: {}", case.name);
    }
    assert!(cases.len() >= 600, "only {} cases", cases.len());
    all_equal(&cases, &options, "xnnpack");
}

/// With and without the passes, which take dead channels out.
#[test]
fn networks_of_mcunet_equal_their_engines() {
    all_equal(&common::mcunet(), &Options { reference: Some(Reference::Xnnpack), ..Options::default() }, "xnnpack");
    all_equal(&common::mcunet(), &Options::default(), "tflm");
    all_equal(&common::mcunet(), &Options { passes: Passes::None, ..Options::default() }, "tflm");
}

/// The recordings of LiteRT's default engine; it refuses some older files that TFLM runs.
#[test]
fn public_models_equal_xnnpack() {
    let recorded = |case: &Case| case.golden.engines().iter().any(|engine| engine == "xnnpack");
    let cases: Vec<Case> = common::shared().into_iter().filter(recorded).collect();
    all_equal(&cases, &Options { reference: Some(Reference::Xnnpack), ..Options::default() }, "xnnpack");
}

/// Those of the situations from public reports, where the maintainers' folder of them is there.
fn reports(wanted: &[&str]) -> Vec<Case> {
    let named = |case: &Case| wanted.iter().any(|name| case.name == format!("cases/{name}"));
    let cases: Vec<Case> = common::reports().into_iter().filter(named).collect();
    assert!(cases.is_empty() || cases.len() == wanted.len(), "{} of {}", cases.len(), wanted.len());
    cases
}

#[test]
fn cases_of_reports_equal_tflm() {
    let cases = reports(&["k4_i16_fc_nobias_bias32", "tflm-compression-decode_ops"]);
    all_equal(&cases, &Options::default(), "tflm");
}

/// Models that TensorFlow Lite Micro does not run, or runs wrong; where its rounding of fully connected layers and that of LiteRT's
/// reference kernels come to other outputs, LiteRT's default engine is the one to equal.
#[test]
fn cases_of_reports_equal_litert() {
    let cases = reports(&["dilated-conv1d-dw2", "rnn-lstm_u_None", "tf-ops-argmax64"]);
    all_equal(&cases, &Options::default(), "litert_ref");
    let xnnpack = Options { reference: Some(Reference::Xnnpack), ..Options::default() };
    all_equal(&reports(&["rank3-b1-rank3_open"]), &xnnpack, "xnnpack");
}

/// Several images, of which a kernel with a window would compute the first: refused, whatever the format.
#[test]
fn batches_are_refused() {
    let wanted = ["cases/k2_resize_batch2", "cases/tf-ops-conv_b4"];
    for case in common::reports().into_iter().filter(|case| wanted.contains(&case.name.as_str())) {
        let files = Files::read(&case.model).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
        let compiled = pipeline::compile(&files.source("model.tflite"), &Options::default());
        let problems = compiled.expect_err(&case.name);
        assert_eq!(problems.0[0].code, "valid::batch", "{problems}");
    }
}

/// Networks whose batch the file leaves open. LiteRT's reference kernel of fully connected layers rounds once where TensorFlow Lite
/// Micro's rounds twice; on what is recorded of the two networks that have one, both come to the same.
#[test]
fn networks_of_an_open_batch_equal_litert() {
    let cases = common::open_batch();
    assert_eq!(cases.len(), 8);
    for passes in [Passes::All, Passes::None] {
        all_equal(&cases, &Options { passes, ..Options::default() }, "litert_ref");
    }
}
