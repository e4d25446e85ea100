//! Quantization-aware training: what is exported computes what was trained.

use crate::drawn::digits;
use crate::{SMALL, files, folder, program, text};
use std::sync::Arc;
use tinybake_codegen::front::safetensors::{Layout, read, write};
use tinybake_codegen::ir::{Data, Graph};
use tinybake_codegen::options::Reference;
use tinybake_codegen::pipeline;
use tinybake_codegen::script::Files;
use tinybake_train::checkpoint::State;
use tinybake_train::data::Samples;
use tinybake_train::initial::from_topology;
use tinybake_train::network::Network;
use tinybake_train::parameters::Parameters;
use tinybake_train::quantized::{self, quantized};
use tinybake_train::trainer::{Next, Settings, evaluate, train};

fn settings(epochs: usize, rate: f64) -> Settings {
    Settings { epochs, batch: 32, rate, decay: 1e-4, seed: 1, patience: None }
}

fn trained(graph: &Graph, parameters: Parameters, samples: &Samples, settings: &Settings) -> Parameters {
    let (training, validation) = samples.split(0.2, 1).unwrap();
    let network = Network::new(graph).unwrap();
    let mut state = State::new(parameters);
    train(&network, &mut state, &training, &validation, None, settings, |_| Ok(Next::Go)).unwrap();
    state.chosen()
}

/// A network trained in floats, the samples that it was trained on, and others.
fn floats() -> (Graph, Samples, Samples) {
    let graph = from_topology(SMALL, "small", 1).unwrap();
    let samples = digits(1, 1000);
    let parameters = trained(&graph, Parameters::of_floats(&graph).unwrap(), &samples, &settings(6, 0.01));
    (parameters.export(&graph), samples, digits(2, 1000))
}

#[test]
fn int8_code_is_as_right_as_the_trained_network() {
    let (float, samples, held_out) = floats();
    let begun = quantized(&float, &samples).unwrap();
    let parameters = trained(&begun.graph, begun.parameters, &samples, &settings(2, 0.002));
    let network = Network::new(&begun.graph).unwrap();
    let faked = evaluate(&network, &parameters, &held_out).unwrap();
    let made = parameters.export(&begun.graph);
    let right = quantized::right(&made, &held_out, Reference::Tflm).unwrap();
    println!("fake-quantized {} right, int8 code {right}", faked.right);
    assert!(faked.accuracy > 0.6, "{faked:?}");
    // 0.2 points of 1000 samples.
    assert!(faked.right.abs_diff(right) <= 2, "{} of 1000 fake-quantized, {right} in int8", faked.right);
    let (bytes, topology) = write(&made, Layout::Torch).unwrap();
    let again = read(&bytes, Some(&topology), "small").unwrap();
    assert_eq!(quantized::right(&again, &held_out, Reference::Tflm).unwrap(), right);
    // An int8 model that is trained on begins as it is.
    let begun = quantized(&again, &samples).unwrap();
    let network = Network::new(&begun.graph).unwrap();
    assert!(evaluate(&network, &begun.parameters, &held_out).unwrap().right.abs_diff(right) <= 2);
}

#[test]
fn zeros_stay_zero_in_floats_and_in_int8() {
    let (mut float, samples, _) = floats();
    // One of two weights of every filter.
    let mut zeros = 0;
    for index in 0..float.nodes.len() {
        let Some(layer) = float.nodes[index].op.layer() else { continue };
        let weight = float.tensor(layer.filter).value.unwrap();
        if let Data::F32(values) = &mut Arc::make_mut(&mut float.weights[weight.0 as usize]).data {
            values.iter_mut().step_by(2).for_each(|value| *value = 0.0);
            zeros += values.len().div_ceil(2);
        }
    }
    let all = Parameters::of_floats(&float).unwrap().count();
    let mut parameters = Parameters::of_floats(&float).unwrap();
    parameters.keep_zeros(&float);
    assert_eq!(parameters.count(), all - zeros);
    let parameters = trained(&float, parameters, &samples, &settings(1, 0.01));
    let tuned = parameters.export(&float);
    let begun = quantized(&tuned, &samples).unwrap();
    let mut parameters = begun.parameters;
    parameters.keep_zeros(&begun.graph);
    let made = trained(&begun.graph, parameters, &samples, &settings(1, 0.002)).export(&begun.graph);
    for (graph, name) in [(&tuned, "floats"), (&made, "int8")] {
        for layer in graph.nodes.iter().filter_map(|node| node.op.layer()) {
            let zero: Vec<bool> = match graph.value(layer.filter) {
                Some(Data::F32(values)) => values.iter().map(|&value| value == 0.0).collect(),
                Some(Data::I8(values)) => values.iter().map(|&value| value == 0).collect(),
                other => panic!("{other:?}"),
            };
            assert!(zero.iter().step_by(2).all(|&zero| zero), "{name}: a zero became a weight");
            assert!(zero.iter().skip(1).step_by(2).any(|&zero| !zero), "{name}: no weight is left");
        }
    }
}

#[test]
fn the_program_writes_an_int8_model() {
    let folder = folder("qat");
    files(&folder, 600);
    let run = |arguments: &[&str]| {
        let output = program(&folder, arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let common = ["--data", "digits.safetensors", "--epochs", "2", "--format", "json"];
    run(&[&["train", "small.toml", "-o", "float.safetensors", "--learning-rate", "0.01"], &common[..]].concat());
    let tuned = ["finetune", "--model", "float.safetensors", "-o", "int8.safetensors", "--qat", "--layout", "torch"];
    let said: serde_json::Value = serde_json::from_str(&run(&[&tuned, &common[..]].concat())).unwrap();
    let (faked, integer) = (said["validation_accuracy"].as_f64().unwrap(), said["integer_accuracy"].as_f64().unwrap());
    assert!((faked - integer).abs() <= 1.0 / 60.0 + 1e-9, "{faked} {integer}");
    let output =
        program(&folder, &[&["finetune", "--model", "int8.safetensors", "-o", "again.safetensors"], &common[..]].concat())
            .output()
            .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("train::not_float") && text(&output).contains("int8.safetensors"), "{}", text(&output));
    let file = folder.join("int8.safetensors");
    let files = Files::read(&file).unwrap();
    pipeline::compile(&files.source("int8.safetensors"), &tinybake_codegen::Options::default()).unwrap();
}
