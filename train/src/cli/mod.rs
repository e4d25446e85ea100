//! The command line.

mod options;
mod run;

use clap::{Parser, Subcommand};
use options::Common;
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
    /// Goes on training a model: one that was pruned, or that is to be quantized.
    Finetune {
        /// A float model, or a native int8 model with --qat.
        #[arg(long)]
        model: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Trains a small network to answer as a large one does.
    Distill {
        /// The large network: a trained float model.
        #[arg(long)]
        teacher: PathBuf,
        /// The small one: a topology (.toml) as for `train`, or a model to go on from.
        #[arg(long)]
        student: PathBuf,
        /// Distillation temperature: logits are divided by it before they are compared.
        #[arg(long, default_value_t = 4.0, value_name = "T")]
        temperature: f32,
        /// Weight of the distillation loss, from 0 to 1; the rest is that of the labels.
        #[arg(long, default_value_t = 0.7, value_name = "SHARE")]
        mix: f32,
        /// Tensors that should look alike, by name; may be given several times.
        #[arg(long = "match", value_name = "STUDENT=TEACHER")]
        matches: Vec<String>,
        /// The weight of each such pair in the loss.
        #[arg(long, default_value_t = 1.0, value_name = "WEIGHT")]
        match_weight: f32,
        #[command(flatten)]
        common: Common,
    },
}

/// What a command ended with.
enum Ended {
    Done,
    Interrupted,
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
    match run::run(&arguments.command) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Interrupted) => ExitCode::from(130),
        Err(diagnostics) => {
            for one in &diagnostics.0 {
                let _ = writeln!(io::stderr(), "error: {one}");
            }
            ExitCode::from(2)
        }
    }
}
