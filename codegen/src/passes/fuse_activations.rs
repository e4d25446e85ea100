//! Moves a clamp that stands alone into the node before it.

use super::Removal;
use crate::ir::{Activation, DType, Graph, Op, Quantization, UnaryKind};
use crate::options::Reference;
use crate::prepare::int16;
use crate::prepare::multiplier::{activation_range, xnnpack_activation_range};
use crate::prepare::ort;

/// Removes each `relu`, `relu6` and `relu_n1_to_1` whose input and output have the same quantization, and clamps the node before
/// it instead, where that node's result goes nowhere else.
///
/// With equal scales the reference requantizes by a multiplier of exactly one, which changes nothing, and then clamps; two
/// clamps in a row are the clamp to the intersection of their ranges.
pub fn fuse_activations(graph: &mut Graph, reference: Reference) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut index = 0;
    while index < graph.nodes.len() {
        match fusible(graph, index, reference) {
            Some((producer, activation)) => {
                let node = graph.nodes.remove(index);
                if let Some(slot) = activation_mut(&mut graph.nodes[producer].op) {
                    *slot = activation;
                }
                graph.nodes[producer].outputs = node.outputs;
                let what = format!("{} `{}`", node.op.name(), node.origin.name);
                removals.push(Removal { pass: "fuse_activations", what, why: "the operator before it clamps to the same range" });
            }
            None => index += 1,
        }
    }
    removals
}

/// The node before a clamp that may be moved there, and the clamp in stored integers.
fn fusible(graph: &Graph, index: usize, reference: Reference) -> Option<(usize, Activation)> {
    let node = &graph.nodes[index];
    let Op::Unary { kind, input } = &node.op else { return None };
    let activation = match kind {
        UnaryKind::Relu => Activation::Relu,
        UnaryKind::Relu6 => Activation::Relu6,
        UnaryKind::ReluN1To1 => Activation::ReluN1To1,
        UnaryKind::Logistic | UnaryKind::Tanh | UnaryKind::LeakyRelu { .. } | UnaryKind::HardSwish | UnaryKind::Rescale => {
            return None;
        }
    };
    let output = *node.outputs.first()?;
    let (from, to) = (graph.tensor(*input), graph.tensor(output));
    let quantization: &Quantization = from.quantization.as_ref()?;
    let same =
        to.quantization.as_ref() == Some(quantization) && from.dtype == to.dtype && matches!(to.dtype, DType::I8 | DType::I16);
    if !same || !quantization.is_per_tensor() || graph.uses().get(input.0 as usize) != Some(&1) || from.shape != to.shape {
        return None;
    }
    let producer = graph.nodes.iter().position(|other| other.outputs == [*input])?;
    let mut op = graph.nodes[producer].op.clone();
    let before = *activation_mut(&mut op)?;
    if to.dtype == DType::I16 {
        let [low, high] = int16::activation_range(before, quantization.scale()).map(i32::from);
        let [min, max] = int16::activation_range(activation, quantization.scale()).map(i32::from);
        return Some((producer, Activation::Clamp { min: low.clamp(min, max), max: high.clamp(min, max) }));
    }
    // The producer clamps as its reference rounds bounds; a clamp that stands alone is a table of TFLM's under both.
    let bounds = match reference {
        Reference::Tflm => activation_range,
        Reference::Xnnpack => xnnpack_activation_range,
        Reference::Ort => ort::activation_range,
    };
    let (low, high) = bounds(before, quantization.scale(), quantization.zero_point());
    let (min, max) = activation_range(activation, quantization.scale(), quantization.zero_point());
    let clamp = Activation::Clamp { min: low.clamp(min, max).into(), max: high.clamp(min, max).into() };
    Some((producer, clamp))
}

/// The activation of an op whose kernel clamps.
fn activation_mut(op: &mut Op) -> Option<&mut Activation> {
    match op {
        Op::Conv2d { activation, .. }
        | Op::DepthwiseConv2d { activation, .. }
        | Op::TransposeConv { activation, .. }
        | Op::FullyConnected { activation, .. }
        | Op::Pool2d { activation, .. } => Some(activation),
        Op::Binary { kind, activation, .. } => match kind {
            crate::ir::BinaryKind::Add | crate::ir::BinaryKind::Sub | crate::ir::BinaryKind::Mul => Some(activation),
            crate::ir::BinaryKind::Maximum | crate::ir::BinaryKind::Minimum => None,
        },
        Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Concatenation { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Shape { .. }
        | Op::Resize { .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => None,
    }
}
