//! `tinybake verify --guarantees`.

use super::session::Session;
use super::verify::Verify;
use super::{Ended, Outcome};
use crate::boards::Target;
use crate::diag::{Diagnostics, Explain, Place};
use crate::measure::{self, Breaches, MeasureError, Program};
use crate::options::{Optimize, Options};
use crate::pipeline;
use crate::script::Files;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    model: String,
    reference: &'static str,
    optimize: &'static str,
    /// Whether floats may be computed with, as the model or the reference wants them.
    floats: bool,
    ram_bytes: u64,
    guarantees: Vec<Row>,
}

/// What was found on a core. Lists are of the linker's symbols.
#[derive(Default, Serialize)]
struct Row {
    on: String,
    holds: Option<bool>,
    panics: Vec<String>,
    soft_float: Vec<String>,
    allocator: Vec<String>,
    note: Option<String>,
}

/// Links the model for every target and looks at the images. Where only the host is named, every core whose Rust target is
/// installed is meant.
pub(super) fn run(command: &Verify, session: &Session, targets: &[Target<'_>]) -> Ended {
    let cores = session.catalogue.cores().iter().filter_map(|core| session.catalogue.find(&core.name).ok());
    let every: Vec<Target<'_>> = cores.filter(|target| !target.is_host() && measure::installed(target).is_ok()).collect();
    let named: Vec<Target<'_>> = targets.iter().copied().filter(|target| !target.is_host()).collect();
    let shown = command.model.display().to_string();
    let files = Files::read(&command.model)?;
    let mut report = Report {
        model: shown.clone(),
        reference: command.reference().name(),
        optimize: command.optimize.name(),
        floats: false,
        ram_bytes: 0,
        guarantees: Vec::new(),
    };
    let mut failed = Vec::new();
    let settings = measure::Options { size: command.optimize == Optimize::Size, ..measure::Options::default() };
    for target in if named.is_empty() { &every } else { &named } {
        let options =
            Options { reference: command.reference(), optimize: command.optimize, core: target.class(), ..Options::default() };
        let plan = pipeline::compile(&files.source(&shown), &options)?.plan;
        (report.floats, report.ram_bytes) = (plan.computes_in_floats(), plan.ram_bytes() as u64);
        let doing = session.doing(&format!("linking for {}", target.name()));
        let found = measure::breaches(&[&Program::of_plan(&plan)], target, &settings);
        drop(doing);
        let (row, problem) = row(target, found, report.floats);
        report.guarantees.push(row);
        failed.extend(problem.map(|error| error.at(Place { file: Some(shown.clone()), ..Place::default() })));
    }
    session.result(&text(&report), &report);
    let unbuilt = !failed.is_empty();
    if unbuilt {
        session.warn(&Diagnostics(failed));
    }
    let looked_at = report.guarantees.iter().any(|row| row.holds.is_some());
    let broken = report.guarantees.iter().any(|row| row.holds == Some(false));
    Ok(if looked_at && !broken && !unbuilt { Outcome::Done } else { Outcome::CheckFailed })
}

/// What was found, and the error where code did not build.
fn row(target: &Target<'_>, found: Result<Breaches, MeasureError>, floats: bool) -> (Row, Option<MeasureError>) {
    let on = target.name().to_string();
    match found {
        Ok(breaches) => {
            let holds = Some(breaches.none(floats));
            let Breaches { panics, soft_float, allocator } = breaches;
            (Row { on, holds, panics, soft_float, allocator, note: None }, None)
        }
        Err(error) if error.is_missing_tool() => {
            (Row { on, note: Some(format!("not linked: {error}; {}", error.help())), ..Row::default() }, None)
        }
        Err(error) => (Row { on, note: Some("failed".into()), ..Row::default() }, Some(error)),
    }
}

fn text(report: &Report) -> String {
    let Report { model, reference, optimize, floats, ram_bytes, guarantees } = report;
    let mut text = format!("{model}: reference {reference}, optimize {optimize}\n\n");
    let float = if *floats { "floats where the model wants them" } else { "no floats in software" };
    for Row { on, holds, panics, soft_float, allocator, note } in guarantees {
        text.push_str(&match (holds, note) {
            (Some(true), _) => {
                format!("{on}: no panic, {float}, no allocation, size_of::<Model>() is RAM_BYTES = {ram_bytes}\n")
            }
            (Some(false) | None, Some(note)) => format!("{on}: {note}\n"),
            (Some(false) | None, None) => format!("{on}: BROKEN\n"),
        });
        if *holds == Some(false) {
            let soft_float = if *floats { &[] } else { soft_float.as_slice() };
            let lists = [("can panic", panics.as_slice()), ("computes floats in software", soft_float), ("allocates", allocator)];
            for (what, symbols) in lists.into_iter().filter(|(_, symbols)| !symbols.is_empty()) {
                text.push_str(&format!("  {what}: {}\n", symbols.join(", ")));
            }
        }
    }
    if guarantees.iter().all(|row| row.holds.is_none()) {
        text.push_str("nothing was looked at: no core's Rust target is installed\n");
    }
    text
}
