//! Pruning: weights that matter least become zero, or channels leave the network, which shrinks.
//!
//! [`prune`] takes a float graph and says what is left of it. A [`Pruner`] does so on samples: it knows what layers read, and fits the
//! weights that stay to what the dense graph does. A [`crate::judge::Judge`] compares a pruned graph with the dense one on samples;
//! [`Pruner::sensitivity`] tells what pruning one layer at a time costs. Training goes on from a pruned graph with its
//! [`Mask`]; quantization leaves zeros zero.

mod channels;
mod error;
mod how;
mod mask;
mod moments;
mod refit;
mod scattered;
mod sensitivity;
#[cfg(test)]
mod tests;

pub use error::PruneError;
pub use how::{How, Pattern, Scope};
pub use mask::Mask;
pub use sensitivity::Sensitivity;

use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Graph, Node, Op, Shape, TensorId};
use crate::passes::Coupled;
use crate::quantize;
use crate::samples::Dataset;
use channels::Amount;
use moments::Moments;

/// A pruned graph, and what went.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The pruned graph, in floats.
    pub graph: Graph,
    /// The pruned graph in the shape of the dense one, with zeros for what went; equal to `graph` but where channels went.
    pub masked: Graph,
    /// Which weights of `graph` are there.
    pub mask: Mask,
    /// What each layer lost.
    pub layers: Vec<Lost>,
    /// For each group of channels, whether it went; empty where none did.
    dropped: Vec<bool>,
}

/// What a layer lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The name of its weights.
    pub name: String,
    /// Its op.
    pub op: &'static str,
    /// The shape of its filter before.
    pub before: Shape,
    /// The shape of its filter after.
    pub after: Shape,
    /// Its weights that were not zero before.
    pub weights_before: usize,
    /// Its weights that are not zero after.
    pub weights_after: usize,
}

impl Pruned {
    /// What is left of a masked graph without the groups of channels in `dropped`.
    fn of(dense: &Graph, masked: Graph, dropped: Vec<bool>) -> Self {
        let mut pruned = Self { graph: Graph::default(), masked, mask: Mask::default(), layers: Vec::new(), dropped };
        pruned.settle(dense);
        pruned
    }

    /// Makes all of `masked`.
    fn settle(&mut self, dense: &Graph) {
        self.graph = self.masked.clone();
        if self.dropped.contains(&true) {
            Coupled::of(&self.masked).cut(&mut self.graph, &self.dropped);
            quantize::drop_unused(&mut self.graph);
        }
        self.mask = Mask::of(&self.graph);
        let lost = |(index, node): (usize, &Node)| {
            let filter = node.op.layer()?.filter;
            let left = self.graph.nodes.get(index)?.op.layer()?.filter;
            Some(Lost {
                name: dense.tensor(filter).name.clone(),
                op: node.op.name(),
                before: dense.tensor(filter).shape.clone(),
                after: self.graph.tensor(left).shape.clone(),
                weights_before: dense.floats(filter).iter().filter(|&&weight| weight != 0.0).count(),
                weights_after: self.mask.node(index).iter().filter(|&&kept| kept).count(),
            })
        };
        self.layers = dense.nodes.iter().enumerate().filter_map(lost).collect();
    }

    /// The share of the weights of all layers that are zero or gone, of those that the dense graph has.
    pub fn sparsity(&self) -> f64 {
        let sum = |of: &dyn Fn(&Lost) -> usize| self.layers.iter().map(of).sum::<usize>() as f64;
        1.0 - sum(&|lost| lost.weights_after) / sum(&|lost| lost.before.elements()).max(1.0)
    }
}

/// The graph that is pruned: a float graph in which layers have taken in what follows them (batch normalization, biases, clamps), and
/// have weights of their own.
///
/// # Errors
/// A structure that no stage can work on, weights that are computed, integers that are computed with.
pub fn dense(graph: &Graph) -> Result<Graph, Diagnostics> {
    quantize::prepare(graph)
}

/// Prunes a float graph by its weights alone; those that stay are as they were.
///
/// Depthwise convolutions keep their weights unless channels go: they have few, and lose much by it.
///
/// # Errors
/// As [`dense`]; a name that no layer has; nothing to prune, or not as much as asked for.
pub fn prune(graph: &Graph, how: &How) -> Result<Pruned, Diagnostics> {
    made(&dense(graph)?, how, None).map_err(|error| error.at(Place::default()).into())
}

/// Prunes one graph on samples, many times.
pub struct Pruner<'d> {
    dense: Graph,
    data: &'d Dataset,
    moments: Moments,
}

impl<'d> Pruner<'d> {
    /// Runs the graph on the first 256 samples.
    ///
    /// # Errors
    /// As [`dense`]; what keeps it from being run.
    pub fn new(graph: &Graph, data: &'d Dataset) -> Result<Self, Diagnostics> {
        let dense = dense(graph)?;
        let moments = Moments::of(&dense, data)?;
        Ok(Self { dense, data, moments })
    }

    /// The graph that is pruned.
    pub fn dense(&self) -> &Graph {
        &self.dense
    }

    /// Prunes by what weights and channels add to sums on the samples; with `refit`, the weights that stay, and the biases, are those with which
    /// every layer is closest to the dense graph's on the samples (least squares, layer after layer).
    ///
    /// # Errors
    /// As [`prune`]; what keeps a graph from being run.
    pub fn prune(&self, how: &How, refit: bool) -> Result<Pruned, Diagnostics> {
        let mut pruned =
            made(&self.dense, how, Some(&self.moments)).map_err(|error| Diagnostics::from(error.at(Place::default())))?;
        if refit {
            let mask = Mask::of(&pruned.masked);
            refit::refit(&self.dense, &mut pruned.masked, &mask, self.data)?;
            pruned.settle(&self.dense);
        }
        Ok(pruned)
    }
}

fn made(dense: &Graph, how: &How, moments: Option<&Moments>) -> Result<Pruned, PruneError> {
    let share = how.share()?;
    let nodes = candidates(dense, how)?;
    let pruned = match how.pattern {
        Pattern::Scattered | Pattern::OfGroup { .. } | Pattern::Block { .. } => scattered(dense, &nodes, how, share, moments)?,
        Pattern::Channels => {
            let kept: Vec<TensorId> =
                spared(dense, how)?.into_iter().flat_map(|node| dense.nodes[node].outputs.clone()).collect();
            let allowed = |group: &[(TensorId, usize)]| !group.iter().any(|(id, _)| kept.contains(id));
            shrunk(dense, allowed, how.scope, Amount::OfWeights(share), moments)?
        }
    };
    Ok(pruned)
}

/// The graph with weights of `nodes` zeroed.
fn scattered(dense: &Graph, nodes: &[usize], how: &How, share: f64, moments: Option<&Moments>) -> Result<Pruned, PruneError> {
    let mask = scattered::choose(dense, nodes, how.pattern, how.scope, share, moments).ok_or(PruneError::Nothing)?;
    let mut masked = dense.clone();
    mask.apply(&mut masked);
    Ok(Pruned::of(dense, masked, Vec::new()))
}

/// The graph without channels.
fn shrunk(
    dense: &Graph,
    allowed: impl Fn(&[(TensorId, usize)]) -> bool,
    scope: Scope,
    amount: Amount,
    moments: Option<&Moments>,
) -> Result<Pruned, PruneError> {
    let coupled = Coupled::of(dense);
    let dropped = channels::choose(dense, &coupled, allowed, scope, amount, moments)?;
    let mut masked = dense.clone();
    channels::silence(&mut masked, &coupled, &dropped);
    Ok(Pruned::of(dense, masked, dropped))
}

/// The layers whose weights may go: all but depthwise convolutions and those that are to be kept.
fn candidates(graph: &Graph, how: &How) -> Result<Vec<usize>, PruneError> {
    let spared = spared(graph, how)?;
    let may = |&node: &usize| {
        let op = &graph.nodes[node].op;
        op.layer().is_some() && !matches!(op, Op::DepthwiseConv2d { .. }) && !spared.contains(&node)
    };
    Ok((0..graph.nodes.len()).filter(may).collect())
}

/// The layers that the user wants whole.
fn spared(graph: &Graph, how: &How) -> Result<Vec<usize>, PruneError> {
    let names = |node: &Node| {
        let ids = node.op.layer().map(|layer| layer.filter).into_iter().chain(node.outputs.iter().copied());
        let mut names: Vec<String> = ids.map(|id| graph.tensor(id).name.clone()).collect();
        names.push(node.origin.name.clone());
        names
    };
    let layers: Vec<usize> = (0..graph.nodes.len()).filter(|&node| graph.nodes[node].op.layer().is_some()).collect();
    let mut spared = Vec::new();
    for name in &how.keep {
        let found = layers.iter().copied().filter(|&node| names(&graph.nodes[node]).contains(name));
        let count = spared.len();
        spared.extend(found);
        if spared.len() == count {
            let all = layers.iter().filter_map(|&node| names(&graph.nodes[node]).into_iter().next());
            let present = all.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(PruneError::Unknown { name: name.clone(), present });
        }
    }
    Ok(spared)
}
