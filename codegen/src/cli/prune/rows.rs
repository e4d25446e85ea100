//! The report, as data and as text.

use super::flash::Size;
use crate::cli::table::{self, Align, number, percent, short};
use crate::output::Native;
use crate::prune::{How, Lost, Pattern, Pruned, Scope, Score, Sensitivity};
use crate::report::CurvePoint;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub(super) struct Report {
    model: String,
    file: Option<String>,
    topology: Option<String>,
    pattern: String,
    scope: &'static str,
    /// The core or board that flash is of.
    target: String,
    pruned: Option<Made>,
    sensitivity: Vec<SensitivityRow>,
    curve: Vec<CurvePoint>,
}

/// What was written.
#[derive(Serialize)]
struct Made {
    sparsity: f64,
    weights: usize,
    flash_bytes: u64,
    /// Whether an image was linked; the constants alone where not.
    flash_measured: bool,
    ram_bytes: u64,
    dense: Figures,
    pruned: Figures,
    layers: Vec<Layer>,
}

#[derive(Clone, Copy, Serialize)]
struct Figures {
    samples: usize,
    correct: Option<usize>,
    same_argmax: usize,
    mean_squared_error: f64,
    relative_error: f64,
}

#[derive(Serialize)]
struct Layer {
    name: String,
    op: &'static str,
    before: Vec<usize>,
    after: Vec<usize>,
    weights_before: usize,
    weights_after: usize,
}

#[derive(Serialize)]
struct SensitivityRow {
    name: String,
    op: &'static str,
    weights: usize,
    points: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    sparsity: f64,
    #[serde(flatten)]
    figures: Figures,
}

fn figures(score: Score) -> Figures {
    let Score { samples, correct, same_argmax, mean_squared_error, relative_error } = score;
    Figures { samples, correct, same_argmax, mean_squared_error, relative_error }
}

impl Report {
    #[allow(clippy::too_many_arguments)] // Each is one part of the report.
    pub(super) fn of(
        model: String,
        written: Option<&Native<'_>>,
        how: &How,
        target: &str,
        made: Option<&(Pruned, Size)>,
        scores: Option<(Score, Score)>,
        sensitivity: &[Sensitivity],
        curve: &[CurvePoint],
    ) -> Self {
        let shown = |file: &Path| file.display().to_string();
        let layer = |lost: &Lost| {
            let Lost { name, op, before, after, weights_before, weights_after } = lost.clone();
            Layer { name, op, before: before.0, after: after.0, weights_before, weights_after }
        };
        let made = made.zip(scores).map(|((pruned, size), (dense, ours))| Made {
            sparsity: pruned.sparsity(),
            weights: super::weights(pruned),
            flash_bytes: size.flash,
            flash_measured: size.measured,
            ram_bytes: size.ram,
            dense: figures(dense),
            pruned: figures(ours),
            layers: pruned.layers.iter().map(layer).collect(),
        });
        let row = |row: &Sensitivity| {
            let Sensitivity { name, op, weights, points } = row.clone();
            let point = |(sparsity, score)| Point { sparsity, figures: figures(score) };
            SensitivityRow { name, op, weights, points: points.into_iter().map(point).collect() }
        };
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
            pruned: made,
            sensitivity: sensitivity.iter().map(row).collect(),
            curve: curve.to_vec(),
        }
    }
}

/// Right samples in per cent, and the error of the outputs.
fn cell(figures: &Figures) -> String {
    let right = figures.correct.unwrap_or(figures.same_argmax);
    format!("{} ({:.1e})", percent(right, figures.samples), figures.relative_error)
}

pub(super) fn text_of(report: &Report) -> String {
    let mut text = format!("{}, {}\n", report.model, report.pattern);
    if !report.sensitivity.is_empty() {
        text.push_str(&sensitivity(&report.sensitivity));
    }
    if !report.curve.is_empty() {
        text.push_str(&curve(report));
    }
    if let Some(made) = &report.pruned {
        text.push_str(&layers(&made.layers));
        text.push_str(&summary(made, &report.target));
    }
    if let Some(file) = &report.file {
        let topology = report.topology.iter().map(|topology| format!(" and {topology}")).collect::<String>();
        text.push_str(&format!("wrote {file}{topology}\n"));
    }
    text
}

fn sensitivity(rows: &[SensitivityRow]) -> String {
    let mut columns = vec![("layer".to_string(), Align::Left), ("weights".into(), Align::Right)];
    let shares = rows.first().map(|row| row.points.iter().map(|point| point.sparsity)).into_iter().flatten();
    columns.extend(shares.map(|share| (format!("{:.0}% gone", 100.0 * share), Align::Right)));
    let columns: Vec<(&str, Align)> = columns.iter().map(|(title, align)| (title.as_str(), *align)).collect();
    let cells = rows.iter().map(|row| {
        let mut cells = vec![short(&row.name), number(row.weights as u64)];
        cells.extend(row.points.iter().map(|point| cell(&point.figures)));
        cells
    });
    format!(
        "\nOne layer at a time; in brackets the error of the outputs over their variance:\n{}",
        table::narrow(&columns, cells)
    )
}

fn curve(report: &Report) -> String {
    const WIDTH: f64 = 30.0;
    let what = if report.curve.iter().all(|point| point.measured) { "flash" } else { "constants in flash" };
    let columns = [
        ("gone", Align::Right),
        ("weights left", Align::Right),
        (what, Align::Right),
        ("right", Align::Right),
        ("error", Align::Right),
        ("", Align::Left),
    ];
    let cells = report.curve.iter().map(|point| {
        vec![
            format!("{:.1}%", 100.0 * point.sparsity),
            number(point.weights as u64),
            number(point.flash_bytes),
            format!("{:.1}%", 100.0 * point.share),
            format!("{:.1e}", point.relative_error),
            "█".repeat((WIDTH * point.share).round() as usize),
        ]
    });
    format!("\nFlash on {}, and samples that are right:\n{}", report.target, table::narrow(&columns, cells))
}

fn layers(layers: &[Layer]) -> String {
    let columns = [
        ("layer", Align::Left),
        ("op", Align::Left),
        ("filter before", Align::Left),
        ("after", Align::Left),
        ("weights before", Align::Right),
        ("after", Align::Right),
        ("gone", Align::Right),
    ];
    let shape = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    let cells = layers.iter().map(|layer| {
        let Layer { name, op, before, after, weights_before, weights_after } = layer;
        let (from, to) = (number(*weights_before as u64), number(*weights_after as u64));
        let gone = percent(weights_before.saturating_sub(*weights_after), *weights_before);
        vec![short(name), (*op).into(), shape(before), shape(after), from, to, gone]
    });
    format!("\n{}\n", table::narrow(&columns, cells))
}

fn summary(made: &Made, target: &str) -> String {
    let Made { sparsity, weights, flash_bytes, flash_measured, ram_bytes, dense, pruned, layers: _ } = made;
    let flash = if *flash_measured { "bytes of flash" } else { "bytes of constants in flash (no toolchain to link with)" };
    let mut text = format!(
        "{:.1}% of the weights are gone, {} are left; as int8 on {target}: {} {flash}, {} of RAM\n",
        100.0 * sparsity,
        number(*weights as u64),
        number(*flash_bytes),
        number(*ram_bytes),
    );
    let samples = number(pruned.samples as u64);
    text.push_str(&format!(
        "{samples} samples: error of the outputs over their variance {:.2e}, same greatest output in {}\n",
        pruned.relative_error,
        percent(pruned.same_argmax, pruned.samples)
    ));
    if let (Some(before), Some(after)) = (dense.correct, pruned.correct) {
        text.push_str(&format!(
            "accuracy: {} before, {} after\n",
            percent(before, dense.samples),
            percent(after, pruned.samples)
        ));
    }
    text
}
