//! What a graph consists of: operators, multiply-accumulates, parameters.

use crate::ir::{DType, Data, Graph, Node, TensorId};
use crate::valid;
use std::collections::BTreeSet;

/// A graph in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The operators in execution order.
    pub ops: Vec<OpInspection>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Parameters; a tensor that several operators read counts once.
    pub params: usize,
    /// Those that stand for zero.
    pub zero_params: usize,
}

/// An operator in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpInspection {
    /// Index in the source model.
    pub index: usize,
    /// The source's name of it.
    pub name: String,
    /// The op's standard name.
    pub op: &'static str,
    /// Type and shape of what it makes, as `int8[1, 8, 8, 16]`.
    pub output: String,
    /// Multiply-accumulates of one inference, padding included.
    pub macs: u64,
    /// Elements of the weights, biases and other constants that it computes with.
    pub params: usize,
    /// Those that stand for zero.
    pub zero_params: usize,
}

impl Inspection {
    /// Looks at a graph whose structure [`valid::structure`] has checked.
    pub fn of(graph: &Graph) -> Self {
        let ops: Vec<OpInspection> = graph.nodes.iter().map(|node| op(graph, node)).collect();
        let all: BTreeSet<TensorId> = graph.nodes.iter().flat_map(|node| node.op.inputs()).collect();
        let (params, zero_params) = count(graph, &all);
        Self { macs: ops.iter().map(|op| op.macs).sum(), params, zero_params, ops }
    }
}

fn op(graph: &Graph, node: &Node) -> OpInspection {
    let (params, zero_params) = count(graph, &node.op.inputs().into_iter().collect());
    let output = node.outputs.iter().map(|&id| {
        let tensor = graph.tensor(id);
        format!("{}{}", tensor.dtype.name(), tensor.shape)
    });
    OpInspection {
        index: node.origin.index,
        name: node.origin.name.clone(),
        op: node.op.name(),
        output: output.collect::<Vec<_>>().join(", "),
        macs: valid::macs(graph, node),
        params,
        zero_params,
    }
}

/// Elements of the constants among `tensors`, and how many of them stand for zero. Shapes and indices, which are integers
/// without a quantization outside layers, do not count; a bias does.
fn count(graph: &Graph, tensors: &BTreeSet<TensorId>) -> (usize, usize) {
    let constants = tensors.iter().filter_map(|&id| graph.value(id).map(|data| (id, data)));
    let parameters = constants.filter(|&(id, data)| match data.dtype() {
        DType::I8 | DType::U8 | DType::I16 | DType::F32 => true,
        DType::I32 | DType::I64 => graph.tensor(id).quantization.is_some() || is_bias(graph, id),
        DType::Bool => false,
    });
    parameters.fold((0, 0), |(params, zeros), (id, data)| (params + data.len(), zeros + zero_elements(graph, id, data)))
}

fn is_bias(graph: &Graph, id: TensorId) -> bool {
    use crate::ir::Op;
    graph.nodes.iter().any(|node| match &node.op {
        Op::Conv2d { bias, .. }
        | Op::DepthwiseConv2d { bias, .. }
        | Op::TransposeConv { bias, .. }
        | Op::FullyConnected { bias, .. } => *bias == Some(id),
        _ => false,
    })
}

/// Elements whose real value is zero. Constants with several zero points have them all equal, as converters write them; where
/// they are not, the first one decides.
fn zero_elements(graph: &Graph, id: TensorId, data: &Data) -> usize {
    let quantization = graph.tensor(id).quantization.as_ref();
    let zero = quantization.and_then(|quantization| quantization.zero_points.first()).map_or(0, |&zero| i64::from(zero));
    match data {
        Data::F32(values) => values.iter().filter(|&&value| value == 0.0).count(),
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => {
            data.integers().map_or(0, |values| values.iter().filter(|&&value| value == zero).count())
        }
    }
}
