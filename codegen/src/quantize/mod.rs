//! Post-training quantization: a float graph and samples of its inputs to a graph of int8 or int16 activations, of the arithmetic
//! that TensorFlow Lite Micro has.
//!
//! Weights become int8, symmetric, one scale an output channel; biases int32 at the scale of the sums; activations int8 with one
//! scale and zero point each, as kernels demand them (`groups`), or int16 of zero point 0, with int64 biases. Which method picks ranges, whether channels are equalized
//! and biases corrected is a [`Recipe`]; [`quantize`] tries those that the options and the size of the network allow and keeps the one whose outputs
//! are closest to the float model's on the samples. The report is of samples that took no part in this.

mod bias;
mod convert;
mod effort;
mod equalize;
mod error;
mod groups;
mod held;
mod histogram;
mod prepare;
mod ranges;
mod report;
mod rounding;
mod statistics;
mod stored;
#[cfg(test)]
mod tests;
mod warnings;
mod width;
mod widths;

pub(crate) use convert::drop_unused;
pub use error::QuantizeError;
pub(crate) use prepare::prepare;
pub use ranges::Ranges;
pub use report::{Report, TensorReport, report as compare};
pub use stored::StoredLayer;
pub use width::Width;
pub use widths::Widths;

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{DType, Graph, TensorId};
use crate::judge::{Judge, Task};
use crate::options::Reference;
use crate::samples::{Dataset, Outlier};
use core::ops::Range;
use effort::Effort;
use held::Folds;
use report::Comparison;
use statistics::{FEW, FEW_UNCROSSED, MANY, Statistics};
use std::borrow::Cow;
use std::collections::BTreeMap;
use widths::Bound;

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
    /// Where layers may be narrow: what the narrow network may lose beyond the one of 8 bits, of each measure ([`crate::judge::Score::measures`]): of a
    /// classifier the share of samples with the right class, of other networks the R² of each output. Without a bound all layers are narrow.
    pub max_drop: Option<f64>,
    /// The arithmetic that agreement is measured with.
    pub reference: Reference,
    /// Whether the network is a classifier; found out where this is absent, see [`Task::of`].
    pub task: Option<Task>,
    /// Ranges of inputs, in place of those of the samples: the input's name, `input.J` or, for all of them, nothing.
    pub input_ranges: Vec<(String, (f32, f32))>,
    /// The samples that the report is of.
    pub evaluation: Evaluation,
}

/// The samples that a report is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Evaluation {
    /// All samples where that is little work, each by what other samples calibrate (cross-validation); else a fifth of them, which then do not
    /// calibrate; of a single sample, that one.
    #[default]
    HeldOut,
    /// Those that calibrate: the figures are better than on others.
    Calibration,
    /// Others.
    Samples(Dataset),
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

/// A recipe, and how far its outputs are from the float network's on calibration samples; of outputs of a softmax or a logistic, the logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The recipe.
    pub recipe: Recipe,
    /// Mean squared error of all outputs.
    pub mean_squared_error: f64,
    /// Mean over the outputs of the squared error as a share of the variance: what recipes are chosen by.
    pub relative_error: f64,
}

/// A quantized graph, and how it compares with the float one.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The quantized graph; it passes [`crate::valid::check`].
    pub graph: Graph,
    /// What it was made by.
    pub recipe: Recipe,
    /// The recipes tried.
    pub tried: Vec<Tried>,
    /// The float graph that it stands for: layers have taken in what follows them, and channels may be scaled.
    pub float: Graph,
    /// The layers in order: the name of the weights, how many there are, and their width.
    pub widths: Vec<(String, usize, Width)>,
    /// Whether the network is judged as a classifier, and why.
    pub task: (Task, &'static str),
    /// Samples that calibrated.
    pub calibrated_on: usize,
    /// The samples that the report is of: `held out`, `cross-validation`, `evaluation` or `calibration`.
    pub evaluated_on: &'static str,
    /// Samples far outside the others, of those given.
    pub outliers: Vec<Outlier>,
    /// What the user should know.
    pub warnings: Vec<Diagnostic>,
    /// Figures of the samples.
    pub report: Report,
}

/// A float graph to be quantized, equalized or not.
struct Start {
    equalize: bool,
    float: Graph,
    /// What it holds on all calibration samples.
    whole: Statistics,
    /// And on those of each part, where there are several.
    parts: Vec<Statistics>,
}

/// The best recipe so far.
struct Best {
    recipe: Recipe,
    error: f64,
    /// The graph that calibrates on the samples of each part.
    graphs: Vec<Graph>,
}

/// Recipes tried so far.
struct Search<'a> {
    /// The calibration samples of each part, and the samples that it is compared on.
    calibration: Vec<Cow<'a, Dataset>>,
    compared: Vec<Range<usize>>,
    comparison: Comparison<'a>,
    fitted_on: usize,
    tried: Vec<Tried>,
    best: Option<Best>,
    refused: Option<Diagnostics>,
}

impl Search<'_> {
    /// Tries one more.
    fn make(&mut self, start: &Start, recipe: Recipe) -> Result<(), Diagnostics> {
        let graphs = match self.convert(start, &recipe, |_| Width::Eight) {
            Ok(graphs) => graphs,
            Err(problems) => {
                self.refused.get_or_insert(problems);
                return Ok(());
            }
        };
        let score = self.comparison.score(&graphs, &self.compared)?;
        let error = score.relative_error();
        self.tried.push(Tried { recipe, mean_squared_error: score.mean_squared_error, relative_error: error });
        if self.best.as_ref().is_none_or(|best| error < best.error) {
            self.best = Some(Best { recipe, error, graphs });
        }
        Ok(())
    }

    /// The graph of each part.
    fn convert(
        &self,
        start: &Start,
        recipe: &Recipe,
        width: impl Fn(&crate::ir::Node) -> Width,
    ) -> Result<Vec<Graph>, Diagnostics> {
        let statistics = if start.parts.is_empty() { core::slice::from_ref(&start.whole) } else { &start.parts };
        let parts = self.calibration.iter().zip(statistics);
        parts.map(|(data, statistics)| convert::convert(&start.float, statistics, data, recipe, &width, self.fitted_on)).collect()
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
    let task = Task::resolve(options.task, graph, data).ok_or_else(|| QuantizeError::NoClasses.at(Place::default()))?;
    let stated = stated(graph, options).map_err(|error| Diagnostics::from(error.at(Place::default())))?;
    let outliers = data.outliers();
    let few = data.count < if Effort::crosses(&plain, data.count) { FEW } else { FEW_UNCROSSED };
    let ranges = match options.ranges {
        Some(ranges) => vec![ranges],
        // Percentiles clip, and few samples are widened whatever the recipe.
        None if few => vec![Ranges::MinMax, Ranges::Error],
        None if data.count < MANY => Ranges::ALL.into_iter().chain([Ranges::Widened]).collect(),
        None => Ranges::ALL.to_vec(),
    };
    let both = [options.equalize.all().len(), options.correct_biases.all().len()];
    let effort = Effort::of(&plain, data.count, ranges.len() * both[0] * both[1], options);
    let split = if effort.crosses { None } else { held::split(data, &options.evaluation) };
    let folds = effort.crosses.then(|| Folds::of(data));
    let calibration = split.as_ref().map_or(folds.as_ref().map_or(data, |folds| &folds.all), |split| &split.calibration);
    let warnings = warnings::warnings(graph, data, calibration.count, &outliers, &stated, &options.evaluation);
    let equalizes: &[bool] =
        if options.equalize == Choice::Auto && !effort.equalizes { &[false] } else { options.equalize.all() };
    let fits = options.fit_weights != Choice::Off && effort.fitted > 0;
    let total =
        ranges.len() * equalizes.len() * both[1] + if fits { effort.fitted.min(equalizes.len() * ranges.len()) } else { 0 };

    let gather = |float: &Graph, data: &Dataset, watched: &[TensorId]| {
        let watched = (watched, effort.compared);
        let (mut statistics, outputs) = statistics::gather(float, data, watched, calibration.count, options.activations)?;
        (statistics.few, statistics.clips) = (few, options.ranges.is_some());
        stated.iter().for_each(|&(id, range)| statistics.state(id, range));
        Ok::<_, Diagnostics>((statistics, outputs))
    };
    let (watched, odds) = report::watched(&plain);
    let (whole, expected) = gather(&plain, calibration, &watched)?;
    let judged = Graph { outputs: watched, ..plain.clone() };
    let comparison = Comparison::new(&judged, odds, calibration, expected, options.reference)?;
    let mut search = Search {
        calibration: match &folds {
            Some(folds) => folds.parts.iter().map(|part| Cow::Owned(folds.others(part))).collect(),
            None => vec![Cow::Borrowed(calibration)],
        },
        compared: folds.as_ref().map_or_else(|| core::iter::once(0..comparison.samples()).collect(), |folds| folds.parts.clone()),
        comparison,
        fitted_on: effort.fitted_on,
        tried: Vec::new(),
        best: None,
        refused: None,
    };
    let mut whole = Some(whole);
    let mut starts = Vec::new();
    for &equalize in equalizes {
        let mut float = plain.clone();
        if equalize && !equalize::equalize(&mut float) {
            continue;
        }
        let whole = match whole.take_if(|_| !equalize) {
            Some(statistics) => statistics,
            None => gather(&float, calibration, &[])?.0,
        };
        let parts = if effort.crosses { &search.calibration[..] } else { &[] };
        let parts = parts.iter().map(|data| Ok(gather(&float, data, &[])?.0)).collect::<Result<_, Diagnostics>>()?;
        let start = Start { equalize, float, whole, parts };
        for &ranges in &ranges {
            for &correct_biases in options.correct_biases.all() {
                let activations = options.activations;
                search.make(&start, Recipe { activations, ranges, equalize, correct_biases, fit_weights: false })?;
                step(search.tried.len(), total);
            }
        }
        starts.push(start);
    }
    if fits {
        let mut order = search.tried.clone();
        order.sort_by(|a, b| a.relative_error.total_cmp(&b.relative_error));
        // Biases are fitted with the weights: what corrects them is no other recipe.
        let mut recipes: Vec<Recipe> = Vec::new();
        for Tried { recipe, .. } in order {
            let fitted = Recipe { correct_biases: false, fit_weights: true, ..recipe };
            if !recipes.contains(&fitted) {
                recipes.push(fitted);
            }
        }
        if options.fit_weights == Choice::On {
            search.best = None;
        }
        for recipe in recipes.into_iter().take(effort.fitted) {
            if let Some(start) = starts.iter().find(|start| start.equalize == recipe.equalize) {
                search.make(start, recipe)?;
                step(search.tried.len(), total);
            }
        }
    }
    let best = search.best.take();
    let start = best.as_ref().and_then(|best| starts.iter().position(|start| start.equalize == best.recipe.equalize));
    let (Some(Best { mut recipe, error: _, mut graphs }), Some(start)) = (best, start) else {
        let refused = search.refused.take();
        return Err(refused.unwrap_or_else(|| QuantizeError::NothingToEqualize.at(Place::default()).into()));
    };
    let start = starts.swap_remove(start);
    drop(starts);
    let mut made = match graphs.as_slice() {
        [graph] if folds.is_none() => graph.clone(),
        _ => convert::convert(&start.float, &start.whole, calibration, &recipe, |_| Width::Eight, effort.fitted_on)?,
    };
    let mut widths = BTreeMap::new();
    if options.widths != Widths::Eight {
        recipe = Recipe { correct_biases: false, fit_weights: true, ..recipe };
        let judge = Judge::new(&start.float, calibration, effort.compared, task.0)?;
        let bound = match options.max_drop {
            Some(drop) => {
                let wide = report::score(&judge, &made, options.reference)?;
                Some(Bound { judge: &judge, reference: options.reference, wide, drop })
            }
            None => None,
        };
        let (float, whole, on) = (&start.float, &start.whole, effort.fitted_on);
        let narrowed = widths::narrow(float, whole, calibration, &recipe, options.widths, on, bound.as_ref())?;
        (made, widths) = (narrowed.graph, narrowed.widths);
        if folds.is_some() && options.evaluation == Evaluation::HeldOut {
            graphs = search.convert(&start, &recipe, widths::by_node(float, &widths))?;
        }
    }
    let Start { float, whole, parts, .. } = start;
    // As large as all activations of a sample.
    drop((whole, parts));
    let layer = |(index, node): (usize, &crate::ir::Node)| {
        let tensor = float.tensor(node.op.layer()?.filter);
        Some((tensor.name.clone(), tensor.shape.elements(), widths.get(&index).copied().unwrap_or_default()))
    };
    let widths = float.nodes.iter().enumerate().filter_map(layer).collect();
    let compare = |data: &Dataset| report::report(&float, &made, data, task.0, options.reference);
    let (report, evaluated_on) = match (&options.evaluation, &split, &folds) {
        (Evaluation::Samples(data), ..) => (compare(data)?, "evaluation"),
        (Evaluation::HeldOut, Some(split), _) => (compare(&split.held)?, "held out"),
        (Evaluation::HeldOut, None, Some(Folds { all, parts })) => {
            (report::crossed(&float, &made, &graphs, parts, all, task.0, options.reference)?, "cross-validation")
        }
        (Evaluation::HeldOut | Evaluation::Calibration, ..) => (compare(data)?, "calibration"),
    };
    let calibrated_on = calibration.count;
    let tried = search.tried;
    Ok(Quantized { graph: made, recipe, tried, float, widths, task, calibrated_on, evaluated_on, outliers, warnings, report })
}

/// An input, and the range that the user states for it.
type Stated = (TensorId, (f32, f32));

/// The ranges that the user states, by input.
fn stated(graph: &Graph, options: &Options) -> Result<Vec<Stated>, QuantizeError> {
    let mut stated = Vec::new();
    for (name, (low, high)) in &options.input_ranges {
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(QuantizeError::Range { name: name.clone(), low: *low, high: *high });
        }
        let named = |(index, id): (usize, &TensorId)| {
            let own = &graph.tensor(*id).name;
            (name.is_empty() || name == own || *name == format!("input.{index}")).then_some((*id, (*low, *high)))
        };
        let found: Vec<_> = graph.inputs.iter().enumerate().filter_map(named).collect();
        if found.is_empty() {
            let all = graph.inputs.iter().map(|&id| format!("`{}`", graph.tensor(id).name)).collect::<Vec<_>>();
            return Err(QuantizeError::UnknownInput { name: name.clone(), present: all.join(", ") });
        }
        stated.extend(found);
    }
    Ok(stated)
}
