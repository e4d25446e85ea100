//! Post-training quantization: a float graph and samples of its inputs to a graph of int8 or int16 activations, of the arithmetic
//! that TensorFlow Lite Micro has.
//!
//! Weights become int8, symmetric, one scale an output channel; biases int32 at the scale of the sums; activations int8 with one
//! scale and zero point each, as kernels demand them (`groups`), or int16 of zero point 0, with int64 biases. Which method picks ranges, whether channels are equalized
//! and biases corrected is a [`Recipe`]; [`quantize`] tries those that the options allow and keeps the one whose outputs are
//! closest to the float model's on the samples.

mod bias;
mod convert;
mod equalize;
mod error;
mod groups;
mod prepare;
mod ranges;
mod report;
mod rounding;
mod statistics;
mod stored;
#[cfg(test)]
mod tests;
mod width;
mod widths;

pub(crate) use convert::drop_unused;
pub use error::QuantizeError;
pub(crate) use prepare::prepare;
pub use ranges::Ranges;
pub use report::{Agreement, Report, TensorReport, report as compare};
pub use stored::StoredLayer;
pub use width::Width;
pub use widths::Widths;

use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::Evaluator;
use crate::ir::{DType, Graph};
use crate::options::Reference;
use crate::samples::Dataset;
use report::Agreed;
use statistics::Statistics;

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
    /// Rounding of weights by what their layer makes.
    pub fit_weights: Choice,
    /// Bits of weights. Narrow ones are fitted, whatever `fit_weights` says.
    pub widths: Widths,
    /// Where layers may be narrow: the share of the samples compared that the narrow network may get wrong beyond those that the one of
    /// 8 bits does (by label, or without labels, by the float network's own answer). Without a bound all layers are narrow.
    pub max_drop: Option<f64>,
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
    /// Whether weights are rounded to what brings their layer's sums closest to the float model's, and biases with them; else each to the
    /// nearest.
    pub fit_weights: bool,
}

/// A quantized graph, and how it compares with the float one.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The quantized graph; it passes [`crate::valid::check`].
    pub graph: Graph,
    /// What it was made by.
    pub recipe: Recipe,
    /// The recipes tried, each with the mean squared error of its outputs, or of what goes into their softmax.
    pub tried: Vec<(Recipe, f64)>,
    /// The float graph that it stands for: layers have taken in what follows them, and channels may be scaled.
    pub float: Graph,
    /// The layers in order: the name of the weights, how many there are, and their width.
    pub widths: Vec<(String, usize, Width)>,
    /// Figures of the samples.
    pub report: Report,
}

/// Samples that recipes are compared on; the others only calibrate.
const COMPARED: usize = 256;
/// Recipes whose weights are fitted, too: those that are best without.
const FITTED: usize = 6;

/// Recipes tried so far.
struct Search<'a> {
    data: &'a Dataset,
    /// The float graph's outputs.
    expected: &'a [Vec<Vec<f32>>],
    /// How far below the greatest element of an output others count.
    reach: &'a [Option<f32>],
    reference: Reference,
    tried: Vec<(Recipe, f64)>,
    /// The best one, its error, the float graph that it is made of, and the int8 graph.
    best: Option<(Recipe, f64, Graph, Graph)>,
    refused: Option<Diagnostics>,
}

impl Search<'_> {
    /// Tries one more.
    fn make(&mut self, float: &Graph, statistics: &Statistics, recipe: Recipe) -> Result<(), Diagnostics> {
        let made = match convert::convert(float, statistics, self.data, &recipe, |_| Width::Eight) {
            Ok(made) => made,
            Err(problems) => {
                self.refused.get_or_insert(problems);
                return Ok(());
            }
        };
        let error =
            report::mean_squared_error(&report::before_softmax(&made).0, self.data, self.expected, self.reach, self.reference)?;
        self.tried.push((recipe, error));
        if self.best.as_ref().is_none_or(|(_, least, _, _)| error < *least) {
            self.best = Some((recipe, error, float.clone(), made));
        }
        Ok(())
    }
}

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
    let (judged, reach) = report::before_softmax(&plain);
    let expected = report::outputs(&Evaluator::new(&judged)?, data, COMPARED)?;
    let ranges = options.ranges.map_or_else(|| Ranges::ALL.to_vec(), |ranges| vec![ranges]);
    let plainly = options.equalize.all().len() * ranges.len() * options.correct_biases.all().len();
    let total =
        plainly + if options.fit_weights == Choice::Off { 0 } else { FITTED.min(options.equalize.all().len() * ranges.len()) };
    let mut search = Search {
        data,
        expected: &expected,
        reach: &reach,
        reference: options.reference,
        tried: Vec::new(),
        best: None,
        refused: None,
    };
    let mut starts = Vec::new();
    for &equalize in options.equalize.all() {
        let mut float = plain.clone();
        if equalize && !equalize::equalize(&mut float) {
            continue;
        }
        let statistics = statistics::gather(&float, data)?;
        for &ranges in &ranges {
            for &correct_biases in options.correct_biases.all() {
                let activations = options.activations;
                let recipe = Recipe { activations, ranges, equalize, correct_biases, fit_weights: false };
                search.make(&float, &statistics, recipe)?;
                step(search.tried.len(), total);
            }
        }
        starts.push((equalize, float, statistics));
    }
    if options.fit_weights != Choice::Off {
        let mut order: Vec<(Recipe, f64)> = search.tried.clone();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        // Biases are fitted with the weights: what corrects them is no other recipe.
        let mut recipes: Vec<Recipe> = Vec::new();
        for (recipe, _) in order {
            let fitted = Recipe { correct_biases: false, fit_weights: true, ..recipe };
            if !recipes.contains(&fitted) {
                recipes.push(fitted);
            }
        }
        if options.fit_weights == Choice::On {
            search.best = None;
        }
        for recipe in recipes.into_iter().take(FITTED) {
            if let Some((_, float, statistics)) = starts.iter().find(|(equalize, ..)| *equalize == recipe.equalize) {
                search.make(float, statistics, recipe)?;
                step(search.tried.len(), total);
            }
        }
    }
    let Search { tried, best, refused, .. } = search;
    let Some((mut recipe, _, float, mut made)) = best else {
        return Err(refused.unwrap_or_else(|| QuantizeError::NothingToEqualize.at(Place::default()).into()));
    };
    let mut widths = std::collections::BTreeMap::new();
    if options.widths != Widths::Eight
        && let Some((_, _, statistics)) = starts.iter().find(|(equalize, ..)| *equalize == recipe.equalize)
    {
        recipe = Recipe { correct_biases: false, fit_weights: true, ..recipe };
        let agreed = Agreed { data, expected: &expected, reference: options.reference };
        let least = match options.max_drop {
            Some(drop) => Some((agreed.right(&made)? as f64 - drop * expected.len() as f64).max(0.0).ceil() as usize),
            None => None,
        };
        let narrowed = widths::narrow(&float, statistics, data, &recipe, options.widths, &agreed, least)?;
        (made, widths) = (narrowed.graph, narrowed.widths);
    }
    let layer = |(index, node): (usize, &crate::ir::Node)| {
        let tensor = float.tensor(node.op.layer()?.filter);
        Some((tensor.name.clone(), tensor.shape.elements(), widths.get(&index).copied().unwrap_or_default()))
    };
    let widths = float.nodes.iter().enumerate().filter_map(layer).collect();
    let report = report::report(&float, &made, data, options.reference)?;
    Ok(Quantized { graph: made, recipe, tried, float, widths, report })
}
