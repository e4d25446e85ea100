//! Whether a plan fits a board.

use super::{Place, Plan, PlannedStep};
use crate::boards::{Board, Catalogue};
use crate::diag::{self, Diagnostics, Explain};

/// A region of a board that a model alone fills already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not fit the {region} of `{board}`: {needed} bytes needed, {available} available, {} too many", needed - available)]
pub struct FitError {
    /// `RAM` or `flash`.
    pub region: &'static str,
    /// The board's name.
    pub board: String,
    /// Bytes that the model takes: the `Model` struct in RAM, or weights and tables in flash.
    pub needed: u64,
    /// Bytes that the board has.
    pub available: u64,
    /// What takes most of it, and what makes it less.
    pub cause: String,
    /// Boards of the catalogue that the model fits, those with least of the region first.
    pub alternatives: Vec<String>,
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

/// Checks that the model's own bytes, without stack, code and what else a firmware has, fit `board`.
///
/// # Errors
/// A [`FitError`] for every region that is too small, as diagnostics.
pub fn fit(plan: &Plan, board: &Board, catalogue: &Catalogue) -> Result<(), Diagnostics> {
    let (ram, flash) = (plan.ram_bytes() as u64, plan.weight_bytes() as u64);
    let mut problems = Vec::new();
    let mut alternatives: Vec<&Board> = catalogue.boards().iter().filter(|other| fits(other, ram, flash)).collect();
    let mut problem = |region, needed, available, cause, by: fn(&Board) -> u64| {
        alternatives.sort_by_key(|other| by(other));
        let alternatives = alternatives.iter().take(3).map(|other| other.name.clone()).collect();
        let error = FitError { region, board: board.name.clone(), needed, available, cause, alternatives };
        problems.push(error.at(diag::Place::default()));
    };
    if ram > board.ram_bytes {
        problem("RAM", ram, board.ram_bytes, widest(plan), |other| other.ram_bytes);
    }
    if let Some(available) = board.flash_bytes.filter(|&available| flash > available) {
        let cause = "weights and tables take it: a model with fewer parameters needs less".into();
        problem("flash", flash, available, cause, |other| other.flash_bytes.unwrap_or(u64::MAX));
    }
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

fn fits(board: &Board, ram: u64, flash: u64) -> bool {
    ram <= board.ram_bytes && board.flash_bytes.is_none_or(|available| flash <= available)
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
