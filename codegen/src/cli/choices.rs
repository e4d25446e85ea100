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
    /// How results are written to stdout: for people, or as one object with stable field names.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// Says nothing but results and diagnostics.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Says more: the plan of memory and kernels.
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// A table of cores and boards that adds to the built-in one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) boards_file: Option<PathBuf>,
    /// Runs whatever program the table of --boards-file names as an emulator; otherwise only QEMU's, found in PATH.
    #[arg(long, global = true, requires = "boards_file")]
    pub(super) allow_emulator: bool,
    /// Whether diagnostics are coloured; auto: on a terminal.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
}

/// Memory that a model may take.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// The most flash that the model may take, as 20000 or 20k: kernels are chosen so that constants, and code by the cost
    /// model, fit
    #[arg(long, value_name = "BYTES")]
    pub(super) max_flash: Option<Bytes>,
    /// Most RAM that the `Model` struct may take. If full feature maps do not fit, layers run patch by patch, which recomputes a few rows
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
    Table,
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
