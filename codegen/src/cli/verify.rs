//! `tinybake verify`.

use super::choices;
use super::session::{self, Session, in_file};
use super::table::{self, Align, known, number};
use super::{Ended, Outcome, guarantees};
use crate::boards::Target;
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{Graph, Origin, TensorId};
use crate::measure::{self, Golden, GoldenError, MeasureError, Port, Program, Run};
use crate::options::{CoreClass, Interface, Optimize, Options, Reference};
use crate::pipeline::{self, Source};
use crate::script::Files;
use crate::{eval, lower};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Builds the generated code, runs it on the host or emulated cores, and compares it with recorded outputs.
///
/// Every element of every output is compared. A float model is evaluated on the host instead, and may differ by --tolerance.
/// Exit code 1: an element differs, or nothing could be run.
///
/// With --guarantees, the generated code is linked for cores and looked at instead: no panic, no floats
/// computed in software, no allocation, and the stated RAM; where the core can be emulated, no more stack than is stated. Exit code 1: one is broken, or nothing could be linked.
#[derive(clap::Args)]
pub(super) struct Verify {
    /// A .tflite or .onnx file, or a .safetensors file with its topology.
    pub(super) model: PathBuf,
    /// The recording: safetensors with `input.J` and `output.J.ENGINE`, each [samples, ...].
    #[arg(long, value_name = "FILE", required_unless_present = "guarantees")]
    golden: Option<PathBuf>,
    /// Checks what the code promises instead of what it computes.
    #[arg(long, conflicts_with_all = ["golden", "samples"])]
    guarantees: bool,
    /// The engine whose recorded outputs to compare with; `ort` for an .onnx file, `tflm` otherwise.
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// Where to run: cores and boards, separated by commas. `host` is this computer, others are emulated; `all` is every
    /// core that can run here.
    #[arg(long, default_value = "host", value_delimiter = ',', value_name = "NAMES")]
    on: Vec<String>,
    /// What to spend flash on.
    #[arg(long, default_value = Optimize::default().name(), value_parser = choices::optimize())]
    pub(super) optimize: Optimize,
    #[command(flatten)]
    pub(super) limits: choices::Limits,
    /// Element types of inputs and outputs: `model`, as in the file, or `int8`, without the file's own quantize and dequantize operators.
    #[arg(long, default_value = Interface::default().name(), value_parser = choices::interface())]
    pub(super) interface: Interface,
    /// The engine whose outputs the code is to equal: that of the recording, where it is one of these.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
    /// Runs at most so many of the recorded samples.
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// How far an element of a float model may be from the recorded one; such a model is evaluated on the host.
    #[arg(long, default_value_t = 1e-4, value_name = "X")]
    tolerance: f64,
}

#[derive(Serialize)]
struct Report {
    model: String,
    engine: String,
    reference: &'static str,
    optimize: &'static str,
    /// How far elements may differ: float models only.
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
    runs: Vec<Row>,
    /// Where elements differ: how the engine itself can have left the numbers that its operators define.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_note: Option<String>,
}

#[derive(Default, Serialize)]
struct Row {
    on: String,
    samples: Option<usize>,
    elements: Option<usize>,
    unequal: Option<usize>,
    max_difference: Option<f64>,
    instructions: Option<u64>,
    ram_bytes: Option<u64>,
    stack_bytes: Option<u64>,
    stack_bound_bytes: Option<u64>,
    note: Option<String>,
}

/// Why there are no figures of a target.
enum Stop {
    /// The user's input is wrong: no target can be run.
    Input(Diagnostics),
    /// It cannot be built or run here.
    Measure(MeasureError),
}

impl From<Diagnostics> for Stop {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Input(diagnostics)
    }
}

impl Verify {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let targets = self.targets(session)?;
        let Some(file) = self.golden.as_deref().filter(|_| !self.guarantees) else {
            return guarantees::run(&self.model, &self.options(CoreClass::default()), session, &targets);
        };
        let files = Files::read(&self.model)?;
        let mut golden = self.recording(file)?;
        let shown = self.model.display().to_string();
        let graph = pipeline::read(&files.source(&shown))?;
        let float = eval::float::is_float(&graph);
        let turned = pipeline::turned_images(&files.source(&shown));
        golden.channels_last(&turned.inputs, &turned.outputs);
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for target in &targets {
            let made = match float {
                true => self.float(&graph, &shown, &golden, file, target),
                false => self.one(session, &files.source(&shown), &golden, file, target),
            };
            match made {
                Ok(row) => rows.push(row),
                Err(Stop::Input(diagnostics)) => return Err(diagnostics),
                Err(Stop::Measure(error)) => {
                    let note =
                        if error.is_missing_tool() { format!("not run: {error}; {}", error.help()) } else { "failed".into() };
                    rows.push(Row { on: target.name().into(), note: Some(note), ..Row::default() });
                    if !error.is_missing_tool() {
                        failed.push(error.at(Place { file: Some(shown.clone()), ..Place::default() }));
                    }
                }
            }
        }
        let differ = rows.iter().any(|row| row.unequal.is_some_and(|unequal| unequal > 0));
        let engine_note =
            (differ && self.engine() == "ort").then(|| saturation(&pipeline::saturating_layers(&files.source(&shown))));
        let report = Report {
            model: shown,
            engine: self.engine().into(),
            reference: if float { "float" } else { self.reference().name() },
            optimize: self.optimize.name(),
            tolerance: float.then_some(self.tolerance),
            runs: rows,
            engine_note: engine_note.flatten(),
        };
        session.result(&text(&report), &report)?;
        let broken = !failed.is_empty();
        if broken {
            session.warn(&Diagnostics(failed));
        }
        let unequal = report.runs.iter().any(|row| row.unequal.is_some_and(|unequal| unequal > 0));
        let none = report.runs.iter().all(|row| row.elements.is_none_or(|elements| elements == 0));
        Ok(if broken || unequal || none { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// The targets to run on.
    fn targets<'a>(&self, session: &'a Session) -> Result<Vec<Target<'a>>, Diagnostics> {
        let (mut targets, mut unknown) = (Vec::new(), Vec::new());
        for name in &self.on {
            match session.catalogue.find(name.trim()) {
                Ok(target) => targets.push(target),
                Err(_) if name == "all" => targets.extend(every(session)),
                Err(error) => unknown.push(error.at(Place::default())),
            }
        }
        if unknown.is_empty() { Ok(targets) } else { Err(Diagnostics(unknown)) }
    }

    /// The recording, which has outputs of the engine.
    fn recording(&self, file: &Path) -> Result<Golden, Diagnostics> {
        let bytes = session::read(file)?;
        let golden = Golden::parse(&bytes).map_err(|diagnostics| in_file(diagnostics, file))?;
        let present = golden.engines();
        if present.iter().any(|name| name == self.engine()) {
            return Ok(golden);
        }
        let error = GoldenError::NoEngine { engine: self.engine().into(), present };
        Err(in_file(error.at(Place::default()).into(), file))
    }

    fn reference(&self) -> Reference {
        let usual = pipeline::reference_of(&self.model.to_string_lossy());
        self.reference.unwrap_or_else(|| self.engine().parse().unwrap_or(usual))
    }

    /// The engine whose outputs the recording is searched for.
    fn engine(&self) -> &str {
        let usual = pipeline::reference_of(&self.model.to_string_lossy()).name();
        self.engine.as_deref().unwrap_or(usual)
    }

    /// What is generated for a core.
    fn options(&self, core: CoreClass) -> Options {
        let choices::Limits { max_flash, max_ram } = self.limits;
        let (reference, optimize, interface) = (Some(self.reference()), self.optimize, self.interface);
        Options { reference, optimize, interface, core, max_flash, max_ram, ..Options::default() }
    }

    /// The figures of one target.
    fn one(
        &self,
        session: &Session,
        source: &Source<'_>,
        golden: &Golden,
        file: &Path,
        target: &Target<'_>,
    ) -> Result<Row, Stop> {
        let options = self.options(target.class());
        let compiled = pipeline::compile(source, &options)?;
        if session.verbose {
            session.say(&compiled.plan.to_string());
        }
        let program = Program::of_plan(&compiled.plan);
        let in_golden = |diagnostics| in_file(diagnostics, file);
        let samples = golden.samples(&program.inputs, self.samples).map_err(in_golden)?;
        let doing = session.doing(&format!("building and running on {}", target.name()));
        let settings = measure::Options { size: self.optimize == Optimize::Size, ..measure::Options::default() };
        let run = measure::run(&program, &samples, target, &settings).map_err(Stop::Measure)?;
        drop(doing);
        let comparison = measure::compare(&run, &program.outputs, golden, self.engine()).map_err(in_golden)?;
        Ok(Row {
            on: target.name().into(),
            samples: Some(comparison.samples),
            elements: Some(comparison.elements),
            unequal: Some(comparison.unequal),
            max_difference: Some(comparison.max_difference),
            instructions: run.instructions.map(|instructions| instructions.mean),
            ram_bytes: Some(run.ram_bytes),
            stack_bytes: run.stack_bytes,
            stack_bound_bytes: run.stack_bound_bytes.filter(|_| !target.is_host()),
            note: None,
        })
    }
}

impl Verify {
    /// The figures of a float model, which is evaluated here.
    fn float(&self, graph: &Graph, shown: &str, golden: &Golden, file: &Path, target: &Target<'_>) -> Result<Row, Stop> {
        if target.name() != "host" {
            let message =
                format!("a float model cannot be run on {}: code is generated for quantized models only", target.name());
            let help = "verify it with `--on host`, or quantize it first: `tinybake quantize MODEL --data DATA.safetensors -o OUT.safetensors`";
            let place = Place { file: Some(shown.into()), ..Place::default() };
            return Err(Diagnostics::from(Diagnostic { code: "verify::float", message, place, help: help.into() }).into());
        }
        let in_model = |diagnostics| in_file(diagnostics, &self.model);
        let in_golden = |diagnostics| in_file(diagnostics, file);
        let evaluator = eval::float::Evaluator::new(graph).map_err(in_model)?;
        let [inputs, outputs] = [&graph.inputs, &graph.outputs].map(|ids| {
            let port = |id: &TensorId| {
                let tensor = graph.tensor(*id);
                Port { accessor: tensor.name.clone(), dtype: tensor.dtype, elements: tensor.shape.elements(), converted: None }
            };
            ids.iter().map(port).collect::<Vec<_>>()
        });
        let samples = golden.samples(&inputs, self.samples).map_err(in_golden)?;
        let mut made = vec![Vec::new(); outputs.len()];
        for index in 0..samples.count {
            let results =
                evaluator.run(&samples.sample(&inputs, index)).map_err(|error| Diagnostics::from(error.at(Place::default())))?;
            for (made, data) in made.iter_mut().zip(&results) {
                made.extend(lower::little_endian(data));
            }
        }
        let run = Run {
            samples: samples.count,
            outputs: made,
            instructions: None,
            ram_bytes: 0,
            stack_bytes: None,
            stack_bound_bytes: None,
            image: Default::default(),
        };
        let comparison =
            measure::compare_within(&run, &outputs, golden, self.engine(), Some(self.tolerance)).map_err(in_golden)?;
        Ok(Row {
            on: target.name().into(),
            samples: Some(comparison.samples),
            elements: Some(comparison.elements),
            unequal: Some(comparison.unequal),
            max_difference: Some(comparison.max_difference),
            ..Row::default()
        })
    }
}

/// How ONNX Runtime can have saturated in some layers; `None` where there are none.
fn saturation(layers: &[Origin]) -> Option<String> {
    /// Layers that are named.
    const NAMED: usize = 4;
    let names: Vec<String> = layers.iter().take(NAMED).map(|layer| format!("`{}`", table::short(&layer.name))).collect();
    let more = layers.len().checked_sub(NAMED + 1).map_or_else(String::new, |more| format!(" and {} more", more + 1));
    (!layers.is_empty()).then(|| {
        format!(
            "ONNX Runtime itself saturates sums of two uint8 x int8 products at 16 bits on x86 processors with AVX2 but without VNNI. \
             In {}{more} the weights are large enough for that. If the outputs were recorded on such a processor, record them on one \
             with VNNI or on Arm, or quantize with `reduce_range=True`",
            names.join(", "),
        )
    })
}

/// This computer and every core whose Rust target and emulator are installed.
fn every(session: &Session) -> impl Iterator<Item = Target<'_>> {
    let cores = session.catalogue.cores().iter().filter_map(|core| session.catalogue.find(&core.name).ok());
    cores.filter(|target| measure::available(target).is_ok())
}

fn text(report: &Report) -> String {
    let count = |value: Option<usize>| known(value.map(|value| value as u64));
    let rows = report.runs.iter().map(|row| {
        vec![
            row.on.clone(),
            count(row.samples),
            count(row.elements),
            count(row.unequal),
            row.max_difference.map_or_else(|| "-".into(), |difference| difference.to_string()),
            known(row.instructions),
            known(row.ram_bytes),
            known(row.stack_bytes),
        ]
    });
    let columns = [
        ("on", Align::Left),
        ("samples", Align::Right),
        ("elements", Align::Right),
        ("unequal", Align::Right),
        ("max difference", Align::Right),
        ("instructions", Align::Right),
        ("RAM bytes", Align::Right),
        ("stack bytes", Align::Right),
    ];
    let Report { model, engine, reference, optimize, tolerance, runs, engine_note } = report;
    let how = match tolerance {
        Some(tolerance) => format!("floats on the host, within {tolerance}"),
        None => format!("reference {reference}, optimize {optimize}"),
    };
    let mut text = format!("{model} against {engine}: {how}\n\n{}", table::table(&columns, rows));
    for Row { on, note, .. } in runs {
        if let Some(note) = note {
            text.push_str(&format!("\n{on}: {note}"));
        }
    }
    text.push_str(&format!("\n{}\n", verdict(runs, *tolerance)));
    if let Some(note) = engine_note {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

fn verdict(runs: &[Row], tolerance: Option<f64>) -> String {
    let sum = |of: fn(&Row) -> Option<usize>| runs.iter().filter_map(of).sum::<usize>() as u64;
    let (elements, unequal) = (sum(|row| row.elements), sum(|row| row.unequal));
    match (elements, unequal) {
        (0, _) => "nothing was compared".into(),
        (elements, 0) => match tolerance {
            Some(tolerance) => format!("all {} elements are within {tolerance}", number(elements)),
            None => format!("all {} elements are equal", number(elements)),
        },
        (elements, unequal) => format!("{} of {} elements differ", number(unequal), number(elements)),
    }
}
