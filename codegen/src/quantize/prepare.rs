//! Makes a float graph ready: what follows a layer and can be part of it goes into it.

use super::QuantizeError as Error;
use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Activation, BinaryKind, DType, Data, Graph, Layer, Op, Tensor, TensorId, UnaryKind, Weight};
use crate::{passes, valid};

/// A copy of the graph in which weights are floats of their own, and additions, multiplications and clamps behind a layer are part
/// of it.
///
/// # Errors
/// A structure that no stage can work on, a batch of several images, weights that are computed, integers that are computed with.
pub(crate) fn prepare(graph: &Graph) -> Result<Graph, Diagnostics> {
    valid::structure(graph)?;
    valid::batch(graph)?;
    let mut graph = graph.clone();
    passes::remove_dead(&mut graph);
    if let Some(partly) = valid::partly(&graph) {
        return Err(partly.into());
    }
    let mut problems: Vec<crate::diag::Diagnostic> = Vec::new();
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let place = Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
        // That a model is quantized is one fact, however many of its tensors show it.
        match own_weights(&mut graph, index) {
            Err(error @ Error::NotFloat { .. }) if !problems.iter().any(|known| known.code == error.code()) => {
                problems.push(error.at(place));
            }
            Err(Error::NotFloat { .. }) | Ok(()) => {}
            Err(error) => problems.push(error.at(place)),
        }
    }
    if !problems.is_empty() {
        return Err(Diagnostics(problems));
    }
    while fold_one(&mut graph) {}
    passes::remove_dead(&mut graph);
    Ok(graph)
}

/// Gives a node float weights and a bias that no other node shares; checks the dtypes of its activations.
fn own_weights(graph: &mut Graph, index: usize) -> Result<(), Error> {
    let node = graph.nodes[index].clone();
    let Some(Layer { input: _, filter, bias, channel_axis }) = node.op.layer() else {
        let indices = matches!(node.op, Op::ArgMax { .. } | Op::Shape { .. });
        let mut all = node.op.inputs();
        all.extend(node.outputs.iter().filter(|_| !indices));
        return match all.iter().map(|&id| graph.tensor(id)).find(|tensor| tensor.dtype != DType::F32) {
            Some(tensor) => Err(Error::NotFloat { tensor: tensor.name.clone(), given: tensor.dtype.name() }),
            None => Ok(()),
        };
    };
    let tensor = graph.tensor(filter).clone();
    let data = graph.value(filter).ok_or(Error::Weights { tensor: tensor.name.clone() })?;
    let reals = match (data, &tensor.quantization) {
        // Shared with the node that has them now until one of the two is changed.
        (Data::F32(_), _) => None,
        (Data::I8(_), Some(quantization)) => Some(quantization.reals(data, &tensor.shape).unwrap_or_default()),
        _ => return Err(Error::NotFloat { tensor: tensor.name, given: tensor.dtype.name() }),
    };
    let channels = tensor.shape.0.get(channel_axis).copied().unwrap_or(0);
    let (bias_name, biases) = match bias {
        Some(bias) => match graph.value(bias) {
            Some(Data::F32(values)) => (graph.tensor(bias).name.clone(), values.clone()),
            _ => return Err(Error::Weights { tensor: graph.tensor(bias).name.clone() }),
        },
        None => (format!("{}.bias", tensor.name), vec![0.0; channels]),
    };
    let new_filter = match (reals, tensor.value) {
        (Some(reals), _) => constant(graph, &tensor.name, tensor.shape.0.clone(), reals),
        (None, value) => {
            let value = value.map(|value| graph.add_weight(graph.weights[value.0 as usize].clone()));
            graph.add_tensor(Tensor { value, quantization: None, ..tensor })
        }
    };
    let new_bias = constant(graph, &bias_name, vec![channels], biases);
    if let Some(layer) = graph.nodes[index].op.layer_mut() {
        *layer.filter = new_filter;
        *layer.bias = Some(new_bias);
    }
    Ok(())
}

/// Adds a constant of floats.
pub(super) fn constant(graph: &mut Graph, name: &str, shape: Vec<usize>, values: Vec<f32>) -> TensorId {
    let value = graph.add_weight(Weight { name: name.into(), data: Data::F32(values) });
    let shape = crate::ir::Shape(shape);
    graph.add_tensor(Tensor { name: name.into(), shape, dtype: DType::F32, quantization: None, value: Some(value) })
}

/// Folds one node into the one before it; false where there is none to fold.
fn fold_one(graph: &mut Graph) -> bool {
    let (producers, uses) = (graph.producers(), graph.uses());
    for index in 0..graph.nodes.len() {
        let op = graph.nodes[index].op.clone();
        let folded = match op {
            Op::Unary { kind, input } => fold_clamp(graph, kind, input, &producers, &uses),
            Op::Binary { kind, a, b, activation } => {
                let pair = match (graph.value(a).is_some(), graph.value(b).is_some(), kind) {
                    (false, true, _) => Some((a, b)),
                    (true, false, BinaryKind::Add | BinaryKind::Mul) => Some((b, a)),
                    _ => None,
                };
                pair.and_then(|(input, constant)| fold_affine(graph, kind, input, constant, activation, &producers, &uses))
            }
            _ => None,
        };
        if let Some(producer) = folded {
            let node = graph.nodes.remove(index);
            graph.nodes[producer].outputs = node.outputs;
            return true;
        }
    }
    false
}

/// The node that makes `id`, where nobody else reads it.
fn sole_producer(graph: &Graph, id: TensorId, producers: &[Option<usize>], uses: &[usize]) -> Option<usize> {
    let producer = producers.get(id.0 as usize).copied().flatten()?;
    (uses.get(id.0 as usize) == Some(&1) && graph.nodes[producer].outputs.len() == 1).then_some(producer)
}

fn fold_clamp(graph: &mut Graph, kind: UnaryKind, input: TensorId, producers: &[Option<usize>], uses: &[usize]) -> Option<usize> {
    let activation = match kind {
        UnaryKind::Relu => Activation::Relu,
        UnaryKind::Relu6 => Activation::Relu6,
        UnaryKind::ReluN1To1 => Activation::ReluN1To1,
        UnaryKind::Logistic | UnaryKind::Tanh | UnaryKind::LeakyRelu { alpha: _ } | UnaryKind::HardSwish | UnaryKind::Rescale => {
            return None;
        }
    };
    let producer = sole_producer(graph, input, producers, uses)?;
    let op = &mut graph.nodes[producer].op;
    let slot = match op {
        Op::Binary { kind: BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul, a: _, b: _, activation } => activation,
        Op::Pool2d { kind: _, input: _, window: _, activation } => activation,
        other => other.layer_mut()?.activation,
    };
    if *slot != Activation::None {
        return None;
    }
    *slot = activation;
    Some(producer)
}

/// Folds a sum, difference or product with one number, or one number a channel, into the layer before it.
fn fold_affine(
    graph: &mut Graph,
    kind: BinaryKind,
    input: TensorId,
    constant: TensorId,
    activation: Activation,
    producers: &[Option<usize>],
    uses: &[usize],
) -> Option<usize> {
    let producer = sole_producer(graph, input, producers, uses)?;
    let Layer { input: _, filter, bias, channel_axis } = graph.nodes[producer].op.layer()?;
    let layer = graph.nodes[producer].op.clone().layer_mut().map(|layer| *layer.activation)?;
    let bias = bias?;
    let filter_shape = graph.tensor(filter).shape.0.clone();
    let channels = *filter_shape.get(channel_axis)?;
    let shape = &graph.tensor(constant).shape.0;
    let along = shape.iter().rev().skip(1).all(|&dim| dim == 1) && [Some(&1), Some(&channels), None].contains(&shape.last());
    let last = graph.tensor(input).shape.0.last() == Some(&channels);
    if layer != Activation::None || !along || !last || shape.len() > graph.tensor(input).shape.rank() {
        return None;
    }
    let values = graph.floats(constant).to_vec();
    let at = |channel: usize| values.get(channel).or(values.first()).copied();
    at(0)?;
    match kind {
        BinaryKind::Add => graph.floats_mut(bias).iter_mut().enumerate().for_each(|(c, value)| *value += at(c).unwrap_or(0.0)),
        BinaryKind::Sub => graph.floats_mut(bias).iter_mut().enumerate().for_each(|(c, value)| *value -= at(c).unwrap_or(0.0)),
        BinaryKind::Mul => {
            let inner: usize = filter_shape.iter().skip(channel_axis + 1).product();
            let factor = |index: usize| at(index / inner.max(1) % channels).unwrap_or(1.0);
            graph.floats_mut(filter).iter_mut().enumerate().for_each(|(index, value)| *value *= factor(index));
            graph.floats_mut(bias).iter_mut().enumerate().for_each(|(c, value)| *value *= at(c).unwrap_or(1.0));
        }
        BinaryKind::Maximum | BinaryKind::Minimum => return None,
    }
    if let Some(layer) = graph.nodes[producer].op.layer_mut() {
        *layer.activation = activation;
    }
    Some(producer)
}
