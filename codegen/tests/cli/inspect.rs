//! `tinybake inspect`.

use super::{fields, folder, model, run};

#[test]
fn fields_are_those_documented() {
    let ran = run(&["inspect", &model("conv_2d/k3x3_same"), "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let json = ran.json();
    assert_eq!(
        fields(&json),
        [
            "format",
            "inputs",
            "lossless",
            "macs",
            "model",
            "ops",
            "outputs",
            "params",
            "ram_bytes",
            "sha256",
            "weight_bytes",
            "zero_params"
        ]
    );
    assert_eq!(fields(&json["inputs"][0]), ["dtype", "name", "scale", "shape", "zero_point"]);
    assert_eq!(fields(&json["ops"][0]), ["index", "macs", "name", "op", "output", "params", "zero_params"]);
    assert_eq!(fields(&json["lossless"]), ["macs", "params", "removed"]);
    assert_eq!(json["format"], "tflite");
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
    // 7 x 6 outputs of 8 channels, each of 3 x 3 x 3 products; 27 x 8 weights and 8 biases.
    assert_eq!((json["macs"].as_u64(), json["params"].as_u64()), (Some(9072), Some(224)));
}

#[test]
fn the_table_has_every_operator_and_a_total() {
    let ran = run(&["inspect", &model("conv_2d/k3x3_same")]);
    assert_eq!(ran.code, Some(0));
    for part in ["conv2d", "int8[1, 7, 6, 8]", "9,072", "total", "SHA-256", "scale", "planned"] {
        assert!(ran.stdout.contains(part), "{part} is not in:\n{}", ran.stdout);
    }
}

#[test]
fn wrong_files_have_diagnostics() {
    let absent = run(&["inspect", "absent.tflite", "--format", "json"]);
    assert_eq!((absent.code, absent.diagnostics()), (Some(2), vec!["read::file".to_string()]));
    let file = folder("wrong_files").join("text.tflite");
    std::fs::write(&file, "no model").unwrap();
    let other = run(&["inspect", &file.display().to_string(), "--format", "json"]);
    assert_eq!((other.code, other.diagnostics()), (Some(2), vec!["read::format".to_string()]));
    let bytes = std::fs::read(model("conv_2d/k3x3_same")).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let truncated = run(&["inspect", &file.display().to_string()]);
    assert_eq!(truncated.code, Some(2));
    assert!(truncated.stderr.contains("tflite::") && truncated.stderr.contains("text.tflite"), "{}", truncated.stderr);
}
