//! Figures of `tinybake compare` as tables within 100 columns.

use crate::boards::Catalogue;
use crate::cli::table::{self, Align, known, number};
use crate::report::{Change, Comparison, DIFFERENCE_TITLES as TITLES, Difference, Differences, Growth, Row};
use std::collections::BTreeMap;

/// What a terminal shows of a line.
const COLUMNS: usize = 100;

/// A table for each model and way to build, and below it what there is to say of its rows; then what differs.
pub(super) fn text(comparison: &Comparison, differences: &[Differences], catalogue: &Catalogue) -> String {
    let mut text = String::new();
    let same = |a: &Row, b: &Row| (&a.model, &a.optimize) == (&b.model, &b.optimize);
    for rows in comparison.rows.chunk_by(same) {
        let [first, ..] = rows else { continue };
        text.push_str(&format!("{}, optimize {}\n\n", first.model, first.optimize));
        text.push_str(&table(rows, catalogue));
        text.push_str(&notes(rows.iter().filter(|row| row.flash_bytes.is_some())));
        text.push('\n');
    }
    for Differences { title, rows } in differences {
        let columns = TITLES.map(|title| (title, if title == "board" { Align::Left } else { Align::Right }));
        text.push_str(&format!("{title}\n\n{}\n", table::narrow(&columns, rows.iter().map(Difference::cells))));
    }
    // What was not built is so for all models alike, as a rule.
    text.push_str(&notes(comparison.rows.iter().filter(|row| row.flash_bytes.is_none())));
    if comparison.rows.iter().any(|row| row.estimated_ms.is_some()) {
        text.push_str(
            "Bytes and instructions (instr.) are the model's own. ~ms is an estimate: one instruction a clock,\n\
             at the board's highest clock.\n",
        );
    }
    text
}

/// What there is to say of rows, each thing once, with the boards of which it is said.
fn notes<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut notes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        let Some(note) = &row.note else { continue };
        let boards = notes.entry(note).or_default();
        if !boards.contains(&row.board.as_str()) {
            boards.push(&row.board);
        }
    }
    notes.iter().map(|(note, boards)| wrapped(&format!("{}: {note}", boards.join(", ")))).collect()
}

/// Text in lines of [`COLUMNS`] at most where its words are no longer, commands in backticks being words; all lines but the first are indented.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    let mut command = false;
    let between_words = |letter: char| {
        command ^= letter == '`';
        letter == ' ' && !command
    };
    for word in text.split(between_words) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n") + "\n"
}

fn table(rows: &[Row], catalogue: &Catalogue) -> String {
    let columns = [
        ("board", Align::Left),
        ("code", Align::Right),
        ("tables", Align::Right),
        ("weights", Align::Right),
        ("flash%", Align::Right),
        ("RAM", Align::Right),
        ("stack", Align::Right),
        ("RAM%", Align::Right),
        ("instr.", Align::Right),
        ("~ms", Align::Right),
        ("fit", Align::Left),
    ];
    let cells = |row: &Row| {
        let board = catalogue.find(&row.board).ok().and_then(|target| target.board);
        let ram = row.ram_bytes.map(|bytes| bytes + row.stack().unwrap_or(0));
        vec![
            row.board.clone(),
            known(row.code_bytes),
            known(row.table_bytes),
            known(row.weight_bytes),
            share(row.flash_bytes, board.and_then(|board| board.flash_bytes)),
            known(row.ram_bytes),
            known(row.stack()),
            share(ram, board.map(|board| board.ram_bytes)),
            row.instructions.map_or_else(|| "-".into(), short),
            row.estimated_ms.map_or_else(|| "-".into(), |ms| format!("{ms:.*}", if ms < 10.0 { 2 } else { 0 })),
            row.fits.map_or("-", |fits| if fits { "yes" } else { "NO" }).into(),
        ]
    };
    table::narrow(&columns, rows.iter().map(cells))
}

/// A part of what there is, in per cent.
fn share(bytes: Option<u64>, available: Option<u64>) -> String {
    let Some((bytes, available)) = bytes.zip(available) else { return "-".into() };
    let percent = 100.0 * bytes as f64 / available as f64;
    format!("{percent:.*}", if percent < 9.95 { 1 } else { 0 })
}

/// A count in thousands or millions with at most four digits.
fn short(count: u64) -> String {
    match count {
        0..10_000 => number(count),
        10_000..1_000_000 => format!("{} k", (count + 500) / 1000),
        1_000_000..100_000_000 => format!("{:.1} M", count as f64 / 1e6),
        _ => format!("{} M", number((count + 500_000) / 1_000_000)),
    }
}

/// What has grown since the baseline.
pub(super) fn change(change: &Change, allowed: f64) -> String {
    let mut lines: Vec<String> = change
        .grown
        .iter()
        .map(|growth| {
            let Growth { combination, figure, before, now } = growth;
            let percent = growth.percent();
            format!("{combination}: {figure} grew from {} to {} (+{percent:.2}%)", number(*before), number(*now))
        })
        .collect();
    let known =
        change.missing.iter().map(|combination| format!("all figures of {combination}")).chain(change.vanished.iter().cloned());
    lines.extend(known.map(|what| format!("in the baseline, and not measured now: {what}")));
    if change.compared == 0 || !change.missing.is_empty() {
        lines.push("measure the same models, boards and settings as the baseline, or write a new baseline with --json".into());
    }
    let verdict = if change.grown.is_empty() { "nothing grew" } else { "these grew" };
    lines.insert(0, format!("{} combinations compared with the baseline: {verdict} by more than {allowed}%", change.compared));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_within_100_columns() {
        let catalogue = Catalogue::builtin();
        let row = |board: &str| Row {
            model: "models/kws.tflite".into(),
            board: board.into(),
            optimize: "size".into(),
            code_bytes: Some(19_999),
            table_bytes: Some(9_999),
            weight_bytes: Some(1_299_999),
            flash_bytes: Some(1_329_997),
            ram_bytes: Some(399_999),
            stack_bytes: Some(9_999),
            instructions: Some(899_999_999),
            estimated_ms: Some(8_062.5),
            fits: Some(false),
            ..Row::default()
        };
        let mut rows: Vec<Row> = catalogue.boards().iter().map(|board| row(&board.name)).collect();
        let note = "not built: the Rust target `riscv32imafc-unknown-none-elf` is not installed; `rustup target add \
                    riscv32imafc-unknown-none-elf`";
        for model in ["one", "two"] {
            let (model, board, optimize) = (model.into(), "esp32-p4".into(), "size".into());
            rows.push(Row { model, board, optimize, note: Some(note.into()), ..Row::default() });
        }
        let text = text(&Comparison { rows }, &[], &catalogue);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(COLUMNS), "{widest:?}\n{text}");
        assert_eq!(text.matches("rustup target add").count(), 1, "{text}");
    }

    #[test]
    fn counts_are_short() {
        assert_eq!([9_999, 10_500, 28_455_720, 1_299_500_000].map(short), ["9,999", "11 k", "28.5 M", "1,300 M"]);
    }
}
