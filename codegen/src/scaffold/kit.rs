//! What a project for a target is made of: the HAL or the emulator, and what it takes itself.

use super::ScaffoldError;
use crate::boards::{Board, Catalogue, Firmware, Hal, Machine, Target};
use crate::diag::{Diagnostics, Explain, Place};
use crate::plan::Plan;

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

    /// Checks that the model's own bytes fit beside those of the program around it, which has `samples` bytes of inputs.
    pub(super) fn fit(&self, plan: &Plan, samples: u64, target: &Target<'_>, catalogue: &Catalogue) -> Result<(), Diagnostics> {
        let (ram, flash) = (plan.ram_bytes() as u64, plan.weight_bytes() as u64 + samples);
        let (available_flash, available_ram) = self.memory();
        let (spare_flash, spare_ram) = match self {
            Kit::Emulated(_) => EMULATED,
            Kit::Board(_, firmware) => spare(firmware.hal),
        };
        let mut problems = Vec::new();
        let mut problem = |region, needed, spare, available, by: fn(&Board) -> u64| {
            let mut boards: Vec<&Board> = catalogue.boards().iter().filter(|board| holds(board, ram, flash)).collect();
            boards.sort_by_key(|board| by(board));
            let alternatives = boards.iter().take(3).map(|board| board.name.clone()).collect();
            let board = target.name().into();
            let error = ScaffoldError::TooLarge { region, board, needed, spare, available, alternatives };
            problems.push(error.at(Place::default()));
        };
        if ram + spare_ram > available_ram {
            problem("RAM", ram, spare_ram, available_ram, |board| board.ram_bytes);
        }
        if let Some(available) = available_flash.filter(|&available| flash + spare_flash > available) {
            problem("flash", flash, spare_flash, available, |board| board.flash_bytes.unwrap_or(u64::MAX));
        }
        if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
    }
}

/// Bytes of flash and RAM that the program around a model takes at least, its stack included: what the templates were seen to
/// take, rounded up.
const EMULATED: (u64, u64) = (16 << 10, 4 << 10);

fn spare(hal: Hal) -> (u64, u64) {
    match hal {
        Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 => (24 << 10, 4 << 10),
        Hal::EspHal => (192 << 10, 16 << 10),
    }
}

/// Whether a board with a template holds a model and the program around it.
fn holds(board: &Board, ram: u64, flash: u64) -> bool {
    board.firmware.as_ref().is_some_and(|firmware| {
        let (spare_flash, spare_ram) = spare(firmware.hal);
        ram + spare_ram <= board.ram_bytes && board.flash_bytes.is_none_or(|available| flash + spare_flash <= available)
    })
}
