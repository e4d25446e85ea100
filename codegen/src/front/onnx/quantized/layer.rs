//! Layers with weights, and pools, which become such.

use crate::front::onnx::error::Error;
use crate::ir::{Activation, DType, Data, Graph, Node, Op, PoolKind, Quantization, ReduceKind, Shape, Tensor, TensorId, Weight};
use crate::prepare::ort;

/// How far the scale of a bias may be from the product of the scales of input and weights, as a part of it: both are rounded.
const SAME: f64 = 1e-5;

/// Makes integer weights of operators on reals reals.
pub(super) fn to_reals(graph: &mut Graph) {
    let read: Vec<TensorId> = graph.nodes.iter().flat_map(|node| node.op.inputs()).collect();
    for id in read {
        let tensor = graph.tensor(id);
        let (Some(weight), Some(quantization)) = (tensor.value, tensor.quantization.clone()) else { continue };
        let (shape, data) = (tensor.shape.0.clone(), graph.weights[weight.0 as usize].data.clone());
        let constant = crate::front::onnx::value::Constant { shape, data, quantization: Some(quantization) };
        let Some(reals) = constant.floats() else { continue };
        graph.weights[weight.0 as usize].data = Data::F32(reals.into_owned());
        let tensor = graph.tensor_mut(id);
        (tensor.dtype, tensor.quantization) = (DType::F32, None);
    }
}

/// Brings what belongs to a node on integers, whose output has its quantization, into the form that such a node has.
pub(super) fn finish(graph: &mut Graph, node: &mut Node) -> Result<(), Error> {
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
    let scale = graph.tensor(input).quantization.as_ref().map_or(1.0, Quantization::scale);
    let Some(bias) = bias else { return Ok(()) };
    let scales: Vec<f64> = quantization.scales.iter().map(|&weight| f64::from(weight) * f64::from(scale)).collect();
    rescale(graph, bias, &scales)
}

/// A bias as `int32` at `scales`, which is where the sums are.
fn rescale(graph: &mut Graph, bias: TensorId, scales: &[f64]) -> Result<(), Error> {
    let tensor = graph.tensor(bias).clone();
    let own: Vec<f64> = match (&tensor.quantization, tensor.dtype) {
        (Some(quantization), DType::I32) => quantization.scales.iter().copied().map(f64::from).collect(),
        _ => vec![1.0],
    };
    let at = |list: &[f64], channel: usize| list.get(if list.len() == 1 { 0 } else { channel }).copied().unwrap_or(1.0);
    let channels = tensor.shape.elements();
    let zero_points = tensor.quantization.as_ref().is_some_and(|given| given.zero_points.iter().any(|&zero| zero != 0));
    let same = |channel: usize| (at(&own, channel) / at(scales, channel) - 1.0).abs() < SAME;
    if tensor.dtype == DType::I32 && !zero_points && (0..channels).all(same) {
        return Ok(());
    }
    let zero_point = |channel: usize| {
        let given = tensor.quantization.as_ref().map_or(&[][..], |given| &given.zero_points);
        given.get(if given.len() == 1 { 0 } else { channel }).copied().unwrap_or(0)
    };
    let reals: Vec<f64> = match graph.value(bias) {
        Some(Data::I32(values)) => {
            let real = |(channel, &value): (usize, &i32)| f64::from(value - zero_point(channel)) * at(&own, channel);
            values.iter().enumerate().map(real).collect()
        }
        Some(Data::F32(values)) => values.iter().copied().map(f64::from).collect(),
        _ => return Err(Error::Unquantized { what: "its bias is neither int32 nor float32" }),
    };
    let stored = reals.iter().enumerate().map(|(channel, real)| (real / at(scales, channel)).round_ties_even());
    let fits = |value: f64| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value).then_some(value as i32);
    let stored: Option<Vec<i32>> = stored.map(fits).collect();
    let given = || format!("up to {} in units of the sums", reals.iter().fold(0.0, |most: f64, real| most.max(real.abs())));
    let stored = stored.ok_or_else(|| Error::Value { what: "the bias", expected: "within int32", given: given() })?;
    let weight = graph.add_weight(Weight { name: tensor.name.clone(), data: Data::I32(stored) });
    let quantization =
        Quantization { scales: scales.iter().map(|&scale| scale as f32).collect(), zero_points: vec![0; scales.len()], axis: 0 };
    let tensor = graph.tensor_mut(bias);
    (tensor.dtype, tensor.quantization, tensor.value) = (DType::I32, Some(quantization), Some(weight));
    Ok(())
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
