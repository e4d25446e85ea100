//! Pruned twins of a model: the same graph with weights set to zero, least magnitudes first; and twins of weights of few values.

use std::sync::Arc;
use tinybake_codegen::ir::{Data, Graph, Op, TensorId};

/// Names of patterns, each with what it does to a filter of rows of so many weights.
pub(crate) const PATTERNS: [(&str, Prune); 6] = [
    ("75 % scattered", |rows, depth| scattered(rows, depth, 75)),
    ("2:4", |rows, _| groups(rows, 4, 2)),
    ("1:4", |rows, _| groups(rows, 4, 1)),
    ("half the channels", half_of_rows),
    ("4-bit", |rows, _| rounded(rows, 4)),
    ("2-bit", |rows, _| rounded(rows, 2)),
];

type Prune = fn(&mut [i8], usize);

/// `graph` with the filters of its convolutions and fully connected layers pruned; of channels that lose all weights, the bias too. The last layer, and
/// depthwise convolutions, which have few weights, stay.
pub(crate) fn pruned(graph: &Graph, prune: Prune) -> Graph {
    let mut graph = graph.clone();
    let layers: Vec<(TensorId, Option<TensorId>)> = graph.nodes.iter().filter_map(|node| layer(&node.op)).collect();
    for &(filter, bias) in layers.split_last().map_or(&[][..], |(_, others)| others) {
        let rows = graph.tensor(filter).shape.0.first().copied().unwrap_or(1).max(1);
        let Some(weights) = weights(&mut graph, filter) else { continue };
        let Data::I8(weights) = weights else { continue };
        let depth = weights.len() / rows;
        prune(weights, depth);
        let empty: Vec<bool> = weights.chunks(depth.max(1)).map(|row| row.iter().all(|&weight| weight == 0)).collect();
        if let Some(Data::I32(bias)) = bias.and_then(|bias| self::weights(&mut graph, bias)) {
            bias.iter_mut().zip(empty).filter(|(_, empty)| *empty).for_each(|(bias, _)| *bias = 0);
        }
    }
    graph
}

fn layer(op: &Op) -> Option<(TensorId, Option<TensorId>)> {
    match op {
        Op::Conv2d { filter, bias, .. } | Op::FullyConnected { filter, bias, .. } => Some((*filter, *bias)),
        _ => None,
    }
}

fn weights(graph: &mut Graph, id: TensorId) -> Option<&mut Data> {
    let weight = graph.tensor(id).value?;
    graph.weights.get_mut(weight.0 as usize).map(|weight| &mut Arc::make_mut(weight).data)
}

/// Zeroes `percent` of all weights.
fn scattered(weights: &mut [i8], _depth: usize, percent: usize) {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&index| weights[index].unsigned_abs());
    for index in &order[..weights.len() * percent / 100] {
        weights[*index] = 0;
    }
}

/// Leaves the `most` greatest of each `size` neighbours.
fn groups(weights: &mut [i8], size: usize, most: usize) {
    for group in weights.chunks_mut(size) {
        let mut order: Vec<usize> = (0..group.len()).collect();
        order.sort_by_key(|&index| core::cmp::Reverse(group[index].unsigned_abs()));
        order.into_iter().skip(most).for_each(|index| group[index] = 0);
    }
}

/// Rounds weights to the middles of `2^bits` intervals of one length.
fn rounded(weights: &mut [i8], bits: u32) {
    let length = 256 >> bits;
    weights.iter_mut().for_each(|weight| *weight = (i32::from(*weight).div_euclid(length) * length + length / 2) as i8);
}

/// Zeroes the half of the rows whose magnitudes sum up to least.
fn half_of_rows(weights: &mut [i8], depth: usize) {
    let sum = |row: &[i8]| row.iter().map(|weight| u32::from(weight.unsigned_abs())).sum::<u32>();
    let mut order: Vec<(u32, usize)> = weights.chunks(depth).map(sum).zip(0..).collect();
    order.sort_unstable();
    for (_, row) in order.iter().take(order.len() / 2) {
        weights[row * depth..(row + 1) * depth].fill(0);
    }
}
