//! `tinybake inspect`.

use super::{fields, folder, model, repository, run};

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
    assert_eq!((other.code, other.diagnostics()), (Some(2), vec!["tflite::identifier".to_string()]));
    let bytes = std::fs::read(model("conv_2d/k3x3_same")).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let truncated = run(&["inspect", &file.display().to_string()]);
    assert_eq!(truncated.code, Some(2));
    assert!(truncated.stderr.contains("tflite::") && truncated.stderr.contains("text.tflite"), "{}", truncated.stderr);
}

/// The file of a model with its `int8` tensors declared `float32`. Source of the layout: `schema.fbs`, where a `Model` has
/// its subgraphs as field 2, a `SubGraph` its tensors as field 0, and a `Tensor` its type as field 1.
fn in_floats(mut bytes: Vec<u8>) -> Vec<u8> {
    const FLOAT32: u8 = 0;
    let u16_at = |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()));
    let follow = |bytes: &[u8], at: usize| at + u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let field = |bytes: &[u8], table: usize, index: usize| {
        let back = i32::from_le_bytes(bytes[table..table + 4].try_into().unwrap());
        let vtable = table.checked_add_signed(-back as isize).unwrap();
        table + u16_at(bytes, vtable + 4 + 2 * index)
    };
    let model = follow(&bytes, 0);
    let subgraphs = follow(&bytes, field(&bytes, model, 2));
    let subgraph = follow(&bytes, subgraphs + 4);
    let tensors = follow(&bytes, field(&bytes, subgraph, 0));
    for index in 0..follow(&bytes, tensors) - tensors {
        let tensor = follow(&bytes, tensors + 4 + 4 * index);
        let dtype = field(&bytes, tensor, 1);
        bytes[dtype] = FLOAT32;
    }
    bytes
}

#[test]
fn a_float_model_is_shown_but_not_generated() {
    let file = folder("float_model").join("relu.tflite");
    let case = std::fs::read_dir(repository("tests/data/conformance/relu")).unwrap().map(|entry| entry.unwrap().path());
    let case = case.filter(|path| path.extension().is_some_and(|extension| extension == "tflite")).min().unwrap();
    std::fs::write(&file, in_floats(std::fs::read(case).unwrap())).unwrap();
    let file = file.display().to_string();
    let shown = run(&["inspect", &file]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for part in ["relu", "float32", "no code can be generated", "[valid::float_model]", "quantize"] {
        assert!(shown.stdout.contains(part), "{part} is not in:\n{}", shown.stdout);
    }
    let json = run(&["inspect", &file, "--format", "json"]).json();
    assert!(json["ram_bytes"].is_null() && json["ops"][0]["op"] == "relu");
    let refused = run(&["generate", &file, "--format", "json"]);
    assert_eq!((refused.code, refused.diagnostics()), (Some(2), vec!["valid::float_model".to_string()]));
    assert!(refused.stderr.contains("quantize"));
}

#[test]
fn images_of_onnx_are_shown_as_the_file_has_them() {
    let cases = [
        ("conv", [vec![1, 3, 8, 7], vec![1, 5, 8, 7]], [vec![1, 8, 7, 3], vec![1, 8, 7, 5]]),
        ("line_conv", [vec![1, 4, 20], vec![1, 6, 20]], [vec![1, 20, 4], vec![1, 20, 6]]),
    ];
    for (case, shapes, generated) in cases {
        let model = repository("tests/data/onnx").join(format!("{case}.onnx")).display().to_string();
        let json = run(&["inspect", &model, "--format", "json"]).json();
        for ((port, shape), generated) in ["inputs", "outputs"].into_iter().zip(&shapes).zip(&generated) {
            assert_eq!(json[port][0]["shape"], serde_json::json!(shape), "{case}");
            assert_eq!(json[port][0]["generated_shape"], serde_json::json!(generated), "{case}");
        }
        let text = run(&["inspect", &model]).stdout;
        assert!(text.contains(&format!("float32{:?}, in generated code {:?}", shapes[0], generated[0])), "{text}");
    }
    // What is no image is as it is in the file.
    let model = repository("tests/data/onnx/gemm.onnx").display().to_string();
    let json = run(&["inspect", &model, "--format", "json"]).json();
    assert_eq!(json["inputs"][0]["shape"], serde_json::json!([1, 20]));
    assert!(json["inputs"][0].get("generated_shape").is_none());
}
