//! `tinybake prune`: a float model in, a smaller or sparser float model out that the other commands take.

use super::quantize::data;
use super::{fields, folder, repository, run};
use std::path::Path;

fn model(name: &str) -> String {
    repository("tests/data/float").join(format!("{name}.tflite")).display().to_string()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_pruned_model_is_quantized_and_generated() {
    let folder = folder("prune");
    let (samples, out, int8) = (folder.join("data.safetensors"), folder.join("out.safetensors"), folder.join("int8.safetensors"));
    data(&samples, &[1, 8, 8, 3], 20, Some(&[3; 20]));
    let (samples, out, int8) = (text(&samples), text(&out), text(&int8));
    let prune = |more: &[&str]| run(&[&["prune", &model("graph_residual"), "--data", &samples, "-o", &out][..], more].concat());
    for how in [&["--sparsity", "0.5"][..], &["--pattern", "1:4"], &["--pattern", "channels", "--sparsity", "0.3"]] {
        let ran = prune(&[how, &["--format", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let report = ran.json();
        let expected =
            "curve file measure model pattern pruned scope sensitivity sparsity_of target task task_reason topology warnings";
        assert_eq!(fields(&report).join(" "), expected);
        let made = &report["pruned"];
        let prunable = |field: &str| {
            made["layers"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|layer| layer["prunable"] == true)
                .map(|layer| layer[field].as_u64().unwrap())
                .sum::<u64>()
        };
        assert!(prunable("weights_before") <= made["prunable_weights"].as_u64().unwrap());
        assert!(made["requested_sparsity"].is_f64() && (1..=4).contains(&made["steps"].as_u64().unwrap()), "{made}");
        assert!(made["sparsity"].as_f64().unwrap() >= 0.25 && made["flash_bytes"].as_u64().unwrap() > 0, "{made}");
        let weights =
            |field: &str| made["layers"].as_array().unwrap().iter().map(|layer| layer[field].as_u64().unwrap()).sum::<u64>();
        assert_eq!(made["weights"].as_u64(), Some(weights("weights_after")));
        assert!(weights("weights_after") < weights("weights_before"));
        let ram = ["ram_bytes", "dense_ram_bytes"].map(|field| made[field].as_u64().unwrap());
        assert!(ram[0] <= ram[1] && ram[1] <= 1536, "RAM is without the stack: {made}");
        assert!(made["stack_bytes"].as_u64().unwrap() > 0 && made["dense_stack_bytes"].as_u64().unwrap() > 0);
        assert!(made["pruned"]["correct"].is_u64() && made["dense"]["relative_error"].as_f64() == Some(0.0));
        let quantized = run(&["quantize", &out, "--data", &samples, "-o", &int8]);
        assert_eq!(quantized.code, Some(0), "{}", quantized.stderr);
        let generated = run(&["generate", &int8, "-o", &text(&folder.join("out.rs"))]);
        assert_eq!(generated.code, Some(0), "{}", generated.stderr);
    }
    let shown = prune(&["--pattern", "channels", "--sparsity", "0.3"]);
    assert!(
        shown.stdout.contains("% (30.0% requested) of ")
            && shown.stdout.contains("prunable: weights of layers with channels")
            && shown.stdout.contains("accuracy: "),
        "{}",
        shown.stdout
    );
}

#[test]
fn sensitivities_and_a_curve_are_shown() {
    let folder = folder("prune_curve");
    let (samples, picture) = (folder.join("data.safetensors"), folder.join("curve.svg"));
    data(&samples, &[1, 12, 10, 1], 12, None);
    let (samples, svg) = (text(&samples), text(&picture));
    let asked = ["prune", &model("graph_separable"), "--data", &samples, "--sensitivity", "--curve", &svg];
    let ran = run(&asked);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("one layer pruned at a time") && ran.stdout.contains("50% pruned"), "{}", ran.stdout);
    let ran = run(&[&asked[..], &["--pattern", "channels", "--format", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = ran.json();
    let curve = report["curve"].as_array().unwrap();
    let flash = |point: &serde_json::Value| point["flash_bytes"].as_u64().unwrap();
    assert!(curve.len() > 3 && flash(&curve[curve.len() - 1]) < flash(&curve[0]), "{report}");
    assert_eq!(curve[0]["score"].as_f64(), Some(1.0));
    assert!(!report["sensitivity"].as_array().unwrap().is_empty() && report["pruned"].is_null());
    let drawn = std::fs::read_to_string(&picture).unwrap();
    assert_eq!(drawn.matches("<circle").count(), curve.len());
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n") && drawn.contains("agreement with the dense network"));
}

#[test]
fn a_model_is_pruned_until_it_fits() {
    let folder = folder("prune_fit");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors"));
    data(&samples, &[1, 12, 10, 1], 12, None);
    let (samples, file) = (text(&samples), text(&out));
    let fit = |bytes: u64| {
        let bytes = bytes.to_string();
        let asked =
            ["prune", &model("graph_separable"), "--data", &samples, "-o", &file, "--flash", &bytes, "--pattern", "channels"];
        run(&[&asked[..], &["--format", "json"]].concat())
    };
    let dense = fit(1 << 20).json();
    assert_eq!(dense["pruned"]["pruned"]["relative_error"].as_f64(), Some(0.0), "it fits as it is: {dense}");
    let bytes = |report: &serde_json::Value| report["pruned"]["flash_bytes"].as_u64().unwrap();
    let wanted = bytes(&dense) - 60;
    let ran = fit(wanted);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = ran.json();
    assert!(bytes(&report) <= wanted && report["pruned"]["sparsity"].as_f64().unwrap() > 0.0, "{report}");
    std::fs::remove_file(&out).unwrap();
    let ran = fit(10);
    assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec!["prune::flash".to_string()]));
    assert!(!out.exists());
}

#[test]
fn the_share_that_is_reached_stands_beside_the_one_requested() {
    let folder = folder("prune_share");
    let (samples, once) = (folder.join("data.safetensors"), folder.join("once.safetensors"));
    data(&samples, &[1, 12, 10, 1], 12, None);
    let (samples, once, out) = (text(&samples), text(&once), text(&folder.join("out.safetensors")));
    let prune = |model: &str, out: &str, more: &[&str]| {
        let ran = run(&[&["prune", model, "--data", &samples, "-o", out, "--format", "json"][..], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.json()
    };
    let share = |report: &serde_json::Value| report["pruned"]["sparsity"].as_f64().unwrap();
    let codes = |report: &serde_json::Value| {
        let warnings = report["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning["code"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let report = prune(&model("graph_separable"), &once, &["--sparsity", "0.7", "--steps", "2"]);
    let weight = 1.0 / report["pruned"]["prunable_weights"].as_f64().unwrap();
    assert!((share(&report) - 0.7).abs() <= weight && !codes(&report).contains(&"prune::share".into()), "{report}");
    assert_eq!(report["sparsity_of"].as_str().unwrap().matches("without biases").count(), 1);
    // It is sparser than that already.
    let report = prune(&once, &out, &["--sparsity", "0.5"]);
    assert!((share(&report) - 0.7).abs() <= weight && report["pruned"]["requested_sparsity"].as_f64() == Some(0.5), "{report}");
    assert!(codes(&report).contains(&"prune::share".into()), "{report}");
    assert_eq!(run(&["prune", &once, "--data", &samples, "-o", &out, "--sparsity", "0.5", "--steps", "0"]).code, Some(2));
}

#[test]
fn what_cannot_be_done_is_named() {
    let folder = folder("prune_bad");
    let (samples, out) = (folder.join("data.safetensors"), folder.join("out.safetensors"));
    data(&samples, &[1, 12, 10, 1], 4, None);
    let (samples, file) = (text(&samples), text(&out));
    let name = model("graph_separable");
    let code = |more: &[&str]| {
        let ran = run(&[&["prune", &name, "--data", &samples, "--format", "json"][..], more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}");
        ran.diagnostics()
    };
    let usage = ["prune::usage".to_string()];
    assert_eq!(code(&[]), usage);
    assert_eq!(code(&["-o", &file]), usage);
    assert_eq!(code(&["-o", &file, "--pattern", "2:4", "--sparsity", "0.5"]), usage);
    assert_eq!(code(&["-o", &file, "--board", "cortex-m4"]), usage);
    assert_eq!(code(&["-o", &file, "--sparsity", "1.5"]), ["prune::sparsity"]);
    assert_eq!(code(&["-o", &file, "--sparsity", "0.5", "--keep", "nothing"]), ["prune::unknown"]);
    assert_eq!(code(&["-o", &file, "--sparsity", "0.999", "--pattern", "channels"]), ["prune::too_much"]);
    let int8 = repository("examples/models/digits.tflite").display().to_string();
    let digits = folder.join("digits.safetensors");
    data(&digits, &[1, 8, 8, 1], 2, None);
    let ran = run(&["prune", &int8, "--data", &text(&digits), "-o", &file, "--sparsity", "0.5"]);
    assert_eq!(ran.code, Some(2), "an int8 model");
    assert!(!out.exists() && !out.with_extension("toml").exists());
}
