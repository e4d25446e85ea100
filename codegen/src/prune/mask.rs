//! Which weights of a graph are there.

use crate::ir::{Graph, Layer, Op};

/// For every layer of a float graph, which of its weights are there; the others are zero and stay so in training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// For each node, its filter's weights in their order; empty for a node without weights.
    kept: Vec<Vec<bool>>,
}

impl Mask {
    /// Every weight is there.
    pub(super) fn full(graph: &Graph) -> Self {
        let of = |op: &Op| op.layer().map_or_else(Vec::new, |layer| vec![true; graph.floats(layer.filter).len()]);
        Self { kept: graph.nodes.iter().map(|node| of(&node.op)).collect() }
    }

    /// The weights that are not zero are there.
    pub fn of(graph: &Graph) -> Self {
        let of = |layer: Layer| graph.floats(layer.filter).iter().map(|&weight| weight != 0.0).collect();
        Self { kept: graph.nodes.iter().map(|node| node.op.layer().map_or_else(Vec::new, of)).collect() }
    }

    /// Which weights of a node's filter are there, in the order in which the filter lies; empty for a node without weights.
    pub fn node(&self, index: usize) -> &[bool] {
        self.kept.get(index).map_or(&[], Vec::as_slice)
    }

    pub(super) fn node_mut(&mut self, index: usize) -> &mut [bool] {
        self.kept.get_mut(index).map_or(&mut [], Vec::as_mut_slice)
    }

    /// Makes the weights zero that are not there; each layer has weights of its own.
    pub fn apply(&self, graph: &mut Graph) {
        for index in 0..graph.nodes.len() {
            let Some(Layer { filter, .. }) = graph.nodes[index].op.layer() else { continue };
            let weights = graph.floats_mut(filter).iter_mut().zip(self.node(index));
            weights.filter(|(_, kept)| !**kept).for_each(|(weight, _)| *weight = 0.0);
        }
    }
}
