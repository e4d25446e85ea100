//! What the commands do.

use super::options::{Common, Format};
use super::{Command, Ended};
use crate::checkpoint::State;
use crate::curves;
use crate::data::Samples;
use crate::error::TrainError as Error;
use crate::initial;
use crate::interrupt;
use crate::loss::{Distillation, Lessons};
use crate::network::Network;
use crate::parameters::Parameters;
use crate::quantized;
use crate::trainer::{End, Event, Next, Settings, evaluate, train};
use hmac_sha256::Hash;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tinybake_codegen::diag::{Diagnostic, Diagnostics, Explain, Place};
use tinybake_codegen::ir::Graph;
use tinybake_codegen::json;
use tinybake_codegen::options::Reference;
use tinybake_codegen::output::{self, File, Native};
use tinybake_codegen::pipeline;
use tinybake_codegen::script::Files;
use tinybake_codegen::text::lines;

fn plain(error: Error) -> Diagnostics {
    error.at(Place::default()).into()
}

fn in_file(mut diagnostics: Diagnostics, file: &Path) -> Diagnostics {
    for one in &mut diagnostics.0 {
        one.place.file.get_or_insert_with(|| file.display().to_string());
    }
    diagnostics
}

/// A network as it was read.
struct Model {
    graph: Graph,
    /// Which inputs samples have as NCHW.
    turned: Vec<bool>,
}

/// Reads a trained model, or draws the weights of a topology.
fn model(file: &Path, seed: u64, run: &mut Hash) -> Result<Model, Diagnostics> {
    let shown = file.display().to_string();
    if file.extension().is_some_and(|extension| extension == "toml") {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        run.update(text.as_bytes());
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let graph = initial::from_topology(&text, &name, seed).map_err(|diagnostics| in_file(diagnostics, file))?;
        return Ok(Model { graph, turned: Vec::new() });
    }
    let files = Files::read(file)?;
    let source = files.source(&shown);
    run.update(source.bytes);
    run.update(source.topology.unwrap_or_default().as_bytes());
    let graph = pipeline::read(&source)?;
    Ok(Model { graph, turned: pipeline::turned_images(&source).inputs })
}

fn unreadable(file: &Path, error: &std::io::Error) -> Diagnostics {
    let place = Place { file: Some(file.display().to_string()), ..Place::default() };
    Diagnostic { code: "read::file", message: format!("cannot read it: {error}"), place, help: "check the path".into() }.into()
}

#[derive(Serialize)]
struct Report {
    file: String,
    /// Absent where the topology went into the file itself.
    topology: Option<String>,
    epochs: usize,
    best_epoch: usize,
    parameters: usize,
    validation_samples: usize,
    validation_accuracy: f64,
    /// Of the int8 network that was written, by the arithmetic of generated code; absent for floats.
    integer_accuracy: Option<f64>,
}

pub(super) fn run(command: &Command) -> Result<Ended, Diagnostics> {
    let (student, teacher, common) = match command {
        Command::Train { topology, common } => (topology, None, common),
        Command::Finetune { model, common } => (model, None, common),
        Command::Distill { teacher, student, temperature, mix, matches, match_weight, common } => {
            let how = distillation(*temperature, *mix, matches, *match_weight).map_err(plain)?;
            (student, Some((teacher, how)), common)
        }
    };
    let settings = common.settings().map_err(plain)?;
    let teacher_file = teacher.as_ref().map(|(file, _)| *file);
    let inputs = inputs(common, [Some(student), teacher_file].into_iter().flatten());
    let checkpoint = common.checkpoint();
    let curves = common.curves();
    let others: Vec<&Path> = curves.iter().flatten().chain([&checkpoint]).map(PathBuf::as_path).collect();
    Native::new(&common.output).check(&others, &inputs)?;
    let mut run = Hash::new();
    let chosen = (common.validation, common.keep_zeros, common.qat);
    run.update(format!("{settings:?} {chosen:?} {:?}", teacher.as_ref().map(|(_, how)| how)).as_bytes());
    let Model { graph, turned } = model(student, settings.seed, &mut run)?;
    // All that can be wrong is found before anything is computed.
    Network::new(&graph).map_err(|diagnostics| in_file(diagnostics, student))?;
    let (training, validation) = samples(common, &graph, &turned, settings.seed, &mut run)?;
    let teacher = match &teacher {
        Some((file, how)) => Some((model(file, settings.seed, &mut run)?.graph, *file, how)),
        None => None,
    };
    let run = run.finalize();
    let (graph, mut parameters) = if common.qat {
        let made = quantized::quantized(&graph, &training).map_err(|diagnostics| in_file(diagnostics, student))?;
        (made.graph, made.parameters)
    } else {
        let parameters = Parameters::of_floats(&graph).map_err(|error| in_file(plain(error), student))?;
        (graph, parameters)
    };
    if common.keep_zeros {
        parameters.keep_zeros(&graph);
    }
    let network = Network::new(&graph).map_err(|diagnostics| in_file(diagnostics, student))?;
    let lessons = match &teacher {
        Some((graph, file, how)) => {
            let teacher = Network::new(graph).map_err(|diagnostics| in_file(diagnostics, file))?;
            let parameters = Parameters::of_floats(graph).map_err(|error| in_file(plain(error), file))?;
            let learn =
                Lessons::learn(&teacher, &parameters, network.graph(), &training.inputs, training.count, settings.batch, how);
            Some(learn.map_err(plain)?)
        }
        None => None,
    };
    let mut state = State::new(parameters);
    if common.resume {
        let bytes = std::fs::read(&checkpoint).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => in_file(plain(Error::NoCheckpoint), &checkpoint),
            _ => unreadable(&checkpoint, &error),
        })?;
        state.resume(&bytes, &run).map_err(|error| in_file(plain(error), &checkpoint))?;
    }
    interrupt::listen();
    let bar = bar(&settings, &state, training.count, common.format() == Format::Json);
    let end = train(&network, &mut state, &training, &validation, lessons.as_ref(), &settings, |event| {
        match event {
            Event::Batch(..) => bar.inc(1),
            Event::Epoch(state) => {
                output::replace(&checkpoint, &state.to_bytes(&run))?;
                if let Some(epoch) = state.epochs.last() {
                    bar.set_message(format!(
                        "epoch {}: loss {:.4}, validation accuracy {:.2} %",
                        state.epochs.len(),
                        epoch.loss,
                        100.0 * epoch.validation_accuracy
                    ));
                }
            }
        }
        Ok(if interrupt::asked() { Next::Stop } else { Next::Go })
    })?;
    bar.finish_and_clear();
    if end == End::Stopped {
        let kept = if state.epochs.is_empty() { "there is no checkpoint yet" } else { "continue with `--resume`" };
        let _ = writeln!(io::stderr(), "interrupted after {} of {} epochs: {kept}", state.epochs.len(), settings.epochs);
        return Ok(Ended::Interrupted);
    }
    finish(common, &network, &state, &validation, &inputs)?;
    // The run is over: there is nothing to go on with.
    let _ = std::fs::remove_file(&checkpoint);
    Ok(Ended::Done)
}

/// Every file that is read, which no output may replace: models with their topologies, and samples.
fn inputs<'a>(common: &Common, models: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let beside = |model: &PathBuf| model.extension().is_some_and(|extension| extension == "safetensors");
    let models: Vec<PathBuf> = models.cloned().collect();
    let topologies: Vec<PathBuf> =
        models.iter().filter(|model| beside(model)).map(|model| model.with_extension("toml")).collect();
    models.into_iter().chain(topologies).chain([common.data.clone()]).chain(common.validation_data.clone()).collect()
}

fn distillation(temperature: f32, mix: f32, matches: &[String], match_weight: f32) -> Result<Distillation, Error> {
    let setting = |what: String| Error::Setting { what };
    if !(temperature.is_finite() && temperature > 0.0) {
        return Err(setting(format!("`--temperature {temperature}` is not positive")));
    }
    if !(0.0..=1.0).contains(&mix) || !match_weight.is_finite() || match_weight < 0.0 {
        return Err(setting(format!("`--mix {mix}` is not within 0 to 1, or `--match-weight {match_weight}` is negative")));
    }
    let pair = |text: &String| {
        let pair = text.split_once('=').map(|(student, teacher)| (student.to_string(), teacher.to_string()));
        pair.ok_or_else(|| setting(format!("`--match {text}` is not STUDENT=TEACHER")))
    };
    let matches = matches.iter().map(pair).collect::<Result<_, _>>()?;
    Ok(Distillation { temperature, mix, matches, match_weight })
}

fn samples(
    common: &Common,
    graph: &Graph,
    turned: &[bool],
    seed: u64,
    run: &mut Hash,
) -> Result<(Samples, Samples), Diagnostics> {
    let mut read = |file: &PathBuf| {
        let samples = Samples::read(file, graph, turned)?;
        run.update(samples.to_bytes(graph));
        Ok::<_, Diagnostics>(samples)
    };
    let all = read(&common.data)?;
    match &common.validation_data {
        Some(file) => Ok((all, read(file)?)),
        None => all.split(common.validation, seed).map_err(|error| in_file(plain(error), &common.data)),
    }
}

/// A bar of the batches that are to do.
fn bar(settings: &Settings, state: &State, samples: usize, quiet: bool) -> ProgressBar {
    let batches = samples.div_ceil(settings.batch) as u64;
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(settings.epochs as u64 * batches), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar.set_position(state.epochs.len() as u64 * batches);
    bar
}

/// Writes the network of the best epoch and the curves, and says what came out.
fn finish(
    common: &Common,
    network: &Network<'_>,
    state: &State,
    validation: &Samples,
    inputs: &[PathBuf],
) -> Result<(), Diagnostics> {
    let parameters = state.chosen();
    let made = parameters.export(network.graph());
    let figures = evaluate(network, &parameters, validation).map_err(plain)?;
    let right = if common.qat { Some(quantized::right(&made, validation, Reference::default())?) } else { None };
    let title = common.output.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let (files, texts) = (common.curves(), [curves::csv(&state.epochs), curves::svg(&state.epochs, &title)]);
    let curves = files.iter().flatten().zip(&texts).map(|(path, text)| File { path, bytes: text.as_bytes() });
    let curves: Vec<File<'_>> = curves.collect();
    let output = Native::new(&common.output);
    output.write(&made, common.layout(), &curves, inputs)?;
    let report = Report {
        file: common.output.display().to_string(),
        topology: output.topology().map(|file| file.display().to_string()),
        epochs: state.epochs.len(),
        best_epoch: state.best_epoch.map_or(0, |best| best + 1),
        parameters: parameters.count(),
        validation_samples: validation.count,
        validation_accuracy: figures.accuracy,
        integer_accuracy: right.map(|right| right as f64 / validation.count as f64),
    };
    if common.format() == Format::Json {
        return output::print(&json::text(&report));
    }
    let mut text = format!("{} epochs, the best is {}; {} parameters\n", report.epochs, report.best_epoch, report.parameters);
    text += &format!("{} validation samples: accuracy {:.2} %\n", report.validation_samples, 100.0 * report.validation_accuracy);
    if let Some(accuracy) = report.integer_accuracy {
        text += &format!("accuracy of the int8 network in generated code: {:.2} %\n", 100.0 * accuracy);
    }
    let topology = report.topology.iter().map(|topology| format!(" and {topology}")).collect::<String>();
    text += &format!("wrote {}{topology}\n", report.file);
    output::print(&lines(&text))
}
