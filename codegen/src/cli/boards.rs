//! `tinybake boards`.

use super::session::Session;
use super::table::{self, Align};
use super::{Ended, Outcome};
use crate::boards::{Board, Core, Isa};
use serde::Serialize;

/// Lists the cores and boards that code can be generated for.
#[derive(clap::Args)]
pub(super) struct Boards {}

#[derive(Serialize)]
struct Report<'a> {
    cores: Vec<CoreEntry<'a>>,
    boards: Vec<BoardEntry<'a>>,
}

#[derive(Serialize)]
struct CoreEntry<'a> {
    name: &'a str,
    title: &'a str,
    triple: Option<&'a str>,
    cpu: Option<&'a str>,
    isa: Vec<&'a str>,
    machine: Option<&'a str>,
}

#[derive(Serialize)]
struct BoardEntry<'a> {
    name: &'a str,
    title: &'a str,
    core: &'a str,
    flash_bytes: Option<u64>,
    ram_bytes: u64,
    clock_mhz: u32,
    notes: Option<&'a str>,
    project: Option<&'static str>,
    source: &'a str,
}

impl Boards {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let (cores, boards) = (session.catalogue.cores(), session.catalogue.boards());
        let report = Report { cores: cores.iter().map(core_entry).collect(), boards: boards.iter().map(board_entry).collect() };
        session.result(&text(&report), &report)?;
        Ok(Outcome::Done)
    }
}

fn core_entry(core: &Core) -> CoreEntry<'_> {
    let Core { name, title, triple, cpu, isa, machine } = core;
    let isa = isa.iter().map(|isa| match isa {
        Isa::Fpu => "fpu",
        Isa::Fpu64 => "fpu64",
        Isa::Dsp => "dsp",
        Isa::Mve => "mve",
    });
    CoreEntry { name, title, triple: triple.as_deref(), cpu: cpu.as_deref(), isa: isa.collect(), machine: machine.as_deref() }
}

fn board_entry(board: &Board) -> BoardEntry<'_> {
    let Board { name, title, core, flash_bytes, ram_bytes, clock_mhz, notes, firmware, source } = board;
    BoardEntry {
        name,
        title,
        core,
        flash_bytes: *flash_bytes,
        ram_bytes: *ram_bytes,
        clock_mhz: *clock_mhz,
        notes: notes.as_deref(),
        project: firmware.as_ref().map(|firmware| firmware.hal.name()),
        source,
    }
}

fn text(report: &Report<'_>) -> String {
    let word = |word: Option<&str>| word.unwrap_or("-").to_string();
    let cores = report
        .cores
        .iter()
        .map(|core| vec![core.name.into(), core.title.into(), word(core.triple), core.isa.join(" "), word(core.machine)]);
    let left = |title| (title, Align::Left);
    let right = |title| (title, Align::Right);
    let cores = table::table(&[left("core"), left(""), left("Rust target"), left("extensions"), left("emulated by")], cores);
    let boards = report.boards.iter().map(|board| {
        vec![
            board.name.into(),
            board.title.into(),
            board.core.into(),
            table::known(board.flash_bytes),
            table::number(board.ram_bytes),
            board.clock_mhz.to_string(),
            word(board.project),
        ]
    });
    let columns =
        [left("board"), left(""), left("core"), right("flash bytes"), right("RAM bytes"), right("MHz"), left("project")];
    format!("{cores}\n{}", table::table(&columns, boards))
}
