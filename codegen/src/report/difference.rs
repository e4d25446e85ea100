//! How figures differ: of two models on the same boards, or of one model and what was kept of it.

use super::comparison::{Comparison, Row};

/// Figures of one combination before and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The board.
    pub board: String,
    /// Bytes of flash.
    pub flash_bytes: Pair,
    /// Bytes of the model's memory.
    pub ram_bytes: Pair,
    /// Bytes of stack.
    pub stack_bytes: Pair,
    /// Instructions of an inference.
    pub instructions: Pair,
}

/// A figure before and now, where both are known.
pub type Pair = Option<(u64, u64)>;

/// Differences in one way to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// `NOW against BEFORE, optimize WAY`.
    pub title: String,
    /// One for each board that both have figures of, in the order of the rows now.
    pub rows: Vec<Difference>,
}

/// The second model of `comparison` against the first, where it is of two models.
pub fn of_models(comparison: &Comparison, models: [&str; 2]) -> Vec<Differences> {
    let [before, now] = models;
    let of = |model: &'_ str| comparison.rows.iter().filter(|row| row.model == model).collect::<Vec<_>>();
    paired(&of(before), &of(now), |row| format!("{} against {before}, optimize {}", row.model, row.optimize))
}

/// Every model of `now` against its figures in `baseline`; only combinations in which a figure differs.
pub fn of_versions(baseline: &Comparison, now: &Comparison) -> Vec<Differences> {
    let mut all = Vec::new();
    for rows in now.rows.chunk_by(|a, b| a.model == b.model) {
        let Some(first) = rows.first() else { continue };
        let before: Vec<&Row> = baseline.rows.iter().filter(|row| row.model == first.model).collect();
        let now: Vec<&Row> = rows.iter().collect();
        all.extend(paired(&before, &now, |row| format!("{} against the baseline, optimize {}", row.model, row.optimize)));
    }
    for differences in &mut all {
        differences.rows.retain(Difference::is_one);
    }
    all.retain(|differences| !differences.rows.is_empty());
    all
}

/// Rows of the same board and way, grouped by way.
fn paired(before: &[&Row], now: &[&Row], title: impl Fn(&Row) -> String) -> Vec<Differences> {
    let mut all: Vec<Differences> = Vec::new();
    for row in now.iter().filter(|row| row.flash_bytes.is_some()) {
        let same = |old: &&&Row| (&old.board, &old.optimize) == (&row.board, &row.optimize) && old.flash_bytes.is_some();
        let Some(old) = before.iter().find(same) else { continue };
        let difference = Difference {
            board: row.board.clone(),
            flash_bytes: old.flash_bytes.zip(row.flash_bytes),
            ram_bytes: old.ram_bytes.zip(row.ram_bytes),
            stack_bytes: old.stack_bytes.zip(row.stack_bytes),
            instructions: old.instructions.zip(row.instructions),
        };
        let title = title(row);
        match all.iter_mut().find(|differences| differences.title == title) {
            Some(differences) => differences.rows.push(difference),
            None => all.push(Differences { title, rows: vec![difference] }),
        }
    }
    all
}

impl Difference {
    /// Whether any figure differs.
    fn is_one(&self) -> bool {
        let Self { board: _, flash_bytes, ram_bytes, stack_bytes, instructions } = self;
        [flash_bytes, ram_bytes, stack_bytes, instructions].iter().any(|pair| pair.is_some_and(|(before, now)| before != now))
    }

    /// The cells of its row: the board, then for flash, RAM, stack and instructions by how much, and by how many per cent.
    pub fn cells(&self) -> Vec<String> {
        let Self { board, flash_bytes, ram_bytes, stack_bytes, instructions } = self;
        let figures = [flash_bytes, ram_bytes, stack_bytes, instructions].into_iter();
        core::iter::once(board.clone()).chain(figures.flat_map(|&pair| [by(pair), percent(pair)])).collect()
    }
}

/// The titles of [`Difference::cells`].
pub const TITLES: [&str; 9] = ["board", "flash ±", "%", "RAM ±", "%", "stack ±", "%", "instr. ±", "%"];

fn by(pair: Pair) -> String {
    let Some((before, now)) = pair else { return "-".into() };
    let digits = before.abs_diff(now).to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| core::str::from_utf8(group).ok()).collect();
    format!("{}{}", sign(before, now), groups.join(","))
}

fn percent(pair: Pair) -> String {
    match pair {
        Some((before, now)) if before > 0 => {
            format!("{}{:.1}", sign(before, now), 100.0 * before.abs_diff(now) as f64 / before as f64)
        }
        Some(_) | None => "-".into(),
    }
}

fn sign(before: u64, now: u64) -> &'static str {
    match now.cmp(&before) {
        core::cmp::Ordering::Less => "-",
        core::cmp::Ordering::Equal => "",
        core::cmp::Ordering::Greater => "+",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(model: &str, board: &str, flash: u64, instructions: Option<u64>) -> Row {
        Row {
            model: model.into(),
            board: board.into(),
            optimize: "size".into(),
            flash_bytes: Some(flash),
            ram_bytes: Some(0),
            instructions,
            ..Row::default()
        }
    }

    #[test]
    fn the_second_model_is_set_against_the_first() {
        let rows =
            vec![row("a", "x", 2000, Some(10)), row("a", "y", 5, None), row("b", "x", 3500, Some(5)), row("b", "z", 1, None)];
        let found = of_models(&Comparison { rows }, ["a", "b"]);
        let [differences] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(differences.title, "b against a, optimize size");
        let [one] = differences.rows.as_slice() else { panic!("{differences:?}") };
        assert_eq!(one.cells(), ["x", "+1,500", "+75.0", "0", "-", "-", "-", "-5", "-50.0"]);
        assert_eq!(one.cells().len(), TITLES.len());
    }

    #[test]
    fn versions_tell_what_has_changed_only() {
        let old = Comparison { rows: vec![row("a", "x", 20, Some(10)), row("a", "y", 5, None), row("a", "gone", 5, None)] };
        let now = Comparison { rows: vec![row("a", "x", 20, Some(9)), row("a", "y", 5, None), row("a", "new", 1, None)] };
        let found = of_versions(&old, &now);
        let [differences] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(differences.title, "a against the baseline, optimize size");
        assert_eq!(differences.rows.iter().map(|row| row.board.as_str()).collect::<Vec<_>>(), ["x"]);
        assert_eq!(of_versions(&old, &old), []);
    }
}
