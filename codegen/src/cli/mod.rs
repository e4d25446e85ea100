//! The program `tinybake`: commands parse what the user gives, call the stages, and draw what comes back.
//!
//! Exit codes: 0 done; 1 a check failed (`verify`, `compare --baseline`, `generate --check`); 2 bad usage or bad input, with diagnostics on stderr.
//! Install it with `cargo install tinybake-codegen --features cli`.

mod boards;
mod choices;
mod compare;
mod generate;
mod guarantees;
mod inspect;
mod new;
mod prune;
mod quantize;
mod render;
mod session;
mod table;
mod verify;

use crate::diag::Diagnostics;
use choices::Global;
use clap::{CommandFactory, Parser, Subcommand};
use session::Session;
use std::io;
use std::process::ExitCode;

/// Turns trained, quantized networks into exact, specialized no_std Rust.
#[derive(Parser)]
#[command(name = "tinybake", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Inspect),
    Generate(generate::Generate),
    Prune(prune::Prune),
    Quantize(quantize::Quantize),
    Verify(verify::Verify),
    Compare(compare::Compare),
    New(new::New),
    Boards(boards::Boards),
}

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1.
    CheckFailed,
}

/// A command's end; diagnostics mean exit code 2.
type Ended = Result<Outcome, Diagnostics>;

/// The program's options and subcommands.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and versions are such "errors" too: they go to stdout and end with 0. A closed pipe is no reason to fail.
            let printed = error.print();
            let lost = printed.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
            return ExitCode::from(if lost { 2 } else { u8::try_from(error.exit_code()).unwrap_or(2) });
        }
    };
    // Where signals cannot be handled they end the program all the same.
    #[cfg(unix)]
    if crate::output::signals::guard(crate::measure::children::end_all).is_ok() {
        crate::measure::children::guard();
    }
    let Arguments { global, command } = arguments;
    match Session::open(&global).and_then(|session| run(&session, &command)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        Err(diagnostics) => {
            session::show(&diagnostics, &global);
            ExitCode::from(2)
        }
    }
}

fn run(session: &Session, command: &Command) -> Ended {
    match command {
        Command::Inspect(command) => command.run(session),
        Command::Generate(command) => command.run(session),
        Command::Prune(command) => command.run(session),
        Command::Quantize(command) => command.run(session),
        Command::Verify(command) => command.run(session),
        Command::Compare(command) => command.run(session),
        Command::New(command) => command.run(session),
        Command::Boards(command) => command.run(session),
    }
}
