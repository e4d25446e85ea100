//! The command line.

mod options;
mod run;

use clap::{CommandFactory, Parser, Subcommand};
use options::{Common, Format};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Trains networks for tinybake: topologies and weights in its native format, on the CPU.
#[derive(Parser)]
#[command(name = "tinybake-train", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains a topology from scratch.
    Train {
        /// A topology (.toml) in which every weight states its shape: weights = { tensor = "conv1.weight", shape = [8, 1, 3, 3] }.
        topology: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Fine-tunes a model: after pruning, or for int8 quantization (--qat).
    Finetune {
        /// A float model, or a native int8 model with --qat.
        #[arg(long)]
        model: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Knowledge distillation: trains a small network (student) on the outputs of a large one (teacher).
    Distill {
        /// Teacher: a trained float model.
        #[arg(long)]
        teacher: PathBuf,
        /// Student: a topology (.toml) as for `train`, or a trained model.
        #[arg(long)]
        student: PathBuf,
        /// Distillation temperature: divides the logits before they are compared.
        #[arg(long, default_value_t = 4.0, value_name = "T")]
        temperature: f32,
        /// Weight of the distillation loss, from 0 to 1; the loss of the labels has the rest.
        #[arg(long, default_value_t = 0.7, value_name = "SHARE")]
        mix: f32,
        /// Feature matching: a pair of tensors, by name, whose difference is added to the loss. Repeatable.
        #[arg(long = "match", value_name = "STUDENT=TEACHER")]
        matches: Vec<String>,
        /// Weight of each --match pair in the loss.
        #[arg(long, default_value_t = 1.0, value_name = "WEIGHT")]
        match_weight: f32,
        #[command(flatten)]
        common: Common,
    },
}

impl Command {
    fn common(&self) -> &Common {
        match self {
            Self::Train { common, .. } | Self::Finetune { common, .. } | Self::Distill { common, .. } => common,
        }
    }
}

/// What a command ended with.
enum Ended {
    Done,
    Interrupted,
}

/// The program's options and subcommands.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command that the process was started with. Exit codes: 0 done, 2 bad input, 130 interrupted.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let printed = error.print();
            let lost = printed.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
            return ExitCode::from(if lost { 2 } else { u8::try_from(error.exit_code()).unwrap_or(2) });
        }
    };
    // Where the system does not allow it the limit ends the program.
    #[cfg(unix)]
    let _ = tinybake_codegen::output::signals::limits();
    let format = arguments.command.common().format();
    match run::run(&arguments.command) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Interrupted) => ExitCode::from(130),
        Err(diagnostics) => {
            let text = match format {
                Format::Text => diagnostics.0.iter().map(|one| format!("error: {one}\n")).collect(),
                Format::Json => tinybake_codegen::json::diagnostics(&diagnostics),
            };
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}
