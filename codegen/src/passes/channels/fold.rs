//! Moves what constant channels add to a layer's sums into its biases.

use super::reach::{sum_of_constant, sums};
use super::relation::Layer;
use super::{PerChannel, Removal};
use crate::ir::{DType, Data, Graph, Node, Op, Shape, Tensor, TensorId, Weight};
use crate::lower::{Program, Step};
use crate::valid::Range;

/// A bias of this magnitude keeps a layer from kernels for small sums.
const LARGE: i64 = 1 << 29;

/// New weights and biases of a layer, whose outputs are the same.
pub(super) struct Folded {
    filter: Vec<i8>,
    bias: Vec<i32>,
    inputs: usize,
    ins: usize,
    filters: usize,
    outs: usize,
}

/// The layer without weights on constant channels, and without those of constant outputs; `None` where it has none.
///
/// A constant output channel gets a bias that gives the constant. A constant input channel
/// adds `weight * (value - zero_point)` to every sum; where a tap may lie in the padding, which adds nothing, that holds
/// for the zero point only.
pub(super) fn fold(graph: &Graph, program: &Program, step: &Step, layer: &Layer, ranges: &PerChannel<Range>) -> Option<Folded> {
    // What is added to a bias in floats is rounded, so it stays as it is.
    if layer.bias.is_some_and(|bias| graph.tensor(bias).dtype == DType::F32) {
        return None;
    }
    let single = |range: &Range| range.min == range.max;
    let (reads, makes) = (ranges.of(layer.input), ranges.of(layer.output));
    if !reads.iter().chain(makes).any(single) {
        return None;
    }
    let zero_point = graph.tensor(layer.input).quantization.as_ref().map_or(0, |quantization| quantization.zero_point());
    let mut filter = layer.weights(graph).to_vec();
    let mut bias: Vec<i64> = layer.biases(graph).into_iter().map(i64::from).collect();
    let mut folded = (vec![false; layer.ins], vec![false; layer.outs]);
    for (index, weight) in filter.iter_mut().enumerate().filter(|(_, weight)| **weight != 0) {
        let place = layer.place(index);
        if single(&makes[place.out]) {
            *weight = 0;
            folded.1[place.out] = true;
            continue;
        }
        let value = reads[place.channel];
        if single(&value) && (value.min == zero_point || layer.inside[place.tap]) {
            bias[place.out] += i64::from(*weight) * (i64::from(value.min) - i64::from(zero_point));
            *weight = 0;
            folded.0[place.channel] = true;
        }
    }
    let mut smaller = false;
    for (channel, (bias, (least, _))) in bias.iter_mut().zip(sums(graph, layer, ranges)).enumerate() {
        let large = single(&makes[channel]) && !(-LARGE..LARGE).contains(bias);
        if folded.1[channel] || large {
            let sum = i64::from(sum_of_constant(program, step, channel, makes[channel].min, least));
            smaller |= !folded.1[channel] && sum != *bias;
            *bias = sum;
        }
    }
    let count = |flags: &[bool]| flags.iter().filter(|&&flag| flag).count();
    let (inputs, filters) = (count(&folded.0), count(&folded.1));
    if inputs + filters == 0 && !smaller {
        return None;
    }
    // Sums wrap, and these are sums.
    let bias = bias.into_iter().map(|bias| bias as i32).collect();
    Some(Folded { filter, bias, inputs, ins: layer.ins, filters, outs: layer.outs })
}

impl Folded {
    /// What is told of it.
    pub(super) fn removals(&self, node: &Node) -> Vec<Removal> {
        let of = format!("{} `{}`", node.op.name(), node.origin.name);
        let Self { filter: _, bias: _, inputs, ins, filters, outs } = self;
        let mut removals = Vec::new();
        if *inputs > 0 {
            removals.push(Removal {
                pass: "fold_constant_channels",
                what: format!("{inputs} of {ins} input channels of {of}"),
                why: "each holds one value in every inference, and the bias takes in what it adds",
            });
        }
        if *filters > 0 {
            removals.push(Removal {
                pass: "fold_constant_channels",
                what: format!("{filters} of {outs} filters of {of}"),
                why: "each requantizes every sum that it can reach to one value",
            });
        }
        removals
    }

    /// Gives the node at `index` the new weights and biases.
    pub(super) fn apply(self, graph: &mut Graph, index: usize, layer: &mut Layer) {
        let filter = replaced(graph, layer.filter, Data::I8(self.filter));
        let bias = new_bias(graph, layer.bias, &graph.tensor(filter).name.clone(), self.bias);
        (layer.filter, layer.bias) = (filter, Some(bias));
        set_weights(&mut graph.nodes[index].op, filter, Some(bias));
    }
}

/// A constant like `old` with other data of the same shape.
fn replaced(graph: &mut Graph, old: TensorId, data: Data) -> TensorId {
    let tensor = graph.tensor(old).clone();
    let value = graph.add_weight(Weight { name: tensor.name.clone(), data });
    graph.add_tensor(Tensor { value: Some(value), ..tensor })
}

/// A tensor of biases, like `old` where there is one.
fn new_bias(graph: &mut Graph, old: Option<TensorId>, filter: &str, bias: Vec<i32>) -> TensorId {
    match old {
        Some(old) => replaced(graph, old, Data::I32(bias)),
        None => {
            let (name, shape) = (format!("bias of {filter}"), Shape(vec![bias.len()]));
            let value = Some(graph.add_weight(Weight { name: name.clone(), data: Data::I32(bias) }));
            graph.add_tensor(Tensor { name, shape, dtype: DType::I32, quantization: None, value })
        }
    }
}

/// Gives a layer's op other weights and biases.
pub(super) fn set_weights(op: &mut Op, new_filter: TensorId, new_bias: Option<TensorId>) {
    if let Some(layer) = op.layer_mut() {
        (*layer.filter, *layer.bias) = (new_filter, new_bias);
    }
}
