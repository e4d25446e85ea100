//! The report, as data.

use super::flash::Size;
use crate::cli::table::number;
use crate::diag::{Diagnostic, Place};
use crate::judge::{Score, Task};
use crate::output::Native;
use crate::prune::{How, Lost, Pattern, Pruned, Scope, Sensitivity};
use crate::report::{CurvePoint, Measure};
use serde::Serialize;
use std::path::Path;

/// The weights that a sparsity is a share of.
const OF: &str = "weights of all convolutions and fully connected layers, without biases";

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) file: Option<String>,
    pub(super) topology: Option<String>,
    pub(super) pattern: String,
    pub(super) scope: &'static str,
    /// The core or board that flash, RAM and instructions are of.
    pub(super) target: String,
    /// `classification` or `regression`, and why.
    pub(super) task: &'static str,
    pub(super) task_reason: &'static str,
    /// The measure of `curve` and of sensitivities.
    pub(super) measure: &'static str,
    /// The weights that every sparsity of the whole network is a share of.
    pub(super) sparsity_of: &'static str,
    pub(super) pruned: Option<Outcome>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    pub(super) curve: Vec<CurvePoint>,
    pub(super) warnings: Vec<Warning>,
}

/// The written network beside the dense one.
#[derive(Serialize)]
pub(super) struct Outcome {
    /// The share of weights that are zero or removed.
    pub(super) sparsity: f64,
    /// As asked for; null where a limit or the pattern decides.
    pub(super) requested_sparsity: Option<f64>,
    /// Nonzero weights.
    pub(super) weights: usize,
    pub(super) flash_bytes: u64,
    /// Whether images were linked; flash is constants alone where not.
    pub(super) flash_measured: bool,
    /// The model struct, without the stack.
    pub(super) ram_bytes: u64,
    pub(super) stack_bytes: u64,
    /// Of one inference; null where nothing emulates the core.
    pub(super) instructions: Option<u64>,
    pub(super) dense_weights: usize,
    pub(super) dense_flash_bytes: u64,
    pub(super) dense_ram_bytes: u64,
    pub(super) dense_stack_bytes: u64,
    pub(super) dense_instructions: Option<u64>,
    pub(super) dense: Figures,
    pub(super) pruned: Figures,
    pub(super) outputs: Vec<Output>,
    pub(super) layers: Vec<Layer>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Figures {
    pub(super) samples: usize,
    /// Samples with the right class; null without labels, and for what is no classifier.
    pub(super) correct: Option<usize>,
    /// Samples with the class of the dense network; null for what is no classifier.
    pub(super) same_argmax: Option<usize>,
    pub(super) mean_squared_error: f64,
    /// Mean over the outputs of the squared error as a share of the variance.
    pub(super) relative_error: f64,
    /// The least R² of an output with respect to the dense network.
    pub(super) r2: f64,
    /// The least of the measures of the outputs: `measure` says of what.
    pub(super) score: f64,
}

/// One output of the pruned network.
#[derive(Serialize)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) mean_squared_error: f64,
    /// With respect to the dense network.
    pub(super) r2: f64,
    /// With respect to the targets; null where there are none.
    pub(super) dense_target_r2: Option<f64>,
    pub(super) pruned_target_r2: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) op: &'static str,
    pub(super) before: Vec<usize>,
    pub(super) after: Vec<usize>,
    pub(super) weights_before: usize,
    pub(super) weights_after: usize,
}

#[derive(Serialize)]
pub(super) struct SensitivityRow {
    pub(super) name: String,
    pub(super) op: &'static str,
    pub(super) weights: usize,
    pub(super) points: Vec<Point>,
}

#[derive(Serialize)]
pub(super) struct Point {
    pub(super) sparsity: f64,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

#[derive(Serialize)]
pub(super) struct Warning {
    code: &'static str,
    message: String,
}

/// A network that was made, beside the dense one.
pub(super) struct Made {
    pub(super) pruned: Pruned,
    pub(super) size: Size,
    pub(super) dense_size: Size,
    pub(super) score: Score,
    pub(super) dense_score: Score,
    pub(super) requested: Option<f64>,
}

impl Made {
    /// Figures that pruning does not lower.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        let lost = |lost: &Lost| lost.weights_after < lost.weights_before;
        if !self.pruned.layers.iter().any(lost) {
            return Vec::new();
        }
        let Self { size, dense_size, .. } = self;
        let flash = if size.measured { "flash" } else { "flash of constants" };
        let compared = [
            (Some(size.flash), Some(dense_size.flash), format!("bytes of {flash}")),
            (size.instructions, dense_size.instructions, "instructions".into()),
        ];
        let gains_nothing = compared.into_iter().filter_map(|(pruned, dense, what)| {
            let (pruned, dense) = (pruned?, dense?);
            (pruned >= dense).then(|| Diagnostic {
                code: "prune::no_gain",
                message: format!(
                    "pruning saves no {what}: {} for the pruned network, {} for the dense one",
                    number(pruned),
                    number(dense)
                ),
                place: Place::default(),
                help: "`--pattern channels` removes whole channels, which saves flash and instructions; zeros of other patterns save \
                       some only where they are many (`--curve`)"
                    .into(),
            })
        });
        gains_nothing.collect()
    }
}

/// Everything that is reported.
pub(super) struct Parts<'a> {
    pub(super) model: String,
    pub(super) written: Option<&'a Native<'a>>,
    pub(super) how: &'a How,
    pub(super) target: &'a str,
    pub(super) task: (Task, &'static str),
    pub(super) measure: Measure,
    pub(super) outputs: Vec<String>,
    pub(super) made: Option<&'a Made>,
    pub(super) sensitivity: Vec<Sensitivity>,
    pub(super) curve: Vec<CurvePoint>,
    pub(super) warnings: &'a [Diagnostic],
}

impl Report {
    pub(super) fn new(parts: Parts<'_>) -> Self {
        let Parts { model, written, how, target, task, measure, outputs, made, sensitivity, curve, warnings } = parts;
        let shown = |file: &Path| file.display().to_string();
        let scope = match (how.pattern, how.scope) {
            (Pattern::OfGroup { .. }, _) | (_, Scope::Layer) => "layer",
            (_, Scope::Global) => "global",
        };
        Self {
            model,
            file: written.map(|written| shown(written.weights())),
            topology: written.and_then(Native::topology).map(shown),
            pattern: how.pattern.to_string(),
            scope,
            target: target.into(),
            task: task.0.name(),
            task_reason: task.1,
            measure: measure.name(),
            sparsity_of: OF,
            pruned: made.map(|made| outcome(made, outputs)),
            sensitivity: sensitivity.into_iter().map(row).collect(),
            curve,
            warnings: warnings.iter().map(|one| Warning { code: one.code, message: one.to_string() }).collect(),
        }
    }
}

fn outcome(made: &Made, names: Vec<String>) -> Outcome {
    let Made { pruned, size, dense_size, score, dense_score, requested } = made;
    let layer = |lost: &Lost| {
        let Lost { name, op, before, after, weights_before, weights_after } = lost.clone();
        Layer { name, op, before: before.0, after: after.0, weights_before, weights_after }
    };
    let outputs = names.into_iter().zip(&score.outputs).zip(&dense_score.outputs);
    let output = |((name, ours), dense): ((String, &crate::judge::OutputScore), &crate::judge::OutputScore)| Output {
        name,
        mean_squared_error: ours.mean_squared_error,
        r2: ours.r2,
        dense_target_r2: dense.target_r2,
        pruned_target_r2: ours.target_r2,
    };
    Outcome {
        sparsity: pruned.sparsity(),
        requested_sparsity: *requested,
        weights: super::weights(pruned),
        flash_bytes: size.flash,
        flash_measured: size.measured && dense_size.measured,
        ram_bytes: size.ram,
        stack_bytes: size.stack,
        instructions: size.instructions,
        dense_weights: pruned.layers.iter().map(|lost| lost.weights_before).sum(),
        dense_flash_bytes: dense_size.flash,
        dense_ram_bytes: dense_size.ram,
        dense_stack_bytes: dense_size.stack,
        dense_instructions: dense_size.instructions,
        dense: figures(dense_score),
        pruned: figures(score),
        outputs: outputs.map(output).collect(),
        layers: pruned.layers.iter().map(layer).collect(),
    }
}

fn figures(score: &Score) -> Figures {
    Figures {
        samples: score.samples,
        correct: score.correct,
        same_argmax: score.same_argmax,
        mean_squared_error: score.mean_squared_error,
        relative_error: score.relative_error(),
        r2: score.r2(),
        score: least(score),
    }
}

/// The least of the measures of the outputs.
pub(super) fn least(score: &Score) -> f64 {
    score.measures().into_iter().fold(1.0, f64::min)
}

fn row(row: Sensitivity) -> SensitivityRow {
    let Sensitivity { name, op, weights, points } = row;
    let point = |(sparsity, score): (f64, Score)| Point { sparsity, figures: figures(&score) };
    SensitivityRow { name, op, weights, points: points.into_iter().map(point).collect() }
}
