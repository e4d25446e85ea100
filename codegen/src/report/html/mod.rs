//! A comparison as one self-contained page: no network, no scripts, light and dark, for screens of any width. The text is in
//! `report/templates`; the types here are what it is filled with.

mod charts;
mod memory;
mod ops;
mod table;

use super::comparison::Comparison;
use super::difference::{self, Difference, Differences};
use crate::boards::Catalogue;
use crate::options::Optimize;
use crate::pipeline::Compiled;
use crate::text::number;
use askama::Template;
use charts::Charts;
use memory::MemoryPlan;
use ops::Ops;
use table::Table;

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

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: String,
    counts: String,
    version: &'static str,
    /// A board, and all models on it.
    side_by_side: Option<(&'a str, Charts<'a>)>,
    differences: Vec<(&'a str, Table)>,
    models: Vec<Section<'a>>,
    /// Every figure, folded away.
    figures: Table,
}

/// A model's part of the page.
struct Section<'a> {
    name: &'a str,
    path: &'a str,
    charts: Charts<'a>,
    detail: Option<Inside<'a>>,
}

/// What is told of a model that was compiled just now.
struct Inside<'a> {
    facts: String,
    memory: MemoryPlan,
    ops: Ops<'a>,
}

/// The page of `comparison`; `details` are of its models, as far as they are known, and `differences` what it is set against.
pub fn html(comparison: &Comparison, details: &[Detail], differences: &[Differences], catalogue: &Catalogue) -> String {
    let mut models: Vec<&str> = comparison.rows.iter().map(|row| row.model.as_str()).collect();
    models.dedup();
    let page = Page {
        title: models.iter().map(|model| file_name(model)).collect::<Vec<_>>().join(", "),
        counts: counts(comparison, models.len()),
        version: env!("CARGO_PKG_VERSION"),
        side_by_side: if models.len() > 1 { Charts::of_models(comparison, catalogue) } else { None },
        differences: differences.iter().map(|Differences { title, rows }| (title.as_str(), different(rows))).collect(),
        models: models.iter().map(|model| Section::of(model, comparison, details, catalogue)).collect(),
        figures: figures(comparison),
    };
    // Rendering fails where a value's own `Display` does, and those of text and numbers do not.
    page.render().unwrap_or_default()
}

impl<'a> Section<'a> {
    fn of(model: &'a str, comparison: &'a Comparison, details: &'a [Detail], catalogue: &Catalogue) -> Self {
        let rows = comparison.rows.iter().filter(|row| row.model == model).collect();
        let detail = details.iter().find(|detail| detail.model == model).and_then(Inside::of);
        Self { name: file_name(model), path: model, charts: Charts::of_boards(rows, catalogue), detail }
    }
}

impl<'a> Inside<'a> {
    fn of(detail: &'a Detail) -> Option<Self> {
        let (_, first) = detail.compiled.first()?;
        let memory = MemoryPlan::of(&first.program, &first.plan);
        Some(Self { facts: ops::facts(first), memory, ops: Ops::of(detail, first) })
    }
}

fn counts(comparison: &Comparison, models: usize) -> String {
    let mut boards: Vec<&str> = comparison.rows.iter().map(|row| row.board.as_str()).collect();
    boards.sort_unstable();
    boards.dedup();
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    format!("{} on {}", plural(models, "model"), plural(boards.len(), "board"))
}

fn different(rows: &[Difference]) -> Table {
    Table::new(difference::TITLES, 1..difference::TITLES.len(), rows.iter().map(Difference::cells))
}

fn figures(comparison: &Comparison) -> Table {
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
    Table::new(head, 3..11, rows)
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
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
    use crate::report::Row;

    #[test]
    fn sizes_are_short() {
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
        assert!(page.contains("&#60;b&#62;&#38;&#34;m&#34;") && !page.contains("<b>&\"m\""));
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
        for tag in ["section", "div", "svg", "table", "main", "details"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(page.contains("class=\"over\""), "what is too large is marked");
    }
}
