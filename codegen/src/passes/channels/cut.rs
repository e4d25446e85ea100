//! Takes channels out of tensors and out of the weights around them.

use super::fold::set_weights;
use super::relation::{Layer, Relation, channels};
use super::{PerChannel, Removal};
use crate::ir::{Data, Graph, Op, Quantization, Shape, Tensor, TensorId, Weight};

/// Takes out every channel that is not in `kept`, and empties the filters of those that are there but not in `live`. Says
/// whether anything changed.
pub(super) fn cut(
    graph: &mut Graph,
    relations: &[Relation],
    live: &PerChannel<bool>,
    kept: &PerChannel<bool>,
) -> (bool, Vec<Removal>) {
    let mut changed = false;
    let mut removals = Vec::new();
    for (index, relation) in relations.iter().enumerate() {
        let Relation::Layer(layer) = relation else { continue };
        let kept_outs = kept.of(layer.output);
        let dropped = kept_outs.iter().filter(|&&kept| !kept).count();
        if dropped > 0 {
            let node = &graph.nodes[index];
            removals.push(Removal {
                pass: "drop_unread_channels",
                what: format!("{dropped} of {} channels of {} `{}`", layer.outs, node.op.name(), node.origin.name),
                why: "no output depends on them",
            });
        }
        if let Some(filter) = cut_filter(graph, layer, live.of(layer.output), kept_outs, kept.of(layer.input)) {
            let bias = layer.bias.map(|bias| {
                let bias = cut_last_axis(graph, bias, kept_outs);
                graph.add_tensor(bias)
            });
            set_weights(&mut graph.nodes[index].op, filter, bias);
            changed = true;
        }
    }
    for (node, relation) in graph.nodes.iter_mut().zip(relations) {
        if let (Relation::Channelwise { ties: _, whole: _ }, &[output]) = (relation, node.outputs.as_slice()) {
            cut_attributes(&mut node.op, kept, output);
        }
    }
    for (index, kept) in kept.0.iter().enumerate().filter(|(_, kept)| kept.contains(&false)) {
        let id = TensorId(index as u32);
        let tensor = cut_last_axis(graph, id, kept);
        *graph.tensor_mut(id) = tensor;
        changed = true;
    }
    (changed, removals)
}

/// Makes the attributes of an op that count channels count those in `kept`.
fn cut_attributes(op: &mut Op, kept: &PerChannel<bool>, output: TensorId) {
    let count = |kept: &[bool]| kept.iter().filter(|&&kept| kept).count();
    match op {
        Op::Slice { input, begin, stride: _, size } => {
            if let (Some(begin), Some(size)) = (begin.last_mut(), size.last_mut()) {
                *begin = count(kept.of(*input).get(..*begin).unwrap_or(&[]));
                *size = count(kept.of(output));
            }
        }
        Op::Pad { input: _, before, after, value: _ } => {
            if let (Some(before), Some(after)) = (before.last_mut(), after.last_mut()) {
                let kept = kept.of(output);
                let last = kept.len().saturating_sub(*after);
                *before = count(kept.get(..*before).unwrap_or(&[]));
                *after = count(kept.get(last..).unwrap_or(&[]));
            }
        }
        Op::Conv2d { .. }
        | Op::DepthwiseConv2d { .. }
        | Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Pool2d { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::MirrorPad { .. }
        | Op::Concatenation { .. }
        | Op::Split { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Shape { .. }
        | Op::Resize { .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => {}
    }
}

/// The filter of a layer with the channels in `outs` and `ins` only, and no weights on those outputs that are not `live`; `None`
/// where that is what it is.
fn cut_filter(graph: &mut Graph, layer: &Layer, live: &[bool], outs: &[bool], ins: &[bool]) -> Option<TensorId> {
    fn only<T: Copy + Default + PartialEq>(
        layer: &Layer,
        old: &[T],
        live: &[bool],
        outs: &[bool],
        ins: &[bool],
    ) -> Option<Vec<T>> {
        let kept = |index: &usize| {
            let place = layer.place(*index);
            outs[place.out] && ins[place.channel]
        };
        let of = |index: usize| if live[layer.place(index).out] { old[index] } else { T::default() };
        let data: Vec<T> = (0..old.len()).filter(kept).map(of).collect();
        (data != old).then_some(data)
    }
    let data = match graph.value(layer.filter)? {
        Data::I8(old) => Data::I8(only(layer, old, live, outs, ins)?),
        Data::F32(old) => Data::F32(only(layer, old, live, outs, ins)?),
        Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => return None,
    };
    let count = |kept: &[bool]| kept.iter().filter(|&&kept| kept).count();
    let mut tensor = graph.tensor(layer.filter).clone();
    let (axis, last) = (layer.axis(), tensor.shape.rank().saturating_sub(1));
    if layer.multiplier.is_none() {
        tensor.shape.0[last] = tensor.shape.0[last] / layer.ins * count(ins);
    }
    tensor.shape.0[axis] = count(outs);
    tensor.quantization = tensor.quantization.map(|quantization| cut_quantization(quantization, axis, outs));
    tensor.value = Some(graph.add_weight(Weight { name: tensor.name.clone(), data }));
    Some(graph.add_tensor(tensor))
}

/// A tensor like `old` with the channels in `kept` only.
fn cut_last_axis(graph: &mut Graph, old: TensorId, kept: &[bool]) -> Tensor {
    let tensor = graph.tensor(old).clone();
    let data = graph.value(old).map(|data| cut_data(data, channels(&tensor), kept));
    let value = data.map(|data| graph.add_weight(Weight { name: tensor.name.clone(), data }));
    let Tensor { name, shape: Shape(mut dims), dtype, quantization, value: _ } = tensor;
    let axis = dims.len().saturating_sub(1);
    if let Some(last) = dims.last_mut() {
        *last = kept.iter().filter(|&&kept| kept).count();
    }
    let quantization = quantization.map(|quantization| cut_quantization(quantization, axis, kept));
    Tensor { name, shape: Shape(dims), dtype, quantization, value }
}

fn cut_data(data: &Data, channels: usize, kept: &[bool]) -> Data {
    fn only<T: Copy>(values: &[T], channels: usize, kept: &[bool]) -> Vec<T> {
        let is_kept = |index: usize| kept.get(index % channels.max(1)).copied().unwrap_or(true);
        values.iter().enumerate().filter(|&(index, _)| is_kept(index)).map(|(_, &value)| value).collect()
    }
    match data {
        Data::I8(values) => Data::I8(only(values, channels, kept)),
        Data::U8(values) => Data::U8(only(values, channels, kept)),
        Data::I16(values) => Data::I16(only(values, channels, kept)),
        Data::I32(values) => Data::I32(only(values, channels, kept)),
        Data::I64(values) => Data::I64(only(values, channels, kept)),
        Data::F32(values) => Data::F32(only(values, channels, kept)),
        Data::Bool(values) => Data::Bool(only(values, channels, kept)),
    }
}

/// The scales of the indices in `kept` along `axis`, where there is one for each.
fn cut_quantization(quantization: Quantization, axis: usize, kept: &[bool]) -> Quantization {
    let Quantization { scales, zero_points, axis: along } = quantization;
    if scales.len() == 1 || along != axis || scales.len() != kept.len() || zero_points.len() != kept.len() {
        return Quantization { scales, zero_points, axis: along };
    }
    fn only<T>(values: Vec<T>, kept: &[bool]) -> Vec<T> {
        values.into_iter().zip(kept).filter(|&(_, &kept)| kept).map(|(value, _)| value).collect()
    }
    let (scales, zero_points): (Vec<f32>, Vec<i32>) = (only(scales, kept), only(zero_points, kept));
    Quantization { axis: if scales.len() == 1 { 0 } else { along }, scales, zero_points }
}
