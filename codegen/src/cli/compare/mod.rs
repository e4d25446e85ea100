//! `tinybake compare`.

mod shard;
mod survey;
mod text;

use super::choices;
use super::session::{self, Session, in_file};
use super::{Ended, Outcome};
use crate::boards::Target;
use crate::diag::{Diagnostics, Explain, Place};
use crate::options::{Interface, Optimize, Options, Reference};
use crate::output::{self, File};
use crate::pipeline;
use crate::report::{self, Comparison, ComparisonError, Detail, Differences};
use crate::script::Files;
use shard::Shard;
use std::path::{Path, PathBuf};

/// Measures models on boards: code, tables, weights, RAM, stack usage, instruction count.
///
/// Every combination is built with and without the model; the difference of the two images is the model's. Boards with the same core share
/// a build. Instructions and stack are measured in an emulator, if the core has one; latencies are estimates. Two models are also compared
/// with each other. Results are cached in the target directory. Exit code 1: a figure has grown, or a build failed.
#[derive(clap::Args)]
pub(super) struct Compare {
    /// Models: .tflite or .onnx files, or .safetensors files with their topologies.
    #[arg(required_unless_present = "merge", conflicts_with = "merge")]
    models: Vec<PathBuf>,
    /// Boards and cores, separated by commas; `all` is every board.
    #[arg(long, default_value = "all", value_delimiter = ',', value_name = "NAMES")]
    boards: Vec<String>,
    /// Optimization goals, separated by commas: size (least flash), speed (fewest instructions), balanced (least product of the two).
    #[arg(long, default_value = "size,speed", value_delimiter = ',', value_parser = choices::optimize())]
    optimize: Vec<Optimize>,
    /// Element types of inputs and outputs: `model` keeps those of the file, `int8` drops its outer quantize and dequantize operators.
    #[arg(long, default_value = Interface::default().name(), value_parser = choices::interface())]
    pub(super) interface: Interface,
    /// Reference engine whose outputs are reproduced bit for bit. Default: `ort` for .onnx files, otherwise `tflm`.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
    /// Measures only the I-th of N parts, such as `1/3`; `--merge` joins them.
    #[arg(long, value_name = "I/N", conflicts_with = "merge")]
    shard: Option<Shard>,
    /// Merges files written by --json, instead of measuring.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    merge: Vec<PathBuf>,
    /// Writes the figures to a JSON file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the figures to a CSV file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Writes an HTML page with charts, the memory plan and the operators; with --merge only the charts.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Baseline written by --json: shows the differences. Exit code 1 if flash, RAM, stack or instructions have grown, or if the baseline has
    /// figures that this run lacks (with --shard: if nothing could be compared).
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Growth that is tolerated, such as `1%`.
    #[arg(long, default_value = "0%", value_parser = percent, requires = "baseline")]
    max_growth: f64,
}

impl Compare {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let models = self.models.iter().map(|model| Files::read(model)).collect::<Result<Vec<_>, _>>()?;
        let inputs = session.inputs(&models.iter().collect::<Vec<_>>(), self.merge.iter().chain(&self.baseline));
        let outputs: Vec<&Path> = [&self.json, &self.csv, &self.html].into_iter().flatten().map(PathBuf::as_path).collect();
        output::check(&outputs, &inputs)?;
        let baseline = self.baseline.as_deref().map(kept).transpose()?;
        let targets = targets(session, &self.boards)?;
        let (comparison, failed) = if self.merge.is_empty() {
            let surveyed = survey::survey(session, self, &targets)?;
            (joined(surveyed.rows, Path::new("the figures"))?, surveyed.failed)
        } else {
            (self.merged()?, Vec::new())
        };
        let mut differences = baseline.as_ref().map(|old| report::of_versions(old, &comparison)).unwrap_or_default();
        if let Some([before, now]) = self.two(&comparison) {
            differences.extend(report::of_models(&comparison, [&before, &now]));
        }
        self.write(session, &comparison, &differences, targets.first(), &inputs)?;
        session.result(&text::text(&comparison, &differences, &session.catalogue), &comparison)?;
        let worse = baseline.is_some_and(|baseline| self.worse(session, &baseline, &comparison));
        let broken = !failed.is_empty();
        if broken {
            session.warn(&Diagnostics(failed));
        }
        Ok(if worse || broken { Outcome::CheckFailed } else { Outcome::Done })
    }

    /// Writes what is asked for, as one set.
    fn write(
        &self,
        session: &Session,
        comparison: &Comparison,
        differences: &[Differences],
        target: Option<&Target<'_>>,
        inputs: &[PathBuf],
    ) -> Result<(), Diagnostics> {
        let mut texts: Vec<(&Path, String)> = Vec::new();
        texts.extend(self.json.as_deref().map(|file| (file, comparison.json())));
        texts.extend(self.csv.as_deref().map(|file| (file, comparison.csv())));
        if let Some(file) = &self.html {
            let page = report::html(comparison, &self.details(target)?, differences, &session.catalogue);
            texts.push((file, page));
        }
        let files: Vec<File<'_>> = texts.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }).collect();
        output::write(&files, inputs)
    }

    /// The two models that are compared, in the order in which they are given.
    fn two(&self, comparison: &Comparison) -> Option<[String; 2]> {
        match self.models.as_slice() {
            [before, now] => Some([before, now].map(|file| file.display().to_string())),
            [] => comparison.two_models().map(|models| models.map(str::to_owned)),
            [_] | [_, _, _, ..] => None,
        }
    }

    fn merged(&self) -> Result<Comparison, Diagnostics> {
        let mut rows = Vec::new();
        for file in &self.merge {
            rows.extend(kept(file)?.rows);
        }
        joined(rows, self.merge.first().map_or(Path::new(""), PathBuf::as_path))
    }

    /// The models compiled for the core of `target`, in every way that is compared.
    fn details(&self, target: Option<&Target<'_>>) -> Result<Vec<Detail>, Diagnostics> {
        let Some(target) = target else { return Ok(Vec::new()) };
        let detail = |file: &PathBuf| {
            let (files, model) = (Files::read(file)?, file.display().to_string());
            let compile = |optimize: Optimize| {
                let (reference, interface) = (self.reference, self.interface);
                let options = Options { reference, optimize, interface, core: target.class(), ..Options::default() };
                Ok((optimize, pipeline::compile(&files.source(&model), &options)?))
            };
            let compiled = self.ways().into_iter().map(compile).collect::<Result<_, Diagnostics>>()?;
            Ok(Detail { model: model.clone(), core: target.core.name.clone(), compiled })
        };
        self.models.iter().map(detail).collect()
    }

    /// The ways to build, each once.
    fn ways(&self) -> Vec<Optimize> {
        let mut ways = self.optimize.clone();
        ways.sort_by_key(|optimize| optimize.name());
        ways.dedup();
        ways
    }

    /// Whether something grew or could not be compared; says what.
    fn worse(&self, session: &Session, baseline: &Comparison, now: &Comparison) -> bool {
        let mut change = report::growth(baseline, now, self.max_growth);
        if self.shard.is_some() {
            // The other parts measure them.
            change.missing.clear();
        }
        session.say(&text::change(&change, self.max_growth));
        change.compared == 0 || [change.grown.len(), change.missing.len(), change.vanished.len()] != [0; 3]
    }
}

/// The boards and cores that `names` stand for, each once.
fn targets<'a>(session: &'a Session, names: &[String]) -> Result<Vec<Target<'a>>, Diagnostics> {
    let (mut targets, mut unknown): (Vec<Target<'a>>, Vec<_>) = (Vec::new(), Vec::new());
    let boards = session.catalogue.boards().iter().map(|board| board.name.as_str());
    let names = names.iter().map(|name| name.trim());
    for name in names.flat_map(|name| if name == "all" { boards.clone().collect() } else { vec![name] }) {
        match session.catalogue.find(name) {
            Ok(target) if targets.iter().any(|known| known.name() == target.name()) => {}
            Ok(target) => targets.push(target),
            Err(error) => unknown.push(error.at(Place::default())),
        }
    }
    if unknown.is_empty() { Ok(targets) } else { Err(Diagnostics(unknown)) }
}

/// Figures that were kept in `file`.
fn kept(file: &Path) -> Result<Comparison, Diagnostics> {
    Comparison::parse(&session::read(file)?).map_err(|error| told(&error, file))
}

fn joined(rows: Vec<report::Row>, file: &Path) -> Result<Comparison, Diagnostics> {
    Comparison::of(rows).map_err(|error| told(&error, file))
}

fn told(error: &ComparisonError, file: &Path) -> Diagnostics {
    in_file(error.at(Place::default()).into(), file)
}

/// Reads `1%` or `1`.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if percent >= 0.0 && percent.is_finite() => Ok(percent),
        Ok(_) | Err(_) => Err("a number of per cent is expected, as `1%`".into()),
    }
}
