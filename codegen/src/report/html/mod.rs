//! A comparison as one self-contained page: no network, no scripts, light and dark, for screens of any width.

mod bars;
mod memory;
mod ops;

use super::comparison::{Comparison, Row};
use super::difference::{self, Difference, Differences};
use crate::boards::Catalogue;
use crate::options::Optimize;
use crate::pipeline::Compiled;
use core::fmt::Write as _;

/// A model whose memory and operators the page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The model, as the rows name it.
    pub model: String,
    /// The core that the forms of kernels were chosen for.
    pub core: String,
    /// What was compiled, for each way to build; the first tells the memory.
    pub compiled: Vec<(Optimize, Compiled)>,
}

/// The page of `comparison`; `details` are of its models, as far as they are known, and `differences` what it is set against.
pub fn html(comparison: &Comparison, details: &[Detail], differences: &[Differences], catalogue: &Catalogue) -> String {
    let mut models: Vec<&str> = comparison.rows.iter().map(|row| row.model.as_str()).collect();
    models.dedup();
    let mut body = String::new();
    if models.len() > 1 {
        body.push_str(&bars::models(comparison, catalogue));
    }
    body.push_str(&different(differences));
    for model in &models {
        let rows: Vec<&Row> = comparison.rows.iter().filter(|row| row.model == *model).collect();
        let detail = details.iter().find(|detail| detail.model == *model);
        let (name, facts) = (escape(file_name(model)), detail.map(ops::facts).unwrap_or_default());
        let _ = write!(body, "<section><h2>{name}</h2>\n<p class=\"quiet\">{}</p>\n{facts}", escape(model));
        body.push_str(&bars::boards(&rows, catalogue));
        if let Some(detail) = detail {
            body.push_str(&memory::memory(detail));
            body.push_str(&ops::ops(detail));
        }
        body.push_str("</section>\n");
    }
    body.push_str(&figures(comparison));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>tinybake compare: {title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n\
         <h1>What it costs on every board</h1>\n<p class=\"quiet\">{counts}. Compiled with fat LTO, one codegen unit and \
         <code>panic = \"abort\"</code>; bytes are the difference of two linked images, with and without the model. \
         Instructions and stack are of an emulated core; where there is none, the stack is what the module states at most. \
         Times are estimates: one instruction a clock, at the board's highest clock. By tinybake {version}.</p>\n{body}</main>\n</body>\n</html>\n",
        title = escape(&models.iter().map(|model| file_name(model)).collect::<Vec<_>>().join(", ")),
        style = include_str!("style.css"),
        counts = counts(comparison, models.len()),
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn counts(comparison: &Comparison, models: usize) -> String {
    let mut boards: Vec<&str> = comparison.rows.iter().map(|row| row.board.as_str()).collect();
    boards.sort_unstable();
    boards.dedup();
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    format!("{} on {}", plural(models, "model"), plural(boards.len(), "board"))
}

/// A table for each way to build.
fn different(differences: &[Differences]) -> String {
    let mut text = String::new();
    for Differences { title, rows } in differences {
        let _ = writeln!(text, "<section><h2>{}</h2>", escape(title));
        text.push_str(&table(&difference::TITLES, 1..difference::TITLES.len(), rows.iter().map(Difference::cells)));
        text.push_str("</section>\n");
    }
    text
}

/// Every figure, folded away.
fn figures(comparison: &Comparison) -> String {
    let head = [
        "model",
        "board",
        "optimize",
        "code",
        "tables",
        "weights",
        "flash",
        "RAM",
        "stack",
        "instructions",
        "~ms",
        "fits",
        "note",
    ];
    let number = |value: Option<u64>| value.map_or_else(|| "–".into(), number);
    let rows = comparison.rows.iter().map(|row| {
        vec![
            row.model.clone(),
            row.board.clone(),
            row.optimize.clone(),
            number(row.code_bytes),
            number(row.table_bytes),
            number(row.weight_bytes),
            number(row.flash_bytes),
            number(row.ram_bytes),
            number(row.stack()),
            number(row.instructions),
            row.estimated_ms.map_or_else(|| "–".into(), |ms| format!("{ms:.2}")),
            row.fits.map_or("–", |fits| if fits { "yes" } else { "no" }).into(),
            row.note.clone().unwrap_or_default(),
        ]
    });
    format!("<details><summary>All figures</summary>\n{}</details>\n", table(&head, 3..11, rows))
}

/// A table in a box that scrolls sideways; the columns in `numbers` stand to the right.
fn table(head: &[&str], numbers: core::ops::Range<usize>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let class = |index: usize| if numbers.contains(&index) { " class=\"n\"" } else { "" };
    let mut text = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (index, title) in head.iter().enumerate() {
        let _ = write!(text, "<th{}>{}</th>", class(index), escape(title));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let _ = write!(text, "<td{}>{}</td>", class(index), escape(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
    text
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Text that stands for itself in HTML and SVG, also within quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number with commas between thousands.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| core::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A size in the unit that makes it short.
fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let value = bytes as f64;
    if value < KIB {
        format!("{bytes} B")
    } else if value < KIB * KIB {
        format!("{:.1} KiB", value / KIB).replace(".0 ", " ")
    } else {
        format!("{:.1} MiB", value / KIB / KIB).replace(".0 ", " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_short() {
        assert_eq!([0, 12, 1234, 1_234_567].map(number), ["0", "12", "1,234", "1,234,567"]);
        assert_eq!([5, 1024, 1536, 1 << 20].map(size), ["5 B", "1 KiB", "1.5 KiB", "1 MiB"]);
    }

    #[test]
    fn a_page_is_whole_and_names_are_no_markup() {
        let row = Row {
            model: "<b>&\"m\"".into(),
            board: "nrf52840-dk".into(),
            optimize: "size".into(),
            code_bytes: Some(900),
            table_bytes: Some(1),
            weight_bytes: Some(99),
            flash_bytes: Some(1000),
            ram_bytes: Some(300_000),
            fits: Some(false),
            ..Row::default()
        };
        let other = Row { model: "other".into(), ..row.clone() };
        let absent = Row { board: "esp32-s3".into(), optimize: "size".into(), model: "other".into(), ..Row::default() };
        let page = html(&Comparison { rows: vec![row, other, absent] }, &[], &[], &Catalogue::builtin());
        assert!(page.contains("&lt;b&gt;&amp;&quot;m&quot;") && !page.contains("<b>&\"m\""));
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
        for tag in ["section", "div", "svg", "table", "main", "details"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(page.contains("class=\"over\""), "what is too large is marked");
    }
}
