//! What has grown since figures that were kept.

use super::comparison::{Comparison, Row};

/// A figure that is larger than is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// `MODEL on BOARD, optimize WAY`.
    pub combination: String,
    /// What the figure is.
    pub figure: &'static str,
    /// The figure that was kept.
    pub before: u64,
    /// The figure now.
    pub now: u64,
}

impl Growth {
    /// By how many per cent; infinite from 0.
    pub fn percent(&self) -> f64 {
        100.0 * (self.now as f64 - self.before as f64) / self.before as f64
    }
}

/// How figures stand against those that were kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Figures that grew by more than is allowed, and boards that a model no longer fits.
    pub grown: Vec<Growth>,
    /// Combinations of the baseline that have no figures now.
    pub missing: Vec<String>,
    /// Figures of the baseline that are unknown now, although their combination has others.
    pub vanished: Vec<String>,
    /// Combinations compared.
    pub compared: usize,
}

/// Compares flash, RAM, stack and instructions of every combination of `baseline` with those of `now`; each may grow by
/// `allowed` per cent. Figures that the baseline does not know are not compared; those that it knows and `now` does not are named.
pub fn growth(baseline: &Comparison, now: &Comparison, allowed: f64) -> Change {
    let mut change = Change::default();
    for old in baseline.rows.iter().filter(|row| row.flash_bytes.is_some()) {
        let combination = format!("{} on {}, optimize {}", old.model, old.board, old.optimize);
        let new = now.rows.iter().find(|row| row.key() == old.key() && row.flash_bytes.is_some());
        let Some(new) = new else {
            change.missing.push(combination);
            continue;
        };
        change.compared += 1;
        for (figure, of) in FIGURES {
            let Some(before) = of(old) else { continue };
            let Some(now) = of(new) else {
                change.vanished.push(format!("{figure} of {combination}"));
                continue;
            };
            let growth = Growth { combination: combination.clone(), figure, before, now };
            if now > before && growth.percent() > allowed {
                change.grown.push(growth);
            }
        }
    }
    change
}

/// A figure of a row, where it is known.
type Figure = fn(&Row) -> Option<u64>;

/// What is compared.
const FIGURES: [(&str, Figure); 4] = [
    ("flash bytes", |row| row.flash_bytes),
    ("RAM bytes", |row| row.ram_bytes),
    ("stack bytes", |row| row.stack_bytes),
    ("instructions", |row| row.instructions),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn row(board: &str, flash: u64, instructions: Option<u64>) -> Row {
        Row {
            model: "kws".into(),
            board: board.into(),
            optimize: "size".into(),
            flash_bytes: Some(flash),
            ram_bytes: Some(0),
            instructions,
            ..Row::default()
        }
    }

    #[test]
    fn what_grew_by_more_than_is_allowed_is_named() {
        let old = Comparison { rows: vec![row("a", 1000, Some(50)), row("b", 10, None), row("gone", 1, None)] };
        let mut now = Comparison { rows: vec![row("a", 1010, Some(51)), row("b", 9, Some(7)), row("new", 5, None)] };
        let change = growth(&old, &now, 1.0);
        assert_eq!((change.compared, change.missing), (2, vec!["kws on gone, optimize size".to_string()]));
        let [grown] = change.grown.as_slice() else { panic!("{:?}", change.grown) };
        assert_eq!((grown.figure, grown.before, grown.now, grown.percent()), ("instructions", 50, 51, 2.0));
        assert_eq!(growth(&old, &now, 0.0).grown.len(), 2);
        assert_eq!(change.vanished, Vec::<String>::new());
        now.rows[0].instructions = None;
        assert_eq!(growth(&old, &now, 1.0).vanished, ["instructions of kws on a, optimize size"]);
        now.rows[0].ram_bytes = Some(1);
        assert!(growth(&old, &now, 1e9).grown.iter().any(|grown| grown.figure == "RAM bytes"), "from nothing is always too much");
    }
}
