//! Options that several commands share.

use crate::judge::Task;
use crate::options::{Bytes, Interface, Optimize, Reference};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};
use std::path::PathBuf;

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Format of the result on stdout. json: one object with stable field names; errors are objects on stderr.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Prints only results and diagnostics.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Prints more: the memory and kernel plan.
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// TOML file with further cores and boards.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) boards_file: Option<PathBuf>,
    /// Allows any emulator program that --boards-file names; otherwise only those of QEMU in PATH.
    #[arg(long, global = true, requires = "boards_file")]
    pub(super) allow_emulator: bool,
    /// Colored diagnostics; auto: on a terminal.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
}

/// Memory that a model may take.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// Upper bound for flash, such as 20000 or 20k: kernels are selected so that constants, and code by the cost model, fit
    #[arg(long, value_name = "BYTES")]
    pub(super) max_flash: Option<Bytes>,
    /// Upper bound for RAM, the size of the `Model` struct. If full feature maps do not fit, layers run patch by patch, which recomputes a few rows
    #[arg(long, value_name = "BYTES")]
    pub(super) max_ram: Option<Bytes>,
}

/// Reads `--interface`.
pub(super) fn interface() -> impl TypedValueParser<Value = Interface> {
    PossibleValuesParser::new(Interface::WORDS).try_map(|word| word.parse::<Interface>())
}

/// `--task`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Kind {
    Auto,
    Classification,
    Regression,
}

impl Kind {
    /// `None` for `auto`.
    pub(super) fn task(self) -> Option<Task> {
        match self {
            Self::Auto => None,
            Self::Classification => Some(Task::Classification),
            Self::Regression => Some(Task::Regression),
        }
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[value(alias = "table")]
    Text,
    /// One JSON object with stable field names; diagnostics on stderr are JSON, too.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// Reads `--reference`.
pub(super) fn reference() -> impl TypedValueParser<Value = Reference> {
    PossibleValuesParser::new(Reference::WORDS).try_map(|word| word.parse::<Reference>())
}

/// Reads `--optimize`.
pub(super) fn optimize() -> impl TypedValueParser<Value = Optimize> {
    PossibleValuesParser::new(Optimize::WORDS).try_map(|word| word.parse::<Optimize>())
}
