//! Whether a model fits a board: the one rule for all commands that ask.

use super::{Place, Plan, PlannedStep};
use crate::boards::{Board, Catalogue};
use crate::diag::{self, Diagnostics, Explain};
use core::fmt;

/// Bytes of a board's memory that a model needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Weights and tables, and code where it is known.
    pub flash: u64,
    /// The `Model` struct.
    pub ram: u64,
    /// Stack of an inference, at most.
    pub stack: u64,
}

/// A kind of memory of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Variables and the stack.
    Ram,
    /// Code and constants.
    Flash,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ram => "RAM",
            Self::Flash => "flash",
        })
    }
}

/// A region that is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The region.
    pub region: Region,
    /// Bytes needed of it, the stack included.
    pub needed: u64,
    /// Bytes that there are.
    pub available: u64,
}

impl Needs {
    /// The needs of a plan on a board of the catalogue, without code and the rest of the firmware.
    pub fn of(plan: &Plan, board: &Board, catalogue: &Catalogue) -> Self {
        let stack = plan.stack_bytes(catalogue.class_of_board(board));
        Self { flash: plan.weight_bytes() as u64, ram: plan.ram_bytes() as u64, stack: stack as u64 }
    }

    /// These needs beside a program that takes so many bytes of flash and RAM itself.
    pub fn beside(self, flash: u64, ram: u64) -> Self {
        Self { flash: self.flash.saturating_add(flash), ram: self.ram.saturating_add(ram), ..self }
    }

    /// Regions of a board that are too small; a flash of unknown size is not.
    pub fn shortages(&self, flash: Option<u64>, ram: u64) -> impl Iterator<Item = Shortage> {
        let both = [(Region::Ram, self.ram.saturating_add(self.stack), Some(ram)), (Region::Flash, self.flash, flash)];
        both.into_iter().filter_map(|(region, needed, available)| {
            available.filter(|&available| needed > available).map(|available| Shortage { region, needed, available })
        })
    }

    /// Whether a board has enough of both.
    pub fn fit(&self, board: &Board) -> bool {
        self.shortages(board.flash_bytes, board.ram_bytes).next().is_none()
    }
}

impl Region {
    /// The names of three boards, those with least of the region first.
    pub fn least<'a>(self, boards: impl Iterator<Item = &'a Board>) -> Vec<String> {
        let mut boards: Vec<&Board> = boards.collect();
        boards.sort_by_key(|board| match self {
            Self::Ram => board.ram_bytes,
            Self::Flash => board.flash_bytes.unwrap_or(u64::MAX),
        });
        boards.into_iter().take(3).map(|board| board.name.clone()).collect()
    }
}

/// A region of a board that a model alone fills already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it does not fit the {region} of `{board}`: {needed} bytes needed{}, {available} available, {} too many",
    with_stack(*region, *stack), needed - available
)]
pub struct FitError {
    /// The region.
    pub region: Region,
    /// The board's name.
    pub board: String,
    /// Bytes that the model takes: the `Model` struct and its stack in RAM, or weights and tables in flash.
    pub needed: u64,
    /// Those of them that are stack, where the region is RAM.
    pub stack: u64,
    /// Bytes that the board has.
    pub available: u64,
    /// What takes most of it, and what makes it less.
    pub cause: String,
    /// Boards of the catalogue that the model fits, those with least of the region first.
    pub alternatives: Vec<String>,
}

/// The part of RAM that is stack, for a message.
pub fn with_stack(region: Region, stack: u64) -> String {
    match region {
        Region::Ram => format!(" ({stack} of them stack)"),
        Region::Flash => String::new(),
    }
}

impl Explain for FitError {
    fn code(&self) -> &'static str {
        "plan::does_not_fit"
    }

    fn help(&self) -> String {
        match self.alternatives.as_slice() {
            [] => format!("{}; no board of the table has enough", self.cause),
            boards => format!("{}; boards with enough: {}", self.cause, boards.join(", ")),
        }
    }
}

/// Checks that the model's own bytes, without code and what else a firmware has, fit `board`.
///
/// # Errors
/// A [`FitError`] for every region that is too small, as diagnostics.
pub fn fit(plan: &Plan, board: &Board, catalogue: &Catalogue) -> Result<(), Diagnostics> {
    let needs = Needs::of(plan, board, catalogue);
    let problem = |Shortage { region, needed, available }| {
        let cause = match region {
            Region::Ram => widest(plan),
            Region::Flash => "weights and tables take it: a model with fewer parameters needs less".into(),
        };
        let enough = |other: &&Board| Needs::of(plan, other, catalogue).fit(other);
        let alternatives = region.least(catalogue.boards().iter().filter(enough));
        let (board, stack) = (board.name.clone(), needs.stack);
        FitError { region, board, needed, stack, available, cause, alternatives }.at(diag::Place::default())
    };
    let problems: Vec<_> = needs.shortages(board.flash_bytes, board.ram_bytes).map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

/// The step that needs most memory at once.
pub(super) fn widest(plan: &Plan) -> String {
    let widest = plan.steps.iter().max_by_key(|planned| memory(plan, planned));
    widest.map_or_else(String::new, |planned| {
        let (origin, op) = (&planned.step.origin, planned.step.op);
        let name = origin.name.split(';').next().unwrap_or_default(); // converters join the names of what they fuse
        format!(
            "operator {} ({op} `{name}`) reads and writes {} bytes at once: a smaller image or fewer channels there need less",
            origin.index,
            memory(plan, planned)
        )
    })
}

/// Bytes of the places that a step reads and writes, those in two places counted once.
fn memory(plan: &Plan, planned: &PlannedStep) -> usize {
    let (mut regions, mut fields) = (Vec::new(), Vec::new());
    for place in planned.reads.iter().flatten().chain(&planned.writes) {
        match *place {
            Place::Arena { offset, bytes } => regions.push((offset, offset + bytes)),
            Place::Field { index } => fields.push(index),
        }
    }
    regions.sort_unstable();
    fields.sort_unstable();
    fields.dedup();
    let mut covered = 0;
    let in_arena = regions.iter().map(|&(start, end)| {
        let new = end.saturating_sub(start.max(covered));
        covered = covered.max(end);
        new
    });
    let outside = fields.iter().filter_map(|&index| plan.fields.get(index)).map(|field| field.elements * field.dtype.size());
    in_arena.sum::<usize>() + outside.sum::<usize>()
}
