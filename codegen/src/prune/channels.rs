//! Chooses channels, in the groups that can only go together.

use super::moments::Moments;
use super::{PruneError as Error, Scope};
use crate::ir::{Graph, TensorId};
use crate::passes::{ChannelsOfLayer, Coupled};
use std::collections::BTreeMap;

/// Every tensor keeps at least one channel in so many.
const LEAST: usize = 8;

/// How many channels go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// As many as this share of the weights of all layers goes with.
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

/// For each group, whether it goes. Groups with a channel of an output of `spared` stay, as do those that `allowed` refuses.
///
/// # Errors
/// Where no group can go, or not as many as asked for.
pub(super) fn choose(
    graph: &Graph,
    coupled: &Coupled,
    allowed: impl Fn(&[(TensorId, usize)]) -> bool,
    scope: Scope,
    amount: Amount,
    moments: Option<&Moments>,
) -> Result<Vec<bool>, Error> {
    let free: Vec<bool> = coupled.groups.iter().map(|group| allowed(group)).collect();
    let mut order: Vec<usize> = (0..free.len()).filter(|&group| free[group]).collect();
    if order.is_empty() {
        return Err(Error::Nothing);
    }
    let scores = scores(graph, coupled, moments);
    let keys = match scope {
        Scope::Global => scores,
        Scope::Layer => ranks(coupled, &free, &scores),
    };
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    let mut layers: Vec<Left<'_>> = coupled.layers().map(|(_, layer)| Left { layer, ins: layer.ins, outs: layer.outs }).collect();
    let weights = |layers: &[Left<'_>]| layers.iter().map(Left::weights).sum::<usize>();
    let total = weights(&layers);
    let mut left: Vec<usize> = graph.tensors.iter().map(|tensor| tensor.shape.0.last().copied().unwrap_or(1)).collect();
    let least: Vec<usize> = left.iter().map(|channels| channels.div_ceil(LEAST)).collect();
    let mut dropped = vec![false; free.len()];
    let mut gone = 0;
    let enough = |layers: &[Left<'_>], gone: usize| match amount {
        Amount::OfWeights(share) => (total - weights(layers)) as f64 >= share * total as f64,
        Amount::OfGroups(share) => gone as f64 + 0.5 >= share * order.len() as f64,
    };
    for &group in &order {
        if enough(&layers, gone) {
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
        gone += 1;
    }
    match amount {
        Amount::OfWeights(share) if !enough(&layers, gone) => {
            Err(Error::TooMuch { wanted: share, most: (total - weights(&layers)) as f64 / total.max(1) as f64 })
        }
        Amount::OfWeights(_) | Amount::OfGroups(_) => Ok(dropped),
    }
}

/// What each group adds to the layers that read it, as a share of what all channels add to them: the power of the weights on a channel
/// times that of what they are multiplied with; or where that is not known, of the weights that make the channel.
fn scores(graph: &Graph, coupled: &Coupled, moments: Option<&Moments>) -> Vec<f64> {
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
        let inputs = moments.and_then(|moments| moments.powers(node));
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
