//! Chooses channels, in the groups that can only go together.

use super::moments::Powers;
use super::{PruneError as Error, Scope};
use crate::ir::{Graph, TensorId};
use crate::passes::{ChannelsOfLayer, Coupled};
use std::collections::BTreeMap;

/// Every tensor keeps at least one channel in so many.
const LEAST: usize = 8;

/// How many channels go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// As many as this share of the weights goes with, of the layers that lose some if all free groups go.
    OfWeights(f64),
    /// This share of the groups of channels.
    OfGroups(f64),
}

/// A layer with the channels that it has left.
struct Left<'c> {
    layer: &'c ChannelsOfLayer,
    ins: usize,
    outs: usize,
}

impl Left<'_> {
    fn weights(&self) -> usize {
        self.layer.inside.len() * self.outs * if self.layer.multiplier.is_some() { 1 } else { self.ins }
    }
}

/// What channels are chosen from.
pub(super) struct Channels<'a> {
    /// The graph as it is by now, in its old shape.
    pub(super) graph: &'a Graph,
    pub(super) coupled: &'a Coupled,
    /// For each group, whether it may go.
    pub(super) free: Vec<bool>,
    /// For each group, whether it went before.
    pub(super) gone: Vec<bool>,
}

impl Channels<'_> {
    /// The nodes that are layers with channels that may go.
    pub(super) fn prunable(&self) -> Vec<usize> {
        let any = |id| self.coupled.of_tensor(id).iter().any(|group| group.is_some_and(|group| self.free[group]));
        self.coupled.layers().filter(|(_, layer)| any(layer.input) || any(layer.output)).map(|(node, _)| node).collect()
    }

    /// For each group, whether it goes: those that went before, and the least of those that may.
    ///
    /// # Errors
    /// Where no group can go, or not as many as asked for.
    pub(super) fn choose(&self, scope: Scope, amount: Amount, powers: Option<&Powers>) -> Result<Vec<bool>, Error> {
        let Self { graph, coupled, free, gone } = self;
        let mut order: Vec<usize> = (0..free.len()).filter(|&group| free[group]).collect();
        if order.is_empty() {
            return Err(Error::Nothing);
        }
        let scores = scores(graph, coupled, powers);
        let keys = match scope {
            Scope::Global => scores,
            Scope::Layer => ranks(coupled, free, &scores),
        };
        order.sort_by(|&a, &b| gone[b].cmp(&gone[a]).then(keys[a].total_cmp(&keys[b])));
        let prunable = self.prunable();
        let prunable = coupled.layers().filter(|(node, _)| prunable.contains(node));
        let mut layers: Vec<Left<'_>> = prunable.map(|(_, layer)| Left { layer, ins: layer.ins, outs: layer.outs }).collect();
        let weights = |layers: &[Left<'_>]| layers.iter().map(Left::weights).sum::<usize>();
        let total = weights(&layers);
        let mut left: Vec<usize> = graph.tensors.iter().map(|tensor| tensor.shape.0.last().copied().unwrap_or(1)).collect();
        let least: Vec<usize> = left.iter().map(|channels| channels.div_ceil(LEAST)).collect();
        let mut dropped = vec![false; free.len()];
        let mut count = 0;
        let enough = |layers: &[Left<'_>], count: usize| match amount {
            Amount::OfWeights(share) => (total - weights(layers)) as f64 + 1e-6 >= share * total as f64,
            Amount::OfGroups(share) => count as f64 + 0.5 >= share * order.len() as f64,
        };
        for &group in &order {
            if !gone[group] && enough(&layers, count) {
                break;
            }
            let mut takes: BTreeMap<TensorId, usize> = BTreeMap::new();
            coupled.groups[group].iter().for_each(|(id, _)| *takes.entry(*id).or_default() += 1);
            if takes.iter().any(|(id, count)| left[id.0 as usize] < least[id.0 as usize] + count) {
                continue;
            }
            for (id, count) in &takes {
                left[id.0 as usize] -= count;
                for Left { layer, ins, outs } in &mut layers {
                    *ins -= if layer.input == *id { *count } else { 0 };
                    *outs -= if layer.output == *id { *count } else { 0 };
                }
            }
            dropped[group] = true;
            count += 1;
        }
        match amount {
            Amount::OfWeights(share) if !enough(&layers, count) => {
                Err(Error::TooMuch { wanted: share, most: (total - weights(&layers)) as f64 / total.max(1) as f64 })
            }
            Amount::OfWeights(_) | Amount::OfGroups(_) => Ok(dropped),
        }
    }
}

/// What each group adds to the layers that read it, as a share of what all channels add to them: the power of the weights on a channel
/// times that of what they are multiplied with; or where that is not known, of the weights that make the channel.
fn scores(graph: &Graph, coupled: &Coupled, powers_of: Option<&Powers>) -> Vec<f64> {
    let count = coupled.groups.len();
    let mut makes = vec![0.0; count];
    for (_, layer) in coupled.layers() {
        let groups = coupled.of_tensor(layer.output);
        let powers = powers(graph, layer, None, |place| place.0, layer.outs);
        let most = powers.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        for (group, power) in groups.iter().zip(&powers) {
            if let Some(group) = group {
                makes[*group] += power / most;
            }
        }
    }
    let mut scores = vec![0.0; count];
    for (node, layer) in coupled.layers() {
        // A depthwise convolution hands a channel on: the layers behind it tell what it is worth.
        if layer.multiplier.is_some() {
            continue;
        }
        let groups = coupled.of_tensor(layer.input);
        let inputs = powers_of.and_then(|powers| powers.of_filter(node));
        let powers = powers(graph, layer, inputs.as_deref(), |place| place.1, layer.ins);
        let made = |channel: usize| groups[channel].map_or(1.0 / layer.ins as f64, |group| makes[group]);
        let of = |channel: usize| powers[channel] * if inputs.is_some() { 1.0 } else { made(channel) };
        let sum = (0..layer.ins).map(of).sum::<f64>().max(f64::MIN_POSITIVE);
        for (channel, group) in groups.iter().enumerate() {
            if let Some(group) = group {
                scores[*group] += of(channel) / sum;
            }
        }
    }
    scores
}

/// The sum of the squares of a layer's weights at each output (`.0` of a place) or input channel (`.1`), each times what `inputs` has for it.
fn powers(
    graph: &Graph,
    layer: &ChannelsOfLayer,
    inputs: Option<&[f64]>,
    at: impl Fn((usize, usize)) -> usize,
    count: usize,
) -> Vec<f64> {
    let mut powers = vec![0.0; count];
    for (index, weight) in graph.floats(layer.filter).iter().enumerate() {
        let place = layer.place(index);
        let input = inputs.and_then(|inputs| inputs.get(index)).copied().unwrap_or(1.0);
        powers[at((place.out, place.channel))] += f64::from(*weight).powi(2) * input;
    }
    powers
}

/// The rank of each free group among those of the same tensors, as a share of their number.
fn ranks(coupled: &Coupled, free: &[bool], scores: &[f64]) -> Vec<f64> {
    let mut alike: BTreeMap<Vec<TensorId>, Vec<usize>> = BTreeMap::new();
    for (group, members) in coupled.groups.iter().enumerate().filter(|(group, _)| free[*group]) {
        alike.entry(members.iter().map(|(id, _)| *id).collect()).or_default().push(group);
    }
    let mut ranks = vec![0.0; free.len()];
    for mut groups in alike.into_values() {
        groups.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let count = groups.len() as f64;
        groups.iter().enumerate().for_each(|(rank, &group)| ranks[group] = rank as f64 / count);
    }
    ranks
}

/// Makes zero what goes with the groups in `dropped`: the weights that make a channel, those on it, and its bias. What is left is
/// the graph without those channels, in its old shape.
pub(super) fn silence(graph: &mut Graph, coupled: &Coupled, dropped: &[bool]) {
    let gone = |groups: &[Option<usize>], channel: usize| {
        groups.get(channel).copied().flatten().is_some_and(|group| dropped.get(group) == Some(&true))
    };
    for (_, layer) in coupled.layers() {
        let (ins, outs) = (coupled.of_tensor(layer.input), coupled.of_tensor(layer.output));
        for (index, weight) in graph.floats_mut(layer.filter).iter_mut().enumerate() {
            let place = layer.place(index);
            if gone(ins, place.channel) || gone(outs, place.out) {
                *weight = 0.0;
            }
        }
        if let Some(bias) = layer.bias {
            let biases = graph.floats_mut(bias).iter_mut().enumerate();
            biases.filter(|(channel, _)| gone(outs, *channel)).for_each(|(_, bias)| *bias = 0.0);
        }
    }
}
