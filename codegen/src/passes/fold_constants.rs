//! Computes nodes that read constants only, and shapes, on the host.

use super::Removal;
use crate::eval;
use crate::ir::{DType, Data, Graph, Node, Op, TensorId, Weight};
use crate::lower;
use crate::options::Reference;
use crate::valid;

/// Folded results above this many elements stay nodes: a small file must not grow without bound.
const LIMIT: usize = 1 << 20;

/// Replaces every node that reads constants only, and every `shape`, by its result.
pub fn fold_constants(graph: &mut Graph, reference: Reference) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut kept = Vec::with_capacity(graph.nodes.len());
    for node in core::mem::take(&mut graph.nodes) {
        match fold(graph, &node, reference) {
            Some(results) => {
                let what = format!("{} `{}`", node.op.name(), node.origin.name);
                removals.push(Removal { pass: "fold_constants", what, why: "its inputs are the same in every inference" });
                for (&output, data) in node.outputs.iter().zip(results) {
                    let name = graph.tensor(output).name.clone();
                    let weight = graph.add_weight(Weight { name, data });
                    graph.tensor_mut(output).value = Some(weight);
                }
            }
            None => kept.push(node),
        }
    }
    graph.nodes = kept;
    removals
}

/// The results of a node whose inputs are known; `None` where they are not, or where no kernel computes it.
fn fold(graph: &Graph, node: &Node, reference: Reference) -> Option<Vec<Data>> {
    if node.outputs.iter().any(|&output| graph.tensor(output).shape.elements() > LIMIT) {
        return None;
    }
    if let Op::Shape { input } = &node.op {
        let dims = &graph.tensor(*input).shape.0;
        return match graph.tensor(*node.outputs.first()?).dtype {
            DType::I32 => Some(vec![Data::I32(dims.iter().map(|&dim| dim as i32).collect())]),
            DType::I64 => Some(vec![Data::I64(dims.iter().map(|&dim| dim as i64).collect())]),
            DType::I8 | DType::U8 | DType::I16 | DType::F32 | DType::Bool => None,
        };
    }
    let inputs = node.op.inputs();
    if inputs.iter().any(|&input| graph.value(input).is_none()) {
        return None;
    }
    if let Op::Reshape { input } = &node.op {
        return graph.value(*input).cloned().map(|data| vec![data]);
    }
    // The first operand becomes an input of a graph of this one node, so that the node lowers as any other does.
    let input = *inputs.first()?;
    let alone = alone(graph, node, input);
    valid::check(&alone).ok()?;
    let program = lower::lower(&alone, reference).ok()?;
    eval::run(&program, &[graph.value(input)?.clone()]).ok()
}

/// The graph of one node, whose tensor `input` is no constant any more.
fn alone(graph: &Graph, node: &Node, input: TensorId) -> Graph {
    let mut tensors: Vec<_> = node.op.inputs().into_iter().chain(node.outputs.iter().copied()).collect();
    tensors.sort();
    tensors.dedup();
    let local = |id: TensorId| TensorId(tensors.iter().position(|&other| other == id).unwrap_or(0) as u32);
    let mut alone = Graph { name: graph.name.clone(), ..Graph::default() };
    for &id in &tensors {
        let mut tensor = graph.tensor(id).clone();
        tensor.value = match graph.value(id) {
            Some(data) if id != input => Some(alone.add_weight(Weight { name: tensor.name.clone(), data: data.clone() })),
            Some(_) | None => None,
        };
        alone.add_tensor(tensor);
    }
    let mut op = node.op.clone();
    op.for_each_input(|id| *id = local(*id));
    alone.nodes.push(Node { op, outputs: node.outputs.iter().map(|&id| local(id)).collect(), origin: node.origin.clone() });
    alone.inputs.push(local(input));
    alone.outputs = node.outputs.iter().map(|&id| local(id)).collect();
    alone
}
