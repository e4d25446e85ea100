//! `tinybake quantize`.

use super::session::{self, Session, in_file};
use super::table::{self, Align, number, percent, short};
use super::{Ended, Outcome, choices};
use crate::front::safetensors::{Layout, write};
use crate::options::Reference;
use crate::pipeline;
use crate::quantize::{self, Activations, Agreement, Choice, Dataset, Options, Quantized, Ranges, Recipe, TensorReport};
use crate::script::{self, Files};
use clap::ValueEnum;
use serde::Serialize;
use std::path::PathBuf;

/// Quantizes a float model, on samples of its inputs, and writes it in the native format.
///
/// The ways to pick ranges, with and without equalization and bias correction, are tried in turn, and the one is kept whose
/// outputs are closest to the float model's on the first 256 samples.
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
    topology: String,
    samples: usize,
    recipe: Way,
    tried: Vec<Way>,
    mean_squared_error: f64,
    same_argmax: usize,
    float_correct: Option<usize>,
    quantized_correct: Option<usize>,
    tensors: Vec<Row>,
}

#[derive(Serialize)]
struct Way {
    ranges: String,
    equalize: bool,
    correct_biases: bool,
    /// Of the samples that ways are compared on.
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
        let in_model = |diagnostics| in_file(diagnostics, &self.model);
        let graph = pipeline::read(&files.source(&shown))?;
        let turned = pipeline::turned_images(&files.source(&shown)).inputs;
        let dataset = |file: &PathBuf| {
            Dataset::parse(&session::read(file)?, &graph, &turned).map_err(|diagnostics| in_file(diagnostics, file))
        };
        let data = dataset(&self.data)?;
        let evaluation = self.evaluate.as_ref().map(dataset).transpose()?;
        let options = Options {
            activations: match self.activations {
                Width::Int8 => Activations::Int8,
                Width::Int16 => Activations::Int16,
            },
            ranges: self.ranges.0,
            equalize: self.equalize.choice(),
            correct_biases: self.correct_biases.choice(),
            reference: self.reference,
        };
        let mut bar = None;
        let made = quantize::quantize(&graph, &data, &options, |_, total| {
            bar.get_or_insert_with(|| session.progress(total)).tick();
        })
        .map_err(in_model)?;
        drop(bar);
        let Quantized { graph: quantized, recipe, tried, float, report } = made;
        let report = match &evaluation {
            Some(data) => quantize::compare(&float, &quantized, data, self.reference).map_err(in_model)?,
            None => report,
        };
        let topology = self.output.with_extension("toml");
        let layout = match self.layout {
            Order::Tflite => Layout::Tflite,
            Order::Torch => Layout::Torch,
        };
        let (weights, text) = write(&quantized, layout).map_err(in_model)?;
        for (file, bytes) in [(&self.output, weights.as_slice()), (&topology, text.as_bytes())] {
            script::replace(file, bytes).map_err(|error| script::unwritable(file, &error))?;
        }
        let error = tried.iter().find(|(other, _)| *other == recipe).map_or(0.0, |(_, error)| *error);
        let Agreement { samples, mean_squared_error, same_argmax, float_correct, quantized_correct } = report.agreement;
        let report = Report {
            model: shown,
            file: self.output.display().to_string(),
            topology: topology.display().to_string(),
            samples,
            recipe: way((recipe, error)),
            tried: tried.into_iter().map(way).collect(),
            mean_squared_error,
            same_argmax,
            float_correct,
            quantized_correct,
            tensors: report.tensors.into_iter().map(row).collect(),
        };
        session.result(&text_of(&report), &report);
        Ok(Outcome::Done)
    }
}

fn way((recipe, mean_squared_error): (Recipe, f64)) -> Way {
    let Recipe { activations: _, ranges, equalize, correct_biases } = recipe;
    Way { ranges: ranges.to_string(), equalize, correct_biases, mean_squared_error }
}

fn row(tensor: TensorReport) -> Row {
    let TensorReport { name, op, scale, zero_point, signal_to_noise } = tensor;
    Row { name, op, scale, zero_point, signal_to_noise: signal_to_noise.is_finite().then_some(signal_to_noise) }
}

fn text_of(report: &Report) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_string();
    let ways = report.tried.iter().map(|way| {
        let Way { ranges, equalize, correct_biases, mean_squared_error } = way;
        vec![ranges.clone(), yes(*equalize), yes(*correct_biases), format!("{mean_squared_error:.3e}")]
    });
    let columns = [
        ("ranges", Align::Left),
        ("equalized", Align::Left),
        ("biases corrected", Align::Left),
        ("mean squared error", Align::Right),
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
    let Report { samples, recipe, mean_squared_error, same_argmax, .. } = report;
    text.push_str(&format!(
        "kept: ranges {}, equalized: {}, biases corrected: {}\n",
        recipe.ranges,
        yes(recipe.equalize),
        yes(recipe.correct_biases)
    ));
    text.push_str(&format!(
        "{} samples: mean squared error {mean_squared_error:.3e}, same greatest output in {}\n",
        number(*samples as u64),
        percent(*same_argmax, *samples)
    ));
    if let (Some(float), Some(quantized)) = (report.float_correct, report.quantized_correct) {
        text.push_str(&format!("accuracy: {} in floats, {} quantized\n", percent(float, *samples), percent(quantized, *samples)));
    }
    text.push_str(&format!("wrote {} and {}\n", report.file, report.topology));
    text
}
