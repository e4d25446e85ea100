//! Damaged and malicious model files: each gives a diagnostic or a valid result, in bounded time and memory.
//!
//! The damage is seeded, so that every run is the same. A file that fails is written to the target directory's `tmp`.

mod crafted;
mod drive;
mod mutate;
mod tree;
#[path = "../../codegen/src/front/tflite/tests/writer.rs"]
#[allow(dead_code, reason = "only trees of values are written here")]
mod writer;

use cap::Cap;
use mutate::{Random, mutate};
use std::alloc::System;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What allocates beyond this ends the test at once, by its backtrace.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, 1 << 30);

/// Files whose bytes are damaged.
const DAMAGED: usize = 100_000;
/// Files that are sound flatbuffers and say senseless things.
const SENSELESS: usize = 50_000;
/// The longest that one file may take.
const TIME: Duration = Duration::from_secs(1);
/// The most memory that one file may take, besides 16 times its own size.
const ROOM: usize = 64 << 20;
/// Failures reported before the test gives up.
const FAILURES: usize = 20;

/// Held by the test that runs: memory and panics are those of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// What became of a file: accepted, or refused with a diagnostic of that code.
type Outcome = Result<(), &'static str>;

/// What the last panic said, and where.
static PANIC: Mutex<String> = Mutex::new(String::new());

#[test]
fn damaged_files_are_refused_or_compiled() {
    let _alone = ALONE.lock();
    let seeds = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance"));
    assert!(seeds.len() >= 100, "only {} seeds", seeds.len());
    let files = (0..DAMAGED).map(|index| {
        let mut random = Random(index as u64);
        let (name, seed) = random.pick(&seeds);
        let (_, other) = random.pick(&seeds);
        (format!("file {index}, of {name}"), mutate(&mut random, seed.clone(), other))
    });
    run(files);
}

#[test]
fn files_that_say_senseless_things_are_refused_or_compiled() {
    let _alone = ALONE.lock();
    let sound = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance"));
    let trees: Vec<_> = sound.into_iter().map(|(name, bytes)| (tree::parse(&bytes).expect("a sound file"), name)).collect();
    let files = (0..SENSELESS).map(|index| {
        let mut random = Random((DAMAGED + index) as u64);
        let (tree, name) = random.pick(&trees);
        let mut tree = tree.clone();
        tree::mutate(&mut random, &mut tree);
        (format!("file {index}, of {name}"), writer::file(&tree))
    });
    run(files);
}

#[test]
fn small_files_that_ask_for_much_are_bounded() {
    let _alone = ALONE.lock();
    run(crafted::all().into_iter());
}

#[test]
fn undamaged_files_compile() {
    let _alone = ALONE.lock();
    for (name, bytes) in seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance")) {
        // XNNPACK, which some are compiled for, has no kernels of 16 bits, and computes these otherwise.
        let unlike = ["/int16/", "/resize_bilinear/", "/transpose_conv/k1x1_stride2", "/graphs/encoder_decoder"];
        let refused = unlike.iter().any(|part| name.contains(part));
        let compiles = |outcome| outcome == Ok(()) || (refused && outcome == Err("lower::reference"));
        assert!(compiles(drive::drive(&bytes, None)), "{name}");
        let tree = tree::parse(&bytes).expect("a sound file");
        assert!(compiles(drive::drive(&writer::file(&tree), None)), "{name}, as a tree");
    }
}

/// Model files under a folder, in the order of their paths.
fn seeds(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tflite") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read(&path).expect("a readable file"));
    paths.into_iter().map(read).collect()
}

/// Drives every file and fails with what went wrong.
fn run(files: impl Iterator<Item = (String, Vec<u8>)>) {
    std::panic::set_hook(Box::new(|info| *PANIC.lock().expect("no panic inside the hook") = info.to_string()));
    let (start, mut count, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (name, bytes) in files {
        count += 1;
        match single(&bytes) {
            Ok((outcome, time)) => {
                *outcomes.entry(outcome.err().unwrap_or("accepted")).or_default() += 1;
                slowest = slowest.max(time);
            }
            Err(failure) => {
                let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{count}.tflite"));
                std::fs::write(&file, &bytes).expect("a writable target directory");
                failures.push(format!("{name} ({}): {failure}", file.display()));
            }
        }
        if failures.len() >= FAILURES {
            break;
        }
    }
    let _ = std::panic::take_hook();
    println!("{count} files in {:?}; the slowest took {slowest:?}: {outcomes:?}", start.elapsed());
    println!("most memory at once: {} kB", MEMORY.max_allocated() / 1024);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Drives one file: its outcome and how long it took, or what went wrong.
fn single(bytes: &[u8]) -> Result<(Outcome, Duration), String> {
    let (before, peak) = (MEMORY.allocated(), MEMORY.max_allocated());
    let drive = || catch_unwind(AssertUnwindSafe(|| drive::drive(bytes, None)));
    let start = Instant::now();
    let result = drive();
    let mut time = start.elapsed();
    if time > TIME {
        // The machine may have been busy elsewhere: what counts is what this thread took.
        let start = processor_time();
        let again = drive();
        time = processor_time().zip(start).map_or(time, |(end, start)| end - start);
        assert_eq!(result.is_ok(), again.is_ok(), "the same file, another result");
    }
    let outcome = result.map_err(|_| PANIC.lock().map(|message| message.clone()).unwrap_or_default())?;
    if time > TIME {
        return Err(format!("took {time:?}"));
    }
    // The peak is that of the whole run: a file is at fault where it raises it.
    let (after, limit) = (MEMORY.max_allocated(), ROOM + 16 * bytes.len());
    if after > peak && after - before > limit {
        return Err(format!("took {} bytes of memory, more than {limit}", after - before));
    }
    Ok((outcome, time))
}

/// How long this thread has had a processor, where the system tells.
fn processor_time() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
