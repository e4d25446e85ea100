//! Which layers have weights of 4 or 2 bits.

use super::statistics::Statistics;
use super::{Recipe, Width, convert, report, rounding};
use crate::diag::Diagnostics;
use crate::ir::{Graph, Node};
use crate::judge::{Judge, Score};
use crate::options::Reference;
use crate::samples::Dataset;
use std::collections::BTreeMap;

/// The widths that layers may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Widths {
    /// 8 bits each.
    #[default]
    Eight,
    /// 4 bits, where the bound allows it; 8 elsewhere.
    Four,
    /// 2 bits, where the bound allows it; 8 elsewhere.
    Two,
    /// 2, 4 or 8 bits, as the bound allows.
    Mixed,
}

/// A layer made narrower.
#[derive(Clone, Copy, Debug)]
struct Step {
    node: usize,
    to: Width,
    /// What it adds to the error of the layer's sums, as a share of their variance, for each bit that it saves.
    cost: f64,
}

/// The steps of all layers, the cheapest first.
fn steps(float: &Graph, widths: Widths, costs: &[Option<rounding::Costs>]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (node, costs) in costs.iter().enumerate() {
        let Some(costs) = costs else { continue };
        let weights = float.nodes[node].op.layer().map_or(1, |layer| float.tensor(layer.filter).shape.elements()).max(1);
        let step = |from: Width, to: Width| {
            let saved = (from.bits() - to.bits()) * weights;
            Step { node, to, cost: (costs.of(to) - costs.of(from)).max(0.0) / saved as f64 }
        };
        match widths {
            Widths::Eight => {}
            Widths::Four => steps.push(step(Width::Eight, Width::Four)),
            Widths::Two => steps.push(step(Width::Eight, Width::Two)),
            Widths::Mixed => {
                let first = step(Width::Eight, Width::Four);
                let second = step(Width::Four, Width::Two);
                // A layer is not made narrower before it is narrow.
                steps.extend([first, Step { cost: second.cost.max(first.cost), ..second }]);
            }
        }
    }
    steps.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    steps
}

/// What came of it.
pub(super) struct Narrowed {
    pub(super) graph: Graph,
    /// The width of each layer, by the index of its node in the float graph.
    pub(super) widths: BTreeMap<usize, Width>,
}

/// How far a narrow network may fall.
pub(super) struct Bound<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) reference: Reference,
    /// The network of 8 bits.
    pub(super) wide: Score,
    /// What measures may fall by, see [`Score::measures`].
    pub(super) drop: f64,
}

/// The width of a node. Conversion may put nodes between: layers are known by what they make.
pub(super) fn by_node(float: &Graph, widths: &BTreeMap<usize, Width>) -> impl Fn(&Node) -> Width {
    let names: BTreeMap<_, Width> = widths.iter().map(|(&node, &width)| (float.nodes[node].outputs.clone(), width)).collect();
    move |node| names.get(&node.outputs).copied().unwrap_or_default()
}

/// Makes as many layers narrow as the bound allows; all of them where there is none. The layers that lose least for what they save come first.
///
/// # Errors
/// What keeps a graph from being made or run.
pub(super) fn narrow(
    float: &Graph,
    statistics: &Statistics,
    data: &Dataset,
    recipe: &Recipe,
    widths: Widths,
    fitted_on: usize,
    bound: Option<&Bound<'_>>,
) -> Result<Narrowed, Diagnostics> {
    let costs = rounding::costs(float, data, fitted_on)?;
    let steps = steps(float, widths, &costs);
    let layers = || (0..float.nodes.len()).filter(|&node| float.nodes[node].op.layer().is_some());
    let at = |count: usize| {
        let mut chosen: BTreeMap<usize, Width> = layers().map(|node| (node, Width::Eight)).collect();
        steps.iter().take(count).for_each(|step| {
            chosen.insert(step.node, step.to);
        });
        let graph = convert::convert(float, statistics, data, recipe, by_node(float, &chosen), fitted_on)?;
        Ok::<_, Diagnostics>(Narrowed { graph, widths: chosen })
    };
    let Some(bound) = bound else { return at(steps.len()) };
    let (mut low, mut high) = (0, steps.len());
    let mut best = None;
    while low < high {
        let middle = (low + high).div_ceil(2);
        let made = at(middle)?;
        if report::score(bound.judge, &made.graph, bound.reference)?.keeps(&bound.wide, bound.drop) {
            (low, best) = (middle, Some(made));
        } else {
            high = middle - 1;
        }
    }
    match best {
        Some(made) => Ok(made),
        None => at(0),
    }
}
