//! Channels of a graph as groups that can only go together, for those who choose which ones go: pruning.

use super::PerChannel;
use super::cut::cut;
use super::live::{Tied, tied};
use super::relation::{self, Layer, Relation};
use crate::ir::{Graph, TensorId};

/// The channels of a graph, of floats or of integers, that can be taken out, in groups: the two sides of a sum, a depthwise
/// convolution's input and output, a pixel of a flattened image and its channel.
pub(crate) struct Coupled {
    relations: Vec<Relation>,
    /// For each tensor and channel, its group; `None` where it has to stay.
    group_of: PerChannel<Option<usize>>,
    /// The members of each group, in the order of tensors.
    pub(crate) groups: Vec<Vec<(TensorId, usize)>>,
}

impl Coupled {
    /// The groups of a graph whose structure has been checked.
    pub(crate) fn of(graph: &Graph) -> Self {
        let relations: Vec<Relation> = graph.nodes.iter().map(|node| relation::of(graph, node)).collect();
        let Tied { mut classes, movable } = tied(graph, &relations);
        let mut group_of = PerChannel::filled(graph, None);
        let mut fixed = std::collections::BTreeSet::new();
        let each = |f: &mut dyn FnMut(TensorId, usize, bool)| {
            for (index, tensor) in graph.tensors.iter().enumerate() {
                (0..relation::channels(tensor)).for_each(|channel| f(TensorId(index as u32), channel, movable[index]));
            }
        };
        each(&mut |id, channel, movable| {
            if !movable {
                fixed.insert(classes.root(id, channel));
            }
        });
        let mut numbers = std::collections::BTreeMap::new();
        let mut groups: Vec<Vec<(TensorId, usize)>> = Vec::new();
        each(&mut |id, channel, _| {
            let root = classes.root(id, channel);
            if fixed.contains(&root) {
                return;
            }
            let number = *numbers.entry(root).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[number].push((id, channel));
            group_of.of_mut(id)[channel] = Some(number);
        });
        Self { relations, group_of, groups }
    }

    /// The nodes that are layers whose channels are known, by index.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.relations.iter().enumerate().filter_map(|(index, relation)| match relation {
            Relation::Layer(layer) => Some((index, layer)),
            Relation::Channelwise { ties: _, whole: _ } | Relation::Mixed => None,
        })
    }

    /// The group of each channel of a tensor; `None` where it has to stay.
    pub(crate) fn of_tensor(&self, id: TensorId) -> &[Option<usize>] {
        self.group_of.of(id)
    }

    /// Takes the groups out for which `dropped` says so. Each tensor must keep a channel.
    pub(crate) fn cut(&self, graph: &mut Graph, dropped: &[bool]) {
        let stays = |group: &Option<usize>| !group.is_some_and(|group| dropped.get(group) == Some(&true));
        let kept = PerChannel(self.group_of.0.iter().map(|groups| groups.iter().map(stays).collect()).collect());
        let live = PerChannel::filled(graph, true);
        cut(graph, &self.relations, &live, &kept);
    }
}
