//! What is told of a quantization: an object with stable field names, and text.

use crate::cli::table::{self, Align, number, percent, short};
use crate::diag::Diagnostic;
use crate::judge::{OutputScore, Score};
use crate::quantize::{Quantized, Recipe, TensorReport, Tried};
use crate::samples::Outlier;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report {
    model: String,
    file: String,
    /// Absent where the topology went into the file itself.
    topology: Option<String>,
    /// `classification` or `regression`, and why.
    task: &'static str,
    task_reason: &'static str,
    /// Samples that calibrated.
    calibration_samples: usize,
    /// Samples that all figures below are of, and which: `held out`, `cross-validation`, `evaluation` or
    /// `calibration`.
    samples: usize,
    evaluated_on: &'static str,
    recipe: Way,
    tried: Vec<Way>,
    mean_squared_error: f64,
    /// The least R² of an output with respect to the float model.
    r2: f64,
    outputs: Vec<Output>,
    /// Of classifiers; null otherwise.
    same_argmax: Option<usize>,
    /// Of classifiers with labels; null otherwise.
    float_correct: Option<usize>,
    quantized_correct: Option<usize>,
    layers: Vec<Bits>,
    tensors: Vec<Row>,
    outliers: Vec<Far>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Output {
    name: String,
    mean_squared_error: f64,
    r2: f64,
    /// R² with respect to the targets; null where there are none.
    float_target_r2: Option<f64>,
    quantized_target_r2: Option<f64>,
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
    /// Of the calibration samples that ways are compared on; of logarithms, where the outputs come out of a softmax. Null where the
    /// way was not compared, as with narrow weights.
    mean_squared_error: Option<f64>,
    /// Mean over the outputs of the squared error as a share of the variance.
    relative_error: Option<f64>,
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

/// A calibration sample far outside the others.
#[derive(Serialize)]
struct Far {
    sample: usize,
    input: usize,
    min: f32,
    max: f32,
    usual_min: f32,
    usual_max: f32,
}

#[derive(Serialize)]
struct Warning {
    code: &'static str,
    message: String,
}

impl Report {
    /// Of what was made of `model` and written to `file` and, where there is one, a `topology` beside it.
    pub(super) fn new(model: String, file: String, topology: Option<String>, made: Quantized, warnings: &[Diagnostic]) -> Self {
        let Quantized { graph: _, recipe, tried, float, widths, task, calibrated_on, evaluated_on, outliers, .. } = made;
        let Score { samples, mean_squared_error, same_argmax, correct, .. } = made.report.score;
        let r2 = made.report.score.r2();
        let output = |((&id, ours), theirs): ((&crate::ir::TensorId, &OutputScore), &OutputScore)| Output {
            name: float.tensor(id).name.clone(),
            mean_squared_error: ours.mean_squared_error,
            r2: ours.r2,
            float_target_r2: theirs.target_r2,
            quantized_target_r2: ours.target_r2,
        };
        let wide = widths.iter().all(|(_, _, width)| width.bits() == 8);
        let kept = tried.iter().find(|tried| tried.recipe == recipe && wide);
        let kept = kept.map(|tried| (tried.mean_squared_error, tried.relative_error));
        let each = |tried: &Tried| way(&tried.recipe, Some((tried.mean_squared_error, tried.relative_error)));
        Self {
            model,
            file,
            topology,
            task: task.0.name(),
            task_reason: task.1,
            calibration_samples: calibrated_on,
            samples,
            evaluated_on,
            recipe: way(&recipe, kept),
            tried: tried.iter().map(each).collect(),
            mean_squared_error,
            r2,
            outputs: float.outputs.iter().zip(&made.report.score.outputs).zip(&made.report.float.outputs).map(output).collect(),
            same_argmax,
            float_correct: made.report.float.correct,
            quantized_correct: correct,
            layers: widths.into_iter().map(|(name, weights, width)| Bits { name, weights, bits: width.bits() }).collect(),
            tensors: made.report.tensors.into_iter().map(row).collect(),
            outliers: outliers.into_iter().map(far).collect(),
            warnings: warnings.iter().map(|one| Warning { code: one.code, message: one.to_string() }).collect(),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_string();
        let ways = self.tried.iter().map(|way| {
            let Way { ranges, equalize, correct_biases, fit_weights, mean_squared_error, relative_error: _ } = way;
            let error = mean_squared_error.map_or_else(|| "-".into(), |error| format!("{error:.3e}"));
            vec![ranges.clone(), yes(*equalize), yes(*correct_biases), yes(*fit_weights), error]
        });
        let columns = [
            ("ranges", Align::Left),
            ("equalized", Align::Left),
            ("biases corrected", Align::Left),
            ("weights fitted", Align::Left),
            ("error", Align::Right),
        ];
        let mut text = format!("{}\n\n{}", self.model, table::table(&columns, ways));
        let rows = self.tensors.iter().map(|row| {
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
        if self.layers.iter().any(|layer| layer.bits < 8) {
            let columns = [("layer", Align::Left), ("weights", Align::Right), ("bits", Align::Right)];
            let rows =
                self.layers.iter().map(|layer| vec![short(&layer.name), number(layer.weights as u64), layer.bits.to_string()]);
            text.push_str(&format!("{}\n", table::table(&columns, rows)));
        }
        let Self { samples, recipe, mean_squared_error, r2, .. } = self;
        text.push_str(&format!(
            "kept: ranges {}, equalized: {}, biases corrected: {}, weights fitted: {}\n",
            recipe.ranges,
            yes(recipe.equalize),
            yes(recipe.correct_biases),
            yes(recipe.fit_weights)
        ));
        text.push_str(&format!("task: {}, since {}\n", self.task, self.task_reason));
        let which = match self.evaluated_on {
            "held out" => "held-out samples",
            "cross-validation" => "samples, by cross-validation",
            "evaluation" => "evaluation samples",
            _ => "samples, which also calibrated",
        };
        text.push_str(&format!(
            "calibrated on {} samples; {} {which}: mean squared error {mean_squared_error:.3e}, R2 {r2:.5}",
            number(self.calibration_samples as u64),
            number(*samples as u64),
        ));
        if let Some(same) = self.same_argmax {
            text.push_str(&format!(", same top-1 class in {}", percent(same, *samples)));
        }
        text.push('\n');
        if let (Some(float), Some(quantized)) = (self.float_correct, self.quantized_correct) {
            text.push_str(&format!(
                "accuracy: {} in float, {} quantized\n",
                percent(float, *samples),
                percent(quantized, *samples)
            ));
        }
        let several = self.outputs.len() > 1;
        for output in &self.outputs {
            let Output { name, mean_squared_error, r2, float_target_r2, quantized_target_r2 } = output;
            if several {
                text.push_str(&format!("output {}: mean squared error {mean_squared_error:.3e}, R2 {r2:.5}\n", short(name)));
            }
            if let (Some(float), Some(quantized)) = (float_target_r2, quantized_target_r2) {
                let name = short(name);
                text.push_str(&format!("output {name}: R2 to the targets {float:.5} in float, {quantized:.5} quantized\n"));
            }
        }
        let topology = self.topology.iter().map(|topology| format!(" and {topology}")).collect::<String>();
        text.push_str(&format!("wrote {}{topology}\n", self.file));
        text
    }
}

fn way(recipe: &Recipe, error: Option<(f64, f64)>) -> Way {
    let Recipe { activations: _, ranges, equalize, correct_biases, fit_weights } = *recipe;
    Way {
        ranges: ranges.to_string(),
        equalize,
        correct_biases,
        fit_weights,
        mean_squared_error: error.map(|error| error.0),
        relative_error: error.map(|error| error.1),
    }
}

fn row(tensor: TensorReport) -> Row {
    let TensorReport { name, op, scale, zero_point, signal_to_noise } = tensor;
    Row { name, op, scale, zero_point, signal_to_noise: signal_to_noise.is_finite().then_some(signal_to_noise) }
}

fn far(outlier: Outlier) -> Far {
    let Outlier { sample, input, range, usual } = outlier;
    Far { sample, input, min: range.0, max: range.1, usual_min: usual.0, usual_max: usual.1 }
}
