//! Cross-layer equalization: channels of a layer are scaled down and weights of the next one up, or the reverse, so that the ranges
//! of both are alike.
//!
//! Source of the formula: Nagel et al., *Data-Free Quantization Through Weight Equalization and Bias Correction*, 2019.

use crate::ir::{Activation, Graph, Layer, Op, TensorId};

/// Rounds over all pairs; ranges settle after a few.
const ROUNDS: usize = 8;
/// Channels whose weights are below this share of the layer's greatest are left alone.
const DEAD: f32 = 1e-4;

/// Scales the channels of every pair of layers that allows it; false where there is none. Every output stays the same, but for the
/// rounding of floats.
pub(super) fn equalize(graph: &mut Graph) -> bool {
    let pairs: Vec<(usize, usize)> =
        (0..graph.nodes.len()).filter_map(|first| next_layer(graph, first).map(|second| (first, second))).collect();
    for _ in 0..ROUNDS {
        for &(first, second) in &pairs {
            scale(graph, first, second);
        }
    }
    !pairs.is_empty()
}

/// The layer that alone reads what the layer `first` makes, directly or through a pool.
fn next_layer(graph: &Graph, first: usize) -> Option<usize> {
    let mut op = graph.nodes[first].op.clone();
    // Only what keeps the sign and is proportional lets a factor through.
    if !matches!(op.layer_mut()?.activation, Activation::None | Activation::Relu) {
        return None;
    }
    let uses = graph.uses();
    let mut id = *graph.nodes[first].outputs.first()?;
    loop {
        if uses.get(id.0 as usize) != Some(&1) || graph.outputs.contains(&id) {
            return None;
        }
        let reader = graph.nodes.iter().position(|node| node.op.inputs().contains(&id))?;
        match &graph.nodes[reader].op {
            Op::Pool2d { kind: _, input: _, window: _, activation: Activation::None | Activation::Relu } => {
                id = *graph.nodes[reader].outputs.first()?;
            }
            op => return inputs_of(graph, op, id, channels(graph, first)?).map(|_| reader),
        }
    }
}

fn channels(graph: &Graph, node: usize) -> Option<usize> {
    let Layer { input: _, filter, bias: _, channel_axis } = graph.nodes[node].op.layer()?;
    graph.tensor(filter).shape.0.get(channel_axis).copied()
}

/// Distance and number of the weights of a layer that input channels run along: weight `i` is of channel `i / inner % count`.
fn inputs_of(graph: &Graph, op: &Op, id: TensorId, count: usize) -> Option<(TensorId, usize)> {
    let Layer { input, filter, bias: _, channel_axis: _ } = op.layer()?;
    let last = *graph.tensor(filter).shape.0.last()?;
    // Of a group's filter, or one with a multiplier, the last axis is not that of the input's channels.
    (input == id && last == count && graph.tensor(id).shape.0.last() == Some(&count)).then_some((filter, count))
}

fn scale(graph: &mut Graph, first: usize, second: usize) {
    let Some(Layer { input: _, filter, bias: Some(bias), channel_axis }) = graph.nodes[first].op.layer() else { return };
    let Some(count) = channels(graph, first) else { return };
    let Some(next) = graph.nodes[second].op.layer().map(|layer| layer.filter) else { return };
    let inner: usize = graph.tensor(filter).shape.0.iter().skip(channel_axis + 1).product();
    let own = |index: usize| index / inner.max(1) % count;
    let greatest = |values: &[f32], channel: &dyn Fn(usize) -> usize| {
        let mut greatest = vec![0f32; count];
        for (index, value) in values.iter().enumerate() {
            let slot = &mut greatest[channel(index)];
            *slot = slot.max(value.abs());
        }
        greatest
    };
    let before = greatest(graph.floats(filter), &own);
    let after = greatest(graph.floats(next), &|index| index % count);
    // A channel that hardly does anything stays as it is: its bias would grow without bound.
    let least = |all: &[f32]| all.iter().fold(0f32, |most, &value| most.max(value)) * DEAD;
    let (least_before, least_after) = (least(&before), least(&after));
    let factor = |(&before, &after): (&f32, &f32)| {
        let factor = (before / after).sqrt();
        if before > least_before && after > least_after && factor.is_normal() { factor.clamp(0.1, 10.0) } else { 1.0 }
    };
    let factors: Vec<f32> = before.iter().zip(&after).map(factor).collect();
    graph.floats_mut(filter).iter_mut().enumerate().for_each(|(index, value)| *value /= factors[own(index)]);
    graph.floats_mut(bias).iter_mut().zip(&factors).for_each(|(value, factor)| *value /= factor);
    graph.floats_mut(next).iter_mut().enumerate().for_each(|(index, value)| *value *= factors[index % count]);
}
