//! Options that all commands have.

use crate::error::TrainError as Error;
use crate::trainer::Settings;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use tinybake_codegen::front::safetensors::Layout;
use tinybake_codegen::output::is_regular;

#[derive(Args, Debug)]
pub(super) struct Common {
    /// Samples: safetensors or npz with float32 `input.J` (or `x`) [samples, ...] and integer `labels` (or `y`) [samples].
    #[arg(long, value_name = "FILE")]
    pub(super) data: PathBuf,
    /// The file to write, NAME.safetensors; its topology goes to NAME.toml, curves to NAME.curves.csv and NAME.curves.svg.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Epochs: passes over the training samples.
    #[arg(long, default_value_t = 30, value_name = "N")]
    epochs: usize,
    /// Batch size: samples per gradient step.
    #[arg(long, visible_alias = "batch-size", default_value_t = 32, value_name = "N")]
    batch: usize,
    /// Learning rate at its peak.
    #[arg(long, visible_alias = "learning-rate", default_value_t = 0.002, value_name = "RATE")]
    rate: f64,
    /// Weight decay.
    #[arg(long, default_value_t = 1e-4, value_name = "DECAY")]
    decay: f64,
    /// Seed of all random numbers: initialization, shuffling, the validation split.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    /// Validation split: the share of the samples held out of training.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(super) validation: f64,
    /// Validation samples, in place of a share of --data.
    #[arg(long, value_name = "FILE")]
    pub(super) validation_data: Option<PathBuf>,
    /// Early stopping: end after so many epochs without improvement.
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Keep weights that are zero at zero: of a network that was pruned, in whatever pattern.
    #[arg(long)]
    pub(super) keep_zeros: bool,
    /// Train the int8 network that is going to run, by fake quantization, and write that.
    #[arg(long)]
    pub(super) qat: bool,
    /// Where the state of the run is kept; NAME.checkpoint unless given.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint.
    #[arg(long)]
    pub(super) resume: bool,
    /// How weights lie in the file: as TensorFlow Lite or as PyTorch has them.
    #[arg(long, value_enum, default_value_t = Order::Tflite)]
    layout: Order,
    /// Print one JSON object in place of text; no progress bars.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Tflite,
    Torch,
}

impl Common {
    /// The settings of the loop.
    ///
    /// # Errors
    /// A number that makes no sense.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let Self { epochs, batch, rate, decay, seed, validation, patience, .. } = *self;
        let wrong = |what: String| Err(Error::Setting { what });
        if epochs == 0 || batch == 0 {
            return wrong("`--epochs` and `--batch` are at least 1".into());
        }
        if !(rate.is_finite() && rate > 0.0 && decay.is_finite() && decay >= 0.0) {
            return wrong(format!("`--rate {rate}` is not positive, or `--decay {decay}` negative"));
        }
        if !(validation > 0.0 && validation < 1.0) {
            return wrong(format!("`--validation {validation}` is no share between 0 and 1"));
        }
        Ok(Settings { epochs, batch, rate, decay, seed, patience })
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        let beside = || match is_regular(&self.output) {
            true => self.output.with_extension("checkpoint"),
            false => PathBuf::from(self.output.file_name().unwrap_or_default()).with_extension("checkpoint"),
        };
        self.checkpoint.clone().unwrap_or_else(beside)
    }

    /// The files of the curves, as numbers and as a picture; none beside what is no file.
    pub(super) fn curves(&self) -> Option<[PathBuf; 2]> {
        is_regular(&self.output).then(|| ["curves.csv", "curves.svg"].map(|extension| self.output.with_extension(extension)))
    }

    pub(super) fn layout(&self) -> Layout {
        match self.layout {
            Order::Tflite => Layout::Tflite,
            Order::Torch => Layout::Torch,
        }
    }
}
