//! What a project for a target is made of: the HAL or the emulator, and what it takes itself.

use super::ScaffoldError;
use crate::boards::{Board, Catalogue, Firmware, Hal, Machine, Target};
use crate::diag::{Diagnostics, Explain, Place};
use crate::plan::{Needs, Plan, Region, Shortage};

/// The kind of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit<'a> {
    /// A core that QEMU emulates: its runtime crate and semihosting.
    Emulated(&'a Machine),
    /// A board with a HAL.
    Board(&'a Board, &'a Firmware),
}

/// Names of all that has a template: boards, then emulated cores.
pub fn templates(catalogue: &Catalogue) -> Vec<String> {
    let boards = catalogue.boards().iter().filter(|board| board.firmware.is_some()).map(|board| board.name.clone());
    let cores = catalogue.cores().iter().filter(|core| core.machine.is_some()).map(|core| core.name.clone());
    boards.chain(cores).collect()
}

impl<'a> Kit<'a> {
    /// The kind of project for `target`.
    ///
    /// # Errors
    /// [`ScaffoldError::NoTemplate`], with those that have one.
    pub fn of(target: &Target<'a>, catalogue: &Catalogue) -> Result<Self, ScaffoldError> {
        let kit = match (target.board, target.machine) {
            (Some(board), _) => board.firmware.as_ref().map(|firmware| Self::Board(board, firmware)),
            (None, Some(machine)) => Some(Self::Emulated(machine)),
            (None, None) => None,
        };
        kit.ok_or_else(|| ScaffoldError::NoTemplate { board: target.name().into(), present: templates(catalogue) })
    }

    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Kit::Emulated(_) => "semihosting",
            Kit::Board(_, firmware) => firmware.hal.name(),
        }
    }

    /// Bytes of flash and RAM of the board or machine; absent where they depend on the module.
    pub(super) fn memory(&self) -> (Option<u64>, u64) {
        match self {
            Kit::Emulated(machine) => (Some(machine.flash.length.into()), machine.ram.length.into()),
            Kit::Board(board, _) => (board.flash_bytes, board.ram_bytes),
        }
    }

    /// Checks that a model fits beside the program around it, which has `samples` bytes of inputs.
    pub(super) fn fit(&self, plan: &Plan, samples: u64, target: &Target<'_>, catalogue: &Catalogue) -> Result<(), Diagnostics> {
        let stack = plan.stack_bytes(target.class()) as u64;
        let needs = Needs { flash: plan.weight_bytes() as u64, ram: plan.ram_bytes() as u64, stack }.beside(samples, 0);
        let (available_flash, available_ram) = self.memory();
        let (spare_flash, spare_ram) = match self {
            Kit::Emulated(_) => EMULATED,
            Kit::Board(_, firmware) => spare(firmware.hal),
        };
        let problem = |Shortage { region, needed, available }| {
            let boards = catalogue.boards().iter().filter(|board| holds(board, plan, samples, catalogue));
            let (alternatives, board) = (region.least(boards), target.name().into());
            let spare = match region {
                Region::Ram => spare_ram,
                Region::Flash => spare_flash,
            };
            let needed = needed - spare;
            ScaffoldError::TooLarge { region, board, needed, stack, spare, available, alternatives }.at(Place::default())
        };
        let problems: Vec<_> =
            needs.beside(spare_flash, spare_ram).shortages(available_flash, available_ram).map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
    }
}

/// Bytes of flash and RAM that the program around a model takes at least, its own stack included: what the templates were seen to
/// take, rounded up.
const EMULATED: (u64, u64) = (16 << 10, 4 << 10);

fn spare(hal: Hal) -> (u64, u64) {
    match hal {
        Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 => (24 << 10, 4 << 10),
        Hal::EspHal => (192 << 10, 16 << 10),
    }
}

/// Whether a board with a template holds a model and the program around it.
fn holds(board: &Board, plan: &Plan, samples: u64, catalogue: &Catalogue) -> bool {
    board.firmware.as_ref().is_some_and(|firmware| {
        let (spare_flash, spare_ram) = spare(firmware.hal);
        Needs::of(plan, board, catalogue).beside(samples + spare_flash, spare_ram).fit(board)
    })
}
