//! Chooses single weights, weights of a group, and tiles of them, by what they add to a layer's sums.

use super::moments::Powers;
use super::{Mask, Pattern, Scope};
use crate::ir::Graph;

/// Weights that go together: a tile of a layer.
struct Unit {
    /// Its place in the order in which units go, from 0 up.
    order: f64,
    node: u32,
    /// Its number in [`Tiling::weights`].
    tile: u32,
}

/// A layer's filter as rows of weights, one for each output channel, cut into tiles.
#[derive(Clone, Copy)]
struct Tiling {
    rows: usize,
    row: usize,
    outs: usize,
    ins: usize,
}

impl Tiling {
    fn of(weights: usize, outputs: usize, [outs, ins]: [usize; 2]) -> Self {
        let row = (weights / outputs.max(1)).max(1);
        Self { rows: weights / row, row, outs: outs.max(1), ins: ins.max(1) }
    }

    fn count(&self) -> usize {
        self.rows.div_ceil(self.outs) * self.row.div_ceil(self.ins)
    }

    /// Indices of the weights of a tile.
    fn weights(self, tile: usize) -> impl Iterator<Item = usize> {
        let wide = self.row.div_ceil(self.ins);
        let (top, left) = (tile / wide * self.outs, tile % wide * self.ins);
        let lines = top..(top + self.outs).min(self.rows);
        lines.flat_map(move |line| (left..(left + self.ins).min(self.row)).map(move |column| line * self.row + column))
    }
}

/// The weights that stay when `share` of those of `nodes` go; `None` where no weight is left to choose. A weight's power is its square, times the
/// mean square of what it is multiplied with where that is known. Weights that are zero go first.
pub(super) fn choose(
    graph: &Graph,
    nodes: &[usize],
    pattern: Pattern,
    scope: Scope,
    share: f64,
    powers: Option<&Powers>,
) -> Option<Mask> {
    let mut mask = Mask::full(graph);
    let mut units = Vec::new();
    let mut total = 0;
    let tiling = |node: usize, sides| {
        let filter = graph.nodes[node].op.layer()?.filter;
        Some(Tiling::of(graph.floats(filter).len(), graph.tensor(filter).shape.0.first().copied().unwrap_or(1), sides))
    };
    let sides = match pattern {
        Pattern::Block { outs, ins } => [outs, ins],
        Pattern::Scattered | Pattern::Channels | Pattern::OfGroup { .. } => [1, 1],
    };
    for &node in nodes {
        let (Some(layer), Some(tiling)) = (graph.nodes[node].op.layer(), tiling(node, sides)) else { continue };
        let weights = graph.floats(layer.filter);
        let inputs = powers.and_then(|powers| powers.of_filter(node));
        let power = |(index, weight): (usize, &f32)| {
            f64::from(*weight).powi(2) * inputs.as_ref().and_then(|inputs| inputs.get(index)).copied().unwrap_or(1.0)
        };
        let powers: Vec<f64> = weights.iter().enumerate().map(power).collect();
        total += weights.len();
        match pattern {
            Pattern::OfGroup { kept, of } => groups(&powers, weights, tiling.row, kept, of, mask.node_mut(node)),
            Pattern::Scattered | Pattern::Channels | Pattern::Block { .. } => {
                units.extend(tiles(&powers, weights, node, tiling, scope));
            }
        }
    }
    let mut left = (share * total as f64 + 1e-9) as usize;
    // Units of equal order go by where they stand: the sort is stable.
    units.sort_by(|a, b| a.order.total_cmp(&b.order));
    for Unit { node, tile, .. } in units {
        let Some(tiling) = tiling(node as usize, sides) else { continue };
        let Some(less) = left.checked_sub(tiling.weights(tile as usize).count()) else { break };
        left = less;
        let kept = mask.node_mut(node as usize);
        tiling.weights(tile as usize).for_each(|index| kept[index] = false);
    }
    (total > 0).then_some(mask)
}

/// Of every `of` neighbours in a row the `kept` greatest stay; of the fewer at a row's end as great a share, rounded up.
fn groups(powers: &[f64], weights: &[f32], row: usize, kept: usize, of: usize, mask: &mut [bool]) {
    let rows = powers.chunks(row.max(1)).zip(weights.chunks(row.max(1))).zip(mask.chunks_mut(row.max(1)));
    for ((powers, weights), mask) in rows {
        for ((powers, weights), mask) in powers.chunks(of).zip(weights.chunks(of)).zip(mask.chunks_mut(of)) {
            let stay = (kept * powers.len()).div_ceil(of);
            let mut order: Vec<usize> = (0..powers.len()).collect();
            order.sort_by(|&a, &b| powers[b].total_cmp(&powers[a]).then((weights[a] == 0.0).cmp(&(weights[b] == 0.0))));
            order.iter().skip(stay).for_each(|&index| mask[index] = false);
        }
    }
}

/// The tiles of a layer in the order in which they go.
///
/// Under [`Scope::Global`] that is by the share of the power of a tile in that of the layer's tiles which are as great or greater. Source of
/// the formula: Lee et al., *Layer-Adaptive Sparsity for the Magnitude-based Pruning*, 2021. A layer's greatest tile so goes last.
fn tiles(powers: &[f64], weights: &[f32], node: usize, tiling: Tiling, scope: Scope) -> Vec<Unit> {
    let powers: Vec<f64> = (0..tiling.count()).map(|tile| tiling.weights(tile).map(|index| powers[index]).sum()).collect();
    // What is multiplied with nothing has no power, either, but what is zero goes before it.
    let is_zero = |tile: u32| tiling.weights(tile as usize).all(|index| weights[index] == 0.0);
    let mut sorted: Vec<u32> = (0..tiling.count()).map(|tile| tile as u32).collect();
    sorted.sort_by(|&a, &b| {
        let (x, y) = (powers[a as usize], powers[b as usize]);
        x.total_cmp(&y).then_with(|| if x == 0.0 { is_zero(b).cmp(&is_zero(a)) } else { core::cmp::Ordering::Equal })
    });
    let count = sorted.len() as f64;
    let mut rest: f64 = sorted.iter().map(|&tile| powers[tile as usize]).sum();
    let unit = |(rank, tile): (usize, u32)| {
        let power = powers[tile as usize];
        let order = match scope {
            Scope::Layer => rank as f64 / count,
            Scope::Global if power > 0.0 => power / rest.max(power),
            Scope::Global if is_zero(tile) => -1.0,
            Scope::Global => 0.0,
        };
        rest -= power;
        Unit { order, node: node as u32, tile }
    };
    sorted.into_iter().enumerate().map(unit).collect()
}
