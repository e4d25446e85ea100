//! Sound inputs of each fuzz target: small files of the repository, and some made here.

use super::archives::{archive, array};
use super::targets::SEPARATOR;
use safetensors::tensor::{Dtype, TensorView};
use std::path::{Path, PathBuf};
use tinybake_codegen::front::safetensors::{Layout, write, write_embedded};
use tinybake_codegen::front::tflite;
use tinybake_codegen::report::{Comparison, Row};
use zip::CompressionMethod;

/// Files below this size are damaged; larger ones are slow, and have nothing that others do not have.
const MOST: usize = 8 << 10;

/// The seeds of a target.
pub(super) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "tflite" => files("tests/data/conformance", "tflite"),
        "onnx" => [files("tests/data/onnx", "onnx"), files("tests/data/onnx_quantized", "onnx")].concat(),
        "native" => native(),
        "dataset" => dataset(),
        "golden" => files("tests/data/conformance/graphs", "golden.safetensors"),
        "boards" => boards(),
        "baseline" => baseline(),
        _ => ["tflite", "onnx", "native"].into_iter().flat_map(of).collect(),
    }
}

/// Small files under a folder whose names end so, in the order of their paths.
fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => paths.push(path),
            }
        }
    }
    paths.retain(|path| path.to_string_lossy().ends_with(end));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < MOST).collect()
}

/// The conformance models in the native format, with the topology before the file, or inside.
fn native() -> Vec<Vec<u8>> {
    let graphs = files("tests/data/conformance", "tflite").into_iter().filter_map(|bytes| tflite::read(&bytes, "seed").ok());
    let seed = |(index, graph)| match index % 3 {
        0 => write_embedded(&graph, Layout::Torch).ok(),
        _ => {
            let layout = if index % 3 == 1 { Layout::Torch } else { Layout::Tflite };
            write(&graph, layout).ok().map(|(bytes, topology)| [topology.as_bytes(), SEPARATOR, &bytes].concat())
        }
    };
    graphs.enumerate().filter_map(seed).collect()
}

/// Data sets of both networks, in every format.
fn dataset() -> Vec<Vec<u8>> {
    let [zeros, labels] = [vec![0; 3 * 768], 1i64.to_le_bytes().repeat(3)];
    let view = |dtype, shape: &[usize], data| TensorView::new(dtype, shape.to_vec(), data).unwrap();
    let input = ("input.0", view(Dtype::F32, &[3, 1, 8, 8, 3], &zeros));
    let labelled = [input.clone(), ("labels", view(Dtype::I64, &[3], &labels))];
    let targets = [input, ("y", view(Dtype::F32, &[3, 64], &zeros[..768]))];
    vec![
        safetensors::serialize(labelled, None).unwrap(),
        safetensors::serialize(targets, None).unwrap(),
        archive(&[("x", 2)], CompressionMethod::Stored),
        archive(&[("input.0", 3), ("input.1", 3), ("labels", 1)], CompressionMethod::Deflated),
        array("<f4", "(3, 8, 8, 3)", &zeros),
        array(">f4", "(3, 1, 3, 8, 8)", &zeros),
    ]
}

/// Tables of boards, among them the project's own in parts.
fn boards() -> Vec<Vec<u8>> {
    let whole = include_str!("../../src/boards/boards.toml");
    let mut seeds: Vec<Vec<u8>> = whole.split("\n\n").map(|part| part.as_bytes().to_vec()).collect();
    let user = "[[board]]\nname = \"mine\"\ntitle = \"Mine\"\ncore = \"cortex-m3\"\nram_bytes = 9\nclock_mhz = 8\n";
    seeds.push(user.into());
    seeds
}

/// Figures of some models.
fn baseline() -> Vec<Vec<u8>> {
    let row = |model: &str, figure: u64| Row {
        model: model.into(),
        board: "nrf52840-dk".into(),
        optimize: "speed".into(),
        flash_bytes: Some(figure),
        ram_bytes: (figure > 1).then_some(figure),
        estimated_ms: Some(0.5),
        fits: Some(true),
        note: Some("a, \"b\"".into()),
        ..Row::default()
    };
    let json = |rows| Comparison { rows }.json();
    let [first, second] = [json(vec![row("a", 1), row("b", 9)]), json(vec![row("a", 0), row("b", 10), row("c", 1)])];
    let both = [first.as_bytes(), SEPARATOR, second.as_bytes()].concat();
    vec![first.into(), second.into(), both, json(Vec::new()).into()]
}
