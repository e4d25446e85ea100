//! `tinybake verify`, on this computer; cores are emulated in the tests of the measuring.

use super::{fields, folder, model, repository, run};
use safetensors::{SafeTensors, tensor::TensorView};
use std::path::Path;

fn golden(name: &str) -> String {
    model(name).replace(".tflite", ".golden.safetensors")
}

/// Writes a recording with another first element of one output.
fn change(recorded: &str, output: &str, to: &Path) {
    let bytes = std::fs::read(recorded).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let changed = file.tensors().into_iter().map(|(name, view)| {
        let mut data = view.data().to_vec();
        if name == output {
            data[0] ^= 1;
        }
        (name, view.dtype(), view.shape().to_vec(), data)
    });
    let changed: Vec<_> = changed.collect();
    let views = changed.iter().map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    std::fs::write(to, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn layers_in_which_onnx_runtime_saturates_are_named_beside_an_inequality() {
    let path =
        |ending: &str| repository("tests/data/onnx_quantized").join(format!("integers_uint8.{ending}")).display().to_string();
    let other = folder("saturating").join("other.safetensors");
    change(&path("golden.safetensors"), "output.0.ort", &other);
    let ran = run(&["verify", &path("onnx"), "--golden", &other.display().to_string()]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    for part in ["AVX2", "`conv`, `gemm`", "reduce_range"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn where_tflm_pads_with_undefined_values_litert_is_compared() {
    let path = |ending: &str| repository("tests/data/converted/open_batch").join(format!("dilated_same.{ending}"));
    let (model, recorded) = (path("tflite").display().to_string(), path("golden.safetensors").display().to_string());
    // TFLM's outputs, which depend on what its memory holds, stand for ones that differ.
    let (changed, both) = (folder("padding").join("changed.safetensors"), folder("padding_of_both").join("both.safetensors"));
    change(&recorded, "output.0.litert_ref", &changed);
    let (recorded, changed) = (std::fs::read(&recorded).unwrap(), std::fs::read(&changed).unwrap());
    let (file, changed) = (SafeTensors::deserialize(&recorded).unwrap(), SafeTensors::deserialize(&changed).unwrap());
    let mut views = file.tensors();
    views.push(("output.0.tflm".into(), changed.tensor("output.0.litert_ref").unwrap()));
    std::fs::write(&both, safetensors::serialize(views, None).unwrap()).unwrap();
    let both = both.display().to_string();
    let arguments = ["verify", &model, "--golden", &both, "--on", "evaluator", "--format", "json"];
    let ran = run(&arguments);
    assert_eq!((ran.code, ran.json()["engine"].as_str()), (Some(0), Some("litert_ref")), "{}", ran.stdout);
    let ran = run(&arguments.into_iter().chain(["--engine", "tflm"]).collect::<Vec<_>>());
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.json()["engine_note"].as_str().unwrap().contains("SPACE_TO_BATCH_ND"), "{}", ran.stdout);
}

#[test]
fn equal_outputs_end_with_0_and_others_with_1() {
    let (model, recorded) = (model("conv_2d/k3x3_same"), golden("conv_2d/k3x3_same"));
    let equal = run(&["verify", &model, "--golden", &recorded, "--format", "json"]);
    assert_eq!(equal.code, Some(0), "{}", equal.stderr);
    let json = equal.json();
    assert_eq!(fields(&json), ["engine", "model", "optimize", "reference", "runs"]);
    let row = &json["runs"][0];
    assert_eq!(
        fields(row),
        [
            "elements",
            "instructions",
            "max_difference",
            "note",
            "on",
            "ram_bytes",
            "samples",
            "stack_bound_bytes",
            "stack_bytes",
            "unequal"
        ]
    );
    assert_eq!((row["on"].as_str(), row["unequal"].as_u64()), (Some("host"), Some(0)));
    assert!(row["elements"].as_u64() > Some(0) && row["instructions"].is_null());

    let other = folder("unequal").join("other.safetensors");
    change(&recorded, "output.0.tflm", &other);
    let unequal = run(&["verify", &model, "--golden", &other.display().to_string(), "--on", "host,cortex-m85"]);
    assert_eq!(unequal.code, Some(1));
    assert!(unequal.stdout.contains("1 of") && unequal.stdout.contains("cortex-m85: not run"), "{}", unequal.stdout);
}

#[test]
fn where_nothing_can_be_run_the_check_fails() {
    let ran = run(&["verify", &model("conv_2d/k3x3_same"), "--golden", &golden("conv_2d/k3x3_same"), "--on", "cortex-m85"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("nothing was compared"));
}

#[test]
fn input_that_is_wrong_ends_with_2() {
    let (model, recorded) = (model("conv_2d/k3x3_same"), golden("conv_2d/k3x3_same"));
    for (arguments, expected) in [
        (vec!["--golden", "absent.safetensors"], "read::file"),
        (vec!["--golden", &model], "golden::syntax"),
        (vec!["--golden", &golden("fully_connected/no_bias")], "golden::shape"),
        (vec!["--golden", &recorded, "--engine", "ort"], "golden::no_engine"),
        (vec!["--golden", &recorded, "--on", "host,cortex-m5,nrf"], "boards::unknown"),
    ] {
        let ran = run(&[&["verify", &model, "--format", "json"], arguments.as_slice()].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert_eq!(ran.diagnostics()[0], expected, "{arguments:?}");
    }
}

#[test]
fn guarantees_are_looked_for_in_linked_images() {
    let model = model("conv_2d/k3x3_same");
    let ran = run(&["verify", &model, "--guarantees", "--on", "cortex-m4,esp32-s3", "--format", "json"]);
    let json = ran.json();
    assert_eq!(fields(&json), ["floats", "guarantees", "model", "optimize", "ram_bytes", "reference"]);
    let row = &json["guarantees"][0];
    assert_eq!(fields(row), ["allocator", "holds", "note", "on", "panics", "soft_float", "stack_bound_bytes", "stack_bytes"]);
    assert!(json["guarantees"][1]["note"].as_str().unwrap().contains("espup install"));
    if row["holds"].is_null() {
        println!("skipped: {}", row["note"]);
    } else {
        assert_eq!((ran.code, row["holds"].as_bool()), (Some(0), Some(true)), "{}", ran.stdout);
    }
    assert_eq!(run(&["verify", &model, "--guarantees", "--on", "esp32-s3"]).code, Some(1));
    let evaluator = run(&["verify", &model, "--guarantees", "--on", "evaluator", "--format", "json"]);
    assert_eq!((evaluator.code, evaluator.diagnostics()), (Some(2), vec!["verify::evaluator".to_string()]));
}

#[test]
fn float_models_are_evaluated_within_a_tolerance() {
    let case =
        |suffix: &str| super::repository("tests/data/float").join(format!("graph_separable.{suffix}")).display().to_string();
    let (model, recorded) = (case("tflite"), case("golden.safetensors"));
    let arguments = ["verify", &model, "--golden", &recorded, "--engine", "litert"];
    let close = run(&arguments);
    assert_eq!(close.code, Some(0), "{}", close.stderr);
    assert!(close.stdout.contains("within 0.0001"), "{}", close.stdout);
    let exact = run(&[&arguments[..], &["--tolerance", "0", "--format", "json"]].concat()).json();
    assert_eq!((exact["reference"].as_str(), exact["tolerance"].as_f64()), (Some("float"), Some(0.0)));
    let elsewhere = run(&[&arguments[..], &["--on", "cortex-m4", "--format", "json"]].concat());
    assert_eq!((elsewhere.code, elsewhere.diagnostics()), (Some(2), vec!["verify::float".to_string()]));
}

/// A folder with copies of conformance models and their recordings.
fn recorded(name: &str, models: &[&str]) -> std::path::PathBuf {
    let folder = folder(name);
    for &case in models {
        let name = case.rsplit('/').next().unwrap();
        std::fs::copy(model(case), folder.join(format!("{name}.tflite"))).unwrap();
        std::fs::copy(golden(case), folder.join(format!("{name}.golden.safetensors"))).unwrap();
    }
    folder
}

#[test]
fn folders_of_models_are_evaluated_without_building_anything() {
    let folder = recorded("verify_folder", &["conv_2d/k3x3_same", "fully_connected/no_bias"]);
    std::fs::create_dir(folder.join("below")).unwrap();
    for name in ["k3x3_same.tflite", "k3x3_same.golden.safetensors"] {
        std::fs::copy(folder.join(name), folder.join("below").join(name)).unwrap();
    }
    let folder_name = folder.display().to_string();
    let arguments = ["verify", &folder_name, "--on", "evaluator", "--format", "json"];
    let mut command = super::tinybake(&arguments);
    command.env("PATH", "").env("CARGO", "absent").env("RUSTC", "absent");
    let equal = super::ran(command);
    assert_eq!(equal.code, Some(0), "{}", equal.stderr);
    let json = equal.json();
    assert_eq!(fields(&json), ["models", "refused", "without_recording"]);
    let models = json["models"].as_array().unwrap();
    assert_eq!(models.len(), 3);
    assert!(models.iter().all(|model| model["runs"][0]["unequal"] == 0 && model["runs"][0]["on"] == "evaluator"));

    // A model that is refused, one whose recording differs, and one without a recording.
    let bytes = std::fs::read(folder.join("k3x3_same.tflite")).unwrap();
    std::fs::write(folder.join("no_bias.tflite"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(folder.join("alone.tflite"), &bytes).unwrap();
    let file = folder.join("k3x3_same.golden.safetensors");
    change(&file.display().to_string(), "output.0.tflm", &file);
    let unequal = run(&arguments);
    let json = unequal.json();
    assert_eq!((unequal.code, json["models"].as_array().unwrap().len()), (Some(1), 2));
    assert_eq!(json["refused"][0]["model"].as_str().unwrap(), folder.join("no_bias.tflite").display().to_string());
    assert!(json["refused"][0]["diagnostics"][0]["code"].as_str().unwrap().starts_with("tflite::"));
    assert!(json["without_recording"][0].as_str().unwrap().ends_with("alone.tflite"));
    let text = run(&["verify", &folder_name, "--on", "evaluator"]).stdout;
    assert!(text.contains("1 models equal, 1 unequal, 1 refused; 1 without a recording"), "{text}");
}

#[test]
fn recordings_beside_models_are_found() {
    let folder = recorded("verify_beside", &["conv_2d/k3x3_same"]);
    let model = folder.join("k3x3_same.tflite").display().to_string();
    let evaluated = run(&["verify", &model, "--on", "evaluator", "--format", "json"]);
    assert_eq!((evaluated.code, evaluated.json()["runs"][0]["unequal"].as_u64()), (Some(0), Some(0)), "{}", evaluated.stderr);
    let folder_name = folder.display().to_string();
    let named = run(&["verify", &folder_name, "--golden", &golden("conv_2d/k3x3_same"), "--format", "json"]);
    assert_eq!((named.code, named.diagnostics()), (Some(2), vec!["verify::one_model".to_string()]));
    std::fs::remove_file(folder.join("k3x3_same.golden.safetensors")).unwrap();
    let alone = run(&["verify", &model, "--format", "json"]);
    assert_eq!((alone.code, alone.diagnostics()), (Some(2), vec!["verify::no_recording".to_string()]));
    assert_eq!(run(&["verify", &folder_name, "--on", "evaluator"]).code, Some(1));
}

/// Every recording that the repository has, among them quantized ONNX networks with float biases, is compared in one call.
#[test]
fn all_recorded_cases_are_equal_in_the_evaluator() {
    let equal = |folders: &[&str]| {
        let folders = folders.iter().map(|name| super::repository("tests/data").join(name).display().to_string());
        let folders: Vec<String> = folders.collect();
        let folders = folders.iter().map(String::as_str);
        let options = ["--on", "evaluator", "--format", "json"];
        let ran = run(&["verify"].into_iter().chain(folders).chain(options).collect::<Vec<&str>>());
        let json = ran.json();
        let models = json["models"].as_array().unwrap();
        let unequal: Vec<_> = models.iter().filter(|model| model["runs"][0]["unequal"] != 0).collect();
        assert!(unequal.is_empty(), "{unequal:?}");
        assert_eq!(json["refused"].as_array().unwrap().len(), 0, "{}", json["refused"]);
        assert_eq!(ran.code, Some(0));
        models.len()
    };
    // The network of PyTorch is recorded in the order of its own axes.
    let folders = ["conformance", "converted/int16", "converted/open_batch", "float", "onnx", "onnx_quantized"];
    assert!(equal(&folders) > 1000);
}
