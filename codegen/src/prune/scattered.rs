//! Chooses single weights, weights of a group, and tiles of them, by what they add to a layer's sums.

use super::moments::Moments;
use super::{Mask, Pattern, Scope};
use crate::ir::Graph;

/// Weights that go together.
struct Unit {
    node: usize,
    /// Indices into the node's filter.
    weights: Vec<usize>,
    /// Sum of their powers.
    power: f64,
    /// Its place in the order in which units go, from 0 up.
    order: f64,
}

/// The weights that stay when `share` of those of `nodes` go; `None` where no weight is left to choose. A weight's power is its square, times the
/// mean square of what it is multiplied with where that is known.
pub(super) fn choose(
    graph: &Graph,
    nodes: &[usize],
    pattern: Pattern,
    scope: Scope,
    share: f64,
    moments: Option<&Moments>,
) -> Option<Mask> {
    let mut mask = Mask::full(graph);
    let mut units = Vec::new();
    let mut total = 0;
    for &node in nodes {
        let Some(layer) = graph.nodes[node].op.layer() else { continue };
        let weights = graph.floats(layer.filter);
        let inputs = moments.and_then(|moments| moments.powers(node));
        let power = |(index, weight): (usize, &f32)| {
            f64::from(*weight).powi(2) * inputs.as_ref().and_then(|inputs| inputs.get(index)).copied().unwrap_or(1.0)
        };
        let powers: Vec<f64> = weights.iter().enumerate().map(power).collect();
        let row = weights.len() / graph.tensor(layer.filter).shape.0.first().copied().unwrap_or(1).max(1);
        total += weights.len();
        match pattern {
            Pattern::OfGroup { kept, of } => groups(&powers, row, kept, of, mask.node_mut(node)),
            Pattern::Scattered | Pattern::Channels => units.extend(tiles(&powers, node, row, [1, 1], scope)),
            Pattern::Block { outs, ins } => units.extend(tiles(&powers, node, row, [outs, ins], scope)),
        }
    }
    let mut left = (share * total as f64 + 1e-9) as usize;
    // Units of equal order go by where they stand: the sort is stable.
    units.sort_by(|a, b| a.order.total_cmp(&b.order));
    for unit in &units {
        let Some(less) = left.checked_sub(unit.weights.len()) else { break };
        left = less;
        let kept = mask.node_mut(unit.node);
        unit.weights.iter().for_each(|&index| kept[index] = false);
    }
    (total > 0).then_some(mask)
}

/// Of every `of` neighbours in a row the `kept` greatest stay; of the fewer at a row's end as great a share, rounded up.
fn groups(powers: &[f64], row: usize, kept: usize, of: usize, mask: &mut [bool]) {
    for (powers, mask) in powers.chunks(row.max(1)).zip(mask.chunks_mut(row.max(1))) {
        for (powers, mask) in powers.chunks(of).zip(mask.chunks_mut(of)) {
            let stay = (kept * powers.len()).div_ceil(of);
            let mut order: Vec<usize> = (0..powers.len()).collect();
            order.sort_by(|&a, &b| powers[b].total_cmp(&powers[a]));
            order.iter().skip(stay).for_each(|&index| mask[index] = false);
        }
    }
}

/// The tiles of a layer, `[outs, ins]` large but at its edges, in the order in which they go.
///
/// Under [`Scope::Global`] that is by the share of the power of a tile in that of the layer's tiles which are as great or greater. Source of
/// the formula: Lee et al., *Layer-Adaptive Sparsity for the Magnitude-based Pruning*, 2021. A layer's greatest tile so goes last.
fn tiles(powers: &[f64], node: usize, row: usize, [outs, ins]: [usize; 2], scope: Scope) -> Vec<Unit> {
    let rows = powers.len() / row.max(1);
    let mut units = Vec::new();
    for top in (0..rows).step_by(outs) {
        for left in (0..row).step_by(ins) {
            let lines = top..(top + outs).min(rows);
            let inside: Vec<usize> =
                lines.flat_map(|line| (left..(left + ins).min(row)).map(move |column| line * row + column)).collect();
            let power = inside.iter().map(|&index| powers[index]).sum();
            units.push(Unit { node, weights: inside, power, order: 0.0 });
        }
    }
    units.sort_by(|a, b| a.power.total_cmp(&b.power));
    let count = units.len() as f64;
    let mut rest: f64 = units.iter().map(|unit| unit.power).sum();
    for (rank, unit) in units.iter_mut().enumerate() {
        unit.order = match scope {
            Scope::Layer => rank as f64 / count,
            Scope::Global if unit.power > 0.0 => unit.power / rest.max(unit.power),
            Scope::Global => 0.0,
        };
        rest -= unit.power;
    }
    units
}
