//! Tables and figures for people.

use crate::text;
pub(super) use crate::text::number;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table with a line below its head; every row has as many cells as there are columns.
pub(super) fn table(columns: &[(&str, Align)], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    padded(columns, rows, (1, 1))
}

/// A [`table`] of many columns, closer together.
pub(super) fn narrow(columns: &[(&str, Align)], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    padded(columns, rows, (0, 1))
}

fn padded(columns: &[(&str, Align)], rows: impl IntoIterator<Item = Vec<String>>, padding: (u16, u16)) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(columns.iter().map(|(title, _)| *title));
    table.add_rows(rows);
    for (index, (_, align)) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            let last = index + 1 == columns.len() && padding.0 == 0;
            column.set_padding(if last { (0, 0) } else { padding });
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
    }
    table.trim_fmt() + "\n"
}

/// A number, or `-` where it is not known.
pub(super) fn known(value: Option<u64>) -> String {
    value.map_or_else(|| "-".into(), number)
}

/// `part` of `whole` in per cent, with one decimal.
pub(super) fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "-".into() } else { format!("{:.1}%", 100.0 * part as f64 / whole as f64) }
}

/// The first of the names that a converter has joined, cut in the middle to 40 characters.
pub(super) fn short(name: &str) -> String {
    const MOST: usize = 40;
    let first = text::line(name.split(';').next().unwrap_or(name));
    let count = first.chars().count();
    if count <= MOST {
        return first.into_owned();
    }
    let head: String = first.chars().take(MOST / 2 - 1).collect();
    let tail: String = first.chars().skip(count - MOST / 2).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!(short("conv1;bias;relu"), "conv1");
        assert_eq!(short("a\n\u{1b}[2Jb"), "a\\n\\u{1b}[2Jb");
        let long = short(&"ab".repeat(40));
        assert_eq!(long.chars().count(), 40);
        assert!(long.starts_with("abab") && long.ends_with("abab"));
    }
}
