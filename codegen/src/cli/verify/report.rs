//! Results of `tinybake verify`, as data and as text.

use crate::cli::table::{self, Align, known, number};
use crate::diag::Diagnostics;
use crate::ir::Origin;
use crate::json;
use crate::text;
use serde::Serialize;

/// Results of one model.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) engine: String,
    pub(super) reference: &'static str,
    pub(super) optimize: &'static str,
    /// How far elements may differ: float models only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tolerance: Option<f64>,
    pub(super) runs: Vec<Row>,
    /// Where elements differ: how the engine itself can have left the numbers that its operators define.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) engine_note: Option<String>,
}

/// Results of one place to run.
#[derive(Default, Serialize)]
pub(super) struct Row {
    pub(super) on: String,
    pub(super) samples: Option<usize>,
    pub(super) elements: Option<usize>,
    pub(super) unequal: Option<usize>,
    pub(super) max_difference: Option<f64>,
    pub(super) instructions: Option<u64>,
    pub(super) ram_bytes: Option<u64>,
    pub(super) stack_bytes: Option<u64>,
    pub(super) stack_bound_bytes: Option<u64>,
    pub(super) note: Option<String>,
}

/// Results of several models.
#[derive(Default, Serialize)]
pub(super) struct Summary {
    pub(super) models: Vec<Report>,
    pub(super) refused: Vec<Refused>,
    /// Models in folders that have no recording beside them.
    pub(super) without_recording: Vec<String>,
}

/// A model that is not compiled, or whose recording does not fit.
#[derive(Serialize)]
pub(super) struct Refused {
    model: String,
    diagnostics: Vec<json::Entry>,
}

impl Refused {
    pub(super) fn of(model: String, diagnostics: &Diagnostics) -> Self {
        Self { model, diagnostics: diagnostics.0.iter().map(json::entry).collect() }
    }
}

impl Report {
    /// Whether everything that could be run is equal, and something was.
    pub(super) fn holds(&self) -> bool {
        self.unequal() == 0 && self.elements() > 0
    }

    fn elements(&self) -> usize {
        self.runs.iter().filter_map(|row| row.elements).sum()
    }

    pub(super) fn unequal(&self) -> usize {
        self.runs.iter().filter_map(|row| row.unequal).sum()
    }

    pub(super) fn text(&self) -> String {
        let Report { model, engine, reference, optimize, tolerance, runs, engine_note } = self;
        let how = match tolerance {
            Some(tolerance) => format!("floats on the host, within {tolerance}"),
            None => format!("reference {reference}, optimize {optimize}"),
        };
        let mut columns = vec![("on", Align::Left)];
        columns.extend(COMPARED);
        columns.extend([("instructions", Align::Right), ("RAM bytes", Align::Right), ("stack bytes", Align::Right)]);
        let cells = |row: &Row| {
            let measured = [row.instructions, row.ram_bytes, row.stack_bytes].map(known);
            [row.on.clone()].into_iter().chain(compared(row)).chain(measured).collect()
        };
        let table = table::table(&columns, runs.iter().map(cells));
        let mut text = format!("{} against {engine}: {how}\n\n{table}", text::line(model));
        text.push_str(&notes(runs));
        text.push_str(&format!("\n{}\n", self.verdict()));
        if let Some(note) = engine_note {
            text.push_str(&format!("note: {note}\n"));
        }
        text
    }

    fn verdict(&self) -> String {
        let (elements, unequal) = (self.elements() as u64, self.unequal() as u64);
        match (elements, unequal) {
            (0, _) => "nothing was compared".into(),
            (elements, 0) => match self.tolerance {
                Some(tolerance) => format!("all {} elements are within {tolerance}", number(elements)),
                None => format!("all {} elements are equal", number(elements)),
            },
            (elements, unequal) => format!("{} of {} elements differ", number(unequal), number(elements)),
        }
    }
}

/// Columns of a comparison.
const COMPARED: [(&str, Align); 4] =
    [("samples", Align::Right), ("elements", Align::Right), ("unequal", Align::Right), ("max difference", Align::Right)];

fn compared(row: &Row) -> [String; 4] {
    let [samples, elements, unequal] =
        [row.samples, row.elements, row.unequal].map(|value| known(value.map(|value| value as u64)));
    [samples, elements, unequal, row.max_difference.map_or_else(|| "-".into(), |difference| difference.to_string())]
}

fn notes(runs: &[Row]) -> String {
    let noted = runs.iter().filter_map(|Row { on, note, .. }| Some(format!("\n{on}: {}", note.as_ref()?)));
    noted.collect()
}

/// Diagnostics of a refused model that its text shows.
const SHOWN: usize = 3;

impl Summary {
    /// Whether every model with a recording is equal.
    pub(super) fn holds(&self) -> bool {
        self.refused.is_empty() && !self.models.is_empty() && self.models.iter().all(Report::holds)
    }

    pub(super) fn text(&self) -> String {
        let mut columns = vec![("model", Align::Left), ("engine", Align::Left), ("on", Align::Left)];
        columns.extend(COMPARED);
        let rows = self.models.iter().flat_map(|report| {
            let head = |row: &Row| [text::line(&report.model).into_owned(), report.engine.clone(), row.on.clone()];
            report.runs.iter().map(move |row| head(row).into_iter().chain(compared(row)).collect())
        });
        let mut text = table::table(&columns, rows);
        for Report { model, runs, engine_note, .. } in &self.models {
            let notes = notes(runs).replace('\n', &format!("\n{}, ", text::line(model)));
            text.push_str(&notes);
            if let Some(note) = engine_note {
                text.push_str(&format!("\n{}: {note}", text::line(model)));
            }
        }
        for Refused { model, diagnostics } in &self.refused {
            text.push_str(&format!("\nrefused: {}", text::line(model)));
            for entry in diagnostics.iter().take(SHOWN) {
                text.push_str(&format!("\n    {}", text::line(&entry.to_string())));
            }
            if let Some(more) = diagnostics.len().checked_sub(SHOWN).filter(|&more| more > 0) {
                text.push_str(&format!("\n    and {more} more"));
            }
        }
        let unequal = self.models.iter().filter(|report| report.unequal() > 0).count();
        let equal = self.models.iter().filter(|report| report.holds()).count();
        text.push_str(&format!("\n{equal} models equal, {unequal} unequal, {} refused", self.refused.len()));
        match self.without_recording.len() {
            0 => {}
            count => text.push_str(&format!("; {count} without a recording NAME.golden.safetensors beside them")),
        }
        text + "\n"
    }
}

/// Said where outputs differ from TFLM's and the model pads in `SPACE_TO_BATCH_ND`.
pub(super) const UNDEFINED_PADDING: &str = "TFLM's SPACE_TO_BATCH_ND leaves the padding as it finds it in memory, so that its outputs \
    are not defined here. The generated code pads with the zero point, as LiteRT does: compare with --engine litert_ref";

/// How ONNX Runtime can have saturated in some layers; `None` where there are none.
pub(super) fn saturation(layers: &[Origin]) -> Option<String> {
    /// Layers that are named.
    const NAMED: usize = 4;
    let names: Vec<String> = layers.iter().take(NAMED).map(|layer| format!("`{}`", table::short(&layer.name))).collect();
    let more = layers.len().checked_sub(NAMED + 1).map_or_else(String::new, |more| format!(" and {} more", more + 1));
    (!layers.is_empty()).then(|| {
        format!(
            "ONNX Runtime itself saturates sums of two uint8 x int8 products at 16 bits on x86 processors with AVX2 but without VNNI. \
             In {}{more} the weights are large enough for that. If the outputs were recorded on such a processor, record them on one \
             with VNNI or on Arm, or quantize with `reduce_range=True`",
            names.join(", "),
        )
    })
}
