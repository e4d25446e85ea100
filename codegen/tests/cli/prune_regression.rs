//! `tinybake prune` on networks that are no classifiers, and its figures beside those of the dense network.

use super::quantize_regression::{Random, model, number, samples, write};
use super::{folder, run};
use serde_json::Value;
use std::path::Path;

fn prune(model: &str, data: &str, folder: &Path, more: &[&str]) -> (Value, String) {
    let out = folder.join("out.safetensors").display().to_string();
    let ran = run(&[&["prune", model, "--data", data, "-o", &out, "--format", "json"][..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (ran.json(), ran.stderr)
}

#[test]
fn networks_that_are_no_classifiers_are_judged_by_every_output() {
    let folder = folder("prune_regression");
    let model = model(&folder);
    let data = samples(folder.join("data.safetensors"), 1, 120, None);
    let (report, _) = prune(&model, &data, &folder, &["--sparsity", "0.7", "--sensitivity", "--curve", "curve.svg"]);
    assert_eq!((report["task"].as_str(), report["measure"].as_str()), (Some("regression"), Some("R2 to the dense network")));
    assert_eq!(report["task_reason"].as_str(), Some("it has several outputs and no labels"));
    let outcome = &report["pruned"];
    // The first output has one element: its argmax is always the same.
    assert!(outcome["pruned"]["same_argmax"].is_null() && outcome["pruned"]["correct"].is_null(), "{outcome}");
    let outputs = outcome["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 2);
    let least = outputs.iter().map(|output| number(&output["r2"])).fold(1.0, f64::min);
    assert!((0.0..0.999).contains(&least) && number(&outcome["pruned"]["score"]) == least, "{outcome}");
    let scores = |points: &Value| points.as_array().unwrap().iter().map(|point| number(&point["score"])).collect::<Vec<_>>();
    assert!(scores(&report["curve"]).windows(2).any(|pair| pair[1] < pair[0]), "{report}");
    assert!(report["sensitivity"].as_array().unwrap().iter().all(|row| scores(&row["points"]).iter().any(|&score| score < 1.0)));
}

#[test]
fn targets_are_vectors_or_classes() {
    let folder = folder("prune_targets");
    let model = model(&folder);
    let (file, count) = (folder.join("data.safetensors"), 100);
    let mut random = Random(3);
    let features = ("features", vec![count, 4], random.normals(4 * count, 1.0));
    let small = ("labels.1", vec![count, 3], random.normals(3 * count, 0.05));
    write(&file, &[features, small]);
    let data = file.display().to_string();
    let (report, _) = prune(&model, &data, &folder, &["--sparsity", "0.5"]);
    assert_eq!(
        (report["task"].as_str(), report["task_reason"].as_str()),
        (Some("regression"), Some("the labels are target values"))
    );
    let outputs = report["pruned"]["outputs"].as_array().unwrap();
    assert!(outputs[0]["pruned_target_r2"].is_null() && outputs[1]["dense_target_r2"].is_f64(), "{report}");
    let asked = ["prune", &model, "--data", &data, "--sparsity", "0.5", "--format", "json", "-o", &data];
    let ran = run(&[&asked[..9], &["out.safetensors", "--task", "classification"]].concat());
    assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec!["prune::no_classes".to_string()]));
}

#[test]
fn pruning_that_gains_nothing_is_said() {
    let folder = folder("prune_gain");
    let model = model(&folder);
    let data = samples(folder.join("data.safetensors"), 1, 40, None);
    let (few, stderr) = prune(&model, &data, &folder, &["--sparsity", "0.02"]);
    let outcome = &few["pruned"];
    assert!(outcome["flash_bytes"].as_u64() >= outcome["dense_flash_bytes"].as_u64(), "{outcome}");
    assert_eq!(few["warnings"][0]["code"].as_str(), Some("prune::no_gain"));
    assert!(stderr.contains("prune::no_gain"), "{stderr}");
    let (many, stderr) = prune(&model, &data, &folder, &["--pattern", "channels", "--sparsity", "0.7"]);
    let outcome = &many["pruned"];
    assert!(outcome["flash_bytes"].as_u64() < outcome["dense_flash_bytes"].as_u64(), "{outcome}");
    assert_eq!((many["warnings"].as_array().unwrap().len(), stderr.as_str()), (0, ""));
}
