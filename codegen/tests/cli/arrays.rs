//! `quantize` and `prune` take the data sets that numpy writes.

use super::{folder, quantize, repository, run};
use safetensors::SafeTensors;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The tensors of a safetensors file as numpy's arrays.
fn arrays(bytes: &[u8], rename: impl Fn(&str) -> String) -> Vec<(String, Vec<u8>)> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let array = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        let (kind, size) = match view.dtype() {
            safetensors::Dtype::F32 => ("f4", 4),
            _ => ("i8", 8),
        };
        // Big-endian labels, little-endian inputs.
        let (order, data) = match kind {
            "i8" => (">", view.data().chunks(size).flat_map(|element| element.iter().rev()).copied().collect()),
            _ => ("<", view.data().to_vec()),
        };
        let shape: String = view.shape().iter().map(|dim| format!("{dim}, ")).collect();
        let header = format!("{{'descr': '{order}{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n").replace(", )", ",)");
        let start = [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
        (format!("{}.npy", rename(&name)), [start, data].concat())
    };
    file.tensors().into_iter().map(array).collect()
}

fn npz(file: &Path, arrays: &[(String, Vec<u8>)], method: CompressionMethod) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    std::fs::write(file, archive.finish().unwrap().into_inner()).unwrap();
}

#[test]
fn npz_gives_the_bytes_that_safetensors_gives() {
    let folder = folder("npz");
    let path = |name: &str| folder.join(name);
    let shown = |name: &str| path(name).display().to_string();
    quantize::data(&path("data.safetensors"), &[1, 8, 8, 3], 12, Some(&[1; 12]));
    let bytes = std::fs::read(path("data.safetensors")).unwrap();
    npz(&path("same.npz"), &arrays(&bytes, str::to_string), CompressionMethod::Stored);
    let short = |name: &str| if name == "labels" { "y".into() } else { "x".to_string() };
    // The name of a file does not count.
    npz(&path("short.safetensors"), &arrays(&bytes, short), CompressionMethod::Deflated);
    let model = repository("tests/data/float/graph_residual.tflite").display().to_string();
    let fast = ["--ranges", "min-max", "--equalize", "off", "--correct-biases", "off", "--fit-weights", "off"];
    for (command, more) in [("quantize", &fast[..]), ("prune", &["--sparsity", "0.5"])] {
        let make = |data: &str| {
            let asked = [command, &model, "--data", &shown(data), "--evaluate", &shown(data), "-o", &shown("out.safetensors")];
            let ran = run(&[&asked[..], more].concat());
            assert_eq!(ran.code, Some(0), "{command} {data}: {}", ran.stderr);
            let files = ["out.safetensors", "out.toml"].map(|name| std::fs::read(path(name)).unwrap());
            (files, ran.stdout)
        };
        let expected = make("data.safetensors");
        assert!(expected.1.contains("accuracy"), "labels count: {}", expected.1);
        assert_eq!(make("same.npz"), expected, "{command}");
        assert_eq!(make("short.safetensors"), expected, "{command}");
    }
}

#[test]
fn a_npy_file_is_the_first_input() {
    let folder = folder("npy");
    let path = |name: &str| folder.join(name);
    quantize::data(&path("data.safetensors"), &[1, 8, 8, 3], 4, None);
    let arrays = arrays(&std::fs::read(path("data.safetensors")).unwrap(), str::to_string);
    std::fs::write(path("data.npy"), &arrays[0].1).unwrap();
    let model = repository("tests/data/float/graph_residual.tflite").display().to_string();
    let fast = ["--ranges", "min-max", "--equalize", "off", "--correct-biases", "off", "--fit-weights", "off"];
    let made = ["data.safetensors", "data.npy"].map(|data| {
        let (data, out) = (path(data).display().to_string(), path("out.safetensors"));
        let ran = run(&[&["quantize", &model, "--data", &data, "-o", &out.display().to_string()][..], &fast].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        std::fs::read(out).unwrap()
    });
    assert!(made[0] == made[1]);
}

#[test]
fn archives_that_lie_are_named() {
    let folder = folder("npz_lies");
    let (data, out) = (folder.join("data.npz"), folder.join("out.safetensors"));
    let model = repository("tests/data/float/graph_residual.tflite").display().to_string();
    let zeros = vec![0; 4 * 12 * 192];
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 1, 8, 8, 3), }\n";
    let start = [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
    let entries = ["x.npy", "w.npy"].map(|name| (name.to_string(), [&start[..], &zeros].concat()));
    npz(&data, &entries, CompressionMethod::Deflated);
    let whole = std::fs::read(&data).unwrap();
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let second = directory + 46 + 5;
    // The sizes of the first entry, and the place of the second.
    for (at, value, code, entry) in [
        (directory + 24, 3_900_000_000u32, "samples::npz", "`x`"),
        (directory + 20, 3_900_000_000, "samples::npz", "`x`"),
        (second + 42, 0, "samples::npz", "`w`"),
        (directory + 24, 4 * 12 * 191, "samples::npy", "`x`"),
    ] {
        let mut file = whole.clone();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        std::fs::write(&data, file).unwrap();
        for command in ["quantize", "prune"] {
            let (data, out) = (data.display().to_string(), out.display().to_string());
            let asked = [command, &model, "--data", &data, "-o", &out];
            let asked = if command == "prune" { [&asked[..], &["--sparsity", "0.5"]].concat() } else { asked.to_vec() };
            let ran = run(&[&asked[..], &["--format", "json"]].concat());
            assert_eq!((ran.code, ran.diagnostics()), (Some(2), vec![code.to_string()]), "{}", ran.stderr);
            assert!(ran.stderr.contains("data.npz") && run(&asked).stderr.contains(entry), "{}", ran.stderr);
        }
    }
    assert!(!out.exists());
}
