//! Post-training quantization: a float graph and samples of its inputs to a graph of int8 or int16 activations, of the arithmetic
//! that TensorFlow Lite Micro has.
//!
//! Weights become int8, symmetric, one scale an output channel; biases int32 at the scale of the sums; activations int8 with one
//! scale and zero point each, as kernels demand them (`groups`), or int16 of zero point 0, with int64 biases. Which method picks ranges, whether channels are equalized
//! and biases corrected is a [`Recipe`]; [`quantize`] tries those that the options allow and keeps the one whose outputs are
//! closest to the float model's on the samples.

mod bias;
mod convert;
mod data;
mod equalize;
mod error;
mod groups;
mod prepare;
mod ranges;
mod report;
mod statistics;
mod stored;

pub(crate) use convert::drop_unused;
pub use data::Dataset;
pub use error::QuantizeError;
pub(crate) use prepare::{prepare, reals, reals_mut};
pub use ranges::Ranges;
pub use report::{Agreement, Report, TensorReport, report as compare};
pub use stored::StoredLayer;

use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::Evaluator;
use crate::ir::{DType, Graph};
use crate::options::Reference;

/// Whether a step is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Where it brings the outputs closer to the float model's.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Choice {
    fn all(self) -> &'static [bool] {
        match self {
            Choice::Auto => &[false, true],
            Choice::On => &[true],
            Choice::Off => &[false],
        }
    }
}

/// The integers that activations become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// 8 bits, with a zero point.
    #[default]
    Int8,
    /// 16 bits, symmetric: TensorFlow Lite's 16x8 scheme.
    Int16,
}

impl Activations {
    fn dtype(self) -> DType {
        match self {
            Activations::Int8 => DType::I8,
            Activations::Int16 => DType::I16,
        }
    }
}

/// What a user chooses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The type of activations.
    pub activations: Activations,
    /// How ranges of activations are picked; all ways are tried where this is absent.
    pub ranges: Option<Ranges>,
    /// Cross-layer equalization.
    pub equalize: Choice,
    /// Bias correction.
    pub correct_biases: Choice,
    /// The arithmetic that agreement is measured with.
    pub reference: Reference,
}

/// How one quantized graph is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The type of activations.
    pub activations: Activations,
    /// How ranges of activations are picked.
    pub ranges: Ranges,
    /// Whether channels are scaled so that a layer and the next have like ranges.
    pub equalize: bool,
    /// Whether biases make up for what the rounding of weights moves means by.
    pub correct_biases: bool,
}

/// A quantized graph, and how it compares with the float one.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The quantized graph; it passes [`crate::valid::check`].
    pub graph: Graph,
    /// What it was made by.
    pub recipe: Recipe,
    /// The recipes tried, each with the mean squared error of its outputs.
    pub tried: Vec<(Recipe, f64)>,
    /// The float graph that it stands for: layers have taken in what follows them, and channels may be scaled.
    pub float: Graph,
    /// Figures of the samples.
    pub report: Report,
}

/// Samples that recipes are compared on; the others only calibrate.
const COMPARED: usize = 256;

/// Quantizes a float graph on the samples of `data`; calls `step` with the recipes done and those to do.
///
/// # Errors
/// What is wrong with the graph, or keeps it from being quantized.
pub fn quantize(
    graph: &Graph,
    data: &Dataset,
    options: &Options,
    mut step: impl FnMut(usize, usize),
) -> Result<Quantized, Diagnostics> {
    let plain = prepare(graph)?;
    let expected = report::outputs(&Evaluator::new(&plain)?, data, COMPARED)?;
    let ranges = options.ranges.map_or_else(|| Ranges::ALL.to_vec(), |ranges| vec![ranges]);
    let total = options.equalize.all().len() * ranges.len() * options.correct_biases.all().len();
    let mut tried: Vec<(Recipe, f64)> = Vec::new();
    let mut best: Option<(Recipe, f64, Graph, Graph)> = None;
    let mut refused: Option<Diagnostics> = None;
    for &equalize in options.equalize.all() {
        let mut float = plain.clone();
        if equalize && !equalize::equalize(&mut float) {
            continue;
        }
        let statistics = statistics::gather(&float, data)?;
        for &ranges in &ranges {
            for &correct_biases in options.correct_biases.all() {
                let recipe = Recipe { activations: options.activations, ranges, equalize, correct_biases };
                let made = match convert::convert(&float, &statistics, &recipe) {
                    Ok(made) => made,
                    Err(problems) => {
                        refused.get_or_insert(problems);
                        continue;
                    }
                };
                let error = report::mean_squared_error(&made, data, &expected, options.reference)?;
                tried.push((recipe, error));
                step(tried.len(), total);
                if best.as_ref().is_none_or(|(_, least, _, _)| error < *least) {
                    best = Some((recipe, error, float.clone(), made));
                }
            }
        }
    }
    let Some((recipe, _, float, made)) = best else {
        return Err(refused.unwrap_or_else(|| QuantizeError::NothingToEqualize.at(Place::default()).into()));
    };
    let report = report::report(&float, &made, data, options.reference)?;
    Ok(Quantized { graph: made, recipe, tried, float, report })
}
