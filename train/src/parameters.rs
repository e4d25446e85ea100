//! The numbers that training changes.

use crate::error::TrainError as Error;
use std::collections::BTreeMap;
use std::sync::Arc;
use tinybake_codegen::ir::{DType, Data, Graph, Layer, Quantization, TensorId, WeightId};
use tinybake_codegen::quantize::{Ranges, StoredLayer};

/// One constant of a graph, as floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The source's name.
    pub name: String,
    /// The constant.
    pub weight: WeightId,
    /// The floats that gradients change.
    pub values: Vec<f32>,
    /// Which of them may be other than zero; all where this is absent.
    pub kept: Option<Vec<bool>>,
    /// How the exported network stores them.
    pub stored: Stored,
}

/// How the exported network stores a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// As floats.
    Float,
    /// As int8 with one scale an output channel, the greatest magnitude being 127.
    Filter {
        /// Output channels; the weight at `index` belongs to `index / inner % channels`.
        channels: usize,
        /// See `channels`.
        inner: usize,
        /// Index of the layer's bias among the parameters.
        bias: Option<usize>,
        /// The scale of what the layer reads.
        input_scale: f32,
    },
    /// As int32 at the scale of the sums.
    Bias {
        /// Index of the layer's filter among the parameters.
        filter: usize,
    },
    /// As int8 in a quantization of its own, which stays; so do the numbers.
    Fixed,
}

/// All parameters of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// In the order in which nodes read them.
    pub list: Vec<Parameter>,
}

impl Parameters {
    /// The float constants that a graph's nodes read.
    ///
    /// # Errors
    /// A layer whose weights or activations are integers.
    pub fn of_floats(graph: &Graph) -> Result<Self, Error> {
        let mut list: Vec<Parameter> = Vec::new();
        for layer in graph.nodes.iter().filter_map(|node| node.op.layer()) {
            let all = [Some(layer.input), Some(layer.filter), layer.bias];
            if let Some(tensor) = all.into_iter().flatten().map(|id| graph.tensor(id)).find(|tensor| tensor.dtype != DType::F32) {
                return Err(Error::NotFloat { tensor: tensor.name.clone(), given: tensor.dtype.name() });
            }
        }
        for id in graph.nodes.iter().flat_map(|node| node.op.inputs()) {
            let tensor = graph.tensor(id);
            if let (Some(weight), Some(Data::F32(values))) = (tensor.value, graph.value(id))
                && list.iter().all(|parameter| parameter.weight != weight)
            {
                let (name, values) = (tensor.name.clone(), values.clone());
                list.push(Parameter { name, weight, values, kept: None, stored: Stored::Float });
            }
        }
        Ok(Self { list })
    }

    /// The constants of an int8 graph, in which no two nodes share one; the floats that they stand for.
    ///
    /// # Errors
    /// A constant that is neither int8 nor the bias of a layer.
    pub fn of_integers(graph: &Graph) -> Result<Self, Error> {
        let mut list: Vec<Parameter> = Vec::new();
        let scale = |id: TensorId| graph.tensor(id).quantization.as_ref().map_or(1.0, Quantization::scale);
        let parameter = |id: TensorId, stored: Stored| {
            let tensor = graph.tensor(id);
            let weight = tensor.value.ok_or_else(|| Error::Constant { tensor: tensor.name.clone() })?;
            let values = reals(graph, id).ok_or_else(|| Error::Constant { tensor: tensor.name.clone() })?;
            Ok(Parameter { name: tensor.name.clone(), weight, values, kept: None, stored })
        };
        for node in &graph.nodes {
            let Some(Layer { input, filter, bias, channel_axis }) = node.op.layer() else {
                for id in node.op.inputs().into_iter().filter(|&id| graph.value(id).is_some()) {
                    list.push(parameter(id, Stored::Fixed)?);
                }
                continue;
            };
            let shape = &graph.tensor(filter).shape.0;
            let channels = shape.get(channel_axis).copied().unwrap_or(1);
            let inner = shape.iter().skip(channel_axis + 1).product();
            let (own, input_scale) = (list.len(), scale(input));
            let stored = Stored::Filter { channels, inner, bias: bias.map(|_| own + 1), input_scale };
            list.push(parameter(filter, stored)?);
            if let Some(bias) = bias {
                let values = match graph.value(bias) {
                    Some(Data::I32(values)) => bias_reals(graph, filter, values, input_scale),
                    _ => return Err(Error::Constant { tensor: graph.tensor(bias).name.clone() }),
                };
                let (name, weight) = (graph.tensor(bias).name.clone(), graph.tensor(bias).value);
                let weight = weight.ok_or_else(|| Error::Constant { tensor: name.clone() })?;
                list.push(Parameter { name, weight, values, kept: None, stored: Stored::Bias { filter: own } });
            }
        }
        Ok(Self { list })
    }

    /// Keeps zeros of filters zero: of a network that was pruned in any pattern.
    pub fn keep_zeros(&mut self, graph: &Graph) {
        let filters: Vec<_> = graph.nodes.iter().filter_map(|node| graph.tensor(node.op.layer()?.filter).value).collect();
        for parameter in self.list.iter_mut().filter(|parameter| filters.contains(&parameter.weight)) {
            parameter.kept = Some(parameter.values.iter().map(|&value| value != 0.0).collect());
        }
    }

    /// The floats with which the exported network computes.
    pub fn used(&self, parameter: &Parameter) -> Vec<f32> {
        match &parameter.stored {
            Stored::Float | Stored::Fixed => parameter.values.clone(),
            Stored::Filter { .. } => self.layer(parameter).map_or_else(|| parameter.values.clone(), |layer| layer.reals()),
            Stored::Bias { filter } => {
                let filter = &self.list[*filter];
                let Stored::Filter { input_scale, .. } = filter.stored else { return parameter.values.clone() };
                let Some(layer) = self.layer(filter) else { return parameter.values.clone() };
                let stored = layer.biases(&parameter.values, &[], input_scale);
                stored
                    .iter()
                    .zip(&layer.scales)
                    .map(|(&bias, scale)| (f64::from(bias) * f64::from(scale * input_scale)) as f32)
                    .collect()
            }
        }
    }

    /// The integers of a filter.
    fn layer(&self, parameter: &Parameter) -> Option<StoredLayer> {
        let Stored::Filter { channels, inner, bias, input_scale } = parameter.stored else { return None };
        let biases = bias.map_or(&[][..], |bias| &self.list[bias].values);
        Some(StoredLayer::new(&parameter.values, biases, channels, inner, input_scale, Ranges::MinMax))
    }

    /// `graph`, which they are of, with them as its constants.
    pub fn export(&self, graph: &Graph) -> Graph {
        let mut made = graph.clone();
        let mut scales: BTreeMap<WeightId, Vec<f32>> = BTreeMap::new();
        for parameter in &self.list {
            let data = match &parameter.stored {
                Stored::Fixed => continue,
                Stored::Float => Data::F32(parameter.values.clone()),
                Stored::Filter { .. } => {
                    let Some(layer) = self.layer(parameter) else { continue };
                    scales.insert(parameter.weight, layer.scales.clone());
                    Data::I8(layer.weights)
                }
                Stored::Bias { filter } => {
                    let filter = &self.list[*filter];
                    let (Stored::Filter { input_scale, .. }, Some(layer)) = (&filter.stored, self.layer(filter)) else {
                        continue;
                    };
                    scales.insert(parameter.weight, layer.scales.iter().map(|scale| scale * input_scale).collect());
                    Data::I32(layer.biases(&parameter.values, &[], *input_scale))
                }
            };
            Arc::make_mut(&mut made.weights[parameter.weight.0 as usize]).data = data;
        }
        for node in &graph.nodes {
            let Some(Layer { input: _, filter, bias, channel_axis }) = node.op.layer() else { continue };
            for (id, axis) in [(Some(filter), channel_axis), (bias, 0)].into_iter().filter_map(|(id, axis)| Some((id?, axis))) {
                let tensor = made.tensor_mut(id);
                if let Some(scales) = tensor.value.and_then(|weight| scales.get(&weight)) {
                    let zero_points = vec![0; scales.len()];
                    tensor.quantization = Some(Quantization { scales: scales.clone(), zero_points, axis });
                }
            }
        }
        made
    }

    /// Numbers that may be other than zero.
    pub fn count(&self) -> usize {
        let kept = |parameter: &Parameter| match &parameter.kept {
            Some(kept) => kept.iter().filter(|&&kept| kept).count(),
            None => parameter.values.len(),
        };
        self.list.iter().map(kept).sum()
    }
}

/// Gives every layer of a graph constants that no other node reads.
pub(crate) fn unshare(graph: &mut Graph) {
    let mut seen = Vec::new();
    for index in 0..graph.nodes.len() {
        let mut op = graph.nodes[index].op.clone();
        op.for_each_input(|id| {
            let tensor = graph.tensor(*id).clone();
            let Some(weight) = tensor.value else { return };
            if seen.contains(&weight) {
                let value = Some(graph.add_weight(graph.weights[weight.0 as usize].clone()));
                *id = graph.add_tensor(tinybake_codegen::ir::Tensor { value, ..tensor });
            } else {
                seen.push(weight);
            }
        });
        graph.nodes[index].op = op;
    }
}

/// Whether a graph computes in int8: some layer reads it.
pub(crate) fn is_integer(graph: &Graph) -> bool {
    graph.nodes.iter().filter_map(|node| node.op.layer()).any(|layer| graph.tensor(layer.input).dtype == DType::I8)
}

/// The reals that an int8 constant stands for.
fn reals(graph: &Graph, id: TensorId) -> Option<Vec<f32>> {
    let tensor = graph.tensor(id);
    let (Some(Data::I8(values)), Some(quantization)) = (graph.value(id), &tensor.quantization) else { return None };
    let inner: usize = tensor.shape.0.iter().skip(quantization.axis + 1).product();
    let at = |index: usize| index / inner.max(1) % quantization.scales.len().max(1);
    let real = |(index, &value): (usize, &i8)| {
        let zero_point = quantization.zero_points.get(at(index)).copied().unwrap_or(0);
        i32::from(value).wrapping_sub(zero_point) as f32 * quantization.scale_at(at(index))
    };
    Some(values.iter().enumerate().map(real).collect())
}

fn bias_reals(graph: &Graph, filter: TensorId, values: &[i32], input_scale: f32) -> Vec<f32> {
    let quantization = graph.tensor(filter).quantization.as_ref();
    let scale = |channel: usize| quantization.map_or(1.0, |quantization| quantization.scale_at(channel)) * input_scale;
    values.iter().enumerate().map(|(channel, &value)| (f64::from(value) * f64::from(scale(channel))) as f32).collect()
}
