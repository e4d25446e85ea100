//! Removes nodes that copy their input, and turns those that only change the shape into reshapes.

use super::Removal;
use crate::ir::{Activation, Graph, Node, Op};

/// Turns each node whose output holds the input's elements in the input's order into a `reshape`, which costs nothing, and makes
/// readers of a reshape to the same shape read what is before it.
pub fn remove_identities(graph: &mut Graph) -> Vec<Removal> {
    let mut removals = Vec::new();
    for index in 0..graph.nodes.len() {
        let Some(why) = identity(graph, &graph.nodes[index]) else { continue };
        let Some(&input) = graph.nodes[index].op.inputs().first() else { continue };
        let what = format!("{} `{}`", graph.nodes[index].op.name(), graph.nodes[index].origin.name);
        graph.nodes[index].op = Op::Reshape { input };
        removals.push(Removal { pass: "remove_identities", what, why });
    }
    removals
}

/// Why a node leaves its input's elements as they are; `None` where it does not, or is a reshape already.
fn identity(graph: &Graph, node: &Node) -> Option<&'static str> {
    let &[output] = node.outputs.as_slice() else { return None };
    let input = *node.op.inputs().first()?;
    let (from, to) = (graph.tensor(input), graph.tensor(output));
    if from.dtype != to.dtype || from.shape.elements() != to.shape.elements() || from.value.is_some() {
        return None;
    }
    let same_quantization = from.quantization == to.quantization;
    match &node.op {
        Op::Quantize { input: _ } => same_quantization.then_some("both quantizations are the same"),
        Op::Transpose { input: _, perm } => {
            let moved: Vec<usize> = perm.iter().copied().filter(|&axis| from.shape.0.get(axis) != Some(&1)).collect();
            moved.is_sorted().then_some("only axes of size 1 move")
        }
        Op::Slice { input: _, begin: _, stride, size: _ } => {
            stride.iter().all(|&stride| stride > 0).then_some("it takes every element")
        }
        Op::Pad { input: _, before: _, after: _, value: _ } => Some("it pads by nothing"),
        Op::MirrorPad { input: _, before: _, after: _, mode: _ } => Some("it pads by nothing"),
        Op::Concatenation { inputs, axis: _, activation: Activation::None } => (inputs.len() == 1).then_some("it has one input"),
        Op::Pack { inputs, axis: _ } => (inputs.len() == 1).then_some("it has one input"),
        Op::Split { input: _, axis: _ } | Op::Unpack { input: _, axis: _ } => Some("it has one output"),
        Op::Pool2d { kind: _, input: _, window, activation: Activation::None } => {
            (window.kernel == [1, 1] && window.stride == [1, 1]).then_some("its window is one pixel")
        }
        Op::Pool2d { .. } | Op::Concatenation { .. } => None,
        Op::Conv2d { .. }
        | Op::DepthwiseConv2d { .. }
        | Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Reshape { .. }
        | Op::Shape { .. }
        | Op::Resize { .. }
        | Op::Dequantize { .. } => None,
    }
}
