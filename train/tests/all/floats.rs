//! What is trained is what `codegen` evaluates: all activations agree to 1e-5, for recorded models of all operators.

use std::path::{Path, PathBuf};
use tinybake_codegen::eval::float::Evaluator;
use tinybake_codegen::ir::{Data, Graph, Op};
use tinybake_codegen::pipeline;
use tinybake_codegen::script::Files;
use tinybake_train::network::{Network, inference_device};
use tinybake_train::parameters::Parameters;
use tinybake_train::random::Random;

const SAMPLES: usize = 3;

/// The greatest difference between the two on random inputs, against the largest value of the tensor where that is above 1.
fn difference(graph: &Graph) -> f64 {
    let network = Network::new(graph).unwrap();
    let parameters = Parameters::of_floats(graph).unwrap();
    let mut random = Random::new(5, 0);
    let inputs: Vec<Vec<f32>> = graph
        .inputs
        .iter()
        .map(|&id| (0..SAMPLES * graph.tensor(id).shape.elements()).map(|_| random.between(-2.0, 2.0) as f32).collect())
        .collect();
    let pass = network.run(&parameters, &inputs, SAMPLES, &inference_device());
    let evaluator = Evaluator::new(graph).unwrap();
    let mut greatest = 0f64;
    for sample in 0..SAMPLES {
        let one = |values: &Vec<f32>| {
            let size = values.len() / SAMPLES;
            Data::F32(values[sample * size..(sample + 1) * size].to_vec())
        };
        let expected = evaluator.run_all(&inputs.iter().map(one).collect::<Vec<_>>()).unwrap();
        for &id in graph.nodes.iter().flat_map(|node| &node.outputs) {
            let Some(Data::F32(expected)) = &expected[id.0 as usize] else { panic!("`{}` is no float", graph.tensor(id).name) };
            let made = pass.value(id).unwrap().try_into_vec_as::<f32>().unwrap();
            assert_eq!(made.len(), SAMPLES * expected.len(), "{}", graph.tensor(id).name);
            let made = &made[sample * expected.len()..(sample + 1) * expected.len()];
            let largest = expected.iter().fold(1f32, |largest, value| largest.max(value.abs()));
            for (made, expected) in made.iter().zip(expected) {
                greatest = greatest.max(f64::from((made - expected).abs() / largest));
            }
        }
    }
    greatest
}

fn read(file: &Path) -> Graph {
    pipeline::read(&Files::read(file).unwrap().source(&file.to_string_lossy())).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn recorded_models_compute_what_codegen_evaluates() {
    let mut files: Vec<PathBuf> = ["tests/data/float", "tests/data/onnx"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "tflite" || extension == "onnx"))
        .collect();
    files.sort();
    let (mut compared, mut refused) = (0, Vec::new());
    for file in &files {
        let graph = read(file);
        match Network::new(&graph) {
            Ok(_) => {
                let difference = difference(&graph);
                assert!(difference <= 1e-5, "{}: {difference:e}", file.display());
                compared += 1;
            }
            Err(problems) => {
                assert!(problems.0.iter().all(|one| one.code == "train::untrainable" && one.place.op.is_some()), "{problems}");
                refused.push(graph);
            }
        }
    }
    assert!(compared > 80, "{compared} of {} models were compared", files.len());
    let allowed = |op: &Op| matches!(op, Op::TransposeConv { .. } | Op::ArgMax { .. } | Op::Shape { .. } | Op::Resize { .. });
    for graph in &refused {
        let hybrid = graph
            .nodes
            .iter()
            .any(|node| node.op.layer().is_some_and(|layer| matches!(graph.value(layer.filter), Some(Data::I8(_)))));
        let deep = graph.tensors.iter().any(|tensor| tensor.shape.rank() > 4);
        assert!(hybrid || deep || graph.nodes.iter().any(|node| allowed(&node.op)), "{}", graph.name);
    }
}

#[test]
fn the_float_digits_compute_what_codegen_evaluates() {
    let difference = difference(&read(&root().join("examples/models/digits-float.safetensors")));
    assert!(difference <= 1e-5, "{difference:e}");
}

#[test]
fn an_op_without_a_gradient_is_named() {
    let graph = read(&root().join("tests/data/float/arg_max.tflite"));
    let problems = Network::new(&graph).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("arg_max") && text.contains("operator 0") && text.contains("train::untrainable"), "{text}");
}
