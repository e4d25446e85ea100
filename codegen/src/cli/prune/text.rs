//! The report, for people.

use super::report::{Figures, Layer, Outcome, Report, SensitivityRow};
use crate::cli::table::{self, Align, number, percent, short};
use crate::report::Measure;

pub(super) fn text(report: &Report, measure: Measure) -> String {
    let mut text = format!("{}, {}\n", report.model, report.pattern);
    if !report.sensitivity.is_empty() {
        text.push_str(&sensitivity(&report.sensitivity, measure));
    }
    if !report.curve.is_empty() {
        text.push_str(&curve(report, measure));
    }
    if let Some(outcome) = &report.pruned {
        text.push_str(&layers(&outcome.layers));
        text.push_str(&sizes(outcome, report));
    }
    text.push_str(&format!("task: {}, since {}\n", report.task, report.task_reason));
    if let Some(outcome) = &report.pruned {
        text.push_str(&scores(outcome));
    }
    if let Some(file) = &report.file {
        let topology = report.topology.iter().map(|topology| format!(" and {topology}")).collect::<String>();
        text.push_str(&format!("wrote {file}{topology}\n"));
    }
    text
}

fn sensitivity(rows: &[SensitivityRow], measure: Measure) -> String {
    let mut columns = vec![("layer".to_string(), Align::Left), ("weights".into(), Align::Right)];
    let shares = rows.first().map(|row| row.points.iter().map(|point| point.sparsity)).into_iter().flatten();
    columns.extend(shares.map(|share| (format!("{:.0}% pruned", 100.0 * share), Align::Right)));
    let columns: Vec<(&str, Align)> = columns.iter().map(|(title, align)| (title.as_str(), *align)).collect();
    let cell = |figures: &Figures| format!("{} ({:.1e})", measure.shown(figures.score), figures.relative_error);
    let cells = rows.iter().map(|row| {
        let mut cells = vec![short(&row.name), number(row.weights as u64)];
        cells.extend(row.points.iter().map(|point| cell(&point.figures)));
        cells
    });
    format!(
        "\n{} with one layer pruned at a time; in brackets the squared error of the outputs relative to their variance:\n{}",
        measure.title(),
        table::narrow(&columns, cells)
    )
}

fn curve(report: &Report, measure: Measure) -> String {
    const WIDTH: f64 = 30.0;
    let flash = if report.curve.iter().all(|point| point.measured) { "flash" } else { "constants in flash" };
    let columns = [
        ("sparsity", Align::Right),
        ("nonzero weights", Align::Right),
        (flash, Align::Right),
        (measure.short(), Align::Right),
        ("error", Align::Right),
        ("", Align::Left),
    ];
    let cells = report.curve.iter().map(|point| {
        vec![
            format!("{:.1}%", 100.0 * point.sparsity),
            number(point.weights as u64),
            number(point.flash_bytes),
            measure.shown(point.score),
            format!("{:.1e}", point.relative_error),
            "█".repeat((WIDTH * point.score.max(0.0)).round() as usize),
        ]
    });
    format!("\n{} against flash on {}:\n{}", measure.title(), report.target, table::narrow(&columns, cells))
}

fn layers(layers: &[Layer]) -> String {
    let columns = [
        ("layer", Align::Left),
        ("op", Align::Left),
        ("filter before", Align::Left),
        ("after", Align::Left),
        ("weights before", Align::Right),
        ("after", Align::Right),
        ("pruned", Align::Right),
    ];
    let shape = |shape: &[usize]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    let cells = layers.iter().map(|layer| {
        let Layer { name, op, prunable: _, before, after, weights_before, weights_after } = layer;
        let (from, to) = (number(*weights_before as u64), number(*weights_after as u64));
        let gone = percent(weights_before.saturating_sub(*weights_after), *weights_before);
        vec![short(name), (*op).into(), shape(before), shape(after), from, to, gone]
    });
    format!("\n{}\n", table::narrow(&columns, cells))
}

/// The network before and after.
fn sizes(outcome: &Outcome, report: &Report) -> String {
    let requested = outcome.requested_sparsity.map_or_else(String::new, |share| format!(" ({:.1}% requested)", 100.0 * share));
    let steps = if outcome.steps == 1 { "one step".to_string() } else { format!("{} steps", outcome.steps) };
    let mut text = format!(
        "sparsity: {:.1}%{requested} of {} prunable weights, in {steps}\nprunable: {}\n",
        100.0 * outcome.sparsity,
        number(outcome.prunable_weights as u64),
        report.sparsity_of
    );
    let flash = if outcome.flash_measured { "flash" } else { "constants in flash (no toolchain to link with)" };
    let columns = [
        ("int8 network", Align::Left),
        ("nonzero weights", Align::Right),
        (flash, Align::Right),
        ("RAM", Align::Right),
        ("stack", Align::Right),
        ("instructions", Align::Right),
    ];
    let row = |name: &str, weights: usize, bytes: [u64; 3], instructions| {
        let [flash, ram, stack] = bytes.map(number);
        vec![name.to_string(), number(weights as u64), flash, ram, stack, table::known(instructions)]
    };
    let Outcome { dense_flash_bytes, dense_ram_bytes, dense_stack_bytes, flash_bytes, ram_bytes, stack_bytes, .. } = *outcome;
    let rows = [
        row("dense", outcome.dense_weights, [dense_flash_bytes, dense_ram_bytes, dense_stack_bytes], outcome.dense_instructions),
        row("pruned", outcome.weights, [flash_bytes, ram_bytes, stack_bytes], outcome.instructions),
    ];
    text.push_str(&format!("on {}:\n{}\n", report.target, table::narrow(&columns, rows)));
    text.push_str(&format!(
        "pruned: {} bytes of flash, {} bytes of RAM + {} of stack\n",
        number(flash_bytes),
        number(ram_bytes),
        number(stack_bytes)
    ));
    text
}

fn scores(outcome: &Outcome) -> String {
    let Outcome { dense, pruned, outputs, .. } = outcome;
    let mut text = format!(
        "{} samples: mean squared error {:.3e}, R2 {:.5}",
        number(pruned.samples as u64),
        pruned.mean_squared_error,
        pruned.r2
    );
    if let Some(same) = pruned.same_argmax {
        text.push_str(&format!(", same top-1 class in {}", percent(same, pruned.samples)));
    }
    text.push('\n');
    if let (Some(before), Some(after)) = (dense.correct, pruned.correct) {
        let (before, after) = (percent(before, dense.samples), percent(after, pruned.samples));
        text.push_str(&format!("accuracy: {before} dense, {after} pruned\n"));
    }
    let several = outputs.len() > 1;
    for output in outputs {
        let name = short(&output.name);
        if several {
            text.push_str(&format!("output {name}: mean squared error {:.3e}, R2 {:.5}\n", output.mean_squared_error, output.r2));
        }
        if let (Some(dense), Some(pruned)) = (output.dense_target_r2, output.pruned_target_r2) {
            text.push_str(&format!("output {name}: R2 to the targets {dense:.5} dense, {pruned:.5} pruned\n"));
        }
    }
    text
}
