//! `tinybake quantize`.

mod report;

use super::choices::{self, Kind};
use super::session::{self, Session, in_file};
use super::{Ended, Outcome};
use crate::diag::Diagnostics;
use crate::front::safetensors::Layout;
use crate::options::Reference;
use crate::output::Native;
use crate::pipeline;
use crate::quantize::{self, Activations, Choice, Evaluation, Options, Ranges, Widths};
use crate::samples::Dataset;
use crate::script::Files;
use clap::ValueEnum;
use std::path::PathBuf;

/// Quantizes a float model after training, with calibration samples, and writes it in the native format.
///
/// Several recipes (calibration of ranges, with and without equalization and bias correction) are tried, and the one is kept whose outputs are
/// closest to the float model's. For the best recipes, weights are also rounded so that the outputs of each layer change least. Large models
/// get fewer recipes and samples. The report uses samples that calibration did not see: those of --evaluate, or by cross-validation, or for
/// large models a fifth of --data that is held out.
#[derive(clap::Args)]
pub(super) struct Quantize {
    /// Float model: a .tflite or .onnx file, or a .safetensors file with its topology.
    model: PathBuf,
    /// Calibration samples: safetensors or npz with float32 `input.J` (or the input's name, or `x`) [samples, ...], and optional `labels` (or
    /// `y`): integers [samples], the class of each, or floats [samples, ...], the values that the output should have (`labels.J` for output
    /// J). A npy file is the first input.
    #[arg(long, visible_alias = "calibration", value_name = "FILE")]
    data: PathBuf,
    /// Output file, NAME.safetensors; the topology is written to NAME.toml beside it.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Type of quantized activations; weights are int8 either way.
    #[arg(long, value_enum, default_value_t = Width::Int8, value_name = "TYPE")]
    activations: Width,
    /// Calibration of activation ranges: auto, min-max, widened (min-max with a margin), percentile, percentile:99.9, mse.
    #[arg(long, default_value = "auto", value_name = "WAY", value_parser = ranges)]
    ranges: AutoRanges,
    /// Cross-layer equalization: scales channels so that neighbouring layers have similar ranges.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    equalize: Switch,
    /// Bias correction: compensates the mean error of rounded weights.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    correct_biases: Switch,
    /// Rounds weights to minimize the error of their layer on the samples, instead of each to the nearest integer.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    fit_weights: Switch,
    /// Weight bits: 8, 4, 2, or mixed (2, 4 or 8 per layer).
    #[arg(long, default_value = "8", value_name = "BITS", value_parser = ["8", "4", "2", "mixed"])]
    weights: String,
    /// Maximum loss of 4-bit and 2-bit weights beside 8-bit ones; layers that would exceed it keep 8 bits. For a classifier, percentage points of
    /// accuracy (without labels, of agreement with the float model); otherwise hundredths of the R2 of each output (without targets, to the
    /// float model). Default: no limit; with mixed 1.
    #[arg(long, value_name = "POINTS", value_parser = points)]
    max_drop: Option<f64>,
    /// Evaluate as a classifier (top-1 accuracy) or as a regression (R2 of every output). auto: classification if labels are class indices,
    /// or if the only output is a softmax or an argmax.
    #[arg(long, value_enum, default_value_t = Kind::Auto, value_name = "TASK")]
    task: Kind,
    /// Range of an input, instead of that of the samples: NAME=LO..HI, `input.J=LO..HI`, or LO..HI for all inputs. Repeatable.
    #[arg(long, value_name = "[NAME=]LO..HI", value_parser = input_range, allow_hyphen_values = true)]
    input_range: Vec<(String, (f32, f32))>,
    /// Evaluation samples for the report. Default: cross-validation on --data, or for large models and 256 samples or more, a held-out fifth of
    /// --data.
    #[arg(long, value_name = "FILE")]
    evaluate: Option<PathBuf>,
    /// Weight layout of the file: that of TensorFlow Lite or of PyTorch.
    #[arg(long, value_enum, default_value_t = Order::Tflite)]
    layout: Order,
    /// Reference engine whose arithmetic the report uses.
    #[arg(long, default_value = Reference::default().name(), value_parser = choices::reference())]
    reference: Reference,
}

/// `--ranges`: absent for `auto`.
#[derive(Clone, Copy, Debug)]
struct AutoRanges(Option<Ranges>);

/// `--max-drop`: points from 0 to 100.
fn points(word: &str) -> Result<f64, String> {
    let points = word.parse::<f64>().ok().filter(|points| (0.0..=100.0).contains(points));
    points.ok_or_else(|| format!("`{word}` is no number of points from 0 to 100"))
}

/// `--input-range`: an empty name stands for all inputs.
fn input_range(word: &str) -> Result<(String, (f32, f32)), String> {
    let (name, range) = word.rsplit_once('=').unwrap_or(("", word));
    let ends = range.split_once("..").and_then(|(low, high)| Some((low.trim().parse().ok()?, high.trim().parse().ok()?)));
    match ends {
        Some((low, high)) if low < high => Ok((name.to_string(), (low, high))),
        _ => Err(format!("`{range}` is no range LO..HI of two numbers, the lower one first")),
    }
}

fn ranges(word: &str) -> Result<AutoRanges, String> {
    if word == "auto" { Ok(AutoRanges(None)) } else { word.parse().map(|ranges| AutoRanges(Some(ranges))) }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    Auto,
    On,
    Off,
}

impl Switch {
    fn choice(self) -> Choice {
        match self {
            Switch::Auto => Choice::Auto,
            Switch::On => Choice::On,
            Switch::Off => Choice::Off,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Width {
    Int8,
    Int16,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Tflite,
    Torch,
}

impl Quantize {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let shown = self.model.display().to_string();
        let files = Files::read(&self.model)?;
        let inputs = session.inputs(&[&files], [&self.data].into_iter().chain(&self.evaluate));
        let output = Native::new(&self.output);
        output.check(&[], &inputs)?;
        let in_model = |diagnostics| in_file(diagnostics, &self.model);
        let graph = pipeline::read(&files.source(&shown))?;
        let turned = pipeline::turned_images(&files.source(&shown)).inputs;
        // Its bytes are as large as the graph.
        drop(files);
        let dataset = |file: &PathBuf| {
            Dataset::parse(&session::read(file)?, &graph, &turned).map_err(|diagnostics| in_file(diagnostics, file))
        };
        let data = dataset(&self.data)?;
        let evaluation = self.evaluate.as_ref().map(dataset).transpose()?;
        let widths = match self.weights.as_str() {
            "4" => Widths::Four,
            "2" => Widths::Two,
            "mixed" => Widths::Mixed,
            _ => Widths::Eight,
        };
        let options = Options {
            activations: match self.activations {
                Width::Int8 => Activations::Int8,
                Width::Int16 => Activations::Int16,
            },
            ranges: self.ranges.0,
            equalize: self.equalize.choice(),
            correct_biases: self.correct_biases.choice(),
            fit_weights: self.fit_weights.choice(),
            widths,
            max_drop: self.max_drop.or((widths == Widths::Mixed).then_some(1.0)).map(|points| points / 100.0),
            reference: self.reference,
            task: self.task.task(),
            input_ranges: self.input_range.clone(),
            evaluation: evaluation.map_or(Evaluation::HeldOut, Evaluation::Samples),
        };
        let mut bar = None;
        let mut made = quantize::quantize(&graph, &data, &options, |_, total| {
            bar.get_or_insert_with(|| session.progress(total)).tick();
        })
        .map_err(in_model)?;
        drop(bar);
        let warnings = core::mem::take(&mut made.warnings);
        let layout = match self.layout {
            Order::Tflite => Layout::Tflite,
            Order::Torch => Layout::Torch,
        };
        output.write(&made.graph, layout, &[], &inputs).map_err(in_model)?;
        let topology = output.topology().map(|file| file.display().to_string());
        let report = report::Report::new(shown, self.output.display().to_string(), topology, made, &warnings);
        session.result(&report.text(), &report)?;
        if !warnings.is_empty() {
            session.warn(&in_file(Diagnostics(warnings), &self.data));
        }
        Ok(Outcome::Done)
    }
}
