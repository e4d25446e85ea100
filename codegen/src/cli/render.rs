//! Draws diagnostics.

use super::table;
use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::ir::Origin;
use crate::text;
use core::error::Error;
use core::fmt;
use miette::{GraphicalReportHandler, GraphicalTheme};

/// Columns that a diagnostic is wrapped to.
const WIDTH: usize = 110;

/// All diagnostics, drawn one below the other.
pub(super) fn diagnostics(diagnostics: &Diagnostics, color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH).with_break_words(false);
    let mut text = String::new();
    for diagnostic in &diagnostics.0 {
        let place = short(&diagnostic.place).to_string();
        let drawn = Drawn { diagnostic, place: (!place.is_empty()).then_some(At(place)) };
        if handler.render_report(&mut text, &drawn).is_err() {
            text.push_str(&format!("{diagnostic}\n"));
        }
    }
    text
}

/// A place with names fit to be read; `--format json` has them in full.
pub(super) fn short(place: &Place) -> Place {
    let Place { file, op, tensor, offset } = place.clone();
    let op = op.map(|(Origin { index, name }, kind)| (Origin { index, name: table::short(&name) }, kind));
    Place { file, op, tensor: tensor.map(|name| table::short(&name)), offset }
}

/// A diagnostic as miette takes it; the place stands where miette puts causes.
#[derive(Debug)]
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    place: Option<At>,
}

/// Where in which file.
#[derive(Debug)]
struct At(String);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.0)
    }
}

impl Error for At {}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::lines(&self.diagnostic.message))
    }
}

impl Error for Drawn<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.place.as_ref().map(|place| place as &(dyn Error + 'static))
    }
}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = text::lines(&self.diagnostic.help);
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display + 'a>)
    }
}
