//! Real models, where they are present.

use crate::front::tflite::read;
use std::path::Path;

/// Operators and input shape of each model.
const MODELS: [(&str, &str, &[usize]); 9] = [
    ("mlperf-tiny/ad01_int8", "10*fully_connected", &[1, 640]),
    ("mlperf-tiny/kws_ref_model", "5*conv2d 4*depthwise_conv2d average_pool2d reshape fully_connected softmax", &[1, 49, 10, 1]),
    (
        "mlperf-tiny/kws_ref_model_float32",
        "5*conv2d 4*depthwise_conv2d average_pool2d reshape fully_connected softmax",
        &[1, 49, 10, 1],
    ),
    ("mlperf-tiny/pretrainedResnet_quant", "9*conv2d 3*add average_pool2d reshape fully_connected softmax", &[1, 32, 32, 3]),
    ("mlperf-tiny/pretrainedResnet", "9*conv2d 3*add average_pool2d reshape fully_connected softmax", &[1, 32, 32, 3]),
    ("mlperf-tiny/vww_96_int8", "14*conv2d 13*depthwise_conv2d average_pool2d reshape fully_connected softmax", &[1, 96, 96, 3]),
    ("tflm/hello_world_int8", "3*fully_connected", &[1, 1]),
    ("tflm/micro_speech_quantized", "reshape depthwise_conv2d fully_connected softmax", &[1, 1960]),
    ("tflm/person_detect", "14*depthwise_conv2d 14*conv2d average_pool2d reshape softmax", &[1, 96, 96, 1]),
];

fn load(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models").join(format!("{name}.tflite"));
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {name} is absent");
    }
    bytes
}

/// Operators with their numbers, in the order of their first occurrence.
fn operators(graph: &crate::ir::Graph) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for node in &graph.nodes {
        match counts.iter_mut().find(|(name, _)| *name == node.op.name()) {
            Some((_, count)) => *count += 1,
            None => counts.push((node.op.name(), 1)),
        }
    }
    let parts = counts.iter().map(|(name, count)| if *count == 1 { (*name).to_string() } else { format!("{count}*{name}") });
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
fn real_models_read() {
    for (name, expected, shape) in MODELS {
        let Some(bytes) = load(name) else { continue };
        let graph = read(&bytes, name).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert_eq!(operators(&graph), expected, "{name}");
        assert_eq!(graph.tensor(graph.inputs[0]).shape.0, shape, "{name}");
        assert_eq!(read(&bytes, name).as_ref(), Ok(&graph), "{name}: reading twice differs");
    }
}

#[test]
fn a_bias_with_a_wrong_axis_keeps_its_scales() {
    let Some(bytes) = load("tflm/person_detect") else { return };
    let graph = read(&bytes, "person_detect").unwrap();
    let biases = graph.tensors.iter().filter(|tensor| tensor.dtype == crate::ir::DType::I32 && tensor.shape.rank() == 1);
    let mut count = 0;
    for bias in biases {
        let quantization = bias.quantization.as_ref().unwrap();
        assert_eq!((quantization.axis, quantization.scales.len()), (0, bias.shape.0[0]), "{}", bias.name);
        count += 1;
    }
    assert_eq!(count, 28);
}

#[test]
fn a_streaming_model_names_every_operator_that_is_missing() {
    let Some(bytes) = load("micro-wake-word/okay_nabu") else { return };
    let problems = read(&bytes, "okay_nabu").unwrap_err().0;
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "CALL_ONCE is not supported",
            "VAR_HANDLE is not supported (6 of them)",
            "READ_VARIABLE is not supported (6 of them)",
            "ASSIGN_VARIABLE is not supported (6 of them)",
        ]
    );
}
