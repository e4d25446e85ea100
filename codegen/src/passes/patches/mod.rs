//! Patch recomputation: the first layers of a network, computed for a band of rows of their last image after the other, so that no
//! whole image between them is ever in memory. Rows that two bands need are computed for both. Lossless: every element is the
//! same sum of the same products.
//!
//! Source of the idea: Lin et al., "MCUNetV2: Memory-Efficient Patch-based Inference for Tiny Deep Learning", 2021.

mod rewrite;
mod rows;

use crate::ir::{Graph, Shape, TensorId};
use crate::valid;
use rewrite::rewrite;

/// Numbers of bands that are tried.
const BANDS: [usize; 7] = [2, 3, 4, 6, 8, 12, 16];

/// Most graphs that are made: a model is untrusted, and may have any number of images.
const MOST: usize = 400;

/// A graph whose first layers are computed in bands.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The graph.
    pub graph: Graph,
    /// The image that the bands make up.
    pub image: String,
    /// Nodes of the original graph that are computed in bands.
    pub nodes: usize,
    /// Number of bands.
    pub bands: usize,
    /// Multiply-accumulates of the graph.
    pub macs: u64,
}

/// All ways to compute first layers in bands, those of fewest multiply-accumulates first.
pub fn patches(graph: &Graph) -> Vec<Patched> {
    let mut found = Vec::new();
    for node in &graph.nodes {
        let &[cut] = node.outputs.as_slice() else { continue };
        let Some(stage) = stage(graph, cut) else { continue };
        let Shape(dims) = &graph.tensor(cut).shape;
        for bands in BANDS.into_iter().filter(|&bands| bands <= dims[1]) {
            let Some(patched) = rewrite(graph, &stage, cut, bands) else { continue };
            let macs = patched.nodes.iter().map(|node| valid::macs(&patched, node)).fold(0, u64::saturating_add);
            let image = graph.tensor(cut).name.clone();
            found.push(Patched { graph: patched, image, nodes: stage.len(), bands, macs });
            if found.len() >= MOST {
                break;
            }
        }
    }
    found.sort_by_key(|patched| (patched.macs, patched.bands));
    found
}

/// Indices of the nodes that `cut` depends on, where bands of its rows can be computed on their own and nothing else reads what they
/// make; at least two.
fn stage(graph: &Graph, cut: TensorId) -> Option<Vec<usize>> {
    if !rows::is_image(graph, cut) || graph.outputs.contains(&cut) {
        return None;
    }
    let producers = graph.producers();
    let mut inside = vec![false; graph.nodes.len()];
    let mut pending = vec![cut];
    while let Some(id) = pending.pop() {
        let Some(index) = producers[id.0 as usize] else { continue };
        if core::mem::replace(&mut inside[index], true) {
            continue;
        }
        let node = &graph.nodes[index];
        let alone = node.outputs.as_slice() == [id] && rows::is_image(graph, id) && !graph.outputs.contains(&id);
        if !alone {
            return None;
        }
        pending.extend(rows::images(graph, &node.op)?);
    }
    let stage: Vec<usize> = (0..graph.nodes.len()).filter(|&index| inside[index]).collect();
    // What is made in bands is whole nowhere else.
    let escapes = graph.nodes.iter().enumerate().filter(|(index, _)| !inside[*index]).any(|(_, node)| {
        node.op.inputs().iter().any(|&id| id != cut && producers[id.0 as usize].is_some_and(|producer| inside[producer]))
    });
    (stage.len() >= 2 && !escapes).then_some(stage)
}

#[cfg(test)]
mod tests;
