//! Bars of bytes, split by what they are, against what a board has.

use super::{file_name, size};
use crate::boards::{Board, Catalogue};
use crate::report::{Comparison, Row};
use crate::text::number;
use askama::Template;

/// Units of a bar's width.
const WIDTH: f64 = 1000.0;

/// Charts of flash, RAM and instructions.
#[derive(Template)]
#[template(path = "charts.html")]
pub(super) struct Charts<'a> {
    charts: Vec<Chart<'a>>,
}

/// A bar for each row, all in one scale; below each a line that is the share of the board's limit.
struct Chart<'a> {
    title: &'static str,
    /// Classes that colour, and what they are.
    legend: Vec<(&'static str, &'static str)>,
    groups: Vec<Group<'a>>,
}

/// Rows of one name that follow each other.
struct Group<'a> {
    name: &'a str,
    lines: Vec<Line<'a>>,
}

enum Line<'a> {
    Bar(Bar<'a>),
    /// Why there is no bar.
    Note(&'a str),
}

/// What is drawn for a row.
struct Bar<'a> {
    way: &'a str,
    /// The figure in words.
    label: String,
    /// Its parts in words.
    words: String,
    parts: Vec<Stretch>,
    limit: Option<Limit>,
}

/// A stretch of a bar.
struct Stretch {
    /// The class that colours it.
    class: &'static str,
    from: f64,
    width: f64,
}

/// What the board has of it.
struct Limit {
    over: bool,
    /// The width of what is taken, where what the board has is [`WIDTH`].
    share: f64,
    /// Where the limit is in the bar's own scale, if it is within the picture.
    mark: Option<f64>,
}

impl Bar<'_> {
    fn class(&self) -> &'static str {
        if self.limit.as_ref().is_some_and(|limit| limit.over) { "over" } else { "" }
    }
}

/// A row's amount of something.
struct Amount {
    parts: Vec<(&'static str, u64)>,
    limit: Option<u64>,
    label: String,
}

impl Amount {
    fn flash(row: &Row, board: Option<&Board>) -> Option<Self> {
        let parts = [("code", row.code_bytes), ("tables", row.table_bytes), ("weights", row.weight_bytes)];
        Some(Self::of_bytes(row.flash_bytes?, &parts, board.and_then(|board| board.flash_bytes)))
    }

    fn ram(row: &Row, board: Option<&Board>) -> Option<Self> {
        let parts = [("model", row.ram_bytes), ("stack", row.stack())];
        let bytes = row.ram_bytes? + row.stack().unwrap_or(0);
        Some(Self::of_bytes(bytes, &parts, board.map(|board| board.ram_bytes)))
    }

    fn of_bytes(bytes: u64, parts: &[(&'static str, Option<u64>)], limit: Option<u64>) -> Self {
        let share = match limit {
            Some(limit) => format!("{:.1}% of {}", 100.0 * bytes as f64 / limit as f64, size(limit)),
            None => "the board's size is not known".into(),
        };
        let parts = parts.iter().map(|&(class, bytes)| (class, bytes.unwrap_or(0))).collect();
        Self { parts, limit, label: format!("{} B, {share}", number(bytes)) }
    }

    fn instructions(row: &Row, board: Option<&Board>) -> Option<Self> {
        let count = row.instructions?;
        let time = row.estimated_ms.zip(board);
        let time = time.map(|(ms, board)| format!(", about {ms:.2} ms at {} MHz", board.clock_mhz)).unwrap_or_default();
        Some(Self { parts: vec![("instructions", count)], limit: None, label: format!("{}{time}", number(count)) })
    }

    fn sum(&self) -> u64 {
        self.parts.iter().map(|(_, amount)| amount).sum()
    }

    /// As a bar where an amount of `scale` takes the whole width.
    fn drawn(self, way: &str, scale: u64) -> Bar<'_> {
        let sum = self.sum();
        let words: Vec<String> = self.parts.iter().map(|(class, amount)| format!("{class} {}", number(*amount))).collect();
        let mut from = 0.0;
        let stretch = |(class, amount): (&'static str, u64)| {
            let stretch = Stretch { class, from, width: WIDTH * amount as f64 / scale as f64 };
            from += stretch.width;
            stretch
        };
        let limit = |limit: u64| {
            let mark = WIDTH * limit as f64 / scale as f64;
            let share = (WIDTH * sum as f64 / limit as f64).min(WIDTH);
            Limit { over: sum > limit, share, mark: (mark <= WIDTH).then_some(mark) }
        };
        let (limit, words) = (self.limit.map(limit), words.join(", "));
        Bar { way, label: self.label, words, parts: self.parts.into_iter().map(stretch).collect(), limit }
    }
}

impl<'a> Charts<'a> {
    /// A model on all boards.
    pub(super) fn of_boards(mut rows: Vec<&'a Row>, catalogue: &Catalogue) -> Self {
        rows.sort_by(|a, b| (&a.board, &a.optimize).cmp(&(&b.board, &b.optimize)));
        Self::of(&rows, catalogue, |row| row.board.as_str())
    }

    /// All models side by side on one board: one that they fit and that is emulated, where there is such a board.
    pub(super) fn of_models(comparison: &'a Comparison, catalogue: &Catalogue) -> Option<(&'a str, Self)> {
        let known: Vec<&Row> = comparison.rows.iter().filter(|row| row.flash_bytes.is_some()).collect();
        let on = |board: &String| known.iter().copied().filter(|row| row.board == *board).collect::<Vec<_>>();
        let worth = |row: &&&Row| {
            let small = on(&row.board).iter().any(|row| row.fits != Some(true));
            (row.stack().is_none(), small, row.board.clone())
        };
        let first = known.iter().min_by_key(worth)?;
        Some((first.board.as_str(), Self::of(&on(&first.board), catalogue, |row| file_name(&row.model))))
    }

    fn of(rows: &[&'a Row], catalogue: &Catalogue, name: impl Fn(&'a Row) -> &'a str) -> Self {
        let share = ("share", "share of what the board has");
        let chart = |title,
                     legend: &[(&'static str, &'static str)],
                     rows: &[&'a Row],
                     amount: fn(&Row, Option<&Board>) -> Option<Amount>| {
            Chart { title, legend: legend.to_vec(), groups: groups(rows, catalogue, &name, amount) }
        };
        let flash = [("code", "code"), ("tables", "tables"), ("weights", "weights"), share];
        let ram = [("model", "model"), ("stack", "stack"), share];
        let mut charts = vec![chart("Flash", &flash, rows, Amount::flash), chart("RAM", &ram, rows, Amount::ram)];
        let counted: Vec<&Row> = rows.iter().copied().filter(|row| row.instructions.is_some()).collect();
        if !counted.is_empty() {
            charts.push(chart("Instructions of one inference", &[], &counted, Amount::instructions));
        }
        Self { charts }
    }
}

fn groups<'a>(
    rows: &[&'a Row],
    catalogue: &Catalogue,
    name: &impl Fn(&'a Row) -> &'a str,
    amount: fn(&Row, Option<&Board>) -> Option<Amount>,
) -> Vec<Group<'a>> {
    let board = |row: &Row| catalogue.find(&row.board).ok().and_then(|target| target.board);
    let amounts: Vec<(&'a Row, Option<Amount>)> = rows.iter().map(|&row| (row, amount(row, board(row)))).collect();
    let scale = amounts.iter().filter_map(|(_, amount)| amount.as_ref()).map(Amount::sum).max().unwrap_or(0).max(1);
    let mut groups: Vec<Group> = Vec::new();
    for (row, amount) in amounts {
        if groups.last().is_none_or(|group| group.name != name(row)) {
            groups.push(Group { name: name(row), lines: Vec::new() });
        }
        let Some(group) = groups.last_mut() else { continue };
        match amount {
            Some(amount) => group.lines.push(Line::Bar(amount.drawn(&row.optimize, scale))),
            None => {
                let note = row.note.as_deref().unwrap_or("not measured");
                let told = group.lines.iter().any(|line| matches!(line, Line::Note(told) if *told == note));
                if !told {
                    group.lines.push(Line::Note(note));
                }
            }
        }
    }
    groups
}
