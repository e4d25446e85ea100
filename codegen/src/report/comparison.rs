//! What models cost on boards, as rows that can be kept, joined and compared.

use crate::boards::{Board, Catalogue, Target};
use crate::diag::Explain;
use crate::plan::{Needs, Region, Shortage};
use serde::{Deserialize, Serialize};

/// Figures of many combinations, in the order of model, `optimize` and board.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// One row for each combination.
    pub rows: Vec<Row>,
}

/// One model on one board or core, built in one way. Figures are absent where they are not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The model, as the user named it.
    pub model: String,
    /// The board or core.
    pub board: String,
    /// Rust target.
    pub target: Option<String>,
    /// `-C target-cpu`.
    pub cpu: Option<String>,
    /// `size`, `speed` or `balanced`.
    pub optimize: String,
    /// Machine code that the model adds to an image.
    pub code_bytes: Option<u64>,
    /// Constants that it adds beside weights: multipliers, tables, initial values.
    pub table_bytes: Option<u64>,
    /// Filters and biases.
    pub weight_bytes: Option<u64>,
    /// The sum of the three.
    pub flash_bytes: Option<u64>,
    /// Size of the `Model` struct.
    pub ram_bytes: Option<u64>,
    /// Most stack that an inference used, in the emulator.
    pub stack_bytes: Option<u64>,
    /// Most stack that the generated module says an inference takes, its `STACK_BYTES`.
    pub stack_bound_bytes: Option<u64>,
    /// Instructions of one inference, in the emulator.
    pub instructions: Option<u64>,
    /// An estimate: one instruction a clock, at the board's highest clock.
    pub estimated_ms: Option<f64>,
    /// Whether flash, and RAM with the stack, are within the board's; absent where a size of the board is not known.
    pub fits: Option<bool>,
    /// Why figures are absent, or what does not fit.
    pub note: Option<String>,
}

/// What was measured of a model on a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// See [`Row::code_bytes`].
    pub code_bytes: u64,
    /// All constants and initial values.
    pub constant_bytes: u64,
    /// See [`Row::weight_bytes`].
    pub weight_bytes: u64,
    /// See [`Row::ram_bytes`].
    pub ram_bytes: u64,
    /// See [`Row::stack_bytes`].
    pub stack_bytes: Option<u64>,
    /// See [`Row::stack_bound_bytes`].
    pub stack_bound_bytes: Option<u64>,
    /// See [`Row::instructions`].
    pub instructions: Option<u64>,
    /// See [`Row::note`].
    pub note: Option<String>,
}

/// What is wrong with figures that were kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonError {
    /// Not an object of rows.
    #[error("not the JSON of `tinybake compare`: {message}")]
    Syntax {
        /// The parser's message.
        message: String,
    },
    /// Two rows of one combination with different figures.
    #[error("two rows tell different figures of `{model}` on {board}, optimize {optimize}")]
    Conflict {
        /// The model.
        model: String,
        /// The board.
        board: String,
        /// The way it was built.
        optimize: String,
    },
}

impl Explain for ComparisonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "compare::syntax",
            Self::Conflict { .. } => "compare::conflict",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Syntax { .. } => "give a file that `tinybake compare --json FILE` wrote".into(),
            Self::Conflict { .. } => "merge files of one version of tinybake, the compiler and the models".into(),
        }
    }
}

impl Comparison {
    /// Rows in their order; equal ones once.
    ///
    /// # Errors
    /// [`ComparisonError::Conflict`] where rows of one combination differ.
    pub fn of(mut rows: Vec<Row>) -> Result<Self, ComparisonError> {
        rows.sort_by(|a, b| a.key().cmp(&b.key()));
        rows.dedup();
        match rows.windows(2).find(|pair| matches!(pair, [a, b] if a.key() == b.key())) {
            Some([row, ..]) => {
                let Row { model, board, optimize, .. } = row.clone();
                Err(ComparisonError::Conflict { model, board, optimize })
            }
            Some([]) | None => Ok(Self { rows }),
        }
    }

    /// Reads what [`Comparison::json`] wrote.
    ///
    /// # Errors
    /// [`ComparisonError::Syntax`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ComparisonError> {
        serde_json::from_slice(bytes).map_err(|error| ComparisonError::Syntax { message: error.to_string() })
    }

    /// The models, where there are two, in the order of the rows.
    pub fn two_models(&self) -> Option<[&str; 2]> {
        let mut models: Vec<&str> = self.rows.iter().map(|row| row.model.as_str()).collect();
        models.dedup();
        models.try_into().ok()
    }

    /// The object `{rows: [...]}`.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Comma-separated values with a line of names; what is not known is empty.
    pub fn csv(&self) -> String {
        let names = "model,board,target,cpu,optimize,code_bytes,table_bytes,weight_bytes,flash_bytes,ram_bytes,stack_bytes,\
                     stack_bound_bytes,instructions,estimated_ms,fits,note\n";
        let mut text = String::from(names);
        for row in &self.rows {
            text.push_str(&row.cells().map(|cell| quoted(&cell)).join(","));
            text.push('\n');
        }
        text
    }
}

/// A cell of comma-separated values (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.into() }
}

impl Row {
    /// What tells its combination from others.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.model, &self.optimize, &self.board)
    }

    /// Bytes of stack: used in the emulator or, where nothing emulates the core, stated by the module.
    pub fn stack(&self) -> Option<u64> {
        self.stack_bytes.or(self.stack_bound_bytes)
    }

    fn cells(&self) -> [String; 16] {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        [
            self.model.clone(),
            self.board.clone(),
            self.target.clone().unwrap_or_default(),
            self.cpu.clone().unwrap_or_default(),
            self.optimize.clone(),
            number(self.code_bytes),
            number(self.table_bytes),
            number(self.weight_bytes),
            number(self.flash_bytes),
            number(self.ram_bytes),
            number(self.stack_bytes),
            number(self.stack_bound_bytes),
            number(self.instructions),
            self.estimated_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            self.fits.map(|fits| fits.to_string()).unwrap_or_default(),
            self.note.clone().unwrap_or_default(),
        ]
    }

    /// A row without figures.
    pub fn unknown(model: &str, target: &Target<'_>, optimize: &str, note: String) -> Self {
        Self {
            model: model.into(),
            board: target.name().into(),
            target: target.core.triple.clone(),
            cpu: target.core.cpu.clone(),
            optimize: optimize.into(),
            note: Some(note),
            ..Self::default()
        }
    }

    /// The row of `figures`, which were measured on the core of `target`.
    pub fn of(model: &str, target: &Target<'_>, optimize: &str, figures: &Figures, catalogue: &Catalogue) -> Self {
        let Figures { code_bytes, constant_bytes, weight_bytes, ram_bytes, stack_bytes, stack_bound_bytes, instructions, note } =
            figures;
        let flash_bytes = code_bytes + constant_bytes;
        // Weights that the compiler has taken into code, as those of unrolled layers, are code.
        let weight_bytes = (*weight_bytes).min(*constant_bytes);
        let stack = (*stack_bound_bytes).max(*stack_bytes).unwrap_or(0);
        let fit = target.board.map(|board| fit(board, &Needs { flash: flash_bytes, ram: *ram_bytes, stack }, catalogue));
        let (fits, problem) = fit.unwrap_or((None, None));
        let notes: Vec<String> = problem.into_iter().chain(note.clone()).collect();
        Self {
            model: model.into(),
            board: target.name().into(),
            target: target.core.triple.clone(),
            cpu: target.core.cpu.clone(),
            optimize: optimize.into(),
            code_bytes: Some(*code_bytes),
            table_bytes: Some(constant_bytes - weight_bytes),
            weight_bytes: Some(weight_bytes),
            flash_bytes: Some(flash_bytes),
            ram_bytes: Some(*ram_bytes),
            stack_bytes: *stack_bytes,
            stack_bound_bytes: *stack_bound_bytes,
            instructions: *instructions,
            estimated_ms: instructions.zip(target.board).map(|(count, board)| milliseconds(count, board)),
            fits,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }
}

/// One instruction a clock, in ms with three decimals.
fn milliseconds(instructions: u64, board: &Board) -> f64 {
    let microseconds = instructions as f64 / f64::from(board.clock_mhz);
    microseconds.round() / 1000.0
}

/// Whether a board has enough flash and RAM, and what is too small.
fn fit(board: &Board, needs: &Needs, catalogue: &Catalogue) -> (Option<bool>, Option<String>) {
    let mut problems: Vec<String> = needs
        .shortages(board.flash_bytes, board.ram_bytes)
        .map(|Shortage { region, needed, available }| match region {
            Region::Ram => format!("RAM is {} bytes too small, with {} of stack", needed - available, needs.stack),
            Region::Flash => format!("flash is {} bytes too small", needed - available),
        })
        .collect();
    if problems.is_empty() {
        return (board.flash_bytes.map(|_| true), None);
    }
    let enough = |other: &&Board| other.flash_bytes.is_some() && needs.fit(other);
    let mut others: Vec<&Board> = catalogue.boards().iter().filter(enough).collect();
    others.sort_by_key(|other| (other.ram_bytes, other.flash_bytes));
    let names: Vec<&str> = others.iter().take(2).map(|other| other.name.as_str()).collect();
    if !names.is_empty() {
        problems.push(format!("enough: {}", names.join(", ")));
    }
    (Some(false), Some(problems.join("; ")))
}
