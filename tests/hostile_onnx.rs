//! Damaged and senseless ONNX files give a graph or diagnostics: no panic, no long wait.

use std::path::Path;
use std::time::{Duration, Instant};
use tinybake_codegen::valid::{self, Kind};
use tinybake_codegen::{Options, Reference, front, pipeline};

/// Damaged files for each file that is well.
const EACH: u64 = 300;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn read(bytes: &[u8], what: &str) {
    let start = Instant::now();
    match front::onnx::read(bytes, "hostile") {
        Ok(graph) => {
            let sound = valid::structure(&graph).is_ok();
            // Integers go all the way: scales and zero points are the file's.
            if sound && valid::kind(&graph) == Kind::Quantized {
                let options = Options { reference: Some(Reference::Ort), ..Options::default() };
                let _ = pipeline::compile_graph(graph, &options, [0; 32]);
            }
        }
        Err(problems) => assert!(!problems.0.is_empty() && problems.0.len() <= 128, "{what}"),
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{what}: {:?}", start.elapsed());
}

/// Bits flipped, bytes replaced, taken out, doubled or put in, or the end cut off.
fn damage(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        let count = 1 + random.below(16).min(bytes.len().saturating_sub(at + 1));
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..(at + count).min(bytes.len()))),
            2 => {
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let from = random.below(other.len());
                let part = other[from..(from + count).min(other.len())].to_vec();
                bytes.splice(at..at, part);
            }
            4 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
            5 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = [0, 1, 2, 0x7f, 0x80, 0xff][random.below(6)]),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.next() as u8),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

#[test]
fn damaged_files_are_told_of() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folders = ["onnx", "onnx_quantized"].map(|folder| std::fs::read_dir(data.join(folder)).unwrap());
    let mut files: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    let all: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (path, bytes) in files.iter().zip(&all) {
        for round in 0..EACH {
            let mut damaged = bytes.clone();
            let other = &all[random.below(all.len())];
            damage(&mut random, &mut damaged, other);
            read(&damaged, &format!("{}, round {round}", path.display()));
        }
    }
}

/// A message: the field's number, then its bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut made = vec![number << 3 | 2];
    let mut count = bytes.len();
    while count >= 0x80 {
        made.push(count as u8 | 0x80);
        count >>= 7;
    }
    made.push(count as u8);
    made.extend(bytes);
    made
}

#[test]
fn files_that_ask_for_much_get_little() {
    // Subgraphs in subgraphs, which nothing enters.
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        nested = field(7, &nested);
        nested.truncate(1 << 20);
    }
    read(&nested, "nested graphs");
    // Lists that double.
    let mut graph = field(5, &[field(8, b"c0"), vec![1 << 3, 2, 2 << 3, 7], field(9, &[1; 16])].concat());
    for index in 0..2000 {
        let (from, to) = (format!("c{index}"), format!("c{}", index + 1));
        let node = [field(1, from.as_bytes()), field(1, from.as_bytes()), field(2, to.as_bytes()), field(4, b"Concat")].concat();
        graph.extend(field(1, &node));
    }
    read(&field(7, &graph), "doubling lists");
    // An image of 2^40 elements.
    let size = [field(1, &[1 << 3, 1]), field(1, &[1 << 3, 0x80, 0x80, 0x40]), field(1, &[1 << 3, 0x80, 0x80, 0x40])].concat();
    let port = [field(1, b"x"), field(2, &field(1, &[vec![1 << 3, 1], field(2, &size)].concat()))].concat();
    let node = [field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat();
    let graph = [field(11, &port), field(1, &node), field(12, &field(1, b"y"))].concat();
    assert!(front::onnx::read(&field(7, &graph), "large").is_err());
    for bytes in [&b""[..], b"x", b"\x3a", b"version https://git-lfs.github.com/spec/v1\noid", &[0xff; 64]] {
        assert!(front::onnx::read(bytes, "short").is_err());
    }
}
