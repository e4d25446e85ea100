//! `tinybake quantize` on networks that are no classifiers, on few samples, and on samples far outside the others.

use super::{folder, run};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;
use std::path::{Path, PathBuf};

const TOPOLOGY: &str = r#"
format = 1
layout = "tflite"

[[input]]
name = "features"
shape = [1, 4]

[[op]]
fully_connected = { input = "features", weights = "body.weight", bias = "body.bias", activation = "relu" }
output = { name = "body" }

[[op]]
fully_connected = { input = "body", weights = "large.weight", bias = "large.bias" }
output = { name = "large" }

[[op]]
fully_connected = { input = "body", weights = "small.weight", bias = "small.bias" }
output = { name = "small" }

[[output]]
name = "large"

[[output]]
name = "small"
"#;

/// Numbers about the normal distribution, the same for every seed.
pub(super) struct Random(pub(super) u32);

impl Random {
    fn normal(&mut self) -> f32 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) as f32 / (1 << 24) as f32
        };
        (0..12).map(|_| uniform()).sum::<f32>() - 6.0
    }

    pub(super) fn normals(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| scale * self.normal()).collect()
    }
}

pub(super) fn write(file: &Path, tensors: &[(&str, Vec<usize>, Vec<f32>)]) {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes);
    let views = views.map(|((name, shape, _), bytes)| (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// A network of a body and two heads, the second of which makes outputs a thousandth of the first's.
pub(super) fn model(folder: &Path) -> String {
    let file = folder.join("model.safetensors");
    let mut random = Random(7);
    let tensors = [
        ("body.weight", vec![24, 4], random.normals(96, 0.5)),
        ("body.bias", vec![24], random.normals(24, 0.3)),
        ("large.weight", vec![1, 24], random.normals(24, 40.0)),
        ("large.bias", vec![1], vec![300.0]),
        ("small.weight", vec![3, 24], random.normals(72, 0.04)),
        ("small.bias", vec![3], vec![0.0; 3]),
    ];
    write(&file, &tensors);
    std::fs::write(file.with_extension("toml"), TOPOLOGY).unwrap();
    file.display().to_string()
}

/// Samples, of which `outlier` is a hundred times the others.
pub(super) fn samples(file: PathBuf, seed: u32, count: usize, outlier: Option<usize>) -> String {
    let mut random = Random(seed);
    let mut values = random.normals(4 * count, 1.0);
    if let Some(outlier) = outlier {
        values[4 * outlier..][..4].iter_mut().for_each(|value| *value *= 100.0);
    }
    write(&file, &[("features", vec![count, 4], values)]);
    file.display().to_string()
}

fn quantize(model: &str, data: &str, folder: &Path, more: &[&str]) -> (Value, String) {
    let out = folder.join("out.safetensors").display().to_string();
    let ran = run(&[&["quantize", model, "--data", data, "-o", &out, "--format", "json"][..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (ran.json(), ran.stderr)
}

pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

fn bits(report: &Value) -> Vec<u64> {
    report["layers"].as_array().unwrap().iter().map(|layer| layer["bits"].as_u64().unwrap()).collect()
}

#[test]
fn several_outputs_are_judged_by_the_error_of_each() {
    let folder = folder("quantize_regression");
    let model = model(&folder);
    let data = samples(folder.join("data.safetensors"), 1, 300, None);
    let (wide, stderr) = quantize(&model, &data, &folder, &[]);
    assert_eq!((wide["task"].as_str(), stderr.as_str()), (Some("regression"), ""));
    assert!(wide["same_argmax"].is_null() && wide["float_correct"].is_null(), "{wide}");
    assert_eq!((wide["calibration_samples"].as_u64(), wide["samples"].as_u64()), (Some(240), Some(60)));
    let outputs = wide["outputs"].as_array().unwrap();
    assert!(outputs.len() == 2 && outputs.iter().all(|output| number(&output["r2"]) > 0.999), "{wide}");
    // With all layers in 2 bits the outputs are far off, and the bound is of every output, large or small.
    let (two, _) = quantize(&model, &data, &folder, &["--weights", "2"]);
    assert!(bits(&two).iter().all(|&bits| bits == 2) && number(&two["r2"]) < 0.97, "{two}");
    for drop in ["0.5", "3"] {
        let (mixed, _) = quantize(&model, &data, &folder, &["--weights", "mixed", "--max-drop", drop]);
        let least = number(&wide["r2"]) - drop.parse::<f64>().unwrap() / 100.0;
        // The bound is kept on calibration samples; on others it holds about.
        assert!(number(&mixed["r2"]) > least - 0.01, "{drop}: {mixed}");
        assert!(bits(&mixed).iter().any(|&bits| bits > 2), "{mixed}");
    }
}

#[test]
fn targets_are_values_of_every_output() {
    let folder = folder("quantize_targets");
    let model = model(&folder);
    let (file, count) = (folder.join("data.safetensors"), 100);
    let mut random = Random(3);
    let inputs = random.normals(4 * count, 1.0);
    let (large, small) = (random.normals(count, 100.0), random.normals(3 * count, 0.1));
    let features = ("features", vec![count, 4], inputs);
    let data = file.display().to_string();
    write(&file, &[features.clone(), ("labels", vec![count], large.clone()), ("labels.1", vec![count, 3], small)]);
    let (report, _) = quantize(&model, &data, &folder, &[]);
    assert_eq!(
        (report["task"].as_str(), report["task_reason"].as_str()),
        (Some("regression"), Some("the labels are target values"))
    );
    for output in report["outputs"].as_array().unwrap() {
        // The targets are noise: what is told is that the quantized network misses them as the float one does.
        let [float, quantized] = ["float_target_r2", "quantized_target_r2"].map(|name| number(&output[name]));
        assert!(float < 0.0 && (float - quantized).abs() < 0.05 * float.abs(), "{output}");
    }
    write(&file, &[features, ("labels", vec![count, 2], random.normals(2 * count, 1.0))]);
    let out = folder.join("out.safetensors").display().to_string();
    let ran = run(&["quantize", &model, "--data", &data, "-o", &out, "--format", "json"]);
    assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec!["samples::shape".to_string()]));
}

#[test]
fn few_samples_neither_clip_nor_flatter() {
    let folder = folder("quantize_few");
    let model = model(&folder);
    let others = samples(folder.join("others.safetensors"), 99, 2000, None);
    let mut worse = Vec::new();
    for seed in 1..6 {
        let few = samples(folder.join("few.safetensors"), seed, 8, None);
        let (told, stderr) = quantize(&model, &few, &folder, &[]);
        assert!(stderr.contains("quantize::few_samples"), "{stderr}");
        assert_eq!((told["samples"].as_u64(), told["evaluated_on"].as_str()), (Some(8), Some("cross-validation")));
        let (report, _) = quantize(&model, &few, &folder, &["--evaluate", &others]);
        assert_eq!((report["samples"].as_u64(), report["evaluated_on"].as_str()), (Some(2000), Some("evaluation")));
        assert_eq!([&told, &report].map(|report| report["calibration_samples"].as_u64()), [Some(8); 2]);
        assert!(number(&report["r2"]) > 0.97, "seed {seed}: {report}");
        worse.push((number(&report["mean_squared_error"]) / number(&told["mean_squared_error"])).ln());
    }
    // What is told of 8 samples is of the size of the truth: their own errors would be a hundredth of it.
    let ratio = (worse.iter().sum::<f64>() / worse.len() as f64).exp();
    assert!((0.05..20.0).contains(&ratio), "{worse:?}");
}

#[test]
fn ranges_of_inputs_can_be_stated() {
    let folder = folder("quantize_stated");
    let model = model(&folder);
    let data = samples(folder.join("data.safetensors"), 1, 70, None);
    for (stated, (low, high)) in [("-4..6", (-4.0, 6.0)), ("features=-10..10", (-10.0, 10.0)), ("input.0=0..255", (0.0, 255.0))] {
        let (report, stderr) = quantize(&model, &data, &folder, &["--input-range", stated]);
        let input = &report["tensors"][0];
        assert_eq!((input["op"].as_str(), input["name"].as_str()), (Some("input"), Some("features")));
        assert!((number(&input["scale"]) - (high - low) / 255.0).abs() < 1e-6, "{input}");
        assert_eq!(input["zero_point"].as_i64(), Some((-128.0 - low / ((high - low) / 255.0)).round() as i64));
        assert_eq!(stderr.contains("quantize::outside_range"), low == 0.0, "{stderr}");
    }
    let out = folder.join("out.safetensors").display().to_string();
    for (stated, code) in [("other=0..1", Some("quantize::unknown_input")), ("1..0", None), ("0-1", None)] {
        let ran = run(&["quantize", &model, "--data", &data, "-o", &out, "--format", "json", "--input-range", stated]);
        assert_eq!(ran.code, Some(2));
        assert!(code.is_none_or(|code| ran.diagnostics() == [code]), "{}", ran.stderr);
    }
}

#[test]
fn samples_far_outside_the_others_are_named() {
    let folder = folder("quantize_outlier");
    let model = model(&folder);
    let data = samples(folder.join("data.safetensors"), 1, 80, Some(37));
    let (report, stderr) = quantize(&model, &data, &folder, &[]);
    let outliers = report["outliers"].as_array().unwrap();
    assert_eq!((outliers.len(), outliers[0]["sample"].as_u64()), (1, Some(37)), "{report}");
    assert!(stderr.contains("sample 37 reaches from") && stderr.contains("quantize::outlier"), "{stderr}");
    let data = samples(folder.join("data.safetensors"), 1, 80, None);
    assert!(quantize(&model, &data, &folder, &[]).0["outliers"].as_array().unwrap().is_empty());
}
