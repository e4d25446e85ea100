//! `tinybake verify --guarantees`.

use super::session::Session;
use super::{Ended, Outcome};
use crate::boards::Target;
use crate::diag::{Diagnostics, Explain, Place};
use crate::measure::{self, Breaches, MeasureError, Program, Samples};
use crate::options::{Optimize, Options};
use crate::pipeline;
use crate::script::Files;
use serde::Serialize;
use std::path::Path;

/// Inferences that the stack is watched in.
const SAMPLES: usize = 2;

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
    /// Most bytes of stack that an inference used, where the core can be emulated.
    stack_bytes: Option<u64>,
    /// What the module says that it takes at most.
    stack_bound_bytes: Option<u64>,
    note: Option<String>,
}

/// Links the model for every target, whose core replaces that of `options`, and looks at the images. Where only the host is named,
/// every core whose Rust target is installed is meant.
pub(super) fn run(model: &Path, options: &Options, session: &Session, targets: &[Target<'_>]) -> Ended {
    let cores = session.catalogue.cores().iter().filter_map(|core| session.catalogue.find(&core.name).ok());
    let every: Vec<Target<'_>> = cores.filter(|target| !target.is_host() && measure::installed(target).is_ok()).collect();
    let named: Vec<Target<'_>> = targets.iter().copied().filter(|target| !target.is_host()).collect();
    let (shown, optimize) = (model.display().to_string(), options.optimize);
    let files = Files::read(model)?;
    let mut report = Report {
        model: shown.clone(),
        reference: options.reference().name(),
        optimize: optimize.name(),
        floats: false,
        ram_bytes: 0,
        guarantees: Vec::new(),
    };
    let mut failed = Vec::new();
    let settings = measure::Options { size: optimize == Optimize::Size, ..measure::Options::default() };
    for target in if named.is_empty() { &every } else { &named } {
        let options = Options { core: target.class(), ..options.clone() };
        let plan = pipeline::compile(&files.source(&shown), &options)?.plan;
        (report.floats, report.ram_bytes) = (plan.computes_in_floats(), plan.ram_bytes() as u64);
        let doing = session.doing(&format!("linking for {}", target.name()));
        let program = Program::of_plan(&plan);
        let found = measure::breaches(&[&program], target, &settings);
        let stack = found.is_ok().then(|| stack(&program, target, &settings));
        drop(doing);
        let (row, problem) = row(target, found, stack, report.floats);
        report.guarantees.push(row);
        failed.extend(problem.map(|error| error.at(Place { file: Some(shown.clone()), ..Place::default() })));
    }
    session.result(&text(&report), &report)?;
    let unbuilt = !failed.is_empty();
    if unbuilt {
        session.warn(&Diagnostics(failed));
    }
    let looked_at = report.guarantees.iter().any(|row| row.holds.is_some());
    let broken = report.guarantees.iter().any(|row| row.holds == Some(false));
    Ok(if looked_at && !broken && !unbuilt { Outcome::Done } else { Outcome::CheckFailed })
}

/// The stack that inferences of arbitrary inputs used and what the module states; `None` where nothing emulates the core.
fn stack(program: &Program, target: &Target<'_>, settings: &measure::Options) -> Result<Option<(u64, u64)>, MeasureError> {
    match measure::available(target) {
        Ok(()) => {}
        Err(error) if error.is_missing_tool() || matches!(error, MeasureError::NoEmulator { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    let run = measure::run(program, &Samples::arbitrary(&program.inputs, SAMPLES), target, settings)?;
    Ok(run.stack_bytes.zip(run.stack_bound_bytes))
}

/// What was found, and the error where code did not build or run.
fn row(
    target: &Target<'_>,
    found: Result<Breaches, MeasureError>,
    stack: Option<Result<Option<(u64, u64)>, MeasureError>>,
    floats: bool,
) -> (Row, Option<MeasureError>) {
    let on = target.name().to_string();
    let found = match stack.unwrap_or(Ok(None)) {
        Ok(stack) => found.map(|breaches| (breaches, stack)),
        Err(error) => found.and(Err(error)),
    };
    match found {
        Ok((breaches, stack)) => {
            let holds = Some(breaches.none(floats) && stack.is_none_or(|(used, stated)| used <= stated));
            let Breaches { panics, soft_float, allocator } = breaches;
            let (stack_bytes, stack_bound_bytes) = stack.unzip();
            (Row { on, holds, panics, soft_float, allocator, stack_bytes, stack_bound_bytes, note: None }, None)
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
    for Row { on, holds, panics, soft_float, allocator, stack_bytes, stack_bound_bytes, note } in guarantees {
        let stack = match stack_bytes.zip(*stack_bound_bytes) {
            Some((used, stated)) => format!("stack {used} of STACK_BYTES = {stated}"),
            None => "stack not watched: nothing emulates it here".into(),
        };
        text.push_str(&match (holds, note) {
            (Some(true), _) => {
                format!("{on}: no panic, {float}, no allocation, size_of::<Model>() is RAM_BYTES = {ram_bytes}, {stack}\n")
            }
            (Some(false) | None, Some(note)) => format!("{on}: {note}\n"),
            (Some(false) | None, None) => format!("{on}: BROKEN\n"),
        });
        if *holds == Some(false) {
            let soft_float = if *floats { &[] } else { soft_float.as_slice() };
            let lists = [("can panic", panics.as_slice()), ("computes floats in software", soft_float), ("allocates", allocator)];
            if stack_bytes > stack_bound_bytes {
                text.push_str(&format!("  takes more stack than it states: {stack}\n"));
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards::Catalogue;

    #[test]
    fn more_stack_than_stated_breaks_the_guarantee() {
        let catalogue = Catalogue::builtin();
        let target = catalogue.find("cortex-m4").expect("a core of the table");
        let look = |used| row(&target, Ok(Breaches::default()), Some(Ok(Some((used, 600)))), false).0;
        assert_eq!((look(600).holds, look(601).holds), (Some(true), Some(false)));
        let report = |row| Report {
            model: "m.tflite".into(),
            reference: "tflm",
            optimize: "size",
            floats: false,
            ram_bytes: 8,
            guarantees: vec![row],
        };
        assert!(
            text(&report(look(601)))
                .contains("cortex-m4: BROKEN\n  takes more stack than it states: stack 601 of STACK_BYTES = 600\n")
        );
        assert!(text(&report(look(600))).contains("stack 600 of STACK_BYTES = 600"));
    }

    #[test]
    fn a_core_without_an_emulator_still_has_the_other_guarantees() {
        let catalogue = Catalogue::builtin();
        let target = catalogue.find("cortex-m4").expect("a core of the table");
        let (row, problem) = row(&target, Ok(Breaches::default()), Some(Ok(None)), false);
        assert!(problem.is_none() && row.holds == Some(true) && row.stack_bytes.is_none());
    }
}
