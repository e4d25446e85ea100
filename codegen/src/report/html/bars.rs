//! Bars of bytes, split by what they are, against what a board has.

use super::{escape, file_name, number, size};
use crate::boards::{Board, Catalogue};
use crate::report::{Comparison, Row};
use core::fmt::Write as _;

/// A stretch of a bar.
struct Part {
    /// The class that colours it.
    class: &'static str,
    bytes: u64,
}

/// What is drawn for a row.
struct Bar {
    parts: Vec<Part>,
    /// What the board has of it.
    limit: Option<u64>,
    /// The figure in words.
    label: String,
}

impl Bar {
    fn flash(row: &Row, board: Option<&Board>) -> Option<Self> {
        let parts = [("code", row.code_bytes), ("tables", row.table_bytes), ("weights", row.weight_bytes)];
        Some(Self::bytes_of(row.flash_bytes?, parts_of(&parts), board.and_then(|board| board.flash_bytes)))
    }

    fn ram(row: &Row, board: Option<&Board>) -> Option<Self> {
        let parts = [("model", row.ram_bytes), ("stack", row.stack())];
        let bytes = row.ram_bytes? + row.stack().unwrap_or(0);
        Some(Self::bytes_of(bytes, parts_of(&parts), board.map(|board| board.ram_bytes)))
    }

    fn bytes_of(bytes: u64, parts: Vec<Part>, limit: Option<u64>) -> Self {
        let share = match limit {
            Some(limit) => format!("{:.1}% of {}", 100.0 * bytes as f64 / limit as f64, size(limit)),
            None => "the board's size is not known".into(),
        };
        Self { parts, limit, label: format!("{} B, {share}", number(bytes)) }
    }

    fn instructions(row: &Row, board: Option<&Board>) -> Option<Self> {
        let time = row.estimated_ms.zip(board);
        let time = time.map(|(ms, board)| format!(", about {ms:.2} ms at {} MHz", board.clock_mhz)).unwrap_or_default();
        let label = format!("{}{time}", number(row.instructions?));
        Some(Self { parts: parts_of(&[("instructions", row.instructions)]), limit: None, label })
    }

    /// Its length.
    fn sum(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

fn parts_of(parts: &[(&'static str, Option<u64>)]) -> Vec<Part> {
    parts.iter().map(|&(class, bytes)| Part { class, bytes: bytes.unwrap_or(0) }).collect()
}

/// A model on all boards.
pub(super) fn boards(rows: &[&Row], catalogue: &Catalogue) -> String {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| (&a.board, &a.optimize).cmp(&(&b.board, &b.optimize)));
    charts(&rows, catalogue, |row| row.board.clone())
}

/// All models side by side on one board: one that they fit and that is emulated, where there is such a board.
pub(super) fn models(comparison: &Comparison, catalogue: &Catalogue) -> String {
    let known: Vec<&Row> = comparison.rows.iter().filter(|row| row.flash_bytes.is_some()).collect();
    let on = |board: &String| known.iter().copied().filter(|row| row.board == *board).collect::<Vec<_>>();
    let worth = |row: &&&Row| {
        let small = on(&row.board).iter().any(|row| row.fits != Some(true));
        (row.stack().is_none(), small, row.board.clone())
    };
    let Some(first) = known.iter().min_by_key(worth) else { return String::new() };
    let rows = on(&first.board);
    let charts = charts(&rows, catalogue, |row| file_name(&row.model).into());
    format!("<section><h2>Models side by side, on {}</h2>\n{charts}</section>\n", escape(&first.board))
}

/// Charts of flash, RAM and instructions; rows of one name that follow each other stand together.
fn charts(rows: &[&Row], catalogue: &Catalogue, name: impl Fn(&Row) -> String) -> String {
    let legend = |classes: &[(&str, &str)]| {
        let keys = classes.iter().map(|(class, text)| format!("<span><i class=\"{class}\"></i>{text}</span> "));
        format!("<p class=\"legend\">{}</p>\n", keys.collect::<String>())
    };
    let share = ("share", "share of what the board has");
    let mut text = String::from("<h3>Flash</h3>\n");
    text.push_str(&legend(&[("code", "code"), ("tables", "tables"), ("weights", "weights"), share]));
    text.push_str(&chart(rows, catalogue, &name, Bar::flash));
    text.push_str("<h3>RAM</h3>\n");
    text.push_str(&legend(&[("model", "model"), ("stack", "stack"), share]));
    text.push_str(&chart(rows, catalogue, &name, Bar::ram));
    if rows.iter().any(|row| row.instructions.is_some()) {
        text.push_str("<h3>Instructions of one inference</h3>\n");
        let counted: Vec<&Row> = rows.iter().copied().filter(|row| row.instructions.is_some()).collect();
        text.push_str(&chart(&counted, catalogue, &name, Bar::instructions));
    }
    text
}

/// A bar for each row, all in one scale; below each a line that is the share of the board's limit.
fn chart(
    rows: &[&Row],
    catalogue: &Catalogue,
    name: &impl Fn(&Row) -> String,
    bar: impl Fn(&Row, Option<&Board>) -> Option<Bar>,
) -> String {
    let board = |row: &Row| catalogue.find(&row.board).ok().and_then(|target| target.board);
    let bars: Vec<(&Row, Option<Bar>)> = rows.iter().map(|&row| (row, bar(row, board(row)))).collect();
    let scale = bars.iter().filter_map(|(_, bar)| bar.as_ref()).map(Bar::sum).max().unwrap_or(0).max(1);
    let mut text = String::from("<div class=\"bars\">\n");
    for group in bars.chunk_by(|a, b| name(a.0) == name(b.0)) {
        let [(first, _), ..] = group else { continue };
        let _ = writeln!(text, "<div class=\"group\"><b>{}</b>", escape(&name(first)));
        let mut told = None;
        for (row, bar) in group {
            let note = row.note.as_deref().unwrap_or("not measured");
            match bar {
                Some(bar) => text.push_str(&drawn(&escape(&row.optimize), bar, scale)),
                None if told == Some(note) => {}
                None => {
                    let _ = writeln!(text, "<p class=\"note\">{}</p>", escape(note));
                    told = Some(note);
                }
            }
        }
        text.push_str("</div>\n");
    }
    text.push_str("</div>\n");
    text
}

fn drawn(way: &str, bar: &Bar, scale: u64) -> String {
    const WIDTH: f64 = 1000.0;
    let bytes = bar.sum();
    let over = bar.limit.is_some_and(|limit| bytes > limit);
    let class = if over { "over" } else { "" };
    let label = &bar.label;
    let mut text = format!("<div class=\"head\"><span>{way}</span><span class=\"{class}\">{label}</span></div>\n");
    let words: Vec<String> = bar.parts.iter().map(|part| format!("{} {}", part.class, number(part.bytes))).collect();
    let _ = write!(
        text,
        "<svg viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" role=\"img\"><title>{}; {label}</title>",
        words.join(", ")
    );
    let mut from = 0.0;
    for Part { class, bytes } in &bar.parts {
        let width = WIDTH * *bytes as f64 / scale as f64;
        let _ = write!(text, "<rect class=\"{class}\" x=\"{from:.2}\" y=\"0\" width=\"{width:.2}\" height=\"14\"/>");
        from += width;
    }
    if let Some(limit) = bar.limit {
        let width = (WIDTH * bytes as f64 / limit as f64).min(WIDTH);
        let class = if over { "over" } else { "share" };
        let _ = write!(
            text,
            "<rect class=\"track\" x=\"0\" y=\"16\" width=\"1000\" height=\"4\"/>\
             <rect class=\"{class}\" x=\"0\" y=\"16\" width=\"{width:.2}\" height=\"4\"/>"
        );
        let mark = WIDTH * limit as f64 / scale as f64;
        if mark <= WIDTH {
            let _ = write!(text, "<rect class=\"limit\" x=\"{mark:.2}\" y=\"0\" width=\"3\" height=\"14\"/>");
        }
    }
    text.push_str("</svg>\n");
    text
}
