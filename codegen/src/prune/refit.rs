//! Fits the weights that are left to what the dense graph does.

use super::Mask;
use super::moments::{Moments, Powers, SAMPLES, unchanged};
use crate::diag::Diagnostics;
use crate::fit::{self, Geometry, Quadratic};
use crate::ir::{Graph, Layer};
use crate::samples::Dataset;

/// How strongly weights are drawn to where they were, see [`Quadratic::ridge`].
const RIDGE: f64 = 0.1;
/// Multiplications of the equations of a layer above which it keeps its weights; some seconds of them.
const MOST: usize = 40_000_000_000;

/// Goes through the layers of a masked graph, and sets the weights in `mask`, and the biases, to those whose sums are closest to the dense
/// graph's on the samples. `masked` has the tensors and nodes of `dense`. Returns what the layers of the fitted graph read.
///
/// # Errors
/// What keeps a graph from being run.
pub(super) fn refit(dense: &Graph, masked: &mut Graph, mask: &Mask, data: &Dataset) -> Result<Powers, Diagnostics> {
    let mut powers = Powers::unknown(dense);
    fit::visit(dense, masked, data, SAMPLES, unchanged, |graph, visited| {
        powers.note(visited);
        if let Some(quadratics) = visited.quadratics() {
            layer(graph, visited.index, visited.geometry, &quadratics, mask.node(visited.index));
        }
    })?;
    Ok(powers)
}

/// As [`refit`], where what layers read is as in the dense graph, but for channels whose weights are gone; only layers that lost weights.
pub(super) fn refit_alone(dense: &Graph, masked: &mut Graph, moments: &Moments) {
    let (before, mask) = (Mask::of(dense), Mask::of(masked));
    for index in 0..dense.nodes.len() {
        if let Some((geometry, quadratics)) = moments.node(index)
            && before.node(index) != mask.node(index)
        {
            layer(masked, index, geometry, quadratics, mask.node(index));
        }
    }
}

fn layer(graph: &mut Graph, index: usize, geometry: &Geometry, quadratics: &[Quadratic], mask: &[bool]) {
    let Some(Layer { filter, bias: Some(bias), .. }) = graph.nodes[index].op.layer() else { return };
    let old = graph.floats(filter).to_vec();
    let rows: Vec<Vec<usize>> =
        (0..geometry.outs()).map(|out| (0..geometry.size()).filter(|&k| mask[geometry.weight(out, k)]).collect()).collect();
    if rows.iter().map(|row| row.len().pow(3) / 6).sum::<usize>() > MOST {
        return;
    }
    for (out, free) in rows.iter().enumerate() {
        let (group, row) = geometry.slot(out);
        let Some(quadratic) = quadratics.get(group) else { continue };
        let near: Vec<f32> = (0..geometry.size()).map(|k| old[geometry.weight(out, k)]).collect();
        let Some(found) = quadratic.least(row, free, &near, quadratic.ridge(RIDGE)) else { continue };
        let weights = graph.floats_mut(filter);
        free.iter().for_each(|&k| weights[geometry.weight(out, k)] = found[k] as f32);
        if let (Some(bias), Some(found)) = (graph.floats_mut(bias).get_mut(out), found.last()) {
            *bias = *found as f32;
        }
    }
}
