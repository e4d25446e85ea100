//! Tables.

use askama::Template;
use core::ops::Range;

/// A table in a box that scrolls sideways.
#[derive(Template)]
#[template(path = "table.html")]
pub(super) struct Table {
    head: Vec<String>,
    /// The columns that stand to the right.
    numbers: Range<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<T: Into<String>>(
        head: impl IntoIterator<Item = T>,
        numbers: Range<usize>,
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), numbers, rows: rows.into_iter().collect() }
    }
}
