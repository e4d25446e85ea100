//! Diagnostics that do not keep a model from being quantized.

use super::{Evaluation, Stated};
use crate::diag::{Diagnostic, Place};
use crate::ir::Graph;
use crate::samples::{Dataset, Outlier};

/// Calibration samples that a user should give.
const ENOUGH: usize = 64;
/// Samples named one by one; of more, the number is told.
const NAMED: usize = 5;

/// All that holds of these samples.
pub(super) fn warnings(
    graph: &Graph,
    data: &Dataset,
    calibrated_on: usize,
    outliers: &[Outlier],
    stated: &[Stated],
    evaluation: &Evaluation,
) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    let at = |tensor: Option<String>| Place { tensor, ..Place::default() };
    if calibrated_on < ENOUGH {
        all.push(Diagnostic {
            code: "quantize::few_samples",
            message: format!("calibrated on {calibrated_on} samples: the ranges of others are a guess"),
            place: Place::default(),
            help: format!("give {ENOUGH} calibration samples or more; state known ranges of inputs with `--input-range`"),
        });
    }
    if *evaluation == Evaluation::HeldOut && data.count < 2 {
        all.push(Diagnostic {
            code: "quantize::not_held_out",
            message: "the figures are of the sample that calibrated: on others they are worse".into(),
            place: Place::default(),
            help: "give more samples, or others with `--evaluate`".into(),
        });
    }
    for outlier in outliers.iter().take(NAMED) {
        let Outlier { sample, input, range, usual } = outlier;
        let name = graph.inputs.get(*input).map(|&id| graph.tensor(id).name.clone());
        all.push(Diagnostic {
            code: "quantize::outlier",
            message: format!(
                "sample {sample} reaches from {} to {}, where samples usually lie between {} and {}",
                range.0, range.1, usual.0, usual.1
            ),
            place: at(name),
            help: "check how it was made, leave it out, or state the input's range with `--input-range`".into(),
        });
    }
    if outliers.len() > NAMED {
        all.push(Diagnostic {
            code: "quantize::outlier",
            message: format!("{} more samples lie far outside the others", outliers.len() - NAMED),
            place: Place::default(),
            help: "`--format json` lists all of them".into(),
        });
    }
    for &(id, (low, high)) in stated {
        let Some(input) = graph.inputs.iter().position(|&input| input == id) else { continue };
        let outside = |sample: &usize| data.input(input, *sample).iter().any(|&value| value < low || value > high);
        let count = (0..data.count).filter(outside).count();
        if count > 0 {
            all.push(Diagnostic {
                code: "quantize::outside_range",
                message: format!("{count} of {} samples leave the stated range {low}..{high}, and are clipped", data.count),
                place: at(Some(graph.tensor(id).name.clone())),
                help: "widen the range, or check how samples are scaled".into(),
            });
        }
    }
    all
}
