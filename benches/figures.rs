//! What models take on cores, beside what they take with other engines: `cargo bench`.
//!
//! The figures are deterministic, so they are also a test: those in `benches/expected.toml` are expected to within 0.5 %, and the exit
//! code is 1 where one is off, for better or worse. `cargo bench -- --bless` writes them anew. Public models are measured where
//! the maintainers' folder of them is there.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tinybake_codegen::boards::{Catalogue, Target};
use tinybake_codegen::measure::{self, Cache, Cost, Program, Samples};
use tinybake_codegen::options::Passes;
use tinybake_codegen::pipeline::compile;
use tinybake_codegen::script::Files;
use tinybake_codegen::{Optimize, Options};

/// Names of models, and where they lie.
const MODELS: [(&str, &str); 8] = [
    ("digits", "examples/models/digits.tflite"),
    ("kws", "../shared/models/mlperf-tiny/kws_ref_model.tflite"),
    ("resnet8", "../shared/models/mlperf-tiny/pretrainedResnet_quant.tflite"),
    ("vww", "../shared/models/mlperf-tiny/vww_96_int8.tflite"),
    ("ad01", "../shared/models/mlperf-tiny/ad01_int8.tflite"),
    ("hello_world", "../shared/models/tflm/hello_world_int8.tflite"),
    ("micro_speech", "../shared/models/tflm/micro_speech_quantized.tflite"),
    ("person_detect", "../shared/models/tflm/person_detect.tflite"),
];

const CORES: [&str; 4] = ["cortex-m0plus", "cortex-m4", "cortex-m55", "riscv32imc"];
const WAYS: [Optimize; 2] = [Optimize::Speed, Optimize::Size];
const SAMPLES: usize = 2;

/// How far a figure may be from what is expected.
const TOLERANCE: f64 = 0.005;

/// The figures of a model on a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Figures {
    instructions: u64,
    code: u64,
    constants: u64,
    ram: u64,
    stack: u64,
}

/// Figures by model, core and way to build.
type Table = BTreeMap<String, BTreeMap<String, BTreeMap<String, Figures>>>;

#[derive(Deserialize)]
struct Peers {
    peer: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    name: String,
    instructions: Vec<Count>,
    #[serde(default)]
    memory: Vec<Memory>,
}

#[derive(Deserialize)]
struct Count {
    model: String,
    core: String,
    count: u64,
}

#[derive(Deserialize)]
struct Memory {
    model: String,
    flash: u64,
    ram: u64,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::args().any(|argument| argument == "--bless");
    let (mut now, mut macs) = (Table::new(), BTreeMap::new());
    let catalogue = Catalogue::builtin();
    let settings =
        measure::Options { directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure"), ..Default::default() };
    let cache = Cache::open(&settings.directory).unwrap_or_else(|error| panic!("{error}"));
    for (name, file) in MODELS {
        if !root.join(file).is_file() {
            println!("skipped: {name}: {file} is not there");
            continue;
        }
        let files = Files::read(&root.join(file)).unwrap_or_else(|error| panic!("{error}"));
        macs.insert(name.to_string(), macs_of(&files, file));
        for core in CORES {
            let target = catalogue.find(core).expect("a core of the table");
            if let Err(missing) = measure::available(&target) {
                println!("skipped: {name} on {core}: {missing}");
                continue;
            }
            for optimize in WAYS {
                eprintln!("{name} on {core}, {optimize}");
                let figures = figures(&files, file, &target, optimize, &settings, &cache);
                now.entry(name.into()).or_default().entry(core.into()).or_default().insert(optimize.name().into(), figures);
            }
        }
    }
    let read = |name: &str| std::fs::read_to_string(root.join("benches").join(name)).unwrap_or_default();
    let peers: Peers = toml::from_str(&read("peers.toml")).unwrap_or_else(|error| panic!("peers.toml: {error}"));
    println!("{}", speed(&now, &macs, &peers));
    println!("{}", size(&now, &peers));
    let mut expected: Table = toml::from_str(&read("expected.toml")).unwrap_or_else(|error| panic!("expected.toml: {error}"));
    if bless {
        expected.extend(now);
        let text = toml::to_string(&expected).unwrap_or_else(|error| panic!("{error}"));
        let head = "# What `cargo bench` measures, and expects to within 0.5 %. Written by `cargo bench -- --bless`.\n\n";
        std::fs::write(root.join("benches/expected.toml"), format!("{head}{text}")).unwrap_or_else(|error| panic!("{error}"));
        return ExitCode::SUCCESS;
    }
    let changes = changes(&expected, &now);
    changes.iter().for_each(|change| println!("not as expected: {change}"));
    println!("{} models, {} figures not as expected", now.len(), changes.len());
    if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Multiply-accumulates of the model as it is in its file.
fn macs_of(files: &Files, name: &str) -> u64 {
    let options = Options { passes: Passes::None, ..Options::default() };
    compile(&files.source(name), &options).unwrap_or_else(|error| panic!("{error}")).plan.macs
}

/// The figures of one combination, those kept or measured now.
fn figures(
    files: &Files,
    name: &str,
    target: &Target<'_>,
    optimize: Optimize,
    settings: &measure::Options,
    cache: &Cache,
) -> Figures {
    let options = Options { optimize, core: target.class(), ..Options::default() };
    let plan = compile(&files.source(name), &options).unwrap_or_else(|error| panic!("{error}")).plan;
    let program = Program::of_plan(&plan);
    let key = cache.key(target, &[program.source.as_bytes(), optimize.name().as_bytes(), b"bench"]);
    let cost: Cost = cache.get(&key).unwrap_or_else(|| {
        let samples = Samples::arbitrary(&program.inputs, SAMPLES);
        let settings = measure::Options { size: optimize == Optimize::Size, ..settings.clone() };
        let cost = measure::cost(&program, &samples, target, &settings).unwrap_or_else(|error| panic!("{name}: {error}"));
        cache.put(&key, &cost).unwrap_or_else(|error| panic!("{error}"));
        cost
    });
    Figures {
        instructions: cost.instructions.unwrap_or(0),
        code: cost.model.code,
        constants: cost.model.rodata + cost.model.data,
        ram: plan.ram_bytes() as u64,
        stack: cost.stack_bytes.unwrap_or(0),
    }
}

/// Figures that are off by more than is tolerated, and those that nothing is expected of.
fn changes(expected: &Table, now: &Table) -> Vec<String> {
    let mut changes = Vec::new();
    for (model, cores) in now {
        for (core, ways) in cores {
            for (way, figures) in ways {
                let what = format!("{model} on {core}, {way}");
                let Some(old) = expected.get(model).and_then(|cores| cores.get(core)?.get(way)) else {
                    changes.push(format!("{what}: nothing is expected of it; `cargo bench -- --bless` writes it down"));
                    continue;
                };
                let pairs = [
                    ("instructions", old.instructions, figures.instructions),
                    ("code", old.code, figures.code),
                    ("constants", old.constants, figures.constants),
                    ("RAM", old.ram, figures.ram),
                    ("stack", old.stack, figures.stack),
                ];
                for (figure, old, new) in pairs {
                    if old.abs_diff(new) as f64 > TOLERANCE * old as f64 {
                        changes.push(format!("{what}: {figure} {new}, expected {old}"));
                    }
                }
            }
        }
    }
    changes
}

/// Instructions for speed: of an inference, and of a multiply-accumulate of the model as it is in its file.
fn speed(now: &Table, macs: &BTreeMap<String, u64>, peers: &Peers) -> String {
    let mut text = String::from(
        "Instructions of one inference, optimize `speed` (and of each of the model's multiply-accumulates)\n\n| model | MAC |",
    );
    for core in CORES {
        let _ = write!(text, " {core} |");
    }
    for peer in &peers.peer {
        let _ = write!(text, " {} |", peer.name);
    }
    let _ = writeln!(text, "\n|{}", "---|".repeat(2 + CORES.len() + peers.peer.len()));
    for (model, _) in MODELS {
        let Some(cores) = now.get(model) else { continue };
        let macs = macs.get(model).copied().unwrap_or(0).max(1);
        let _ = write!(text, "| {model} | {} |", millions(macs));
        for core in CORES {
            let count = cores.get(core).and_then(|ways| ways.get("speed")).map(|figures| figures.instructions);
            let cell =
                count.map_or_else(|| "-".into(), |count| format!("{} ({:.2})", millions(count), count as f64 / macs as f64));
            let _ = write!(text, " {cell} |");
        }
        for peer in &peers.peer {
            let counts = CORES.map(|core| {
                let count = peer.instructions.iter().find(|count| count.model == model && count.core == core);
                count.map(|count| format!("{} on {}", millions(count.count), core.trim_start_matches("cortex-")))
            });
            let _ = write!(text, " {} |", counts.into_iter().flatten().collect::<Vec<_>>().join(", "));
        }
        text.push('\n');
    }
    text
}

/// Bytes for size on a Cortex-M4.
fn size(now: &Table, peers: &Peers) -> String {
    let mut text = String::from(
        "Bytes on a Cortex-M4, optimize `size`\n\n| model | code | constants | RAM | stack | flash of TFLM + CMSIS-NN | its arena |\n|---|---|---|---|---|---|---|\n",
    );
    for (model, _) in MODELS {
        let figures = now.get(model).and_then(|cores| cores.get("cortex-m4")?.get("size"));
        let Some(Figures { instructions: _, code, constants, ram, stack }) = figures else { continue };
        let peer = peers.peer.iter().flat_map(|peer| &peer.memory).find(|memory| memory.model == model);
        let (flash, arena) = peer.map_or(("".into(), "".into()), |memory| (thousands(memory.flash), thousands(memory.ram)));
        let [code, constants, ram, stack] = [code, constants, ram, stack].map(|&figure| thousands(figure));
        let _ = writeln!(text, "| {model} | {code} | {constants} | {ram} | {stack} | {flash} | {arena} |");
    }
    text
}

/// A count with three or four digits.
fn millions(count: u64) -> String {
    match count {
        0..10_000 => thousands(count),
        10_000..1_000_000 => format!("{} k", thousands((count + 500) / 1000)),
        _ => format!("{:.2} M", count as f64 / 1e6),
    }
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| core::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
