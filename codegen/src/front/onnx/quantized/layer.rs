//! Layers with weights, and pools, which become such.

use super::affine::Affine;
use crate::front::onnx::error::Error;
use crate::ir::{Activation, DType, Data, Graph, Node, Op, PoolKind, Quantization, ReduceKind, Shape, Tensor, TensorId, Weight};
use crate::prepare::ort;
use std::sync::Arc;

/// How far the scale of a bias may be from the product of the scales of input and weights, as a part of it: both are rounded to single
/// precision, and nothing else may lie between them.
const SAME: f64 = 2.5e-7;

/// Makes integer weights of operators on reals reals.
pub(super) fn to_reals(graph: &mut Graph) {
    let read: Vec<TensorId> = graph.nodes.iter().flat_map(|node| node.op.inputs()).collect();
    for id in read {
        let tensor = graph.tensor(id);
        let (Some(weight), Some(quantization)) = (tensor.value, tensor.quantization.clone()) else { continue };
        let (shape, data) = (tensor.shape.0.clone(), graph.weights[weight.0 as usize].data.clone());
        let constant = crate::front::onnx::value::Constant { shape, data, quantization: Some(quantization) };
        let Some(reals) = constant.floats() else { continue };
        Arc::make_mut(&mut graph.weights[weight.0 as usize]).data = Data::F32(reals.into_owned());
        let tensor = graph.tensor_mut(id);
        (tensor.dtype, tensor.quantization) = (DType::F32, None);
    }
}

/// Brings what belongs to a node on integers, whose output has its quantization, into the form that such a node has. A layer takes in
/// the factors and addends that follow it.
pub(super) fn finish(graph: &mut Graph, node: &mut Node, affine: &Affine) -> Result<(), Error> {
    if let Op::Pool2d { kind: PoolKind::Average, .. } = node.op {
        return averaged(graph, node);
    }
    let Some(layer) = node.op.layer() else { return Ok(()) };
    let (input, filter, bias, axis) = (layer.input, layer.filter, layer.bias, layer.channel_axis);
    let weights = graph.tensor(filter);
    let Some(quantization) = weights.quantization.clone().filter(|_| weights.dtype == DType::I8) else {
        return Err(Error::Unquantized { what: "its weights are not quantized" });
    };
    if !quantization.is_per_tensor() && quantization.axis != axis {
        return Err(Error::Unsupported { what: "weights with scales along another axis than that of the outputs".into() });
    }
    let filter = match affine.factors.iter().all(|&factor| factor == 1.0) {
        true => filter,
        false => multiplied(graph, filter, axis, &affine.factors)?,
    };
    let scale = graph.tensor(input).quantization.as_ref().map_or(1.0, Quantization::scale);
    let scales = quantization.scales.iter().map(|&weight| f64::from(weight) * f64::from(scale)).collect::<Vec<_>>();
    let bias = biased(graph, bias, &scales, affine, &graph.tensor(filter).name.clone())?;
    if let Some(layer) = node.op.layer_mut() {
        (*layer.filter, *layer.bias) = (filter, bias);
    }
    Ok(())
}

/// Weights times a factor for each output channel: its magnitude goes into the scale, its sign into the weights.
fn multiplied(graph: &mut Graph, filter: TensorId, axis: usize, factors: &[f64]) -> Result<TensorId, Error> {
    let tensor = graph.tensor(filter).clone();
    let mut weights = graph.value(filter).and_then(Data::as_i8).unwrap_or(&[]).to_vec();
    let inner: usize = tensor.shape.0.iter().skip(axis + 1).product();
    for (index, weight) in weights.iter_mut().enumerate() {
        let factor = factors.get(index.checked_div(inner).unwrap_or(0) % factors.len().max(1)).copied().unwrap_or(1.0);
        let negated = || Error::Unsupported { what: "a negative factor after a layer with weights of -128".into() };
        *weight = match factor {
            0.0 => 0,
            ..0.0 => weight.checked_neg().ok_or_else(negated)?,
            _ => *weight,
        };
    }
    let given = tensor.quantization.clone().unwrap_or(Quantization::per_tensor(1.0, 0));
    let scale = |(channel, &factor): (usize, &f64)| {
        let own = given.scale_at(channel);
        if factor == 0.0 { own } else { (f64::from(own) * factor.abs()) as f32 }
    };
    let scales: Vec<f32> = factors.iter().enumerate().map(scale).collect();
    if let Some(&scale) = scales.iter().find(|scale| !scale.is_finite() || **scale <= 0.0) {
        return Err(Error::Value { what: "a factor after the layer", expected: "finite", given: format!("a scale of {scale}") });
    }
    let quantization = Some(Quantization { zero_points: vec![0; scales.len()], scales, axis });
    let value = Some(graph.add_weight(Weight { name: tensor.name.clone(), data: Data::I8(weights) }));
    Ok(graph.add_tensor(Tensor { quantization, value, ..tensor }))
}

/// A bias as it is where it is `int32` at `scales`, those of the accumulators, and nothing is made of it; else in floats.
fn biased(
    graph: &mut Graph,
    bias: Option<TensorId>,
    scales: &[f64],
    affine: &Affine,
    filter: &str,
) -> Result<Option<TensorId>, Error> {
    let unchanged = affine.factors.iter().all(|&factor| factor == 1.0) && affine.addends.iter().all(|&addend| addend == 0.0);
    let at = |list: &[f64], channel: usize| list.get(if list.len() == 1 { 0 } else { channel }).copied().unwrap_or(1.0);
    let channels = affine.factors.len();
    let mut reals = vec![0.0; channels];
    if let Some(id) = bias {
        let tensor = graph.tensor(id).clone();
        let own: Vec<f64> = match (&tensor.quantization, tensor.dtype) {
            (Some(quantization), DType::I32) => quantization.scales.iter().copied().map(f64::from).collect(),
            _ => vec![1.0],
        };
        let zero_point = |channel: usize| {
            let given = tensor.quantization.as_ref().map_or(&[][..], |given| &given.zero_points);
            given.get(if given.len() == 1 { 0 } else { channel }).copied().unwrap_or(0)
        };
        let same = |channel: usize| {
            let values = graph.value(id).and_then(Data::as_i32).unwrap_or(&[]);
            let zero = values.get(channel).is_some_and(|&value| value == zero_point(channel));
            zero || (at(&own, channel) / at(scales, channel) - 1.0).abs() < SAME
        };
        let centered = (0..channels).all(|channel| zero_point(channel) == 0);
        if unchanged && tensor.dtype == DType::I32 && centered && (0..channels).all(same) {
            return Ok(bias);
        }
        reals = match graph.value(id) {
            Some(Data::I32(values)) => {
                let real =
                    |(channel, &value): (usize, &i32)| (f64::from(value) - f64::from(zero_point(channel))) * at(&own, channel);
                values.iter().enumerate().map(real).collect()
            }
            Some(Data::F32(values)) => values.iter().copied().map(f64::from).collect(),
            _ => return Err(Error::Unquantized { what: "its bias is neither int32 nor float32" }),
        };
    }
    let all = reals.iter().zip(&affine.factors).zip(&affine.addends);
    let reals: Vec<f32> = all.map(|((&real, factor), addend)| (real * factor + addend) as f32).collect();
    if let Some(given) = reals.iter().find(|real| !real.is_finite()) {
        return Err(Error::Value { what: "the bias", expected: "finite", given: given.to_string() });
    }
    if reals.iter().all(|&real| real == 0.0) {
        return Ok(None);
    }
    let name = bias.map_or_else(|| format!("bias of {filter}"), |id| graph.tensor(id).name.clone());
    let value = Some(graph.add_weight(Weight { name: name.clone(), data: Data::F32(reals) }));
    let shape = Shape(vec![channels]);
    Ok(Some(graph.add_tensor(Tensor { name, shape, dtype: DType::F32, quantization: None, value })))
}

/// An average pool: of the whole image, a mean, where that rounds alike; a depthwise convolution whose weights are all one, where none
/// of its means is near a half and all pixels count; else it stays one.
fn averaged(graph: &mut Graph, node: &mut Node) -> Result<(), Error> {
    let Op::Pool2d { kind: _, input, window, activation } = node.op.clone() else { return Ok(()) };
    let &[_, height, width, channels] = graph.tensor(input).shape.0.as_slice() else {
        return Err(Error::Malformed { what: "an image without four axes" });
    };
    let padded = window.pad_before != [0, 0] || window.pad_after != [0, 0];
    let [rows, columns] = window.kernel;
    let count = rows.saturating_mul(columns);
    let of = |id: TensorId| graph.tensor(id).quantization.clone();
    let clear = match (of(input), node.outputs.first().copied().and_then(of)) {
        (Some(from), Some(to)) => ort::mean_is_clear(count, &from, &to),
        _ => false,
    };
    let whole = !padded && window.kernel == [height, width] && activation == Activation::None;
    if whole && (clear || graph.zero_points_first.is_none()) {
        node.op = Op::Reduce { kind: ReduceKind::Mean, input, axes: vec![1, 2] };
        return Ok(());
    }
    if padded || !clear {
        return Ok(());
    }
    let shape = Shape(vec![1, rows, columns, channels]);
    let name = format!("{}.ones", graph.tensor(input).name);
    let weight = graph.add_weight(Weight { name: name.clone(), data: Data::I8(vec![1; shape.elements()]) });
    let quantization = Some(Quantization::per_tensor(1.0 / count as f32, 0));
    let filter = graph.add_tensor(Tensor { name, shape, dtype: DType::I8, quantization, value: Some(weight) });
    node.op = Op::DepthwiseConv2d { input, filter, bias: None, window, activation };
    Ok(())
}
