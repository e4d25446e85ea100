//! `tinybake quantize`: a float model in, a native int8 model out that the other commands take.

use super::{fields, folder, repository, run};
use safetensors::tensor::{Dtype, TensorView};
use std::path::Path;

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A data set of `count` seeded samples of `shape`, with labels where they are given.
pub(super) fn data(file: &Path, shape: &[usize], count: usize, labels: Option<&[i64]>) {
    let mut state = 1u32;
    let size: usize = shape.iter().product();
    let mut value = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 * 3.0 - 3.0
    };
    let inputs = floats(&(0..size * count).map(|_| value()).collect::<Vec<_>>());
    let shape: Vec<usize> = core::iter::once(count).chain(shape.iter().copied()).collect();
    let labels: Option<Vec<u8>> = labels.map(|labels| labels.iter().flat_map(|label| label.to_le_bytes()).collect());
    let mut views = vec![("input.0", TensorView::new(Dtype::F32, shape, &inputs).unwrap())];
    if let Some(labels) = &labels {
        views.push(("labels", TensorView::new(Dtype::I64, vec![labels.len() / 8], labels).unwrap()));
    }
    std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
}

fn model(name: &str) -> String {
    repository("tests/data/float").join(format!("{name}.tflite")).display().to_string()
}

#[test]
fn a_quantized_model_is_close_and_can_be_generated() {
    let folder = folder("quantize");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors").display().to_string());
    data(&samples, &[1, 12, 10, 1], 20, Some(&[3; 20]));
    let samples = samples.display().to_string();
    let ran = run(&["quantize", &model("graph_separable"), "--data", &samples, "-o", &out, "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = ran.json();
    let expected = [
        "calibration_samples",
        "evaluated_on",
        "file",
        "float_correct",
        "layers",
        "mean_squared_error",
        "model",
        "outliers",
        "outputs",
        "quantized_correct",
        "r2",
        "recipe",
        "same_argmax",
        "samples",
        "task",
        "task_reason",
        "tensors",
        "topology",
        "tried",
        "warnings",
    ];
    assert_eq!(fields(&report), expected);
    // Four ways to pick ranges, with and without corrected biases, and fitted weights.
    assert_eq!((report["samples"].as_u64(), report["tried"].as_array().map(Vec::len)), (Some(20), Some(12)));
    assert_eq!((report["calibration_samples"].as_u64(), report["task"].as_str()), (Some(20), Some("classification")));
    assert!(report["mean_squared_error"].as_f64().unwrap() < 1e-4, "{report}");
    assert!(report["same_argmax"].as_u64().unwrap() >= 18, "{report}");
    assert!(report["float_correct"].is_u64() && report["quantized_correct"].is_u64());
    let generated = folder.join("out.rs").display().to_string();
    let generate = run(&["generate", &out, "-o", &generated]);
    assert_eq!(generate.code, Some(0), "{}", generate.stderr);
    let asked = ["--ranges", "percentile:99.9", "--equalize", "off", "--correct-biases", "on"];
    let ran = run(&[&["quantize", &model("graph_residual"), "--calibration", &samples, "-o", &out][..], &asked].concat());
    assert_eq!(ran.code, Some(2), "the samples are another model's");
}

#[test]
fn sixteen_bits_are_closer_and_can_be_generated() {
    let folder = folder("quantize_int16");
    let samples = folder.join("data.safetensors");
    data(&samples, &[1, 12, 10, 1], 20, None);
    let samples = samples.display().to_string();
    let quantized = |activations: &str| {
        let out = folder.join(format!("{activations}.safetensors")).display().to_string();
        let asked = ["--activations", activations, "--format", "json"];
        let ran = run(&[&["quantize", &model("graph_separable"), "--data", &samples, "-o", &out][..], &asked].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        (ran.json(), out)
    };
    let ((narrow, _), (wide, out)) = (quantized("int8"), quantized("int16"));
    let error = |report: &serde_json::Value| report["mean_squared_error"].as_f64().unwrap();
    assert!(error(&wide) < error(&narrow) / 2.0, "{wide} and {narrow}");
    let tensors = wide["tensors"].as_array().unwrap();
    assert!(tensors.iter().all(|tensor| tensor["zero_point"] == 0), "{wide}");
    let generated = folder.join("out.rs").display().to_string();
    let generate = run(&["generate", &out, "-o", &generated]);
    assert_eq!(generate.code, Some(0), "{}", generate.stderr);
    assert!(std::fs::read_to_string(&generated).unwrap().contains("::kernels::int16::"));
    // TensorFlow Lite Micro has no hard_swish of 16 bits.
    data(Path::new(&samples), &[1, 8, 8, 3], 4, None);
    let asked = ["--activations", "int16", "--format", "json"];
    let ran = run(&[&["quantize", &model("graph_residual"), "--data", &samples, "-o", &out][..], &asked].concat());
    assert_eq!((ran.code, ran.stderr.contains("valid::dtype")), (Some(2), true), "{}", ran.stderr);
}

#[test]
fn branches_and_functions_are_quantized() {
    let folder = folder("quantize_residual");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors").display().to_string());
    data(&samples, &[1, 8, 8, 3], 12, None);
    let samples = samples.display().to_string();
    let asked = ["--ranges", "min-max", "--equalize", "off", "--correct-biases", "on", "--layout", "torch", "--format", "json"];
    let ran = run(&[&["quantize", &model("graph_residual"), "--calibration", &samples, "-o", &out][..], &asked].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["recipe"]["ranges"].as_str(), Some("min-max"));
    assert!(report["mean_squared_error"].as_f64().unwrap() < 1e-3, "{report}");
    assert_eq!(run(&["inspect", &out]).code, Some(0));
}

#[test]
fn data_that_does_not_fit_is_named() {
    let folder = folder("quantize_data");
    let file = folder.join("data.safetensors");
    let out = folder.join("out.safetensors");
    let mut codes = Vec::new();
    let mut ask = || {
        let (data, out) = (file.display().to_string(), out.display().to_string());
        let ran = run(&["quantize", &model("graph_separable"), "--data", &data, "-o", &out, "--format", "json"]);
        assert_eq!(ran.code, Some(2));
        codes.extend(ran.diagnostics());
    };
    data(&file, &[1, 12, 10, 2], 3, None);
    ask();
    data(&file, &[1, 12, 10, 1], 0, None);
    ask();
    data(&file, &[1, 12, 10, 1], 2, Some(&[0, 6]));
    ask();
    data(&file, &[1, 12, 10, 1], 2, Some(&[0]));
    ask();
    let mut values = vec![0f32; 120];
    values[7] = f32::NAN;
    let bytes = floats(&values);
    let view = TensorView::new(Dtype::F32, vec![1, 1, 12, 10, 1], &bytes).unwrap();
    std::fs::write(&file, safetensors::serialize([("input.0", view)], None).unwrap()).unwrap();
    ask();
    std::fs::write(&file, b"nothing").unwrap();
    ask();
    let expected = ["shape", "empty", "label", "count", "not_finite", "syntax"].map(|name| format!("samples::{name}"));
    assert_eq!(codes, expected);
    assert!(!out.exists());
}

#[test]
fn a_pytorch_network_goes_all_the_way() {
    let folder = folder("quantize_torch");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors").display().to_string());
    let samples_file = samples.display().to_string();
    // ONNX takes images in its own order, the native format NHWC.
    for (file, shape) in [("cnn.onnx", [1, 3, 16, 16]), ("cnn.safetensors", [1, 16, 16, 3])] {
        data(&samples, &shape, 24, None);
        let model = repository("tests/data/torch").join(file).display().to_string();
        let ran = run(&["quantize", &model, "--data", &samples_file, "-o", &out, "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let report = ran.json();
        assert!(report["mean_squared_error"].as_f64().unwrap() < 1e-4, "{report}");
        assert_eq!(run(&["generate", &out, "-o", &folder.join("out.rs").display().to_string()]).code, Some(0));
    }
}

#[test]
fn a_network_of_1d_images_goes_all_the_way() {
    let folder = folder("quantize_line");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors").display().to_string());
    let samples_file = samples.display().to_string();
    let model = repository("tests/data/onnx/graph_line.onnx").display().to_string();
    let ask = |shape: &[usize]| {
        data(&samples, shape, 24, None);
        run(&["quantize", &model, "--data", &samples_file, "-o", &out])
    };
    // The file is NCW.
    assert_eq!(ask(&[1, 32, 3]).code, Some(2));
    let ran = ask(&[1, 3, 32]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(run(&["generate", &out, "-o", &folder.join("out.rs").display().to_string()]).code, Some(0));
}

/// The greatest number of different values among those of one int8 tensor of a file.
fn most_values(file: &Path) -> usize {
    let bytes = std::fs::read(file).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let int8 = file.iter().filter(|(_, view)| view.dtype() == Dtype::I8);
    let distinct = |data: &[u8]| data.iter().collect::<std::collections::BTreeSet<_>>().len();
    int8.map(|(_, view)| distinct(view.data())).max().unwrap()
}

#[test]
fn narrow_weights_take_few_values() {
    let folder = folder("quantize_narrow");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors"));
    data(&samples, &[1, 12, 10, 1], 24, None);
    let (samples, file) = (samples.display().to_string(), out.display().to_string());
    let quantize = |more: &[&str]| {
        let asked = ["quantize", &model("graph_separable"), "--data", &samples, "--evaluate", &samples, "-o", &file];
        let ran = run(&[&asked[..], &["--format", "json"], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let report = ran.json();
        let bits = |layer: &serde_json::Value| layer["bits"].as_u64().unwrap();
        let bits: Vec<u64> = report["layers"].as_array().unwrap().iter().map(bits).collect();
        (bits, report["same_argmax"].as_u64().unwrap(), most_values(&out))
    };
    let (wide, _, many) = quantize(&[]);
    assert!(wide.iter().all(|&bits| bits == 8) && many > 16, "{many}");
    let (narrow, _, few) = quantize(&["--weights", "4"]);
    assert!(narrow.iter().all(|&bits| bits == 4) && few <= 16, "{narrow:?} {few}");
    let (narrow, same, few) = quantize(&["--weights", "2"]);
    assert!(narrow.iter().all(|&bits| bits == 2) && few <= 4, "{narrow:?} {few}");
    // A bound that 2 bits in all layers miss leaves some wider.
    let (bounded, bounded_same, _) = quantize(&["--weights", "mixed", "--max-drop", "5"]);
    assert!(bounded.iter().any(|&bits| bits < 8), "{bounded:?}");
    assert!(bounded_same >= 23 && (same >= 23 || bounded.iter().any(|&bits| bits > 2)), "{bounded:?} {bounded_same} {same}");
    let ran = run(&["quantize", &model("graph_separable"), "--data", &samples, "-o", &file, "--max-drop", "no"]);
    assert_eq!(ran.code, Some(2));
}
