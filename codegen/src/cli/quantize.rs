//! `tinybake quantize`.

use super::session::{self, Session, in_file};
use super::table::{self, Align, number, percent, short};
use super::{Ended, Outcome, choices};
use crate::front::safetensors::Layout;
use crate::options::Reference;
use crate::output::Native;
use crate::pipeline;
use crate::quantize::{self, Activations, Agreement, Choice, Options, Quantized, Ranges, Recipe, TensorReport, Widths};
use crate::samples::Dataset;
use crate::script::Files;
use clap::ValueEnum;
use serde::Serialize;
use std::path::PathBuf;

/// Quantizes a float model, on samples of its inputs, and writes it in the native format.
///
/// The ways to pick ranges, with and without equalization and bias correction, are tried in turn, and the one is kept whose
/// outputs are closest to the float model's on the first 256 samples. With the best of them, weights are also rounded by what their layers make.
#[derive(clap::Args)]
pub(super) struct Quantize {
    /// A float model.
    model: PathBuf,
    /// Samples: safetensors with float32 `input.J` (or the input's name) [samples, ...], and, for accuracies, integers `labels`
    /// [samples].
    #[arg(long, visible_alias = "calibration", value_name = "FILE")]
    data: PathBuf,
    /// The file to write, NAME.safetensors; its topology goes to NAME.toml beside it.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The integers that activations become; weights become int8 either way.
    #[arg(long, value_enum, default_value_t = Width::Int8, value_name = "TYPE")]
    activations: Width,
    /// How ranges of activations are picked: auto, min-max, percentile, percentile:99.9, mse.
    #[arg(long, default_value = "auto", value_name = "WAY", value_parser = ranges)]
    ranges: AutoRanges,
    /// Whether channels are scaled so that neighbouring layers have like ranges.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    equalize: Switch,
    /// Whether biases make up for the rounding of weights.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    correct_biases: Switch,
    /// Whether weights are rounded by what their layer makes of the samples, and not each to the nearest integer.
    #[arg(long, value_enum, default_value_t = Switch::Auto, value_name = "WHEN")]
    fit_weights: Switch,
    /// Bits of weights: 8, 4, 2, or mixed, which takes 2, 4 or 8 for each layer.
    #[arg(long, default_value = "8", value_name = "BITS", value_parser = ["8", "4", "2", "mixed"])]
    weights: String,
    /// Points of accuracy (of agreement with the float model, where there are no labels) that narrow weights may cost: layers beyond it keep
    /// 8 bits. All are narrow without it; mixed takes 1.
    #[arg(long, value_name = "POINTS", value_parser = points)]
    max_drop: Option<f64>,
    /// Other samples to report on than those of --data.
    #[arg(long, value_name = "FILE")]
    evaluate: Option<PathBuf>,
    /// How weights lie in the file: as TensorFlow Lite or as PyTorch has them.
    #[arg(long, value_enum, default_value_t = Order::Tflite)]
    layout: Order,
    /// The engine whose arithmetic the figures are of.
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

#[derive(Serialize)]
struct Report {
    model: String,
    file: String,
    /// Absent where the topology went into the file itself.
    topology: Option<String>,
    samples: usize,
    recipe: Way,
    tried: Vec<Way>,
    mean_squared_error: f64,
    same_argmax: usize,
    float_correct: Option<usize>,
    quantized_correct: Option<usize>,
    layers: Vec<Bits>,
    tensors: Vec<Row>,
}

#[derive(Serialize)]
struct Bits {
    name: String,
    weights: usize,
    bits: usize,
}

#[derive(Serialize)]
struct Way {
    ranges: String,
    equalize: bool,
    correct_biases: bool,
    fit_weights: bool,
    /// Of the samples that ways are compared on; of what goes into a softmax, where the outputs come out of one.
    mean_squared_error: f64,
}

#[derive(Serialize)]
struct Row {
    name: String,
    op: &'static str,
    scale: f32,
    zero_point: i32,
    /// In decibels; null where there is no error.
    signal_to_noise: Option<f64>,
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
        };
        let mut bar = None;
        let made = quantize::quantize(&graph, &data, &options, |_, total| {
            bar.get_or_insert_with(|| session.progress(total)).tick();
        })
        .map_err(in_model)?;
        drop(bar);
        let Quantized { graph: quantized, recipe, tried, float, widths, report } = made;
        let report = match &evaluation {
            Some(data) => quantize::compare(&float, &quantized, data, self.reference).map_err(in_model)?,
            None => report,
        };
        let layout = match self.layout {
            Order::Tflite => Layout::Tflite,
            Order::Torch => Layout::Torch,
        };
        output.write(&quantized, layout, &[], &inputs).map_err(in_model)?;
        // Narrow weights are no recipe that was tried: the error is that of the report.
        let tried_error =
            tried.iter().find(|(other, _)| *other == recipe && widths.iter().all(|(_, _, width)| width.bits() == 8));
        let error = tried_error.map_or(report.agreement.mean_squared_error, |(_, error)| *error);
        let Agreement { samples, mean_squared_error, same_argmax, float_correct, quantized_correct } = report.agreement;
        let report = Report {
            model: shown,
            file: self.output.display().to_string(),
            topology: output.topology().map(|file| file.display().to_string()),
            samples,
            recipe: way((recipe, error)),
            tried: tried.into_iter().map(way).collect(),
            mean_squared_error,
            same_argmax,
            float_correct,
            quantized_correct,
            layers: widths.into_iter().map(|(name, weights, width)| Bits { name, weights, bits: width.bits() }).collect(),
            tensors: report.tensors.into_iter().map(row).collect(),
        };
        session.result(&text_of(&report), &report)?;
        Ok(Outcome::Done)
    }
}

fn way((recipe, mean_squared_error): (Recipe, f64)) -> Way {
    let Recipe { activations: _, ranges, equalize, correct_biases, fit_weights } = recipe;
    Way { ranges: ranges.to_string(), equalize, correct_biases, fit_weights, mean_squared_error }
}

fn row(tensor: TensorReport) -> Row {
    let TensorReport { name, op, scale, zero_point, signal_to_noise } = tensor;
    Row { name, op, scale, zero_point, signal_to_noise: signal_to_noise.is_finite().then_some(signal_to_noise) }
}

fn text_of(report: &Report) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_string();
    let ways = report.tried.iter().map(|way| {
        let Way { ranges, equalize, correct_biases, fit_weights, mean_squared_error } = way;
        vec![ranges.clone(), yes(*equalize), yes(*correct_biases), yes(*fit_weights), format!("{mean_squared_error:.3e}")]
    });
    let columns = [
        ("ranges", Align::Left),
        ("equalized", Align::Left),
        ("biases corrected", Align::Left),
        ("weights fitted", Align::Left),
        ("error", Align::Right),
    ];
    let mut text = format!("{}\n\n{}", report.model, table::table(&columns, ways));
    let rows = report.tensors.iter().map(|row| {
        let Row { name, op, scale, zero_point, signal_to_noise } = row;
        let decibels = signal_to_noise.map_or_else(|| "-".into(), |decibels| format!("{decibels:.1}"));
        vec![short(name), (*op).into(), format!("{scale:.6}"), zero_point.to_string(), decibels]
    });
    let columns = [
        ("tensor", Align::Left),
        ("op", Align::Left),
        ("scale", Align::Right),
        ("zero point", Align::Right),
        ("signal to noise, dB", Align::Right),
    ];
    text.push_str(&format!("\n{}\n", table::table(&columns, rows)));
    if report.layers.iter().any(|layer| layer.bits < 8) {
        let columns = [("layer", Align::Left), ("weights", Align::Right), ("bits", Align::Right)];
        let rows =
            report.layers.iter().map(|layer| vec![short(&layer.name), number(layer.weights as u64), layer.bits.to_string()]);
        text.push_str(&format!("{}\n", table::table(&columns, rows)));
    }
    let Report { samples, recipe, mean_squared_error, same_argmax, .. } = report;
    text.push_str(&format!(
        "kept: ranges {}, equalized: {}, biases corrected: {}, weights fitted: {}\n",
        recipe.ranges,
        yes(recipe.equalize),
        yes(recipe.correct_biases),
        yes(recipe.fit_weights)
    ));
    text.push_str(&format!(
        "{} samples: mean squared error {mean_squared_error:.3e}, same greatest output in {}\n",
        number(*samples as u64),
        percent(*same_argmax, *samples)
    ));
    if let (Some(float), Some(quantized)) = (report.float_correct, report.quantized_correct) {
        text.push_str(&format!("accuracy: {} in floats, {} quantized\n", percent(float, *samples), percent(quantized, *samples)));
    }
    let topology = report.topology.iter().map(|topology| format!(" and {topology}")).collect::<String>();
    text.push_str(&format!("wrote {}{topology}\n", report.file));
    text
}
