//! What models take on cores, beside what they take with other engines: `cargo bench`.
//!
//! The figures are deterministic, so they are also a test: those in `benches/expected.toml` are expected to within 0.5 %, and the exit
//! code is 1 where one is off, for better or worse, and the compiler is the one that they are expected of. `cargo bench -- --bless` writes them anew; other words
//! are parts of the names of models to measure. Public models are measured where
//! the maintainers' folder of them is there.

mod pointwise;
mod pruned;
mod tables;

use pointwise::POINTWISE;
use pruned::PATTERNS;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use tinybake_codegen::boards::{Catalogue, Target};
use tinybake_codegen::ir::Graph;
use tinybake_codegen::measure::{self, Cache, Cost, Program, Samples};
use tinybake_codegen::options::{FormKind, Passes};
use tinybake_codegen::pipeline::{compile_graph, read};
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

/// Models of which pruned twins are measured too.
const PRUNED: [&str; 2] = ["digits", "kws"];

const CORES: [&str; 4] = ["cortex-m0plus", "cortex-m4", "cortex-m55", "riscv32imc"];
const WAYS: [Optimize; 3] = [Optimize::Speed, Optimize::Balanced, Optimize::Size];
const SAMPLES: usize = 2;

/// Forms that make use of zeros, or of few values, of weights.
const ENCODED: [FormKind; 4] = [FormKind::Sparse, FormKind::SparseLanes, FormKind::SparsePairs, FormKind::Palettized];

/// Settings that are dominated, and why. A setting that is not dominated any more is reported, so that it leaves the list.
const KNOWN: [(&str, &str); 3] = [
    ("micro_speech on cortex-m55: balanced", "the cause is not known: its convolution has the same form in all settings"),
    ("micro_speech on cortex-m55: speed", "the cause is not known: its convolution has the same form in all settings"),
    ("hello_world on cortex-m55: balanced", "12 instructions of 363, below the error of the cost model"),
];

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

/// Models, cores and ways to build, in whose code zeros or few values of weights are made use of.
type Encoded = BTreeSet<(String, &'static str, &'static str)>;

/// What is expected, and of the code of which compiler.
#[derive(Default, Serialize, Deserialize)]
struct Expected {
    #[serde(default)]
    compiler: String,
    #[serde(default)]
    figures: Table,
}

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
    let catalogue = Catalogue::builtin();
    let settings =
        measure::Options { directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure"), ..Default::default() };
    let cache = Cache::open(&settings.directory).unwrap_or_else(|error| panic!("{error}"));
    let (mut now, mut macs) = (Table::new(), BTreeMap::new());
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word));
    let mut jobs = Vec::new();
    for (name, graph) in models(root).into_iter().filter(|(name, _)| is_wanted(name)) {
        macs.insert(name.clone(), macs_of(&graph));
        let graph = Arc::new(graph);
        for core in CORES {
            let target = catalogue.find(core).expect("a core of the table");
            match measure::available(&target) {
                Ok(()) => jobs.extend(WAYS.map(|optimize| Job {
                    name: name.clone(),
                    graph: Arc::clone(&graph),
                    core,
                    target,
                    optimize,
                })),
                Err(missing) => println!("skipped: {name} on {core}: {missing}"),
            }
        }
    }
    let mut encoded = Encoded::new();
    for (job, (figures, is_encoded)) in measured(jobs, &settings, &cache) {
        if is_encoded {
            encoded.insert((job.name.clone(), job.core, job.optimize.name()));
        }
        now.entry(job.name).or_default().entry(job.core.into()).or_default().insert(job.optimize.name().into(), figures);
    }
    let read = |name: &str| std::fs::read_to_string(root.join("benches").join(name)).unwrap_or_default();
    let peers: Peers = toml::from_str(&read("peers.toml")).unwrap_or_else(|error| panic!("peers.toml: {error}"));
    println!("{}", tables::speed(&now, &macs, &peers));
    println!("{}", tables::size(&now, &peers));
    for model in PRUNED {
        println!("{}", tables::pruned(&now, model));
    }
    println!("{}", tables::settings(&now));
    let (known, dominated): (Vec<_>, Vec<_>) =
        dominated(&now, &encoded).into_iter().partition(|setting| reason(setting).is_some());
    for setting in &known {
        println!("dominated: {setting}; known: {}", reason(setting).unwrap_or_default());
    }
    dominated.iter().for_each(|setting| println!("dominated: {setting}"));
    for (name, _) in KNOWN {
        if is_measured(&now, name) && !known.iter().any(|setting| setting.starts_with(name)) {
            println!("not dominated any more, take it from the list: {name}");
        }
    }
    let mut expected: Expected = toml::from_str(&read("expected.toml")).unwrap_or_else(|error| panic!("expected.toml: {error}"));
    let compiler = compiler();
    if bless {
        expected.compiler = compiler;
        expected.figures.extend(now);
        let text = toml::to_string(&expected).unwrap_or_else(|error| panic!("{error}"));
        let head = "# What `cargo bench` measures, and expects to within 0.5 %. Written by `cargo bench -- --bless`.\n\n";
        std::fs::write(root.join("benches/expected.toml"), format!("{head}{text}")).unwrap_or_else(|error| panic!("{error}"));
        return ExitCode::SUCCESS;
    }
    let changes = changes(&expected.figures, &now);
    changes.iter().for_each(|change| println!("not as expected: {change}"));
    println!("{} models, {} figures not as expected, {} settings dominated", now.len(), changes.len(), dominated.len());
    if compiler != expected.compiler {
        println!("they are expected of {}, and this is {compiler}: no test", expected.compiler);
        return ExitCode::SUCCESS;
    }
    if changes.is_empty() && dominated.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Why a dominated setting is left, where it is.
fn reason(setting: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(name, _)| setting.starts_with(&format!("{name} "))).map(|(_, reason)| *reason)
}

/// Whether a setting of the list of known ones has been measured in this run.
fn is_measured(now: &Table, name: &str) -> bool {
    let parts = name.split_once(" on ").and_then(|(model, rest)| rest.split_once(": ").map(|(core, _)| (model, core)));
    parts.is_some_and(|(model, core)| now.get(model).is_some_and(|cores| cores.contains_key(core)))
}

/// The compiler, as it says itself.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc).arg("--version").output();
    output.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The names of the tables' rows.
fn names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(name, _)| *name).chain(POINTWISE.iter().map(|(name, _)| *name))
}

/// The models that are there, of some also pruned twins, and single convolutions.
fn models(root: &Path) -> Vec<(String, Graph)> {
    let mut models: Vec<_> = POINTWISE.map(|(name, activation)| (name.to_string(), pointwise::pointwise(activation))).into();
    for (name, file) in MODELS {
        if !root.join(file).is_file() {
            println!("skipped: {name}: {file} is not there");
            continue;
        }
        let files = Files::read(&root.join(file)).unwrap_or_else(|error| panic!("{error}"));
        let graph = read(&files.source(file)).unwrap_or_else(|error| panic!("{error}"));
        if PRUNED.contains(&name) {
            let twin = |(pattern, prune)| (format!("{name}, {pattern}"), pruned::pruned(&graph, prune));
            models.extend(PATTERNS.map(twin));
        }
        models.push((name.into(), graph));
    }
    models
}

/// Multiply-accumulates of the model as it is in its file.
fn macs_of(graph: &Graph) -> u64 {
    let options = Options { passes: Passes::None, ..Options::default() };
    compile_graph(graph.clone(), &options, [0; 32]).unwrap_or_else(|error| panic!("{error}")).plan.macs
}

/// A combination to measure.
struct Job<'c> {
    name: String,
    graph: Arc<Graph>,
    core: &'static str,
    target: Target<'c>,
    optimize: Optimize,
}

/// The figures of all combinations, in no order, by all processors.
fn measured<'c>(jobs: Vec<Job<'c>>, settings: &measure::Options, cache: &Cache) -> Vec<(Job<'c>, (Figures, bool))> {
    let (queue, done) = (Mutex::new(jobs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = queue.lock().expect("no thread has panicked").pop() {
                    eprintln!("{} on {}, {}", job.name, job.core, job.optimize);
                    let figures = figures(&job, settings, cache);
                    done.lock().expect("no thread has panicked").push((job, figures));
                }
            });
        }
    });
    done.into_inner().expect("no thread has panicked")
}

/// The figures of one combination, those kept or measured now, and whether zeros or few values of weights are made use of.
fn figures(job: &Job<'_>, settings: &measure::Options, cache: &Cache) -> (Figures, bool) {
    let Job { name, graph, target, optimize, .. } = job;
    let options = Options { optimize: *optimize, core: target.class(), ..Options::default() };
    let plan = compile_graph(Graph::clone(graph), &options, [0; 32]).unwrap_or_else(|error| panic!("{error}")).plan;
    let program = Program::of_plan(&plan);
    let settings = measure::Options { size: *optimize == Optimize::Size, ..settings.clone() };
    // Two settings that come to the same code are measured once.
    let profile: &[u8] = if settings.size { b"size" } else { b"speed" };
    let key = cache.key(target, &[code_of(&program).as_bytes(), profile, b"bench"]);
    let cost: Cost = cache.get(&key).unwrap_or_else(|| {
        let samples = Samples::arbitrary(&program.inputs, SAMPLES);
        let cost = measure::cost(&program, &samples, target, &settings).unwrap_or_else(|error| panic!("{name}: {error}"));
        cache.put(&key, &cost).unwrap_or_else(|error| panic!("{error}"));
        cost
    });
    let figures = Figures {
        instructions: cost.instructions.unwrap_or(0),
        code: cost.model.code,
        constants: cost.model.rodata + cost.model.data,
        ram: plan.ram_bytes() as u64,
        stack: cost.stack_bytes.unwrap_or(0),
    };
    (figures, plan.steps.iter().any(|planned| ENCODED.contains(&planned.form.kind())))
}

/// The text of a module without its comments, which name the setting.
fn code_of(program: &Program) -> String {
    program.source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Settings that take as much flash and as many instructions as another of the same model and core, and more of one of them; and
/// twins, pruned or of few values, whose encoded weights take more of both than those of the model that they are twins of.
fn dominated(now: &Table, encoded: &Encoded) -> Vec<String> {
    let flash = |figures: &Figures| figures.code + figures.constants;
    let worse = |a: &Figures, b: &Figures| {
        flash(a) >= flash(b) && a.instructions >= b.instructions && (flash(a), a.instructions) != (flash(b), b.instructions)
    };
    let said = |figures: &Figures| format!("{} bytes, {} instructions", flash(figures), figures.instructions);
    let mut dominated = Vec::new();
    for (model, cores) in now {
        let dense = model.split_once(", ").filter(|(dense, _)| PRUNED.contains(dense)).and_then(|(dense, _)| now.get(dense));
        for (core, ways) in cores {
            for (way, figures) in ways {
                for (other, others) in ways.iter().filter(|(_, others)| worse(figures, others)) {
                    dominated.push(format!("{model} on {core}: {way} takes {}, {other} {}", said(figures), said(others)));
                }
                let dense = dense.and_then(|cores| cores.get(core)?.get(way));
                let is_encoded = encoded.iter().any(|(name, of, by)| name == model && of == core && by == way);
                let dense = dense.filter(|_| is_encoded);
                let dense = dense.filter(|dense| flash(figures) > flash(dense) && figures.instructions > dense.instructions);
                if let Some(dense) = dense {
                    dominated.push(format!("{model} on {core}, {way}: {}, dense {}", said(figures), said(dense)));
                }
            }
        }
    }
    dominated
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
