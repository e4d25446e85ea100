//! Damaged and malicious models in the native format: each gives a diagnostic or a graph, in bounded time and memory.

mod crafted;
mod mutate;

use cap::Cap;
use mutate::{Random, damage_bytes, damage_text};
use std::alloc::System;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use tinybake_codegen::front::safetensors::{Layout, read, write, write_embedded};
use tinybake_codegen::front::tflite;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Damaged models.
const MODELS: u64 = 20_000;
/// The longest that one model may take.
const TIME: Duration = Duration::from_secs(1);

/// The most memory that reading may take. The 64 MiB are for the topology, of which the TOML parser holds all tokens at
/// once, a hundred bytes for each byte of hostile text; a topology has at most 512 KiB.
fn room(bytes: &[u8], topology: Option<&str>) -> usize {
    let text = topology.map_or(bytes.len(), str::len);
    (64 << 20).min((64 << 10) + 128 * text) + 16 * (bytes.len() + text)
}

/// Reads a model and returns the code of its first diagnostic, or what it took beyond its bounds.
///
/// The peak is that of the process, so a model is at fault where it raises it beyond its room. Models of little room
/// come first, so that none hides below the peak of another.
fn check(name: &str, bytes: &[u8], topology: Option<&str>) -> Result<&'static str, String> {
    let (peak, before, start) = (MEMORY.max_allocated(), MEMORY.allocated(), Instant::now());
    let outcome = match read(bytes, topology, "hostile") {
        Ok(_) => "read",
        Err(problems) => {
            assert!(problems.0.iter().all(|problem| !problem.message.is_empty() && !problem.help.is_empty()), "{name}");
            problems.0.first().map_or("none", |problem| problem.code)
        }
    };
    let (mut took, after, allowed) = (start.elapsed(), MEMORY.max_allocated(), room(bytes, topology));
    if took > TIME {
        // The machine may have been busy elsewhere; only what is slow twice is slow.
        let start = Instant::now();
        let _ = read(bytes, topology, "hostile");
        took = took.min(start.elapsed());
    }
    let used = if after > peak { after - before } else { 0 };
    if took > TIME || used > allowed {
        return Err(format!("{name} ({outcome}): took {took:?} and {used} bytes of {allowed}"));
    }
    Ok(outcome)
}

/// Small networks of every operator, as the conformance cases have them, with their topologies.
fn seeds() -> Vec<(Vec<u8>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance");
    let folders = std::fs::read_dir(&root).expect("the conformance cases").filter_map(Result::ok);
    let files = folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flatten().filter_map(Result::ok);
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "tflite")).collect();
    paths.sort();
    let seed = |(index, path): (usize, &std::path::PathBuf)| {
        let graph = tflite::read(&std::fs::read(path).ok()?, "seed").ok()?;
        write(&graph, if index % 2 == 0 { Layout::Torch } else { Layout::Tflite }).ok()
    };
    paths.iter().enumerate().filter_map(seed).collect()
}

/// One test, since memory is that of the whole process.
#[test]
fn hostile_models_are_refused_or_read_within_bounds() {
    damaged_models_are_refused_or_read();
    damaged_embedded_topologies_are_refused_or_read();
    small_models_that_ask_for_much_are_bounded();
}

fn damaged_models_are_refused_or_read() {
    let seeds = seeds();
    assert!(seeds.len() >= 100, "only {} seeds", seeds.len());
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for index in 0..MODELS {
        let mut random = Random(index);
        let (bytes, topology) = random.pick(&seeds);
        let (_, other) = random.pick(&seeds);
        let (bytes, topology) = match index % 4 {
            0 => (damage_bytes(&mut random, bytes), topology.clone()),
            _ => (bytes.clone(), damage_text(&mut random, topology, other)),
        };
        match check(&format!("model {index}"), &bytes, Some(&topology)) {
            Ok(code) => *outcomes.entry(code).or_default() += 1,
            Err(failure) => failures.push(failure),
        }
    }
    println!("{outcomes:#?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(outcomes.len() >= 12, "the damage reaches few checks");
}

fn damaged_embedded_topologies_are_refused_or_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits.tflite");
    let graph = tflite::read(&std::fs::read(path).expect("the digits model"), "digits").expect("it reads");
    let bytes = write_embedded(&graph, Layout::Torch).expect("it writes");
    for index in 0..MODELS / 10 {
        let bytes = damage_bytes(&mut Random(index), &bytes);
        if let Err(failure) = check(&format!("model {index}"), &bytes, None) {
            panic!("{failure}");
        }
    }
}

fn small_models_that_ask_for_much_are_bounded() {
    let mut failures = Vec::new();
    let mut models = crafted::all();
    models.sort_by_key(|model| room(&model.bytes, model.topology.as_deref()));
    for crafted::Model { name, bytes, topology, expected } in &models {
        match check(name, bytes, topology.as_deref()) {
            Ok(code) if code == *expected => {}
            Ok(code) => failures.push(format!("{name}: {code}, expected {expected}")),
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
