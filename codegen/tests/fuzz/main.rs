//! Each fuzz target on sound files and on seeded damage to them: every input comes back, without a panic and within bounds of memory.
//!
//! `cargo +nightly fuzz run NAME` searches on, without end, from the seeds that [`write_corpus`] writes.

mod archives;
#[path = "../../../tests/hostile_native/mutate.rs"]
#[allow(dead_code, reason = "only texts are damaged by it here")]
mod damage;
#[path = "../../../tests/hostile/mutate.rs"]
mod mutate;
mod seeds;
#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "a crate of its own for cargo-fuzz")]
mod targets;

use cap::Cap;
use mutate::Random;
use std::alloc::System;
use std::path::Path;
use std::time::{Duration, Instant};

/// What allocates beyond this ends the test at once.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, 2 << 30);

/// Damaged inputs of each target.
const INPUTS: [(&str, u64); 8] = [
    ("tflite", 1000),
    ("onnx", 4000),
    ("native", 1000),
    ("dataset", 10_000),
    ("golden", 10_000),
    ("boards", 1000),
    ("baseline", 10_000),
    ("pipeline", 500),
];
/// The most memory that one input may take, besides 64 times its own size.
const ROOM: usize = 64 << 20;
/// The longest that one input may take; no input takes a tenth of it on an idle machine.
const TIME: Duration = Duration::from_secs(10);

/// One test, since memory is that of the whole process.
#[test]
fn every_target_comes_back() {
    archives::small_archives_that_claim_much_are_bounded();
    assert_eq!(INPUTS.map(|(name, _)| name), targets::TARGETS.map(|(name, _)| name));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    for ((name, run), (_, count)) in targets::TARGETS.into_iter().zip(INPUTS) {
        let seeds = seeds::of(name);
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        let start = Instant::now();
        for seed in &seeds {
            check(&folder, name, run, seed);
        }
        for index in 0..count {
            let mut random = Random(index);
            let (seed, other) = (random.pick(&seeds).clone(), random.pick(&seeds));
            let input = match std::str::from_utf8(&seed) {
                Ok(text) if index % 4 > 0 => {
                    damage::damage_text(&mut damage::Random(index), text, &String::from_utf8_lossy(other)).into_bytes()
                }
                _ => mutate::mutate(&mut random, seed, other),
            };
            check(&folder, name, run, &input);
        }
        println!("{name}: {} seeds and {count} damaged in {:?}", seeds.len(), start.elapsed());
    }
    println!("most memory at once: {} kB", MEMORY.max_allocated() / 1024);
}

/// Writes the seeds where cargo-fuzz looks for them: `cargo test -p tinybake-codegen --features cli --test fuzz -- --ignored`.
#[test]
#[ignore = "writes to fuzz/corpus"]
fn write_corpus() {
    for (name, _) in targets::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, seed) in seeds::of(name).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
        }
    }
}

/// Runs a target on one input, which is kept in a file where it is at fault.
fn check(folder: &Path, name: &str, run: fn(&[u8]), input: &[u8]) {
    let file = folder.join(name);
    let (before, peak, start) = (MEMORY.allocated(), MEMORY.max_allocated(), Instant::now());
    let result = std::panic::catch_unwind(|| run(input));
    let (after, took) = (MEMORY.max_allocated(), start.elapsed());
    // The peak is that of the whole run: an input is at fault where it raises it.
    let used = if after > peak { after - before } else { 0 };
    let limit = ROOM + 64 * input.len();
    if result.is_err() || used > limit || took > TIME {
        std::fs::write(&file, input).unwrap();
        panic!("{}: took {took:?}, and {used} bytes of {limit}; panicked: {}", file.display(), result.is_err());
    }
}
