//! Bad data is named with its place before any work starts, and nothing is written.

use crate::{files, folder, program, text};
use safetensors::{Dtype, tensor::TensorView};
use std::io::{Cursor, Write};
use std::path::Path;
use tinybake_train::data::Samples;
use tinybake_train::initial::from_topology;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn write(file: &Path, shape: &[usize], values: &[f32], labels: &[i64]) {
    let (values, labels_bytes): (_, Vec<u8>) = (floats(values), labels.iter().flat_map(|label| label.to_le_bytes()).collect());
    let views = [
        ("x", TensorView::new(Dtype::F32, shape.to_vec(), &values).unwrap()),
        ("y", TensorView::new(Dtype::I64, vec![labels.len()], &labels_bytes).unwrap()),
    ];
    std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// Ends with 2, says all of `said`, and leaves no file but those that were there.
fn refused(name: &str, make: impl Fn(&Path), said: &[&str]) {
    let folder = folder(name);
    files(&folder, 20);
    make(&folder.join("bad.safetensors"));
    let output =
        program(&folder, &["train", "small.toml", "--data", "bad.safetensors", "-o", "out.safetensors"]).output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(2), "{name}: {text}");
    for said in said.iter().chain(&["bad.safetensors"]) {
        assert!(text.contains(said), "{name}: `{said}` is not in\n{text}");
    }
    let mut left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["bad.safetensors", "digits.safetensors", "small.toml"]);
}

#[test]
fn another_shape_is_named() {
    refused("shape", |file| write(file, &[2, 8, 8, 1], &[0.0; 128], &[0, 1]), &["tensor `x`", "[2, 8, 8, 1]", "[1, 16, 16, 1]"]);
}

#[test]
fn what_is_not_finite_is_named() {
    let mut values = vec![0f32; 512];
    values[300] = f32::NAN;
    refused("nan", |file| write(file, &[2, 16, 16, 1], &values, &[0, 1]), &["tensor `x`", "element 44 of sample 1", "NaN"]);
}

#[test]
fn labels_out_of_range_are_named() {
    refused(
        "label",
        |file| write(file, &[2, 16, 16, 1], &[0.0; 512], &[0, 10]),
        &["tensor `y`", "label 10 of sample 1", "10 elements"],
    );
    refused("negative", |file| write(file, &[2, 16, 16, 1], &[0.0; 512], &[-1, 1]), &["label -1 of sample 0"]);
}

#[test]
fn no_samples_are_named() {
    refused("empty", |file| write(file, &[0, 16, 16, 1], &[], &[]), &["tensor `x`", "no sample"]);
}

#[test]
fn missing_labels_and_damaged_files_are_named() {
    refused("count", |file| write(file, &[2, 16, 16, 1], &[0.0; 512], &[0]), &["tensor `y`", "1 samples"]);
    let unlabelled = |file: &Path| {
        let bytes = floats(&[0.0; 256]);
        let views = [("x", TensorView::new(Dtype::F32, vec![1, 16, 16, 1], &bytes).unwrap())];
        std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
    };
    refused("unlabelled", unlabelled, &["no labels"]);
    refused("damaged", |file| std::fs::write(file, b"nothing of the kind").unwrap(), &["not a safetensors file"]);
    refused("zip", |file| std::fs::write(file, b"PK\x03\x04 and nothing else").unwrap(), &["not an npz file"]);
    refused("one", |file| write(file, &[1, 16, 16, 1], &[0.0; 256], &[0]), &["1 samples cannot be split"]);
}

#[test]
fn bad_settings_and_topologies_are_named() {
    let folder = folder("settings");
    files(&folder, 20);
    let run = |arguments: &[&str]| {
        let common = ["--data", "digits.safetensors", "-o", "out.safetensors"];
        let output = program(&folder, &[arguments, &common].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    assert!(run(&["train", "small.toml", "--epochs", "0"]).contains("--epochs"));
    assert!(run(&["train", "small.toml", "--resume"]).contains("no checkpoint"));
    assert!(run(&["train", "none.toml"]).contains("none.toml"));
    std::fs::write(folder.join("unsized.toml"), crate::SMALL.replace(", shape = [6, 3, 3, 1]", "")).unwrap();
    let said = run(&["train", "unsized.toml"]);
    assert!(said.contains("c1.w") && said.contains("unsized.toml"), "{said}");
    let said = run(&["distill", "--teacher", "small.toml", "--student", "small.toml", "--match", "c1=none"]);
    assert!(said.contains("no activation named `none`"), "{said}");
}

/// An npz file as numpy writes it: stored, or deflated.
fn npz(arrays: &[(&str, &str, &str, Vec<u8>)], deflate: bool) -> Vec<u8> {
    let method = if deflate { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, descr, shape, data) in arrays {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        header.push_str(&" ".repeat(64 - (10 + header.len() + 1) % 64));
        header.push('\n');
        let mut npy = b"\x93NUMPY\x01\x00".to_vec();
        npy.extend((header.len() as u16).to_le_bytes());
        npy.extend(header.bytes());
        npy.extend(data);
        file.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
        file.write_all(&npy).unwrap();
    }
    file.finish().unwrap().into_inner()
}

#[test]
fn npz_files_hold_the_same_samples() {
    let graph = from_topology(crate::SMALL, "small", 1).unwrap();
    let expected = crate::drawn::digits(3, 30);
    let labels: Vec<u8> = expected.labels.iter().map(|&label| label as u8).collect();
    let arrays = [("x", "<f4", "(30, 16, 16, 1)", floats(&expected.inputs[0])), ("y", "|u1", "(30,)", labels)];
    for deflate in [false, true] {
        assert_eq!(Samples::parse(&npz(&arrays, deflate), &graph, &[]).unwrap(), expected);
    }
    let whole = npz(&arrays, true);
    for end in (0..whole.len()).step_by(97) {
        assert!(Samples::parse(&whole[..end], &graph, &[]).is_err(), "cut at {end}");
    }
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        // Whatever comes of it, it comes back.
        let _ = Samples::parse(&damaged, &graph, &[]);
    }
    let doubles = [("x", "<f8", "(1, 16, 16, 1)", vec![0; 2048]), ("y", "<i8", "(1,)", vec![0; 8])];
    let said = Samples::parse(&npz(&doubles, false), &graph, &[]).unwrap_err().to_string();
    assert!(said.contains("tensor `x`") && said.contains("float32"), "{said}");
}
