//! Measures every combination, each core's once, on all processors.

use super::Compare;
use crate::boards::{Core, Target};
use crate::cli::session::Session;
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::measure::{self, Cache, MeasureError, Samples};
use crate::options::{Optimize, Options};
use crate::pipeline;
use crate::report::{Figures, Row};
use crate::script::Files;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What came of a survey.
pub(super) struct Surveyed {
    /// A row for each combination.
    pub(super) rows: Vec<Row>,
    /// What should have built and run, and did not.
    pub(super) failed: Vec<Diagnostic>,
}

/// A model, a core and a way to build.
struct Job<'a> {
    model: usize,
    target: Target<'a>,
    optimize: Optimize,
}

/// Why there are no figures.
enum Stop {
    /// The model is wrong, or nothing can be built here.
    Input(Diagnostics),
    /// This combination cannot be measured.
    Measure(MeasureError),
}

/// Models with the name that the user gave each.
type Models = Vec<(String, Files)>;

/// Inferences that an emulator counts.
const SAMPLES: usize = 2;

pub(super) fn survey(session: &Session, command: &Compare, targets: &[Target<'_>]) -> Result<Surveyed, Diagnostics> {
    let read = |file: &std::path::PathBuf| Files::read(file).map(|files| (file.display().to_string(), files));
    let models: Models = command.models.iter().map(read).collect::<Result<_, _>>()?;
    let settings = measure::Options::default();
    let cache = Cache::open(&settings.directory).map_err(|error| error.at(Place::default()))?;
    let jobs = jobs(models.len(), command, targets);
    let progress = session.progress(jobs.len());
    let kept = Mutex::new(None);
    let results = on_all_processors(&jobs, |job| {
        let result = figures(&models, job, command, &cache, &settings, &kept);
        progress.tick();
        result
    });
    drop(progress);
    if let Some(error) = kept.into_inner().unwrap_or_else(PoisonError::into_inner) {
        session.say(&format!("warning: figures are not kept for the next run: {error}"));
    }
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for (job, result) in jobs.iter().zip(results) {
        let (shown, optimize) = (&models[job.model].0, job.optimize.name());
        let boards = targets.iter().filter(|target| target.core.name == job.target.core.name);
        match result {
            Ok(figures) => rows.extend(boards.map(|board| Row::of(shown, board, optimize, &figures, &session.catalogue))),
            Err(Stop::Input(diagnostics)) => return Err(diagnostics),
            Err(Stop::Measure(error)) => {
                let missing = error.is_missing_tool();
                let note = if missing { format!("not built: {error}; {}", error.help()) } else { "failed".into() };
                rows.extend(boards.map(|board| Row::unknown(shown, board, optimize, note.clone())));
                if !missing {
                    failed.push(error.at(Place { file: Some(shown.clone()), ..Place::default() }));
                }
            }
        }
    }
    Ok(Surveyed { rows, failed })
}

/// The combinations of this shard, in an order that does not depend on it.
fn jobs<'a>(models: usize, command: &Compare, targets: &[Target<'a>]) -> Vec<Job<'a>> {
    let mut cores: Vec<Target<'a>> = Vec::new();
    for target in targets {
        if cores.iter().all(|core| core.core.name != target.core.name) {
            cores.push(Target { board: None, ..*target });
        }
    }
    let ways = command.ways();
    let mut jobs = Vec::new();
    for target in cores {
        for &optimize in &ways {
            jobs.extend((0..models).map(|model| Job { model, target, optimize }));
        }
    }
    let mut number = 0..;
    jobs.retain(|_| number.next().is_some_and(|number| command.shard.is_none_or(|shard| shard.has(number))));
    jobs
}

/// Results of `work` on all jobs, in order. Builds for one core in one profile wait for each other, so they are one queue.
fn on_all_processors<T: Send>(jobs: &[Job<'_>], work: impl Fn(&Job<'_>) -> T + Sync) -> Vec<T> {
    let mut queues: BTreeMap<(&str, bool), Vec<usize>> = BTreeMap::new();
    for (index, job) in jobs.iter().enumerate() {
        let Core { name, .. } = job.target.core;
        queues.entry((name, job.optimize == Optimize::Size)).or_default().push(index);
    }
    let waiting = Mutex::new(queues.into_values().collect::<Vec<_>>());
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(queue) = next else { break };
                    for index in queue {
                        let result = work(&jobs[index]);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The figures of a combination: those kept, or measured now. Where they cannot be kept, `kept` has the first reason.
fn figures(
    models: &Models,
    job: &Job<'_>,
    command: &Compare,
    cache: &Cache,
    settings: &measure::Options,
    kept: &Mutex<Option<MeasureError>>,
) -> Result<Figures, Stop> {
    let (shown, files) = &models[job.model];
    let source = files.source(shown);
    let (reference, optimize) = (command.reference.unwrap_or(pipeline::reference_of(shown)), job.optimize);
    let topology = source.topology.unwrap_or_default();
    let interface = command.interface;
    let words = format!("{reference} {optimize} {interface} {SAMPLES}");
    let key = cache.key(&job.target, &[source.bytes, topology.as_bytes(), words.as_bytes()]);
    if let Some(figures) = cache.get(&key) {
        return Ok(figures);
    }
    let options = Options { reference: Some(reference), optimize, interface, core: job.target.class(), ..Options::default() };
    let plan = pipeline::compile(&source, &options).map_err(Stop::Input)?.plan;
    let program = measure::Program::of_plan(&plan);
    let samples = Samples::arbitrary(&program.inputs, SAMPLES);
    let settings = measure::Options { size: optimize == Optimize::Size, ..settings.clone() };
    let stop = |error: MeasureError| match error {
        MeasureError::CargoMissing { .. } => Stop::Input(error.at(Place::default()).into()),
        error => Stop::Measure(error),
    };
    let cost = measure::cost(&program, &samples, &job.target, &settings).map_err(stop)?;
    let figures = Figures {
        code_bytes: cost.model.code,
        constant_bytes: cost.model.rodata + cost.model.data,
        weight_bytes: plan.parameter_bytes() as u64,
        ram_bytes: plan.ram_bytes() as u64,
        stack_bytes: cost.stack_bytes,
        stack_bound_bytes: cost.stack_bound_bytes,
        instructions: cost.instructions,
        note: cost.note,
    };
    if let Err(error) = cache.put(&key, &figures) {
        kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
    Ok(figures)
}
