//! The graph whose stage is computed patch by patch.

use super::rows::{self, Rows};
use super::schedule::{Make, Schedule, Step, Value};
use crate::ir::{Activation, Graph, Node, Op, Origin, Shape, Tensor, TensorId};

/// `graph` with the nodes of `stage`, of which the last makes `cut`, replaced by those of `schedule`. What the stage reads is made
/// before it, what reads `cut` after it.
pub(super) fn rewrite(graph: &Graph, stage: &[usize], cut: TensorId, schedule: &Schedule) -> Option<Graph> {
    let (&last, mut made) = (stage.last()?, Graph { nodes: Vec::new(), ..graph.clone() });
    let outside = |range: core::ops::Range<usize>| {
        let kept = range.filter(|index| stage.binary_search(index).is_err());
        kept.map(|index| graph.nodes[index].clone())
    };
    made.nodes.extend(outside(0..last));
    let mut tensors = Vec::with_capacity(schedule.steps.len());
    for step in &schedule.steps {
        let tensor = tensor(&mut made, step);
        let node = node(graph, &made, step, tensor, |value| match value {
            Value::Whole(id) => id,
            Value::Made(step) => tensors[step],
        })?;
        made.nodes.push(node);
        tensors.push(tensor);
    }
    let origin = Origin { index: 0, name: format!("{} of patches", graph.tensor(cut).name) };
    let inputs = schedule.pieces.iter().map(|&piece| tensors[piece]).collect();
    let op = Op::Concatenation { inputs, axis: 1, activation: Activation::None };
    made.nodes.push(Node { op, outputs: vec![cut], origin });
    made.nodes.extend(outside(last + 1..graph.nodes.len()));
    Some(made)
}

/// A tensor for the rows that a step makes.
fn tensor(made: &mut Graph, step: &Step) -> TensorId {
    let whole = made.tensor(step.image);
    let Shape(mut dims) = whole.shape.clone();
    dims[1] = step.rows.count();
    let tensor = Tensor { name: name(&whole.name, step.rows), shape: Shape(dims), ..whole.clone() };
    made.add_tensor(tensor)
}

/// The node of a step, on the tensors that `place` says values are.
fn node(graph: &Graph, made: &Graph, step: &Step, tensor: TensorId, place: impl Fn(Value) -> TensorId) -> Option<Node> {
    match &step.make {
        &Make::Slice(from, start, reader) => {
            let Tensor { name, shape: Shape(size), .. } = made.tensor(tensor);
            let op = Op::Slice { input: place(from), begin: vec![0, start, 0, 0], stride: vec![1; 4], size: size.clone() };
            let origin = Origin { index: graph.nodes[reader].origin.index, name: name.clone() };
            Some(Node { op, outputs: vec![tensor], origin })
        }
        Make::Node(index, reads) => {
            let node = &graph.nodes[*index];
            let height = reads.first().map_or(0, |(image, _)| graph.tensor(*image).shape.0[1]);
            let value = |id| reads.iter().find(|(image, _)| *image == id).map_or(id, |&(_, value)| place(value));
            let op = rows::banded(&node.op, step.rows, height, value)?;
            let origin = Origin { index: node.origin.index, name: name(&node.origin.name, step.rows) };
            Some(Node { op, outputs: vec![tensor], origin })
        }
    }
}

/// A name with the rows that are meant.
fn name(of: &str, rows: Rows) -> String {
    format!("{of} rows {} to {}", rows.start, rows.end)
}
