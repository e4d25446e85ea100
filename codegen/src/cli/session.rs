//! What every command has: the user's global options, the boards, and the ways to say something.

use super::choices::{Color, Format, Global};
use super::render;
use crate::boards::{Catalogue, Emulators};
use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::script::{self, Files};
use crate::{json, output, text};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, io};

/// One run of the program.
pub(super) struct Session {
    pub(super) catalogue: Catalogue,
    pub(super) format: Format,
    pub(super) verbose: bool,
    /// The user's table of boards.
    boards_file: Option<PathBuf>,
    quiet: bool,
    color: bool,
}

impl Session {
    /// Reads the user's table of boards, where one is given.
    pub(super) fn open(global: &Global) -> Result<Self, Diagnostics> {
        let mut catalogue = Catalogue::builtin();
        if let Some(file) = &global.boards_file {
            let text = read(file)?;
            let emulators = if global.allow_emulator { Emulators::Any } else { Emulators::Known };
            catalogue = catalogue
                .with(&String::from_utf8_lossy(&text), emulators)
                .map_err(|error| error.at(Place { file: Some(file.display().to_string()), ..Place::default() }))?;
        }
        Ok(Self {
            catalogue,
            format: global.format,
            verbose: global.verbose,
            boards_file: global.boards_file.clone(),
            quiet: global.quiet,
            color: colored(global.color),
        })
    }

    /// Every file that a command reads, which none of its outputs may replace: models with their topologies, and others.
    pub(super) fn inputs<'a>(&self, models: &[&Files], others: impl IntoIterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
        let models = models.iter().flat_map(|files| files.inputs());
        models.chain(others.into_iter().cloned()).chain(self.boards_file.clone()).collect()
    }

    /// Writes a result: `text` for people, or `data` as one object.
    ///
    /// # Errors
    /// A standard output that takes no more.
    pub(super) fn result(&self, text: &str, data: &impl Serialize) -> Result<(), Diagnostics> {
        match self.format {
            Format::Text => output::print(&text::lines(text)),
            Format::Json => output::print(&json::text(data)),
        }
    }

    /// Says on stderr what was done, unless the user wants quiet.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{}", text::lines(text));
        }
    }

    /// Shows on a terminal what is under way, until the result is dropped.
    pub(super) fn doing(&self, text: &str) -> Doing {
        let shown = !self.quiet && io::stderr().is_terminal();
        if shown {
            let _ = write!(io::stderr(), "{} ...", text::line(text));
            let _ = io::stderr().flush();
        }
        Doing { shown }
    }

    /// Shows on a terminal how many of `total` things are done, until the result is dropped.
    pub(super) fn progress(&self, total: usize) -> Progress {
        let progress =
            Progress { shown: !self.quiet && total > 0 && io::stderr().is_terminal(), total, done: AtomicUsize::new(0) };
        progress.draw(0);
        progress
    }

    /// Shows diagnostics that do not end the command.
    pub(super) fn warn(&self, diagnostics: &Diagnostics) {
        show_as(diagnostics, self.format, self.color);
    }
}

/// A line on the terminal that goes away.
pub(super) struct Doing {
    shown: bool,
}

impl Drop for Doing {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
            let _ = io::stderr().flush();
        }
    }
}

/// A bar on the terminal that goes away.
pub(super) struct Progress {
    shown: bool,
    total: usize,
    done: AtomicUsize,
}

impl Progress {
    /// One more is done.
    pub(super) fn tick(&self) {
        self.draw(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn draw(&self, done: usize) {
        const WIDTH: usize = 40;
        if self.shown {
            let full = WIDTH * done / self.total;
            let _ = write!(io::stderr(), "\r{}{} {done} of {}", "█".repeat(full), "░".repeat(WIDTH - full), self.total);
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
            let _ = io::stderr().flush();
        }
    }
}

/// Shows diagnostics on stderr: drawn, or as one object under `--format json`.
pub(super) fn show(diagnostics: &Diagnostics, global: &Global) {
    show_as(diagnostics, global.format, colored(global.color));
}

fn show_as(diagnostics: &Diagnostics, format: Format, color: bool) {
    let text = match format {
        Format::Text => render::diagnostics(diagnostics, color),
        Format::Json => json::diagnostics(diagnostics),
    };
    let _ = io::stderr().write_all(text.as_bytes());
}

fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            io::stderr().is_terminal() && !plain && env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Reads a file that is no model.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Diagnostics> {
    script::read(file).map_err(|error| {
        let place = Place { file: Some(file.display().to_string()), ..Place::default() };
        let help = "check the path; it is relative to the current folder".to_string();
        Diagnostic { code: "read::file", message: format!("cannot read it: {error}"), place, help }.into()
    })
}

/// Names `file` in every diagnostic that names none.
pub(super) fn in_file(mut diagnostics: Diagnostics, file: &Path) -> Diagnostics {
    for diagnostic in &mut diagnostics.0 {
        diagnostic.place.file.get_or_insert_with(|| file.display().to_string());
    }
    diagnostics
}
