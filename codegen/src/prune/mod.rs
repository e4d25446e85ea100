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
mod steps;
#[cfg(test)]
mod tests;

pub use error::PruneError;
pub use how::{How, Pattern, STEPS, Scope};
pub use mask::Mask;
pub use sensitivity::Sensitivity;

use crate::diag::{Diagnostics, Explain, Place};
use crate::fit;
use crate::ir::{Graph, Node, Op, Shape, TensorId};
use crate::judge::{Judge, Task};
use crate::passes::Coupled;
use crate::quantize;
use crate::samples::Dataset;
use crate::valid;
use channels::{Amount, Channels};
use moments::Powers;

/// Multiplications that the default number of steps may take.
const WORK: u64 = 400_000_000_000;

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
    /// The steps of iterative pruning that it was made in.
    pub steps: usize,
    /// Whether what is pruned is removed rather than zero.
    removes: bool,
}

/// A graph with zeros for what went, in the shape of the dense one.
#[derive(Clone)]
struct Masked {
    graph: Graph,
    /// For each group of channels, whether it went; empty where weights go one by one.
    dropped: Vec<bool>,
    /// The nodes with prunable weights.
    prunable: Vec<usize>,
    removes: bool,
    /// Steps that it was made in.
    steps: usize,
}

/// What a layer lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The name of its weights.
    pub name: String,
    /// Its op.
    pub op: &'static str,
    /// Whether its weights are among those that a sparsity is a share of. With [`Pattern::Channels`] these are the layers that have
    /// channels which can be removed, on either side; else the convolutions and fully connected layers, without depthwise convolutions.
    /// Layers in [`How::keep`] are not.
    pub prunable: bool,
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
    /// What is left of a graph, masked, and without the channels of `masked.dropped`.
    fn of(dense: &Graph, masked: Masked) -> Self {
        let Masked { graph: masked, dropped, prunable, removes, steps } = masked;
        let mut graph = masked.clone();
        if dropped.contains(&true) {
            Coupled::of(&masked).cut(&mut graph, &dropped);
            quantize::drop_unused(&mut graph);
        }
        let mask = Mask::of(&graph);
        let lost = |(index, node): (usize, &Node)| {
            let filter = node.op.layer()?.filter;
            let left = graph.nodes.get(index)?.op.layer()?.filter;
            Some(Lost {
                name: dense.tensor(filter).name.clone(),
                op: node.op.name(),
                prunable: prunable.contains(&index),
                before: dense.tensor(filter).shape.clone(),
                after: graph.tensor(left).shape.clone(),
                weights_before: dense.floats(filter).iter().filter(|&&weight| weight != 0.0).count(),
                weights_after: mask.node(index).iter().filter(|&&kept| kept).count(),
            })
        };
        let layers = dense.nodes.iter().enumerate().filter_map(lost).collect();
        Self { graph, masked, mask, layers, steps, removes }
    }

    /// The number of prunable weights of the dense graph, zeros among them.
    pub fn prunable_weights(&self) -> usize {
        self.layers.iter().filter(|lost| lost.prunable).map(|lost| lost.before.elements()).sum()
    }

    /// The share of the prunable weights that are zero, or with [`Pattern::Channels`] removed.
    pub fn sparsity(&self) -> f64 {
        let stays = |lost: &Lost| if self.removes { lost.after.elements() } else { lost.weights_after };
        let stay: usize = self.layers.iter().filter(|lost| lost.prunable).map(stays).sum();
        1.0 - stay as f64 / self.prunable_weights().max(1) as f64
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
    let dense = dense(graph)?;
    let share = how.share().map_err(plain)?;
    let masked = masked(&dense, None, how, share, None).map_err(plain)?;
    Ok(Pruned::of(&dense, masked))
}

fn plain(error: PruneError) -> Diagnostics {
    error.at(Place::default()).into()
}

/// Prunes one graph on samples, many times.
pub struct Pruner<'d> {
    dense: Graph,
    data: &'d Dataset,
    powers: Powers,
}

impl<'d> Pruner<'d> {
    /// Runs the graph on the first 256 samples, or fewer of a network with large activations.
    ///
    /// # Errors
    /// As [`dense`]; what keeps it from being run.
    pub fn new(graph: &Graph, data: &'d Dataset) -> Result<Self, Diagnostics> {
        let dense = dense(graph)?;
        let powers = Powers::of(&dense, data)?;
        Ok(Self { dense, data, powers })
    }

    /// The graph that is pruned.
    pub fn dense(&self) -> &Graph {
        &self.dense
    }

    /// The steps that a network of this size is pruned in unless others are asked for: so many that it takes seconds, not minutes.
    pub fn default_steps(&self) -> usize {
        let samples = self.data.count.min(moments::SAMPLES);
        let macs = self.dense.nodes.iter().map(|node| valid::macs(&self.dense, node)).fold(0, u64::saturating_add);
        let each = macs.saturating_mul(2 * samples as u64).saturating_add(4 * fit::effort(&self.dense, samples));
        let fits = |steps: &usize| each.saturating_mul(tried(*steps).sum::<usize>() as u64) <= WORK;
        (1..=STEPS).rev().find(fits).unwrap_or(1)
    }

    /// Prunes by what weights and channels add to sums on the samples. With `refit`, the weights that stay, and the biases, are those
    /// with which every layer is closest to the dense graph's on the samples (least squares, layer after layer).
    ///
    /// That is done in 1, 2, 4, and so on up to [`How::steps`] steps, after each of which weights are fitted, and what they add is measured
    /// again. The graph is kept whose outputs are closest to the dense graph's on the samples.
    ///
    /// # Errors
    /// As [`prune`]; what keeps a graph from being run.
    pub fn prune(&self, how: &How, refit: bool) -> Result<Pruned, Diagnostics> {
        let share = how.share().map_err(plain)?;
        let schedules: Vec<Vec<How>> = tried(how.steps).map(|count| steps::schedule(how, share, count)).collect();
        if let [schedule] = &schedules[..] {
            return Ok(Pruned::of(&self.dense, self.follow(schedule, refit)?));
        }
        let judge = Judge::new(&self.dense, self.data, moments::SAMPLES, Task::Regression)?;
        let mut best: Option<(f64, Masked)> = None;
        for (index, schedule) in schedules.iter().enumerate() {
            // Patterns of few weights have few steps.
            if schedules[..index].contains(schedule) {
                continue;
            }
            let made = match self.follow(schedule, refit) {
                // Another order of channels may leave too few of some tensor.
                Err(_) if best.is_some() => continue,
                made => made?,
            };
            let error = judge.score_graph(&made.graph)?.relative_error();
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, made));
            }
        }
        best.map(|(_, made)| Pruned::of(&self.dense, made)).ok_or_else(|| plain(PruneError::Nothing))
    }

    /// Prunes step by step.
    fn follow(&self, schedule: &[How], refit: bool) -> Result<Masked, Diagnostics> {
        let mut made: Option<Masked> = None;
        let mut powers = self.powers.clone();
        for (index, step) in schedule.iter().enumerate() {
            let mut next = masked(&self.dense, made.as_ref(), step, step.sparsity, Some(&powers)).map_err(plain)?;
            next.steps = index + 1;
            if refit {
                let mask = Mask::of(&next.graph);
                powers = refit::refit(&self.dense, &mut next.graph, &mask, self.data)?;
            } else if index + 1 < schedule.len() {
                powers = Powers::of(&next.graph, self.data)?;
            }
            made = Some(next);
        }
        made.ok_or_else(|| plain(PruneError::Nothing))
    }
}

/// The numbers of steps that are tried for so many.
fn tried(steps: usize) -> impl Iterator<Item = usize> {
    let steps = steps.max(1);
    core::iter::successors(Some(1), |count| Some(2 * count)).take_while(move |&count| count < steps).chain([steps])
}

/// Zeros more weights of what is made already, or of the dense graph.
fn masked(dense: &Graph, made: Option<&Masked>, how: &How, share: f64, powers: Option<&Powers>) -> Result<Masked, PruneError> {
    match how.pattern {
        Pattern::Scattered | Pattern::OfGroup { .. } | Pattern::Block { .. } => {
            scattered(made.map_or(dense, |made| &made.graph), candidates(dense, how)?, how, share, powers)
        }
        Pattern::Channels => {
            // A layer that is kept whole keeps its channels on both sides.
            let mut kept: Vec<TensorId> = Vec::new();
            for node in spared(dense, how)? {
                kept.extend(&dense.nodes[node].outputs);
                kept.extend(dense.nodes[node].op.layer().map(|layer| layer.input));
            }
            let allowed = |group: &[(TensorId, usize)]| !group.iter().any(|(id, _)| kept.contains(id));
            shrunk(dense, made, allowed, how.scope, Amount::OfWeights(share), powers)
        }
    }
}

/// A graph with weights of `nodes` zeroed.
fn scattered(graph: &Graph, nodes: Vec<usize>, how: &How, share: f64, powers: Option<&Powers>) -> Result<Masked, PruneError> {
    let mask = scattered::choose(graph, &nodes, how.pattern, how.scope, share, powers).ok_or(PruneError::Nothing)?;
    let mut graph = graph.clone();
    mask.apply(&mut graph);
    Ok(Masked { graph, dropped: Vec::new(), prunable: nodes, removes: false, steps: 1 })
}

/// A graph without channels.
fn shrunk(
    dense: &Graph,
    made: Option<&Masked>,
    allowed: impl Fn(&[(TensorId, usize)]) -> bool,
    scope: Scope,
    amount: Amount,
    powers: Option<&Powers>,
) -> Result<Masked, PruneError> {
    let coupled = &Coupled::of(dense);
    let mut graph = made.map_or(dense, |made| &made.graph).clone();
    let free = coupled.groups.iter().map(|group| allowed(group)).collect();
    let gone = made.map_or_else(|| vec![false; coupled.groups.len()], |made| made.dropped.clone());
    let channels = Channels { graph: &graph, coupled, free, gone };
    let (dropped, prunable) = (channels.choose(scope, amount, powers)?, channels.prunable());
    channels::silence(&mut graph, coupled, &dropped);
    Ok(Masked { graph, dropped, prunable, removes: true, steps: 1 })
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
