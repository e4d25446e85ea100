//! A graph that computes batches with gradients.
//!
//! Every activation is a tensor `[samples, elements]`, elements in the graph's order (NHWC); an op sees it in the shape that it needs. The
//! trained numbers live outside, in [`Parameters`]: each batch they enter as leaves, as they are or as the exported network will have
//! them (rounded, masked), so a gradient goes straight through whatever was done to them.

mod check;
mod elementwise;
mod fake;
mod layer;
mod movement;
mod window;

use crate::error::TrainError as Error;
use crate::parameters::Parameters;
use burn_tensor::{Device, Gradients, Int, Tensor, TensorData};
use std::collections::BTreeMap;
use tinybake_codegen::diag::Diagnostics;
use tinybake_codegen::ir::{Graph, Node, Op, PoolKind, TensorId, WeightId};

/// A graph made ready to be computed in batches.
#[derive(Debug)]
pub struct Network<'g> {
    graph: &'g Graph,
    plans: Vec<Plan>,
}

/// What is worked out once for a node.
#[derive(Debug)]
enum Plan {
    /// Nothing.
    None,
    /// Which pixel of the input each tap of each output pixel reads.
    Taps(window::Taps),
    /// Which element of the inputs, one after the other, each element of each output is.
    Moves(Vec<Vec<usize>>),
}

/// A batch on its way through a network.
#[derive(Debug)]
pub struct Pass {
    values: Vec<Option<Tensor<2>>>,
    leaves: BTreeMap<WeightId, Tensor<1>>,
}

impl Pass {
    /// An activation, `[samples, elements]`; `None` for constants.
    pub fn value(&self, id: TensorId) -> Option<Tensor<2>> {
        self.values.get(id.0 as usize)?.clone()
    }

    /// The gradient of each parameter, in the order of `parameters`; zeros where the loss does not depend on one.
    pub fn gradients(&self, parameters: &Parameters, gradients: &Gradients) -> Vec<Vec<f32>> {
        let of = |id: WeightId, count: usize| {
            let grad = self.leaves.get(&id).and_then(|leaf| leaf.grad(gradients));
            grad.and_then(|grad| grad.try_into_vec_as::<f32>().ok()).unwrap_or_else(|| vec![0.0; count])
        };
        parameters.list.iter().map(|parameter| of(parameter.weight, parameter.values.len())).collect()
    }
}

/// The device of passes with gradients.
pub fn training_device() -> Device {
    Device::flex().autodiff()
}

/// The device of passes without.
pub fn inference_device() -> Device {
    Device::flex()
}

/// A tensor of `values`.
pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A list of indices.
pub(crate) fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

impl<'g> Network<'g> {
    /// Checks that every op can be trained through.
    ///
    /// # Errors
    /// What [`tinybake_codegen::valid::structure`] finds, and each op that has no gradient here, by name.
    pub fn new(graph: &'g Graph) -> Result<Self, Diagnostics> {
        tinybake_codegen::valid::structure(graph)?;
        check::check(graph)?;
        let plans = graph.nodes.iter().map(|node| plan(graph, node)).collect::<Result<_, _>>()?;
        Ok(Self { graph, plans })
    }

    /// The graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Computes all activations of a batch; `inputs` are those of the model, each `samples` times its elements. On a device with gradients
    /// the parameters are leaves.
    pub fn run(&self, parameters: &Parameters, inputs: &[Vec<f32>], samples: usize, device: &Device) -> Pass {
        let mut pass = Pass { values: vec![None; self.graph.tensors.len()], leaves: BTreeMap::new() };
        for parameter in &parameters.list {
            let values = parameters.used(parameter);
            let count = values.len();
            let leaf = tensor(values, [count], device);
            let leaf = if device.is_autodiff() { leaf.require_grad() } else { leaf };
            pass.leaves.insert(parameter.weight, leaf);
        }
        for (&id, values) in self.graph.inputs.iter().zip(inputs) {
            let elements = self.graph.tensor(id).shape.elements();
            let value = tensor(values.clone(), [samples, elements], device);
            pass.values[id.0 as usize] = Some(fake::quantized(value, self.graph.tensor(id)));
        }
        for (node, plan) in self.graph.nodes.iter().zip(&self.plans) {
            let made = Frame { graph: self.graph, node, plan, pass: &pass, samples, device }.run();
            for (&id, value) in node.outputs.iter().zip(made) {
                pass.values[id.0 as usize] = Some(fake::quantized(value, self.graph.tensor(id)));
            }
        }
        pass
    }
}

fn plan(graph: &Graph, node: &Node) -> Result<Plan, Diagnostics> {
    Ok(match &node.op {
        Op::Conv2d { input, window, .. } | Op::DepthwiseConv2d { input, window, .. } | Op::Pool2d { input, window, .. } => {
            Plan::Taps(window::Taps::new(graph, *input, window))
        }
        Op::Concatenation { .. }
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Resize { .. } => Plan::Moves(movement::moves(graph, node)?),
        Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Reshape { .. }
        | Op::Shape { .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => Plan::None,
    })
}

/// One node about to be computed.
struct Frame<'a> {
    graph: &'a Graph,
    node: &'a Node,
    plan: &'a Plan,
    pass: &'a Pass,
    samples: usize,
    device: &'a Device,
}

impl Frame<'_> {
    /// An operand: an activation, or a constant as `[1, elements]`.
    fn value(&self, id: TensorId) -> Tensor<2> {
        self.pass.value(id).unwrap_or_else(|| {
            let leaf = self.graph.tensor(id).value.and_then(|weight| self.pass.leaves.get(&weight));
            leaf.cloned().map_or_else(|| Tensor::zeros([1, 1], self.device), |leaf| leaf.reshape([1, -1]))
        })
    }

    fn dims(&self, id: TensorId) -> &[usize] {
        &self.graph.tensor(id).shape.0
    }

    /// What the node makes, each `[samples, elements]`.
    fn run(&self) -> Vec<Tensor<2>> {
        let one = match &self.node.op {
            Op::Conv2d { input, filter, bias, window: _, activation } => {
                layer::activate(self, layer::conv2d(self, *input, *filter, *bias), *activation)
            }
            Op::DepthwiseConv2d { input, filter, bias, window: _, activation } => {
                layer::activate(self, layer::depthwise_conv2d(self, *input, *filter, *bias), *activation)
            }
            Op::FullyConnected { input, filter, bias, activation } => {
                layer::activate(self, layer::fully_connected(self, *input, *filter, *bias), *activation)
            }
            Op::Binary { kind, a, b, activation } => layer::activate(self, elementwise::binary(self, *kind, *a, *b), *activation),
            Op::Unary { kind, input } => elementwise::unary(*kind, self.value(*input)),
            Op::Prelu { input, alpha } => elementwise::prelu(self, *input, *alpha),
            Op::Pool2d { kind: PoolKind::Average, input, window: _, activation } => {
                layer::activate(self, window::average(self, *input), *activation)
            }
            Op::Pool2d { kind: PoolKind::Max, input, window: _, activation } => {
                layer::activate(self, window::greatest(self, *input), *activation)
            }
            Op::Reduce { kind, input, axes } => elementwise::reduce(self, *kind, *input, axes),
            Op::Softmax { input, beta } => elementwise::softmax(self, *input, *beta),
            Op::Concatenation { activation, .. } => {
                return movement::moved(self).into_iter().map(|value| layer::activate(self, value, *activation)).collect();
            }
            Op::Pad { .. }
            | Op::MirrorPad { .. }
            | Op::Split { .. }
            | Op::Slice { .. }
            | Op::Transpose { .. }
            | Op::Pack { .. }
            | Op::Unpack { .. }
            | Op::Resize { .. } => return movement::moved(self),
            Op::Reshape { input } | Op::Quantize { input } | Op::Dequantize { input } => self.value(*input),
            // `check` refuses them.
            Op::TransposeConv { input, .. } | Op::ArgMax { input, .. } | Op::Shape { input } => self.value(*input),
        };
        vec![one]
    }
}

/// The tensor whose softmax the network's first output is, or that output: what losses are taken of.
///
/// # Errors
/// A network without outputs.
pub fn logits(graph: &Graph) -> Result<TensorId, Error> {
    let &output = graph.outputs.first().ok_or(Error::NoOutput)?;
    let behind = |node: &Node| match node.op {
        Op::Softmax { input, beta: 1.0 } => Some(input),
        Op::Dequantize { input } => Some(input),
        _ => None,
    };
    let mut id = output;
    while let Some(before) = graph.nodes.iter().find(|node| node.outputs.contains(&id)).and_then(behind) {
        id = before;
    }
    Ok(id)
}
