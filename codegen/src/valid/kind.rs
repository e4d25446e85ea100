//! Whether a model is quantized, and how far: in floats, in integers, or in both.

use super::{ValidError, dtype, place};
use crate::diag::{Diagnostic, Diagnostics, Explain};
use crate::ir::{DType, Graph, Node, Op, TensorId};

/// What a model computes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Integers that stand for reals, but for floats at the edges.
    Quantized,
    /// Floats; weights may be stored as integers.
    Float,
    /// Both: the nodes that compute with floats.
    Partly(Vec<usize>),
}

/// Most operators that a diagnostic names.
const NAMED: usize = 4;

/// The kind of a model. Copies and conversions count as neither.
pub fn kind(graph: &Graph) -> Kind {
    let is = |id: TensorId, dtypes: &[DType]| {
        let tensor = graph.tensor(id);
        tensor.value.is_none() && dtypes.contains(&tensor.dtype)
    };
    let reads = |node: &Node, dtypes: &[DType]| node.op.inputs().into_iter().any(|id| is(id, dtypes));
    let computes =
        |node: &Node| !matches!(node.op, Op::Quantize { .. } | Op::Dequantize { .. } | Op::Reshape { .. } | Op::Shape { .. });
    let with = |dtypes: &'static [DType]| move |node: &Node| computes(node) && reads(node, dtypes);
    let floats: Vec<usize> =
        graph.nodes.iter().enumerate().filter(|(_, node)| with(&[DType::F32])(node)).map(|(index, _)| index).collect();
    let integers = graph.nodes.iter().any(with(&[DType::I8, DType::U8, DType::I16]));
    match (floats.is_empty(), integers) {
        (true, _) => Kind::Quantized,
        (false, false) => Kind::Float,
        (false, true) => Kind::Partly(floats),
    }
}

/// What keeps a model in floats, in part or in integers of 8 bits without a sign from being compiled: one diagnostic for all of it.
pub(super) fn check(graph: &Graph) -> Result<(), Diagnostics> {
    let mut unsigned = None;
    for node in &graph.nodes {
        match dtype::check(graph, node) {
            Err(error @ ValidError::FloatModel { .. }) => {
                return Err(partly(graph).unwrap_or_else(|| error.at(place(node))).into());
            }
            Err(ValidError::DType { tensor, expected: _, given: "uint8" }) => {
                unsigned.get_or_insert_with(|| ValidError::Unsigned { tensor }.at(place(node)));
            }
            Err(_) | Ok(()) => {}
        }
    }
    unsigned.map_or(Ok(()), |problem| Err(problem.into()))
}

/// That a model is quantized in part, and which operators are not; `None` for other models.
pub fn partly(graph: &Graph) -> Option<Diagnostic> {
    let Kind::Partly(floats) = kind(graph) else { return None };
    let nodes: Vec<&Node> = floats.iter().filter_map(|&index| graph.nodes.get(index)).collect();
    let named: Vec<String> =
        nodes.iter().take(NAMED).map(|node| format!("{} (operator {})", node.op.name(), node.origin.index)).collect();
    let more = match nodes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let error = ValidError::PartlyQuantized { count: nodes.len(), operators: named.join(", ") + &more };
    nodes.first().map(|node| error.at(place(node)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Origin, Quantization, ReduceKind, Shape, Tensor, UnaryKind};

    /// A chain of operators from tensors of given types; each reads the tensor before.
    fn chain(dtypes: &[DType], ops: &[fn(TensorId) -> Op]) -> Graph {
        let mut graph = Graph::default();
        for &dtype in dtypes {
            let quantization = (dtype != DType::F32).then(|| Quantization::per_tensor(0.5, 0));
            graph.add_tensor(Tensor { name: String::new(), shape: Shape(vec![1, 4]), dtype, quantization, value: None });
        }
        for (index, op) in ops.iter().enumerate() {
            let id = index as u32;
            let origin = Origin { index, name: String::new() };
            graph.nodes.push(Node { op: op(TensorId(id)), outputs: vec![TensorId(id + 1)], origin });
        }
        (graph.inputs, graph.outputs) = (vec![TensorId(0)], vec![TensorId(ops.len() as u32)]);
        graph
    }

    const TANH: fn(TensorId) -> Op = |input| Op::Unary { kind: UnaryKind::Tanh, input };
    const DEQUANTIZE: fn(TensorId) -> Op = |input| Op::Dequantize { input };
    const QUANTIZE: fn(TensorId) -> Op = |input| Op::Quantize { input };

    #[test]
    fn kinds_are_told_by_what_is_computed() {
        use DType::{F32, I8};
        assert_eq!(kind(&chain(&[F32, F32], &[TANH])), Kind::Float);
        assert_eq!(kind(&chain(&[F32, I8, I8, F32], &[QUANTIZE, TANH, DEQUANTIZE])), Kind::Quantized);
        assert_eq!(kind(&chain(&[I8, F32, F32, I8], &[DEQUANTIZE, TANH, QUANTIZE])), Kind::Float);
        assert_eq!(kind(&chain(&[I8, I8, F32, F32], &[TANH, DEQUANTIZE, TANH])), Kind::Partly(vec![2]));
    }

    #[test]
    fn one_diagnostic_tells_of_all_operators() {
        use DType::{F32, I8, U8};
        let float = crate::valid::check(&chain(&[F32, F32, F32], &[TANH, TANH])).unwrap_err();
        assert_eq!(float.0.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["valid::float_model"]);
        let mixed = crate::valid::check(&chain(&[I8, I8, F32, F32, F32], &[TANH, DEQUANTIZE, TANH, TANH])).unwrap_err();
        assert_eq!(mixed.0.len(), 1, "{mixed}");
        assert_eq!(mixed.0[0].code, "valid::partly_quantized");
        assert!(mixed.0[0].message.contains("tanh (operator 2), tanh (operator 3)"), "{mixed}");
        let max: fn(TensorId) -> Op = |input| Op::Reduce { kind: ReduceKind::Max, input, axes: vec![] };
        let unsigned = crate::valid::check(&chain(&[U8, U8, U8], &[max, max])).unwrap_err();
        assert_eq!(unsigned.0.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["valid::uint8_model"]);
    }
}
