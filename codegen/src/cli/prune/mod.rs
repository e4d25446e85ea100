//! `tinybake prune`.

mod flash;
mod rows;
mod search;

use super::session::{self, Session, in_file};
use super::{Ended, Outcome};
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::front::safetensors::Layout;
use crate::output::{self, File, Native};
use crate::pipeline;
use crate::prune::{self, Assessor, How, Pattern, Pruned, Pruner, Scope};
use crate::report;
use crate::samples::Dataset;
use crate::script::Files;
use clap::ValueEnum;
use flash::Flash;
use rows::{Report, text_of};
use search::Job;
use std::path::{Path, PathBuf};

/// Prunes a float model: takes out the weights, or the channels, that matter least, and writes what is left in the native format.
///
/// A sum, a depthwise convolution, a concatenation or a flattened image ties channels together: they leave together. Flash is that of the
/// model quantized to int8, generated at `--optimize size` and linked for the board or core; what the core's tools are missing for is
/// estimated by the constants alone.
#[derive(clap::Args)]
pub(super) struct Prune {
    /// A float model.
    model: PathBuf,
    /// Samples, as `tinybake quantize` takes them; without labels, agreement with the model given stands for accuracy.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The file to write, NAME.safetensors; its topology goes to NAME.toml beside it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What goes together: scattered weights, channels, KEPT:OF neighbours (as 2:4), block:OUTSxINS (as block:1x4).
    #[arg(long, default_value = "scattered", value_name = "PATTERN")]
    pattern: Pattern,
    /// Whether layers that can spare more lose more, or all lose the same share.
    #[arg(long, value_enum, default_value_t = Over::Global)]
    scope: Over,
    /// The share of the weights that go, from 0 to below 1.
    #[arg(long, value_name = "SHARE")]
    sparsity: Option<f64>,
    /// Bytes of flash that the model may take: as few weights go as let it fit.
    #[arg(long, value_name = "BYTES", conflicts_with = "sparsity")]
    flash: Option<u64>,
    /// A board whose flash (unless `--flash` says how much) and RAM the model is to fit.
    #[arg(long, value_name = "NAME", conflicts_with = "sparsity")]
    board: Option<String>,
    /// The core that flash is taken for, unless a board says so.
    #[arg(long, default_value = "cortex-m4", value_name = "NAME")]
    target: String,
    /// Whether the weights that stay are fitted, so that every layer comes closest to what it did; off leaves them as they were.
    #[arg(long, value_enum, default_value_t = Fit::On)]
    refit: Fit,
    /// A layer that keeps all weights, by the name of its weights or output; can be given several times.
    #[arg(long, value_name = "LAYER")]
    keep: Vec<String>,
    /// Prunes one layer at a time, and says what the model loses by it.
    #[arg(long)]
    sensitivity: bool,
    /// Prunes to several sparsities, shows accuracy against flash, and draws it to this SVG file.
    #[arg(long, value_name = "FILE.svg")]
    curve: Option<PathBuf>,
    /// Other samples to report on than those of --data.
    #[arg(long, value_name = "FILE")]
    evaluate: Option<PathBuf>,
    /// Samples that sensitivities and curves are taken on.
    #[arg(long, default_value_t = 128, value_name = "COUNT")]
    samples: usize,
    /// How weights lie in the file: as TensorFlow Lite or as PyTorch has them.
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
        };
        // Names and shares that are wrong are told before anything takes time.
        prune::prune(&graph, &how).map_err(in_model)?;
        let flash = Flash::new(target, &data)?;
        let pruner = Pruner::new(&graph, &data).map_err(in_model)?;
        let job = Job { pruner: &pruner, how: &how, refit: self.refit == Fit::On, flash: &flash };
        let few = || Assessor::new(pruner.dense(), &data, self.samples).map_err(in_model);
        let sensitivity = if self.sensitivity {
            let bar = std::sync::OnceLock::new();
            let step = |_, total| bar.get_or_init(|| session.progress(total)).tick();
            pruner.sensitivity(&how, job.refit, &SENSITIVITY, &few()?, step).map_err(in_model)?
        } else {
            Vec::new()
        };
        let curve = match &self.curve {
            Some(_) => job.curve(session, &few()?).map_err(in_model)?,
            None => Vec::new(),
        };
        let made = match goal {
            Goal::None => None,
            Goal::Share => Some(job.at(how.sparsity).map_err(in_model)?),
            Goal::Fit { flash: bytes, ram } => Some(job.fit(session, bytes, ram).map_err(in_model)?),
        };
        let scores = match &made {
            Some((pruned, _)) => {
                let data = evaluation.as_ref().unwrap_or(&data);
                let all = Assessor::new(pruner.dense(), data, data.count).map_err(in_model)?;
                Some((all.score(pruner.dense()).map_err(in_model)?, all.score(&pruned.graph).map_err(in_model)?))
            }
            None => None,
        };
        let drawn = self.curve.as_deref().map(|path| {
            let title = format!("{} pruned: {}", graph.name, self.pattern);
            (path, report::curve(&title, target.name(), data.labels.is_some(), &curve))
        });
        let drawn: Vec<File<'_>> = drawn.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }).collect();
        let written = match (&output, &made) {
            (Some(output), Some((pruned, _))) => {
                output.write(&pruned.graph, self.layout(), &drawn, &inputs).map_err(in_model)?;
                Some(output)
            }
            _ => {
                output::write(&drawn, &inputs)?;
                None
            }
        };
        let report = Report::of(shown, written, &how, target.name(), made.as_ref(), scores, &sensitivity, &curve);
        session.result(&text_of(&report), &report)?;
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

/// The weights of a graph's layers that are not zero.
fn weights(pruned: &Pruned) -> usize {
    pruned.layers.iter().map(|lost| lost.weights_after).sum()
}
