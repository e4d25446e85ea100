//! Multiply-accumulates and work of nodes.

use super::*;
use crate::ir::{PoolKind, UnaryKind};

/// Multiply-accumulates and work of the only node, after a change that leaves the graph valid.
fn costs(change: impl FnOnce(&mut Graph)) -> (u64, u64) {
    let graph = changed(change);
    let facts = check(&graph).unwrap_or_else(|problems| panic!("{problems}"));
    let node = &graph.nodes[0];
    assert_eq!(facts.macs, [super::super::macs(&graph, node)]);
    (facts.macs[0], super::super::work(&graph, node))
}

/// Gives the tensors these shapes, the constants as many elements, and the node this op.
fn reshaped(shapes: [&[usize]; 4], op: impl FnOnce(TensorId, TensorId, Option<TensorId>) -> Op) -> (u64, u64) {
    costs(|graph| {
        for (tensor, shape) in graph.tensors.iter_mut().zip(shapes) {
            tensor.shape = Shape(shape.to_vec());
        }
        *data(graph, 0) = Data::I8(vec![1; shapes[1].iter().product()]);
        *data(graph, 1) = Data::I32(vec![1; shapes[2].iter().product()]);
        graph.nodes[0].op = op(TensorId(0), TensorId(1), Some(TensorId(2)));
    })
}

#[test]
fn layers_multiply_every_output_by_its_weights() {
    let (activation, window) = (Activation::None, Window::valid([2, 2], [1, 1], [1, 1]));
    // 27 outputs of 8 products, and what is read and made once.
    assert_eq!(costs(|_| ()), (27 * 8, 27 * 8 + 27 + 32 + 24 + 3));
    let depthwise = reshaped([&[1, 4, 4, 2], &[1, 2, 2, 2], &[2], &[1, 3, 3, 2]], |input, filter, bias| Op::DepthwiseConv2d {
        input,
        filter,
        bias,
        window,
        activation,
    });
    assert_eq!(depthwise, (18 * 4, 18 * 4 + 18 + 32 + 8 + 2));
    let dense =
        reshaped([&[2, 4], &[5, 4], &[5], &[2, 5]], |input, filter, bias| Op::FullyConnected { input, filter, bias, activation });
    assert_eq!(dense, (10 * 4, 10 * 4 + 10 + 8 + 20 + 5));
    // Each of 16 pixels meets all weights.
    let transpose = reshaped([&[1, 4, 4, 2], &[3, 2, 2, 2], &[3], &[1, 5, 5, 3]], |input, filter, bias| Op::TransposeConv {
        input,
        filter,
        bias,
        window,
        activation,
    });
    assert_eq!(transpose, (16 * 24, 16 * 24 + 75 + 32 + 24 + 3));
}

#[test]
fn other_operators_read_and_write() {
    let shapes: [&[usize]; 4] = [&[1, 4, 4, 2], &[1], &[1], &[1, 3, 2, 2]];
    let window = Window::valid([2, 3], [1, 1], [1, 1]);
    let pool = |input, _, _| Op::Pool2d { kind: PoolKind::Max, input, window, activation: Activation::None };
    assert_eq!(reshaped(shapes, pool), (0, 12 * 6 + 32));
    let tanh = |input, _, _| Op::Unary { kind: UnaryKind::Tanh, input };
    assert_eq!(reshaped([&[1, 7], &[1], &[1], &[1, 7]], tanh), (0, 14));
}
