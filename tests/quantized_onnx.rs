//! Quantized ONNX on the host: what its kernels compute equals ONNX Runtime's outputs with graph optimizations off.

mod common;

use common::Case;
use tinybake_codegen::measure::{self, Program, Run};
use tinybake_codegen::{Options, eval};

/// Elements, those that differ, and the greatest difference.
fn compared(case: &Case) -> (usize, usize, f64) {
    let program = case.compile(&Options::default());
    let called = Program::of_plan(&program.plan);
    let case = case.turned();
    let samples = case.samples(&called);
    let mut outputs = vec![Vec::new(); called.outputs.len()];
    for inputs in &samples {
        let made = eval::run(&program.program, inputs).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
        outputs.iter_mut().zip(&made).for_each(|(output, data)| output.extend(common::bytes(data)));
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
    let found =
        measure::compare(&run, &called.outputs, &case.golden, "ort").unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    (found.elements, found.unequal, found.max_difference)
}

#[test]
fn public_models_equal_onnx_runtime() {
    for case in common::shared_onnx() {
        let (elements, unequal, difference) = compared(&case);
        assert!(elements > 0 && unequal == 0, "{}: {unequal} of {elements} differ, by up to {difference}", case.name);
    }
}

#[test]
fn recorded_cases_equal_onnx_runtime() {
    let cases = common::quantized_onnx();
    assert!(cases.len() >= 260, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        match std::panic::catch_unwind(|| compared(case)) {
            Ok((_, 0, _)) => {}
            Ok((elements, unequal, difference)) => {
                wrong.push(format!("{}: {unequal} of {elements} differ, by up to {difference}", case.name));
            }
            Err(_) => wrong.push(format!("{}: panicked", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
