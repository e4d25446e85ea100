//! From a teacher to firmware: a convolutional network that knows handwritten digits teaches a small one, which is pruned, trained on,
//! quantized, compiled to `no_std` Rust and run on emulated cores. A table tells of every step what the network takes and how often it
//! is right.
//!
//! `cargo run --release -p tinybake-train --example flagship [-- FOLDER]`
//!
//! The models of all steps are written into FOLDER where one is given. It ends with 1 where the chain does not hold what it promises.

mod digits;
mod learn;
mod measured;

use digits::{digits, varied};
use learn::{Lesson, Taught, distilled, fine_tuned, for_int8, taught};
use measured::{Firmware, firmware};
use std::path::Path;
use std::process::ExitCode;
use tinybake_codegen::diag::{Diagnostics, Explain as _, Place};
use tinybake_codegen::front::safetensors::Layout;
use tinybake_codegen::ir::Graph;
use tinybake_codegen::output::Native;
use tinybake_train::data::Samples;
use tinybake_train::initial::from_topology;

const TEACHER: &str = include_str!("teacher.toml");
const STUDENT: &str = include_str!("student.toml");

/// Digits that students with and without a teacher have, where those are compared.
const FEW: usize = 150;
const SEEDS: u64 = 5;
/// How often a digit is trained on in an epoch: as it is, and else bent, each time in another way.
const TIMES: usize = 4;

/// What the networks are trained and judged on.
struct Data {
    all: Samples,
    validation: Samples,
    test: Samples,
}

/// A row of the table.
struct Row {
    step: String,
    parameters: usize,
    /// Bytes of the weights as floats, where the network is not in firmware.
    float_bytes: Option<usize>,
    firmware: Option<Firmware>,
    /// Share of the test digits.
    accuracy: f64,
}

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref().map(Path::new)) {
        Ok(broken) if broken.is_empty() => ExitCode::SUCCESS,
        Ok(broken) => {
            broken.iter().for_each(|promise| eprintln!("not held: {promise}"));
            ExitCode::FAILURE
        }
        Err(diagnostics) => {
            eprintln!("error: {diagnostics}");
            ExitCode::from(2)
        }
    }
}

fn run(folder: Option<&Path>) -> Result<Vec<String>, Diagnostics> {
    let (given, test) = digits();
    let (training, validation) = given.split(0.1, 1).map_err(|error| error.at(Place::default()))?;
    let few = varied(&training.first(FEW), TIMES, 1);
    let data = Data { all: varied(&training, TIMES, 1), validation, test };
    let keep = |name: &str, graph: &Graph| match folder {
        Some(folder) => save(folder, name, graph),
        None => Ok(()),
    };

    eprintln!("the teacher learns");
    let lesson = Lesson { epochs: 12, rate: 0.002, seed: 1 };
    let teacher = taught(from_topology(TEACHER, "teacher", 1)?, &data.all, &data, &lesson)?;
    keep("teacher", &teacher.graph)?;
    let mut rows = vec![Row::float("teacher", &teacher)];

    let (mut alone, mut with_teacher) = (Vec::new(), Vec::new());
    for seed in 1..=SEEDS {
        eprintln!("students learn from few digits, {seed} of {SEEDS}");
        let lesson = Lesson { epochs: 20, rate: 0.008, seed };
        let student = || from_topology(STUDENT, "student", seed);
        alone.push(taught(student()?, &few, &data, &lesson)?);
        with_teacher.push(distilled(student()?, &teacher.graph, &few, &data, &lesson)?);
    }
    let (without, with) = (spread(&alone), spread(&with_teacher));
    println!(
        "student, {FEW} digits, {SEEDS} seeds: {:.2} ± {:.2} % without the teacher, {:.2} ± {:.2} % with it",
        without.0, without.1, with.0, with.1
    );
    eprintln!("the student learns");
    let lesson = Lesson { epochs: 24, rate: 0.008, seed: 1 };
    let student = distilled(from_topology(STUDENT, "student", 1)?, &teacher.graph, &data.all, &data, &lesson)?;
    keep("student", &student.graph)?;
    rows.push(Row::float("student, distilled", &student));

    let mut steps = vec![("int8, all weights".to_string(), student.graph.clone())];
    for (name, kept) in [("half the weights", 0.5), ("a quarter of them", 0.25)] {
        eprintln!("{name} is kept");
        let pruned = fine_tuned(learn::pruned(&student.graph, kept, &training)?, &teacher.graph, &data)?;
        keep(&name.replace(' ', "-"), &pruned.graph)?;
        rows.push(Row::float(&format!("{name}, tuned"), &pruned));
        steps.push((format!("int8, {name}"), pruned.graph));
    }
    for (name, graph) in steps {
        eprintln!("{name}");
        let int8 = for_int8(&graph, &teacher.graph, &data)?;
        keep(&name.replace(", ", "-").replace(' ', "-"), &int8.graph)?;
        let firmware = firmware(&int8.graph, &data.test)?;
        let accuracy = firmware.right as f64 / data.test.count as f64;
        println!("{name}: {:.2} % as trained, {:.2} % in firmware", 100.0 * int8.accuracy, 100.0 * accuracy);
        rows.push(Row { step: name, parameters: int8.parameters, float_bytes: None, firmware: Some(firmware), accuracy });
    }
    print(&rows);
    Ok(broken(&rows, without.0, with.0))
}

impl Row {
    fn float(step: &str, network: &Taught) -> Self {
        let Taught { parameters, accuracy, .. } = *network;
        Self { step: step.into(), parameters, float_bytes: Some(4 * parameters), firmware: None, accuracy }
    }
}

/// Mean and standard deviation of the accuracies, in per cent.
fn spread(networks: &[Taught]) -> (f64, f64) {
    let count = networks.len() as f64;
    let mean = networks.iter().map(|network| network.accuracy).sum::<f64>() / count;
    let variance = networks.iter().map(|network| (network.accuracy - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (100.0 * mean, 100.0 * variance.sqrt())
}

fn save(folder: &Path, name: &str, graph: &Graph) -> Result<(), Diagnostics> {
    if let Err(error) = std::fs::create_dir_all(folder) {
        eprintln!("cannot write to {}: {error}", folder.display());
        return Ok(());
    }
    Native::new(&folder.join(format!("{name}.safetensors"))).write(graph, Layout::Torch, &[], &[])
}

fn print(rows: &[Row]) {
    println!();
    println!("| step | parameters | flash | RAM | Cortex-M0+ | Cortex-M4 | right |");
    println!("|---|---|---|---|---|---|---|");
    for Row { step, parameters, float_bytes, firmware, accuracy } in rows {
        let (flash, ram, small, large) = match firmware {
            Some(Firmware { flash, ram, small, large, .. }) => {
                (flash.to_string(), ram.to_string(), small.to_string(), large.to_string())
            }
            None => (format!("{} of floats", float_bytes.unwrap_or(0)), "-".into(), "-".into(), "-".into()),
        };
        println!("| {step} | {parameters} | {flash} | {ram} | {small} | {large} | {:.2} % |", 100.0 * accuracy);
    }
    println!("\nFlash and RAM are bytes on a Cortex-M4, the cores' columns instructions of an inference, all at `size`.");
}

/// The promises of the chain that its table does not keep.
fn broken(rows: &[Row], without: f64, with: f64) -> Vec<String> {
    let row = |step: &str| rows.iter().find(|row| row.step == step);
    let mut broken = Vec::new();
    let mut promise = |kept: bool, what: &str| {
        if !kept {
            broken.push(what.to_string());
        }
    };
    promise(with > without, "the teacher helps");
    let (Some(teacher), Some(student)) = (row("teacher"), row("student, distilled")) else { return broken };
    for (step, least) in [("half the weights, tuned", 0.99), ("a quarter of them, tuned", 0.97)] {
        let kept = row(step).is_some_and(|row| row.accuracy >= least * student.accuracy);
        promise(kept, &format!("{step}: {least} of the student's accuracy is kept"));
    }
    let made: Vec<&Firmware> = rows.iter().filter_map(|row| row.firmware.as_ref()).collect();
    for pair in made.windows(2) {
        promise(pair[1].flash < pair[0].flash, "code is smaller with every pruning");
        promise(pair[1].small < pair[0].small && pair[1].large < pair[0].large, "code is faster with every pruning");
    }
    let whole = rows.iter().any(|row| {
        let small = row.firmware.as_ref().is_some_and(|firmware| 10 * firmware.flash <= teacher.float_bytes.unwrap_or(0) as u64);
        small && row.parameters < student.parameters && row.accuracy >= teacher.accuracy - 0.01
    });
    promise(whole, "a pruned student in firmware has a tenth of the teacher's flash and is right as often but for one point");
    broken
}
