//! What each fuzz target does with its bytes, whatever they are: it must come back, with a result or with diagnostics.
//!
//! `cargo +nightly fuzz run NAME` runs one without end; `codegen/tests/fuzz` runs each on seeded damage to sound files.
#![forbid(unsafe_code)]

#[path = "../../tests/hostile/drive.rs"]
mod drive;

use std::sync::LazyLock;
use tinybake_codegen::boards::{Catalogue, Emulators};
use tinybake_codegen::diag::{Diagnostics, Explain};
use tinybake_codegen::front::{self, onnx};
use tinybake_codegen::ir::{Data, Graph};
use tinybake_codegen::measure::{self, Golden, Port, Program, Run, Samples, Sections};
use tinybake_codegen::pipeline::{self, Source};
use tinybake_codegen::report::{self, Comparison};
use tinybake_codegen::samples::Dataset;
use tinybake_codegen::{Bytes, CoreClass, Optimize, Options};

/// A target, by the name that cargo-fuzz has for it.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("tflite", tflite),
    ("onnx", onnx),
    ("native", native),
    ("dataset", dataset),
    ("golden", golden),
    ("boards", boards),
    ("baseline", baseline),
    ("pipeline", pipeline),
];

/// What parts two files in one input: a topology and its weights, two baselines.
pub const SEPARATOR: &[u8] = b"\n---\n";

/// TensorFlow Lite files through the whole compiler.
pub fn tflite(bytes: &[u8]) {
    let _ = drive::drive(bytes, None);
}

/// ONNX files through the whole compiler, and those that are no quantized networks through the passes.
pub fn onnx(bytes: &[u8]) {
    if let Ok(read) = onnx::read_all(bytes, "hostile") {
        let (inputs, outputs) = (read.turned.inputs.len(), read.turned.outputs.len());
        assert!(inputs <= read.graph.inputs.len() && outputs <= read.graph.outputs.len());
        let source = Source { file: "hostile.onnx", bytes, topology: None };
        let _ = pipeline::simplify(&source, &Options::default()).map_err(told);
        let _ = drive::compile(&source, &Options::default());
    }
}

/// A topology, [`SEPARATOR`] and a safetensors file, or such a file with its topology inside, through the whole compiler.
pub fn native(bytes: &[u8]) {
    let (topology, file) = parted(bytes);
    let topology = topology.map(String::from_utf8_lossy);
    let _ = drive::drive(file, topology.as_deref());
}

/// Data sets, as samples of a network with one input and of one with two.
pub fn dataset(bytes: &[u8]) {
    static GRAPHS: LazyLock<[Graph; 2]> = LazyLock::new(|| {
        let files = [
            &include_bytes!("../../tests/data/float/graph_residual.tflite")[..],
            include_bytes!("../../tests/data/float/add.tflite"),
        ];
        files.map(|bytes| front::tflite::read(bytes, "float").expect("a model of the repository"))
    });
    for (graph, turned) in GRAPHS.iter().flat_map(|graph| [(graph, &[][..]), (graph, &[true, true])]) {
        match Dataset::parse(bytes, graph, turned) {
            Ok(data) => {
                assert!(data.count > 0 && data.first(1).count == 1);
                assert_eq!(data.sample(data.count - 1).len(), graph.inputs.len());
                let finite = |input: Data| matches!(input, Data::F32(values) if values.iter().all(|value| value.is_finite()));
                assert!(data.sample(0).into_iter().all(finite));
                let _ = (data.outliers(), data.target(0, data.count - 1));
            }
            Err(problems) => told(problems),
        }
    }
}

/// Recordings of a network, and the comparison with one whose outputs are all zero.
pub fn golden(bytes: &[u8]) {
    static PORTS: LazyLock<[Vec<Port>; 2]> = LazyLock::new(|| {
        let bytes = include_bytes!("../../tests/data/conformance/graphs/branch_and_concat.tflite");
        let source = Source { file: "golden.tflite", bytes, topology: None };
        let compiled = pipeline::compile(&source, &Options::default()).expect("a model of the repository");
        let Program { inputs, outputs, source: _ } = Program::of_plan(&compiled.plan);
        [inputs, outputs]
    });
    let [inputs, outputs] = &*PORTS;
    let mut golden = match Golden::parse(bytes) {
        Ok(golden) => golden,
        Err(problems) => return told(problems),
    };
    for turned in [false, true] {
        if turned {
            golden.channels_last(&[true], &[true]);
        }
        for engine in golden.engines() {
            let samples = match golden.samples(inputs, Some(3)) {
                Ok(samples) => samples,
                Err(problems) => return told(problems),
            };
            let compared = measure::compare_within(&silent(&samples, outputs), outputs, &golden, &engine, Some(1.0));
            let _ = compared.map_err(told);
        }
        let _ = golden.samples(inputs, None).map_err(told);
    }
}

/// A run that says zeros.
fn silent(samples: &Samples, ports: &[Port]) -> Run {
    let none = Sections::default();
    let outputs = ports.iter().map(|port| vec![0; samples.count * port.bytes()]).collect();
    Run {
        samples: samples.count,
        outputs,
        instructions: None,
        ram_bytes: 0,
        stack_bytes: None,
        stack_bound_bytes: None,
        image: none,
    }
}

/// A user's table of boards, cores and machines.
pub fn boards(bytes: &[u8]) {
    static BUILTIN: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);
    for emulators in [Emulators::Known, Emulators::Any] {
        match BUILTIN.clone().with(&String::from_utf8_lossy(bytes), emulators) {
            Ok(catalogue) => {
                for board in catalogue.boards() {
                    let target = catalogue.find(&board.name).expect("a board of the table");
                    assert_eq!(target.name(), board.name);
                }
                for core in catalogue.cores() {
                    assert!(catalogue.find(&core.name).is_ok() && catalogue.class_of(&core.name).is_ok());
                }
            }
            Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
        }
    }
}

/// Figures that were kept, against others after [`SEPARATOR`] or against themselves.
pub fn baseline(bytes: &[u8]) {
    let (before, now) = parted(bytes);
    let [before, now] = [before.unwrap_or(now), now].map(Comparison::parse);
    match (before, now) {
        (Ok(before), Ok(now)) => {
            let change = report::growth(&before, &now, 1.0);
            assert!(change.compared <= before.rows.len());
            let _ = (report::of_versions(&before, &now), now.csv());
            let _ = now.two_models().map(|models| report::of_models(&now, models));
            assert!(Comparison::parse(now.json().as_bytes()).is_ok());
            let _ = Comparison::of(before.rows.into_iter().chain(now.rows).collect());
        }
        (Err(error), _) | (_, Err(error)) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
}

/// A model of any format, with a topology before [`SEPARATOR`] or without, at `speed` for one of all kinds of cores, to the text of its module.
pub fn pipeline(bytes: &[u8]) {
    let (topology, file) = parted(bytes);
    let topology = topology.map(String::from_utf8_lossy);
    let mix = drive::mix(bytes);
    let cores = [
        CoreClass::Generic,
        CoreClass::Host,
        CoreClass::Armv6M,
        CoreClass::Armv7M,
        CoreClass::Dsp,
        CoreClass::Mve,
        CoreClass::Riscv32,
    ];
    let options = Options {
        optimize: Optimize::Speed,
        core: cores[mix % cores.len()],
        max_ram: (mix / 16).is_multiple_of(4).then_some(Bytes(1 << (8 + mix / 64 % 10))),
        ..Options::default()
    };
    let source = Source { file: "hostile", bytes: file, topology: topology.as_deref() };
    if let Ok(compiled) = drive::compile(&source, &options) {
        assert!(Program::of_plan(&compiled.plan).source.contains("pub struct Model"));
    }
}

/// What is before [`SEPARATOR`], and what is after it; all, where there is none.
fn parted(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + SEPARATOR.len()..]),
        None => (None, bytes),
    }
}

/// Checks that a refusal tells something.
fn told(problems: Diagnostics) {
    assert!(!problems.0.is_empty());
    assert!(problems.0.iter().all(|problem| !problem.to_string().is_empty() && !problem.help.is_empty()));
}
