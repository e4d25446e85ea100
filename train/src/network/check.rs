//! Which ops can be trained through.

use crate::error::TrainError as Error;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::ir::{Graph, Node, Op, ReduceKind, ResizeMode};

/// Dimensions of a tensor, without samples, that element-wise ops go up to.
pub(super) const MAX_RANK: usize = 4;

/// Every op that has no gradient here.
pub(super) fn check(graph: &Graph) -> Result<(), Diagnostics> {
    let problem = |node: &Node| {
        let place = Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
        why(graph, node).map(|why| Error::Untrainable { why }.at(place))
    };
    let problems: Vec<_> = graph.nodes.iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

fn why(graph: &Graph, node: &Node) -> Option<&'static str> {
    let computed = |id| graph.value(id).is_none();
    let deep = || node.op.inputs().iter().chain(&node.outputs).any(|&id| graph.tensor(id).shape.rank() > MAX_RANK);
    match &node.op {
        Op::Conv2d { filter, bias, .. } | Op::DepthwiseConv2d { filter, bias, .. } | Op::FullyConnected { filter, bias, .. } => {
            (computed(*filter) || bias.is_some_and(computed)).then_some("its weights are computed by the network")
        }
        Op::TransposeConv { .. } => Some("transposed convolutions have no gradient here"),
        Op::Binary { .. } | Op::Prelu { .. } | Op::Reduce { kind: ReduceKind::Mean | ReduceKind::Max, .. } => {
            deep().then_some("it has more than 4 dimensions")
        }
        Op::Resize { mode: ResizeMode::Bilinear, .. } => Some("bilinear resizing has no gradient here"),
        Op::ArgMax { .. } => Some("an index has no gradient"),
        Op::Shape { .. } => Some("a shape has no gradient"),
        Op::Unary { .. }
        | Op::Pool2d { .. }
        | Op::Softmax { .. }
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Concatenation { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Resize { mode: ResizeMode::NearestNeighbor, .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => None,
    }
}
