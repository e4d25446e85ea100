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

/// The prunable weights, of which a sparsity is a share.
fn prunable(how: &How) -> String {
    let layers = match how.pattern {
        Pattern::Channels => "layers with channels that can be removed",
        Pattern::Scattered | Pattern::OfGroup { .. } | Pattern::Block { .. } => {
            "convolutions and fully connected layers, except depthwise convolutions"
        }
    };
    let kept = if how.keep.is_empty() { "" } else { ", except layers of --keep" };
    format!("weights of {layers}{kept}, without biases")
}

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
    /// The prunable weights, of which every sparsity of the whole network is a share.
    pub(super) sparsity_of: String,
    pub(super) pruned: Option<Outcome>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    pub(super) curve: Vec<CurvePoint>,
    pub(super) warnings: Vec<Warning>,
}

/// The written network beside the dense one.
#[derive(Serialize)]
pub(super) struct Outcome {
    /// The share of the prunable weights that are zero or removed.
    pub(super) sparsity: f64,
    /// As asked for, or the pattern's own; null where a limit decides.
    pub(super) requested_sparsity: Option<f64>,
    /// Prunable weights of the dense network.
    pub(super) prunable_weights: usize,
    /// Steps of iterative pruning of the result.
    pub(super) steps: usize,
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
    pub(super) prunable: bool,
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
    /// A share that is not reached, and figures that pruning does not lower.
    pub(super) fn warnings(&self, pattern: Pattern) -> Vec<Diagnostic> {
        self.missed_share(pattern).into_iter().chain(self.no_gain()).collect()
    }

    /// A sparsity that is not the one asked for, beyond what rounding to whole units (weights, tiles) explains.
    fn missed_share(&self, pattern: Pattern) -> Option<Diagnostic> {
        const ROUNDING: f64 = 0.005;
        let (reached, requested, prunable) = (self.pruned.sparsity(), self.requested?, self.pruned.prunable_weights());
        let unit = match pattern {
            // The channels are taken away until the share is reached.
            Pattern::Channels => return None,
            Pattern::Block { outs, ins } => outs * ins,
            Pattern::Scattered | Pattern::OfGroup { .. } => 1,
        };
        if (reached - requested).abs() <= ROUNDING.max(unit as f64 / prunable.max(1) as f64) {
            return None;
        }
        let prunable_layers = self.pruned.layers.iter().filter(|lost| lost.prunable);
        let zeros: usize = prunable_layers.map(|lost| lost.before.elements() - lost.weights_before).sum();
        let help = match pattern {
            Pattern::OfGroup { of, .. } if reached < requested => {
                format!("rows of weights whose length is no multiple of {of} keep more of their last weights")
            }
            _ => format!("{} of the {} prunable weights were zero before", number(zeros as u64), number(prunable as u64)),
        };
        let (points, side) = (100.0 * (reached - requested).abs(), if reached < requested { "below" } else { "above" });
        Some(Diagnostic {
            code: "prune::share",
            message: format!(
                "the sparsity is {:.1}%, {points:.1} points {side} the {:.1}% requested",
                100.0 * reached,
                100.0 * requested
            ),
            place: Place::default(),
            help,
        })
    }

    /// Figures that pruning does not lower.
    fn no_gain(&self) -> Vec<Diagnostic> {
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
            sparsity_of: prunable(how),
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
        let Lost { name, op, prunable, before, after, weights_before, weights_after } = lost.clone();
        Layer { name, op, prunable, before: before.0, after: after.0, weights_before, weights_after }
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
        prunable_weights: pruned.prunable_weights(),
        steps: pruned.steps,
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
