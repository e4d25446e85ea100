//! Quantization goes before what only moves reals.

use super::{carried, sink};
use crate::ir::{DType, Graph, Node, Op, Tensor};

/// Puts quantization before what only moves reals of the inputs or takes the greatest of them, so that bytes are moved: stored
/// integers are in the order of the reals.
pub(super) fn hoist(graph: &mut Graph) {
    let mut index = 0;
    while index < graph.nodes.len() {
        let Op::Quantize { input } = graph.nodes[index].op else {
            index += 1;
            continue;
        };
        let before = graph.nodes[..index].iter().rposition(|node| node.outputs == [input]);
        let moves = |node: &Node| {
            let one = node.op.inputs().len() == 1 && node.outputs.len() == 1;
            one && carried(&node.op).is_some_and(|input| graph.tensor(input).dtype == DType::F32)
        };
        let Some(first) = before.filter(|&first| moves(&graph.nodes[first]) && graph.uses()[input.0 as usize] == 1) else {
            index += 1;
            continue;
        };
        // The tensor between them becomes one of integers in the shape before the move.
        let mut quantize = graph.nodes.remove(index);
        let moved = graph.nodes[first].op.inputs()[0];
        let (Tensor { dtype, quantization, .. }, shape) =
            (graph.tensor(quantize.outputs[0]).clone(), graph.tensor(moved).shape.clone());
        if let (Op::Pad { value, .. }, Some(quantization)) = (&mut graph.nodes[first].op, &quantization) {
            *value = sink::stored(f32::from_bits(*value as u32), quantization);
        }
        let between = graph.tensor_mut(input);
        (between.dtype, between.quantization, between.shape) = (dtype, quantization, shape);
        graph.nodes[first].op.for_each_input(|id| *id = input);
        graph.nodes[first].outputs = core::mem::replace(&mut quantize.outputs, vec![input]);
        quantize.op = Op::Quantize { input: moved };
        graph.nodes.insert(first, quantize);
        index = first;
    }
}
