//! The float graph with every tensor that is computed with as int8 or int16.

use super::groups::{Groups, groups};
use super::ranges::{activation, quantization};
use super::rounding::{self, Rounded};
use super::statistics::Statistics;
use super::stored::StoredLayer;
use super::{Activations, Ranges, Recipe, Width, bias};
use crate::diag::Diagnostics;
use crate::eval::float::stored_of;
use crate::ir::{BinaryKind, DType, Data, Graph, Layer, Node, Op, Quantization, Tensor, TensorId, Weight};
use crate::samples::Dataset;
use std::collections::BTreeMap;

/// The quantized graph of a prepared float graph; the weights of a node are stored in its `width`, where they are fitted, on the first
/// `fitted_on` samples.
///
/// # Errors
/// What keeps the graph from being run, or what validation says of the result.
pub(super) fn convert(
    float: &Graph,
    statistics: &Statistics,
    data: &Dataset,
    recipe: &Recipe,
    width: impl Fn(&Node) -> Width,
    fitted_on: usize,
) -> Result<Graph, Diagnostics> {
    let mut graph = float.clone();
    let groups = groups(&mut graph, recipe.activations);
    let scales = activations(&graph, statistics, &groups, recipe);
    let float = graph.clone();
    let rounded = if recipe.fit_weights {
        let quantization = |id: TensorId| float.tensor(id).value.is_none().then(|| scales.get(&groups.of(id)).cloned()).flatten();
        rounding::fitted(&float, quantization, data, recipe, |index| width(&float.nodes[index]), fitted_on)?
    } else {
        Vec::new()
    };
    for index in 0..graph.tensors.len() {
        let id = TensorId(index as u32);
        let tensor = graph.tensor_mut(id);
        if tensor.value.is_none() && tensor.dtype == DType::F32 {
            tensor.dtype = recipe.activations.dtype();
            tensor.quantization = scales.get(&groups.of(id)).cloned();
        }
    }
    for index in 0..graph.nodes.len() {
        let node = float.nodes[index].clone();
        let mut op = node.op.clone();
        if op.layer().is_some() {
            let rounded = match rounded.get(index).cloned().flatten() {
                Some(rounded) => Some(rounded),
                None => nearest(&graph, &float, &node, statistics, recipe),
            };
            if let Some(rounded) = rounded {
                layer(&mut graph, &float, &mut op, rounded, recipe.activations);
            }
        } else {
            operands(&mut graph, &float, &node, &mut op, recipe.activations);
        }
        graph.nodes[index].op = op;
    }
    drop_unused(&mut graph);
    crate::valid::check(&graph)?;
    Ok(graph)
}

/// The quantization of every group of activations.
fn activations(graph: &Graph, statistics: &Statistics, groups: &Groups, recipe: &Recipe) -> BTreeMap<TensorId, Quantization> {
    let mut members: BTreeMap<TensorId, Vec<TensorId>> = BTreeMap::new();
    for index in 0..graph.tensors.len() {
        let id = TensorId(index as u32);
        let tensor = graph.tensor(id);
        if tensor.value.is_none() && tensor.dtype == DType::F32 {
            members.entry(groups.of(id)).or_default().push(id);
        }
    }
    let one = |(root, members): (TensorId, Vec<TensorId>)| {
        let quantization = match groups.fixed(root) {
            Some(fixed) => fixed.clone(),
            None => {
                let known: Vec<_> = members.iter().filter_map(|&id| statistics.of(id)).collect();
                // What users feed in is not clipped.
                let is_input = members.iter().any(|id| graph.inputs.contains(id));
                let ranges = match recipe.ranges {
                    Ranges::Widened => Ranges::Widened,
                    _ if is_input => Ranges::MinMax,
                    ranges => ranges,
                };
                activation(&known, ranges, recipe.activations, (statistics.few, statistics.clips))
            }
        };
        (root, quantization)
    };
    members.into_iter().map(one).collect()
}

/// Adds a constant of integers.
fn constant(graph: &mut Graph, like: &Tensor, data: Data, quantization: Option<Quantization>) -> TensorId {
    let dtype = data.dtype();
    let value = graph.add_weight(Weight { name: like.name.clone(), data });
    graph.add_tensor(Tensor { dtype, quantization, value: Some(value), ..like.clone() })
}

fn input_scale(graph: &Graph, layer: &Layer) -> f32 {
    graph.tensor(layer.input).quantization.as_ref().map_or(1.0, Quantization::scale)
}

/// A layer's weights, each rounded to the nearest integer, and its biases, corrected where the recipe says so.
fn nearest(graph: &Graph, float: &Graph, node: &Node, statistics: &Statistics, recipe: &Recipe) -> Option<Rounded> {
    let layer = node.op.layer()?;
    let Layer { input: _, filter, bias, channel_axis } = layer;
    let (tensor, weights, biases) = (float.tensor(filter), float.floats(filter), float.floats(bias?));
    let channels = tensor.shape.0.get(channel_axis).copied().unwrap_or(1).max(1);
    let inner: usize = tensor.shape.0.iter().skip(channel_axis + 1).product();
    let stored = StoredLayer::new(weights, biases, channels, inner, input_scale(graph, &layer), recipe.ranges);
    let moved = if recipe.correct_biases {
        let difference = stored.reals().iter().zip(weights).map(|(rounded, weight)| rounded - weight).collect();
        bias::shift(float, node, statistics, difference)
    } else {
        Vec::new()
    };
    let bias = |(own, &bias): (usize, &f32)| bias - moved.get(own).copied().unwrap_or(0.0);
    Some(Rounded { biases: biases.iter().enumerate().map(bias).collect(), stored })
}

/// Puts weights per channel and the bias of a layer into the graph.
fn layer(graph: &mut Graph, float: &Graph, op: &mut Op, rounded: Rounded, activations: Activations) {
    let Some(layer @ Layer { input: _, filter, bias: Some(bias_id), channel_axis }) = op.layer() else { return };
    let Rounded { stored, biases } = rounded;
    let input_scale = input_scale(graph, &layer);
    let biases = stored.biases(&biases, &[], input_scale);
    let biases = match activations {
        Activations::Int8 => Data::I32(biases),
        Activations::Int16 => Data::I64(biases.into_iter().map(i64::from).collect()),
    };
    let StoredLayer { scales, weights, .. } = stored;
    let bias_quantization = Quantization {
        scales: scales.iter().map(|scale| scale * input_scale).collect(),
        zero_points: vec![0; scales.len()],
        axis: 0,
    };
    let quantization = Quantization { zero_points: vec![0; scales.len()], scales, axis: channel_axis };
    let filter = constant(graph, float.tensor(filter), Data::I8(weights), Some(quantization));
    let bias = constant(graph, float.tensor(bias_id), biases, Some(bias_quantization));
    if let Some(slots) = op.layer_mut() {
        *slots.filter = filter;
        *slots.bias = Some(bias);
    }
}

/// Constant operands of the other ops, and the number that a pad stores.
fn operands(graph: &mut Graph, float: &Graph, node: &Node, op: &mut Op, activations: Activations) {
    let dtype = activations.dtype();
    let output = node.outputs.first().and_then(|&output| graph.tensor(output).quantization.clone());
    if let (Op::Pad { value, .. }, Some(quantization)) = (&mut *op, &output)
        && let Some(stored) = stored_of(&[f32::from_bits(*value as u32)], dtype, Some(quantization)).integers()
    {
        *value = stored.first().map_or(0, |&stored| stored as i32);
    }
    // Operands of what compares or joins stored integers are in the output's quantization.
    let shared = match op {
        Op::Binary { kind: BinaryKind::Maximum | BinaryKind::Minimum, .. } | Op::Concatenation { .. } | Op::Pack { .. } => output,
        _ => None,
    };
    let symmetric = matches!(op, Op::Prelu { .. });
    op.for_each_input(|id| {
        let Some(Data::F32(values)) = float.value(*id) else { return };
        let (low, high) = values.iter().fold((0f64, 0f64), |(low, high), &v| (low.min(v.into()), high.max(v.into())));
        let quantization = match &shared {
            Some(quantization) => quantization.clone(),
            None if symmetric => {
                let greatest = (-low).max(high) / 127.0;
                Quantization::per_tensor(if greatest > 0.0 { greatest as f32 } else { 1.0 }, 0)
            }
            None => self::quantization(low, high, activations),
        };
        let data = stored_of(values, dtype, Some(&quantization));
        *id = constant(graph, float.tensor(*id), data, Some(quantization));
    });
}

/// Takes out tensors and constants that nothing refers to.
pub(crate) fn drop_unused(graph: &mut Graph) {
    let mut used = vec![false; graph.tensors.len()];
    let all = graph.nodes.iter().flat_map(|node| node.op.inputs().into_iter().chain(node.outputs.iter().copied()));
    all.chain(graph.inputs.iter().copied()).chain(graph.outputs.iter().copied()).for_each(|id| used[id.0 as usize] = true);
    let old = core::mem::take(graph);
    let mut names = vec![TensorId(0); old.tensors.len()];
    graph.name = old.name;
    let mut weights: BTreeMap<u32, crate::ir::WeightId> = BTreeMap::new();
    for (index, mut tensor) in old.tensors.into_iter().enumerate().filter(|(index, _)| used[*index]) {
        tensor.value = tensor.value.and_then(|value| {
            let weight = old.weights.get(value.0 as usize)?;
            Some(*weights.entry(value.0).or_insert_with(|| graph.add_weight(weight.clone())))
        });
        names[index] = graph.add_tensor(tensor);
    }
    graph.nodes = old.nodes;
    let rename = |id: &mut TensorId| *id = names[id.0 as usize];
    for node in &mut graph.nodes {
        node.op.for_each_input(rename);
        node.outputs.iter_mut().for_each(rename);
    }
    graph.inputs = old.inputs;
    graph.outputs = old.outputs;
    graph.inputs.iter_mut().chain(&mut graph.outputs).for_each(rename);
}
