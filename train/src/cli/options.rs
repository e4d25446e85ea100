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
    #[arg(long, alias = "batch", default_value_t = 32, value_name = "N")]
    batch_size: usize,
    /// Learning rate: its peak, after a linear warm-up and before a cosine decay to zero.
    #[arg(long, alias = "rate", default_value_t = 0.002, value_name = "RATE")]
    learning_rate: f64,
    /// Weight decay.
    #[arg(long, alias = "decay", default_value_t = 1e-4, value_name = "DECAY")]
    weight_decay: f64,
    /// Random seed of the initialization, the shuffling and the validation split.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
    /// Validation split: share of the samples that are held out from training, between 0 and 1.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub(super) validation: f64,
    /// Validation samples, instead of a split of --data.
    #[arg(long, value_name = "FILE")]
    pub(super) validation_data: Option<PathBuf>,
    /// Early stopping: stop after this many epochs without improvement.
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Keep zero weights at zero, to fine-tune a pruned network of any pattern.
    #[arg(long)]
    pub(super) keep_zeros: bool,
    /// Quantization-aware training: train with fake quantization, and write the int8 network.
    #[arg(long)]
    pub(super) qat: bool,
    /// Checkpoint file, written after each epoch. Default: NAME.checkpoint.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Resume from the checkpoint.
    #[arg(long)]
    pub(super) resume: bool,
    /// Weight layout of the file: that of TensorFlow Lite or of PyTorch.
    #[arg(long, value_enum, default_value_t = Order::Tflite)]
    layout: Order,
    /// Format of the result on stdout. json: one object with stable field names; errors are objects on stderr, without progress bars.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as `--format json`.
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    Tflite,
    Torch,
}

impl Common {
    pub(super) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }

    /// The settings of the loop.
    ///
    /// # Errors
    /// A number that makes no sense.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let Self { epochs, batch_size: batch, learning_rate: rate, weight_decay: decay, seed, validation, patience, .. } = *self;
        let wrong = |what: String| Err(Error::Setting { what });
        if epochs == 0 || batch == 0 {
            return wrong("`--epochs` and `--batch-size` are at least 1".into());
        }
        if !(rate.is_finite() && rate > 0.0 && decay.is_finite() && decay >= 0.0) {
            return wrong(format!("`--learning-rate {rate}` is not positive, or `--weight-decay {decay}` negative"));
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
