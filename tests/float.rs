//! The host's evaluation of float graphs agrees with LiteRT, and with ONNX Runtime, to `1e-4`.

mod common;

use common::Case;
use std::path::{Path, PathBuf};
use tinybake_codegen::eval::float::Evaluator;
use tinybake_codegen::ir::Op;
use tinybake_codegen::measure::{self, Golden, Port, Run};
use tinybake_codegen::pipeline;
use tinybake_codegen::script::Files;

/// The greatest difference to the recording.
fn difference(case: &Case, engine: &str) -> f64 {
    let files = Files::read(&case.model).unwrap();
    let graph =
        pipeline::read(&files.source(&case.model.to_string_lossy())).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    let port = |id: &_| {
        let tensor = graph.tensor(*id);
        Port { accessor: String::new(), dtype: tensor.dtype, elements: tensor.shape.elements(), converted: None }
    };
    let (inputs, outputs): (Vec<Port>, Vec<Port>) =
        (graph.inputs.iter().map(port).collect(), graph.outputs.iter().map(port).collect());
    let mut golden = case.golden.clone();
    let mut turned = pipeline::turned_images(&files.source(&case.model.to_string_lossy()));
    if engine == "torch" {
        // A native model is NHWC, what PyTorch was given NCHW.
        turned.inputs = vec![true];
    }
    golden.channels_last(&turned.inputs, &turned.outputs);
    let evaluator = Evaluator::new(&graph).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    let samples = golden.samples(&inputs, None).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    let mut made = vec![Vec::new(); outputs.len()];
    for index in 0..samples.count {
        for (made, data) in made.iter_mut().zip(evaluator.run(&samples.sample(&inputs, index)).unwrap()) {
            made.extend(common::bytes(&data));
        }
    }
    let run = Run {
        samples: samples.count,
        outputs: made,
        instructions: None,
        ram_bytes: 0,
        stack_bytes: None,
        stack_bound_bytes: None,
        image: Default::default(),
    };
    measure::compare(&run, &outputs, &golden, engine).unwrap_or_else(|problem| panic!("{}: {problem}", case.name)).max_difference
}

fn agree(cases: &[Case], engine: &str) {
    let mut wrong = Vec::new();
    for case in cases {
        let difference = difference(case, engine);
        println!("{}: {difference:e}", case.name);
        if difference > 1e-4 {
            wrong.push(format!("{}: {difference:e}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ by more than 1e-4:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/float")
}

#[test]
fn operators_agree_with_litert() {
    let cases = common::cases(&root());
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    agree(&cases, "litert");
}

#[test]
fn onnx_operators_agree_with_onnx_runtime() {
    let cases = common::cases_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onnx"), "onnx");
    assert!(cases.len() >= 76, "only {} cases", cases.len());
    agree(&cases, "ort");
}

/// A network by PyTorch's exporter, and its `state_dict` with a topology written by hand.
#[test]
fn a_pytorch_network_agrees_with_pytorch() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torch");
    let golden = Golden::parse(&std::fs::read(root.join("cnn.golden.safetensors")).unwrap()).unwrap();
    let case = |file: &str| Case { name: file.into(), model: root.join(file), golden: golden.clone() };
    agree(&["cnn.onnx", "cnn.safetensors"].map(case), "torch");
}

/// Networks over images are read without a transpose.
#[test]
fn transposes_are_eliminated() {
    for name in ["graph_pytorch", "graph_residual", "graph_dynamic_reshape", "transpose_twice", "flatten_gemm", "squeeze"] {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/onnx/{name}.onnx"));
        let graph = pipeline::read(&Files::read(&model).unwrap().source(&model.to_string_lossy())).unwrap();
        let transposes = graph.nodes.iter().filter(|node| matches!(node.op, Op::Transpose { .. })).count();
        assert_eq!(transposes, 0, "{name}:\n{graph}");
    }
}

#[test]
fn public_models_agree_with_litert() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/mlperf-tiny");
    if !models.is_dir() {
        println!("skipped: ../shared/models/mlperf-tiny is not there, so no public float models are tested");
        return;
    }
    let case = |name: &str| Case {
        name: name.into(),
        model: models.join(format!("{name}.tflite")),
        golden: Golden::parse(&std::fs::read(root().join(format!("public/{name}.golden.safetensors"))).unwrap()).unwrap(),
    };
    agree(&["kws_ref_model_float32", "pretrainedResnet", "vww_96_float"].map(case), "litert");
}
