//! Computes nodes that read constants only, and shapes, on the host.

use super::Removal;
use crate::eval;
use crate::ir::{DType, Data, Graph, Node, Op, TensorId, Weight};
use crate::lower;
use crate::options::Reference;
use crate::valid;

/// What one run of the pass may make and compute; nodes beyond it stay. A small file must neither grow nor take long
/// without bound: a constant may be padded, or convolved, any number of times.
struct Allowance {
    /// Elements of all results together.
    elements: usize,
    /// Multiply-accumulates and moved elements, together.
    work: u64,
}

impl Allowance {
    const WHOLE: Self = Self { elements: 1 << 21, work: 1 << 23 };

    /// Takes what `node` needs; false where that is more than is left.
    fn take(&mut self, graph: &Graph, node: &Node) -> bool {
        let elements = node.outputs.iter().fold(0usize, |sum, &id| sum.saturating_add(graph.tensor(id).shape.elements()));
        match (self.elements.checked_sub(elements), self.work.checked_sub(valid::work(graph, node))) {
            (Some(elements), Some(work)) => {
                *self = Self { elements, work };
                true
            }
            (None, _) | (_, None) => false,
        }
    }
}

/// Replaces every node that reads constants only, and every `shape`, by its result.
pub fn fold_constants(graph: &mut Graph, reference: Reference) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut kept = Vec::with_capacity(graph.nodes.len());
    let mut allowance = Allowance::WHOLE;
    for node in core::mem::take(&mut graph.nodes) {
        match fold(graph, &node, reference, &mut allowance) {
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
fn fold(graph: &Graph, node: &Node, reference: Reference, allowance: &mut Allowance) -> Option<Vec<Data>> {
    if let Op::Shape { input } = &node.op {
        let dims = &graph.tensor(*input).shape.0;
        return match graph.tensor(*node.outputs.first()?).dtype {
            DType::I32 => Some(vec![Data::I32(dims.iter().map(|&dim| dim as i32).collect())]),
            DType::I64 => Some(vec![Data::I64(dims.iter().map(|&dim| dim as i64).collect())]),
            DType::I8 | DType::U8 | DType::I16 | DType::F32 | DType::Bool => None,
        };
    }
    let inputs = node.op.inputs();
    if inputs.iter().any(|&input| graph.value(input).is_none()) || !allowance.take(graph, node) {
        return None;
    }
    if let Op::Reshape { input } = &node.op {
        return graph.value(*input).cloned().map(|data| vec![data]);
    }
    // The first operand becomes an input of a graph of this one node, so that the node lowers as any other does.
    let input = *inputs.first()?;
    let alone = alone(graph, node, input);
    let facts = valid::check(&alone).ok()?;
    let program = lower::lower(&alone, &facts, reference).ok()?;
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
