//! `tinybake prune`.

mod flash;
mod report;
mod search;
mod text;

use super::choices::Kind;
use super::session::{self, Session, in_file};
use super::{Ended, Outcome};
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::front::safetensors::Layout;
use crate::judge::{Judge, Task};
use crate::output::{self, File, Native};
use crate::pipeline;
use crate::prune::{self, How, Pattern, PruneError, Pruned, Pruner, Scope};
use crate::report::{self as picture, Measure};
use crate::samples::Dataset;
use crate::script::Files;
use clap::ValueEnum;
use flash::Flash;
use report::{Made, Parts, Report};
use search::Job;
use std::path::{Path, PathBuf};

/// Prunes a float model: zeroes the least important weights or removes channels, and writes the result in the native format.
///
/// Channels that an addition, a depthwise convolution, a concatenation or a flattened feature map ties together are removed together.
/// Flash is that of the model quantized to int8, generated at `--optimize size` and linked for the board or core; if its tools are missing,
/// of the constants alone.
#[derive(clap::Args)]
pub(super) struct Prune {
    /// Float model: a .tflite or .onnx file, or a .safetensors file with its topology.
    model: PathBuf,
    /// Samples, as `tinybake quantize` takes them: labels are integers (the class of each sample) or floats (the values of the outputs). Without
    /// labels, the pruned model is compared with the dense one.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Output file, NAME.safetensors; the topology is written to NAME.toml beside it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sparsity pattern: scattered (single weights), channels, KEPT:OF (such as 2:4), block:OUTSxINS (such as block:1x4).
    #[arg(long, default_value = "scattered", value_name = "PATTERN")]
    pattern: Pattern,
    /// global: less important layers lose more weights; layer: all layers lose the same share.
    #[arg(long, value_enum, default_value_t = Over::Global)]
    scope: Over,
    /// Share of the prunable weights that become zero or are removed, from 0 to below 1. Prunable are the weights, without biases, of
    /// convolutions and fully connected layers, except depthwise convolutions; for channels, of all layers with channels that can be
    /// removed. Layers of --keep are not. The report shows the share reached: exact to one weight or tile; for channels, the first group of
    /// channels that reaches it is the last.
    #[arg(long, value_name = "SHARE")]
    sparsity: Option<f64>,
    /// Upper bound for flash, in bytes: prunes as little as makes the model fit.
    #[arg(long, value_name = "BYTES", conflicts_with = "sparsity")]
    flash: Option<u64>,
    /// Board that the model must fit: its flash (or --flash) and RAM + stack.
    #[arg(long, value_name = "NAME", conflicts_with = "sparsity")]
    board: Option<String>,
    /// Core that flash is measured for, unless --board is given.
    #[arg(long, default_value = "cortex-m4", value_name = "NAME")]
    target: String,
    /// Fit the remaining weights and biases so that the outputs of every layer change least (least squares); off leaves them unchanged.
    #[arg(long, value_enum, default_value_t = Fit::On)]
    refit: Fit,
    /// Iterative pruning: after each step, the remaining weights are fitted and their importance is measured again. Schedules of 1, 2, 4, ...
    /// up to COUNT steps are tried, and the result with the smallest error on the samples is kept. Default: 4, fewer for large networks;
    /// curves, and the search for a size, use 1.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=64))]
    steps: Option<u8>,
    /// Layer that keeps all weights, by the name of its weights or output. Repeatable.
    #[arg(long, value_name = "LAYER")]
    keep: Vec<String>,
    /// Sensitivity analysis: prunes one layer at a time and reports the loss.
    #[arg(long)]
    sensitivity: bool,
    /// Prunes to several sparsities, reports accuracy against flash, and writes the chart to an SVG file.
    #[arg(long, value_name = "FILE.svg")]
    curve: Option<PathBuf>,
    /// Evaluate as a classifier (top-1 accuracy) or as a regression (R2 of every output). auto: classification if labels are class indices,
    /// or if the only output is a softmax or an argmax.
    #[arg(long, value_enum, default_value_t = Kind::Auto, value_name = "TASK")]
    task: Kind,
    /// Evaluation samples for the report, instead of --data.
    #[arg(long, value_name = "FILE")]
    evaluate: Option<PathBuf>,
    /// Number of samples for sensitivities and curves.
    #[arg(long, default_value_t = 128, value_name = "COUNT")]
    samples: usize,
    /// Weight layout of the file: that of TensorFlow Lite or of PyTorch.
    #[arg(long, value_enum, default_value_t = Order::Tflite)]
    layout: Order,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Over {
    Global,
    Layer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fit {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Tflite,
    Torch,
}

/// Sparsities of one layer that its sensitivity is taken at.
const SENSITIVITY: [f64; 4] = [0.25, 0.5, 0.75, 0.9];

/// What to take out, when it comes to an end.
enum Goal {
    /// As `How` says.
    Share,
    /// As little as fits.
    Fit { flash: Option<u64>, ram: Option<u64> },
    /// Nothing is written.
    None,
}

fn usage(message: &str, help: &str) -> Diagnostics {
    Diagnostic { code: "prune::usage", message: message.into(), place: Place::default(), help: help.into() }.into()
}

impl Prune {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let name = self.board.as_ref().unwrap_or(&self.target);
        let target = session.catalogue.find(name).map_err(|error| error.at(Place::default()))?;
        if let (Some(name), None) = (&self.board, target.board) {
            let help = "`tinybake boards` lists the boards; `--target` names a core, `--flash` how much of its flash to fill";
            return Err(usage(&format!("`{name}` is no board"), help));
        }
        let goal = self.goal(target.board.map(|board| (board.flash_bytes, board.ram_bytes)))?;
        let shown = self.model.display().to_string();
        let files = Files::read(&self.model)?;
        let inputs = session.inputs(&[&files], [&self.data].into_iter().chain(&self.evaluate));
        let output = self.output.as_deref().map(Native::new);
        let curve_file: Vec<&Path> = self.curve.as_deref().into_iter().collect();
        match &output {
            Some(output) => output.check(&curve_file, &inputs)?,
            None => output::check(&curve_file, &inputs)?,
        }
        let in_model = |diagnostics| in_file(diagnostics, &self.model);
        let graph = pipeline::read(&files.source(&shown))?;
        let turned = pipeline::turned_images(&files.source(&shown)).inputs;
        let dataset = |file: &PathBuf| {
            Dataset::parse(&session::read(file)?, &graph, &turned).map_err(|diagnostics| in_file(diagnostics, file))
        };
        let data = dataset(&self.data)?;
        let evaluation = self.evaluate.as_ref().map(dataset).transpose()?;
        let how = How {
            pattern: self.pattern,
            scope: match self.scope {
                Over::Global => Scope::Global,
                Over::Layer => Scope::Layer,
            },
            sparsity: self.sparsity.unwrap_or(0.0),
            keep: self.keep.clone(),
            steps: 1,
        };
        // Names and shares that are wrong are told before anything takes time.
        prune::prune(&graph, &how).map_err(in_model)?;
        let flash = Flash::new(target, &data)?;
        let pruner = Pruner::new(&graph, &data).map_err(in_model)?;
        let steps = self.steps.map_or_else(|| pruner.default_steps(), usize::from);
        let job = Job { pruner: &pruner, how: &how, steps, refit: self.refit == Fit::On, flash: &flash };
        let judged = |data| Task::resolve(self.task.task(), pruner.dense(), data);
        let data_of_report = evaluation.as_ref().unwrap_or(&data);
        let no_classes = || Diagnostics::from(PruneError::NoClasses.at(Place::default()));
        let task = judged(data_of_report).ok_or_else(no_classes)?;
        let few = Judge::new(pruner.dense(), &data, self.samples, task.0).map_err(in_model)?;
        let sensitivity = if self.sensitivity {
            let bar = std::sync::OnceLock::new();
            let step = |_, total| bar.get_or_init(|| session.progress(total)).tick();
            pruner.sensitivity(&how, job.refit, &SENSITIVITY, &few, step).map_err(in_model)?
        } else {
            Vec::new()
        };
        let curve = match &self.curve {
            Some(_) => job.curve(session, &few).map_err(in_model)?,
            None => Vec::new(),
        };
        let measure = measure(&few);
        let pruned = match goal {
            Goal::None => None,
            Goal::Share => Some(job.best(how.sparsity).map_err(in_model)?),
            Goal::Fit { flash: bytes, ram } => Some(job.fit(session, bytes, ram).map_err(in_model)?),
        };
        let made = match pruned {
            Some((pruned, size)) => {
                let judge = Judge::new(pruner.dense(), data_of_report, data_of_report.count, task.0).map_err(in_model)?;
                Some(Made {
                    size,
                    dense_size: flash.of(pruner.dense())?,
                    score: judge.score_graph(&pruned.graph).map_err(in_model)?,
                    dense_score: judge.reference(),
                    requested: matches!(goal, Goal::Share).then(|| how.share().ok()).flatten(),
                    pruned,
                })
            }
            None => None,
        };
        let drawn = self.curve.as_deref().map(|path| {
            let title = format!("{} pruned: {}", graph.name, self.pattern);
            (path, picture::curve(&title, target.name(), measure, &curve))
        });
        let drawn: Vec<File<'_>> = drawn.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }).collect();
        let written = match (&output, &made) {
            (Some(output), Some(made)) => {
                output.write(&made.pruned.graph, self.layout(), &drawn, &inputs).map_err(in_model)?;
                Some(output)
            }
            _ => {
                output::write(&drawn, &inputs)?;
                None
            }
        };
        let warnings = made.as_ref().map_or_else(Vec::new, |made| made.warnings(how.pattern));
        let report = Report::new(Parts {
            model: shown,
            written,
            how: &how,
            target: target.name(),
            task,
            measure,
            outputs: pruner.dense().outputs.iter().map(|&id| pruner.dense().tensor(id).name.clone()).collect(),
            made: made.as_ref(),
            sensitivity,
            curve,
            warnings: &warnings,
        });
        session.result(&text::text(&report, measure), &report)?;
        if !warnings.is_empty() {
            session.warn(&in_model(Diagnostics(warnings)));
        }
        Ok(Outcome::Done)
    }

    /// What is asked for; says where it is nothing, or cannot be together.
    fn goal(&self, board: Option<(Option<u64>, u64)>) -> Result<Goal, Diagnostics> {
        let own = matches!(self.pattern, Pattern::OfGroup { .. });
        if own && (self.sparsity.is_some() || self.flash.is_some() || self.board.is_some() || self.curve.is_some()) {
            let help = "leave out `--sparsity`, `--flash`, `--board` and `--curve`, or take another pattern";
            return Err(usage(&format!("the pattern {} takes a share of its own", self.pattern), help));
        }
        let fit = self.flash.is_some() || self.board.is_some();
        match &self.output {
            None if self.sensitivity || self.curve.is_some() => Ok(Goal::None),
            None => Err(usage(
                "there is nothing to do",
                "`-o FILE` writes the pruned model; `--sensitivity` and `--curve FILE.svg` show what could go",
            )),
            Some(_) if fit => {
                let flash = self.flash.or(board.and_then(|(flash, _)| flash));
                Ok(Goal::Fit { flash, ram: board.map(|(_, ram)| ram) })
            }
            Some(_) if own || self.sparsity.is_some() => Ok(Goal::Share),
            Some(_) => Err(usage(
                "how much is to go is not said",
                "give `--sparsity SHARE`, `--flash BYTES`, `--board NAME`, or a pattern with a share of its own, as 2:4",
            )),
        }
    }

    fn layout(&self) -> Layout {
        match self.layout {
            Order::Tflite => Layout::Tflite,
            Order::Torch => Layout::Torch,
        }
    }
}

/// The measure of what a judge compares: of a classifier with several outputs, and of any other network, the least of their measures.
fn measure(judge: &Judge<'_>) -> Measure {
    let dense = judge.reference();
    match judge.task() {
        Task::Classification if dense.correct.is_some() => Measure::Accuracy,
        Task::Classification => Measure::Agreement,
        Task::Regression if dense.outputs.iter().any(|output| output.target_r2.is_some()) => Measure::TargetR2,
        Task::Regression => Measure::R2,
    }
}

/// The nonzero weights of a graph's layers.
fn weights(pruned: &Pruned) -> usize {
    pruned.layers.iter().map(|lost| lost.weights_after).sum()
}
