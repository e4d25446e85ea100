//! The batch: kernels that move a window over an image take one image, and refuse several instead of computing the first.

use super::{ValidError, place};
use crate::diag::{Diagnostic, Diagnostics, Explain};
use crate::ir::{Graph, Node, Op, TensorId};

/// Checks that every operator with a window reads a batch of 1. All other operators compute any leading dimension: it is rows to them.
///
/// # Errors
/// [`ValidError::Batch`] for each operator that reads several images.
pub fn batch(graph: &Graph) -> Result<(), Diagnostics> {
    let problem = |node: &Node| -> Option<Diagnostic> {
        let tensor = graph.tensor(image(graph, &node.op)?);
        let &batch = tensor.shape.0.first().filter(|&&batch| batch != 1)?;
        let shape = tensor.shape.to_string();
        Some(ValidError::Batch { tensor: tensor.name.clone(), shape, batch }.at(place(node)))
    };
    let problems: Vec<Diagnostic> = graph.nodes.iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

/// The image that a window moves over; `None` for an operator whose leading dimension is rows.
fn image(graph: &Graph, op: &Op) -> Option<TensorId> {
    match op {
        Op::Conv2d { input, filter, bias: _, window, activation: _ } => {
            (!graph.is_matrix_product(*input, *filter, window)).then_some(*input)
        }
        Op::DepthwiseConv2d { input, .. }
        | Op::TransposeConv { input, .. }
        | Op::Pool2d { input, .. }
        | Op::Resize { input, .. } => Some(*input),
        Op::FullyConnected { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
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
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Activation, DType, Data, Origin, PoolKind, Quantization, ResizeMode, Shape, Tensor, Weight, Window};
    use crate::{lower, options::Reference, valid};

    /// An operator on a tensor 0 of `[batch, 4, 4, 2]` with a filter 1 of the given shape, which makes tensor 2.
    fn graph(batch: usize, filter: &[usize], made: [usize; 3], op: Op) -> Graph {
        let mut graph = Graph::default();
        let mut tensor = |name: &str, shape: &[usize], value| {
            let (shape, quantization) = (Shape(shape.to_vec()), Some(Quantization::per_tensor(0.5, 0)));
            graph.tensors.push(Tensor { name: name.into(), shape, dtype: DType::I8, quantization, value });
        };
        tensor("images", &[batch, 4, 4, 2], None);
        tensor("filter", filter, Some(crate::ir::WeightId(0)));
        tensor("y", &[batch, made[0], made[1], made[2]], None);
        let count = filter.iter().product();
        graph.add_weight(Weight { name: "filter".into(), data: Data::I8((0..count).map(|index: usize| index as i8).collect()) });
        let origin = Origin { index: 0, name: "y".into() };
        graph.nodes.push(Node { op, outputs: vec![TensorId(2)], origin });
        (graph.inputs, graph.outputs) = (vec![TensorId(0)], vec![TensorId(2)]);
        graph
    }

    fn cases(batch: usize) -> Vec<Graph> {
        let (input, filter, bias, activation) = (TensorId(0), TensorId(1), None, Activation::None);
        let window = Window::valid([2, 2], [1, 1], [1, 1]);
        let pool = |kind| Op::Pool2d { kind, input, window, activation };
        let resize = |mode| Op::Resize { mode, input, align_corners: false, half_pixel_centers: false };
        let pointwise = Window::valid([1, 1], [1, 1], [1, 1]);
        let strided = Window::valid([1, 1], [2, 2], [1, 1]);
        vec![
            graph(batch, &[3, 2, 2, 2], [3, 3, 3], Op::Conv2d { input, filter, bias, window, activation }),
            graph(batch, &[3, 1, 1, 2], [2, 2, 3], Op::Conv2d { input, filter, bias, window: strided, activation }),
            graph(batch, &[4, 1, 1, 1], [4, 4, 4], Op::Conv2d { input, filter, bias, window: pointwise, activation }),
            graph(batch, &[1, 2, 2, 2], [3, 3, 2], Op::DepthwiseConv2d { input, filter, bias, window, activation }),
            graph(batch, &[3, 2, 2, 2], [5, 5, 3], Op::TransposeConv { input, filter, bias, window, activation }),
            graph(batch, &[1], [3, 3, 2], pool(PoolKind::Average)),
            graph(batch, &[1], [3, 3, 2], pool(PoolKind::Max)),
            graph(batch, &[1], [5, 7, 2], resize(ResizeMode::NearestNeighbor)),
            graph(batch, &[1], [5, 7, 2], resize(ResizeMode::Bilinear)),
        ]
    }

    #[test]
    fn several_images_are_refused_by_name() {
        for graph in cases(2) {
            let op = graph.nodes[0].op.name();
            let problems = valid::check(&graph).expect_err(op);
            let problem = &problems.0[0];
            assert_eq!((problem.code, problems.0.len()), ("valid::batch", 1), "{problems}");
            assert!(problem.message.contains("images holds a batch of 2 (shape [2, 4, 4, 2])"), "{problems}");
            assert!(problem.help.contains("fixed batch of 1"), "{problems}");
        }
        for graph in cases(1) {
            valid::check(&graph).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }

    /// A pointwise convolution is a matrix product, of as many rows as there are pixels in all images.
    #[test]
    fn rows_are_no_batch() {
        let (input, filter, activation) = (TensorId(0), TensorId(1), Activation::None);
        let window = Window::valid([1, 1], [1, 1], [1, 1]);
        let graph = graph(3, &[3, 1, 1, 2], [4, 4, 3], Op::Conv2d { input, filter, bias: None, window, activation });
        let facts = valid::check(&graph).unwrap_or_else(|problems| panic!("{problems}"));
        let program = lower::lower(&graph, &facts, Reference::Tflm).unwrap_or_else(|problems| panic!("{problems}"));
        let lower::Kernel::FullyConnected { params, .. } = &program.steps[0].kernel else { panic!("{:?}", program.steps[0]) };
        assert_eq!(params.rows, 48);
    }
}
