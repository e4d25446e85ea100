//! Graphs that tests of validation begin with, and what they find in them.

mod bounds;
mod costs;
mod dtypes;
mod errors;
mod quantizations;
mod ranges;

use super::*;
use crate::ir::{Activation, DType, Data, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, WeightId, Window};
use std::sync::Arc;

const INPUT: usize = 0;
const FILTER: usize = 1;
const OUTPUT: usize = 3;

/// `x` [1, 4, 4, 2] by `w` [3, 2, 2, 2] and `b` [3] to `y` [1, 3, 3, 3], all weights 1.
fn conv() -> Graph {
    let mut graph = Graph::default();
    let mut tensor = |name: &str, shape: &[usize], dtype, scale, value: Option<u32>| {
        let (shape, quantization) = (Shape(shape.to_vec()), Some(Quantization::per_tensor(scale, 0)));
        graph.tensors.push(Tensor { name: name.into(), shape, dtype, quantization, value: value.map(WeightId) });
    };
    tensor("x", &[1, 4, 4, 2], DType::I8, 0.5, None);
    tensor("w", &[3, 2, 2, 2], DType::I8, 0.25, Some(0));
    tensor("b", &[3], DType::I32, 0.125, Some(1));
    tensor("y", &[1, 3, 3, 3], DType::I8, 1.0, None);
    graph.add_weight(Weight { name: "w".into(), data: Data::I8(vec![1; 24]) });
    graph.add_weight(Weight { name: "b".into(), data: Data::I32(vec![0; 3]) });
    let [input, filter, bias, output] = [0, 1, 2, 3].map(TensorId);
    let window = Window::valid([2, 2], [1, 1], [1, 1]);
    let op = Op::Conv2d { input, filter, bias: Some(bias), window, activation: Activation::None };
    graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: "conv".into() } });
    (graph.inputs, graph.outputs) = (vec![input], vec![output]);
    graph
}

/// The graph after a change.
fn changed(change: impl FnOnce(&mut Graph)) -> Graph {
    let mut graph = conv();
    change(&mut graph);
    graph
}

fn quantization(graph: &mut Graph, tensor: usize) -> &mut Quantization {
    graph.tensors[tensor].quantization.as_mut().expect("a quantization")
}

fn data(graph: &mut Graph, weight: usize) -> &mut Data {
    &mut Arc::make_mut(&mut graph.weights[weight]).data
}

/// A graph whose source adds products in floats.
fn in_floats(graph: Graph) -> Graph {
    Graph { sums_in_floats: true, ..graph }
}
/// A bias of the first channel.
fn biased(bias: i32) -> Graph {
    changed(|graph| *data(graph, 1) = Data::I32(vec![bias, 0, 0]))
}
/// A node on all tensors but the last, which it makes; they are `t0`, `t1` and so on, of shape `[1, 2, 2, 2]`.
fn single(op: Op, tensors: impl IntoIterator<Item = (DType, Option<Quantization>)>) -> Graph {
    let mut graph = Graph::default();
    for (dtype, quantization) in tensors {
        let name = format!("t{}", graph.tensors.len());
        graph.add_tensor(Tensor { name, shape: Shape(vec![1, 2, 2, 2]), dtype, quantization, value: None });
    }
    let output = TensorId(graph.tensors.len() as u32 - 1);
    graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: "op".into() } });
    (graph.inputs, graph.outputs) = (vec![TensorId(0)], vec![output]);
    graph
}
