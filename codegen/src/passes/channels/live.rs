//! Which channels an output depends on, and which must be there.

use super::PerChannel;
use super::relation::{Relation, Tie, channels};
use crate::ir::{Graph, TensorId};

/// The channels whose values an output of the graph depends on.
pub(super) fn live(graph: &Graph, relations: &[Relation]) -> PerChannel<bool> {
    let mut live = PerChannel::filled(graph, false);
    for &output in &graph.outputs {
        live.of_mut(output).fill(true);
    }
    for (node, relation) in graph.nodes.iter().zip(relations).rev() {
        let read = node.outputs.iter().any(|&output| live.of(output).contains(&true));
        match relation {
            Relation::Layer(layer) => {
                for (index, _) in layer.weights(graph).iter().enumerate().filter(|&(_, &weight)| weight != 0) {
                    let place = layer.place(index);
                    if live.of(layer.output)[place.out] {
                        live.of_mut(layer.input)[place.channel] = true;
                    }
                }
            }
            Relation::Channelwise { ties, whole } => {
                for tie in ties {
                    for (from, to) in tie.pairs() {
                        if live.of(tie.to)[to] {
                            live.of_mut(tie.from)[from] = true;
                        }
                    }
                }
                if read {
                    whole.iter().for_each(|&id| live.of_mut(id).fill(true));
                }
            }
            Relation::Mixed => {
                if read {
                    node.op.inputs().into_iter().for_each(|id| live.of_mut(id).fill(true));
                }
            }
        }
    }
    live
}

/// The channels that must be there: the live ones, those of the graph's ports and of ops whose relation is unknown, all that
/// are tied to them, and one of every tensor.
pub(super) fn kept(graph: &Graph, relations: &[Relation], live: &PerChannel<bool>) -> PerChannel<bool> {
    let Tied { mut classes, movable } = tied(graph, relations);
    for (index, &movable) in movable.iter().enumerate() {
        let id = TensorId(index as u32);
        for channel in 0..live.of(id).len() {
            if !movable || live.of(id)[channel] {
                classes.keep(id, channel);
            }
        }
    }
    let mut kept = PerChannel::filled(graph, true);
    loop {
        let mut whole = true;
        for index in 0..graph.tensors.len() {
            let id = TensorId(index as u32);
            for channel in 0..live.of(id).len() {
                kept.of_mut(id)[channel] = classes.is_kept(id, channel);
            }
            if !kept.of(id).is_empty() && !kept.of(id).contains(&true) {
                classes.keep(id, 0);
                whole = false;
            }
        }
        if whole {
            return kept;
        }
    }
}

/// Which channels can only go together.
pub(super) struct Tied {
    /// The classes.
    pub(super) classes: Classes,
    /// For each tensor, whether channels can be taken out of it at all: it is no port of the graph, and no op whose relation is unknown
    /// touches it.
    pub(super) movable: Vec<bool>,
}

pub(super) fn tied(graph: &Graph, relations: &[Relation]) -> Tied {
    let mut classes = Classes::of(graph);
    let mut movable = vec![false; graph.tensors.len()];
    let mut pinned: Vec<TensorId> = graph.inputs.iter().chain(&graph.outputs).copied().collect();
    for (node, relation) in graph.nodes.iter().zip(relations) {
        match relation {
            Relation::Layer(layer) => {
                movable[layer.input.0 as usize] = true;
                movable[layer.output.0 as usize] = true;
                layer.tie().iter().for_each(|tie| classes.tie(tie));
            }
            Relation::Channelwise { ties, whole } => {
                for tie in ties {
                    movable[tie.from.0 as usize] = true;
                    movable[tie.to.0 as usize] = true;
                    classes.tie(tie);
                }
                pinned.extend(whole);
            }
            Relation::Mixed => pinned.extend(node.op.inputs().iter().chain(&node.outputs)),
        }
    }
    for id in pinned {
        movable[id.0 as usize] = false;
    }
    Tied { classes, movable }
}

/// Channels that can only go together, as a forest: each points at another of its class, the root at itself.
pub(super) struct Classes {
    /// Index of each tensor's first channel.
    firsts: Vec<usize>,
    parents: Vec<usize>,
    kept: Vec<bool>,
}

impl Classes {
    /// Every channel is a class of its own.
    fn of(graph: &Graph) -> Self {
        let mut count = 0;
        let first = |tensor| {
            count += channels(tensor);
            count - channels(tensor)
        };
        let firsts = graph.tensors.iter().map(first).collect();
        Self { firsts, parents: (0..count).collect(), kept: vec![false; count] }
    }

    /// The channel that stands for the class of this one.
    pub(super) fn root(&mut self, id: TensorId, channel: usize) -> usize {
        let mut at = self.firsts[id.0 as usize] + channel;
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn tie(&mut self, tie: &Tie) {
        for (from, to) in tie.pairs() {
            let (from, to) = (self.root(tie.from, from), self.root(tie.to, to));
            let (low, high) = (from.min(to), from.max(to));
            self.parents[high] = low;
        }
    }

    fn keep(&mut self, id: TensorId, channel: usize) {
        let root = self.root(id, channel);
        self.kept[root] = true;
    }

    fn is_kept(&mut self, id: TensorId, channel: usize) -> bool {
        let root = self.root(id, channel);
        self.kept[root]
    }
}
