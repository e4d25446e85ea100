//! An interface of integers: takes out the operators at the ends of a network that only convert element types.

use super::Removal;
use crate::diag::Explain;
use crate::ir::{DType, Graph, Op, TensorId};
use thiserror::Error;

/// A float32 input that no single operator quantizes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("input `{tensor}` is float32, and no single operator quantizes it")]
pub struct InterfaceError {
    /// The tensor's name.
    tensor: String,
}

impl Explain for InterfaceError {
    fn code(&self) -> &'static str {
        "interface::float"
    }

    fn help(&self) -> String {
        "an int8 interface drops the one operator that quantizes an input; keep the model's interface, or export the model with one"
            .into()
    }
}

/// Makes inputs and outputs of the integers that a network works on: an input that is only quantized, from float32 or from uint8 of the same scale, becomes
/// what it is quantized to, and an output that is dequantized, or brought to uint8, what that is made of. An output that an operator computes in
/// float32, as a last softmax does, stays.
///
/// # Errors
/// The first float32 input that is left.
pub fn integer_interface(graph: &mut Graph) -> Result<Vec<Removal>, InterfaceError> {
    let mut removals = Vec::new();
    let mut remove = |graph: &mut Graph, index: usize, tensor: TensorId| {
        let node = graph.nodes.remove(index);
        let what = format!(
            "`{}`: the interface is `{}` {}",
            node.origin.name,
            graph.tensor(tensor).name,
            graph.tensor(tensor).dtype.name()
        );
        removals.push(Removal { pass: "interface", what, why: "the caller converts, as the options say" });
    };
    for index in 0..graph.inputs.len() {
        let outer = graph.inputs[index];
        let is_int = |id: TensorId| matches!(graph.tensor(id).dtype, DType::I8 | DType::I16);
        let reads = |op: &Op| matches!(op, Op::Quantize { input } if *input == outer);
        let reader = graph.nodes.iter().position(|node| reads(&node.op));
        let inner = reader.and_then(|at| graph.nodes[at].outputs.first().copied());
        // One tensor is not both an input and an output.
        let inner = inner.filter(|&inner| is_int(inner) && !graph.outputs.contains(&inner));
        let (Some(at), Some(inner), 1) = (reader, inner, graph.uses()[outer.0 as usize]) else { continue };
        if !only_converts(graph, outer, inner) {
            continue;
        }
        remove(graph, at, inner);
        graph.inputs[index] = inner;
    }
    for index in 0..graph.outputs.len() {
        let outer = graph.outputs[index];
        let maker = graph.nodes.iter().position(|node| node.outputs.as_slice() == [outer]);
        let inner = maker.and_then(|at| match graph.nodes[at].op {
            Op::Dequantize { input } | Op::Quantize { input } => Some(input),
            _ => None,
        });
        let free = |inner: TensorId| {
            let tensor = graph.tensor(inner);
            matches!(tensor.dtype, DType::I8 | DType::I16)
                && tensor.value.is_none()
                && !graph.outputs.contains(&inner)
                && !graph.inputs.contains(&inner)
        };
        let (Some(at), Some(inner), 1) = (maker, inner.filter(|&inner| free(inner)), graph.uses()[outer.0 as usize]) else {
            continue;
        };
        if !only_converts(graph, outer, inner) {
            continue;
        }
        remove(graph, at, inner);
        graph.outputs[index] = inner;
    }
    if let Some(&id) = graph.inputs.iter().find(|&&id| graph.tensor(id).dtype == DType::F32) {
        return Err(InterfaceError { tensor: graph.tensor(id).name.clone() });
    }
    Ok(removals)
}

/// Whether the caller can convert by the quantization of `inner` alone: from or to float32, or uint8 that differs by its zero point.
fn only_converts(graph: &Graph, outer: TensorId, inner: TensorId) -> bool {
    let (outer, inner) = (graph.tensor(outer), graph.tensor(inner));
    match (outer.dtype, &outer.quantization, &inner.quantization) {
        (DType::F32, _, Some(_)) => true,
        (DType::U8, Some(a), Some(b)) => {
            let shifted = a.zero_point() - b.zero_point() == 128;
            inner.dtype == DType::I8
                && a.is_per_tensor()
                && b.is_per_tensor()
                && a.scale().to_bits() == b.scale().to_bits()
                && shifted
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Node, Origin, Quantization, Shape, Tensor};

    /// float32 or uint8 -> int8 -> float32 or uint8.
    fn graph(input: DType, output: DType) -> Graph {
        let mut graph = Graph::default();
        let mut tensor = |name: &str, dtype| {
            let zero_point = if dtype == DType::U8 { 128 } else { 0 };
            let quantization = (dtype != DType::F32).then(|| Quantization::per_tensor(0.5, zero_point));
            graph.add_tensor(Tensor { name: name.into(), shape: Shape(vec![1, 4]), dtype, quantization, value: None })
        };
        let (x, a, b, y) = (tensor("x", input), tensor("a", DType::I8), tensor("b", DType::I8), tensor("y", output));
        let ends = if output == DType::F32 { Op::Dequantize { input: b } } else { Op::Quantize { input: b } };
        let ops = [(Op::Quantize { input: x }, a), (Op::Softmax { input: a, beta: 1.0 }, b), (ends, y)];
        graph.nodes = ops
            .into_iter()
            .map(|(op, output)| Node { op, outputs: vec![output], origin: Origin { index: 0, name: "op".into() } })
            .collect();
        (graph.inputs, graph.outputs) = (vec![x], vec![y]);
        graph
    }

    #[test]
    fn the_ends_are_dropped() {
        for [input, output] in [[DType::F32, DType::F32], [DType::U8, DType::U8]] {
            let mut graph = graph(input, output);
            assert_eq!(integer_interface(&mut graph).map(|removals| removals.len()), Ok(2));
            assert_eq!((graph.nodes.len(), &graph.inputs, &graph.outputs), (1, &vec![TensorId(1)], &vec![TensorId(2)]));
        }
    }

    /// A uint8 end of another scale stays: more than a zero point is converted there.
    #[test]
    fn what_is_rescaled_stays() {
        let mut graph = graph(DType::U8, DType::U8);
        graph.tensors[0].quantization = Some(Quantization::per_tensor(0.25, 128));
        graph.tensors[3].quantization = Some(Quantization::per_tensor(0.5, 127));
        assert_eq!(integer_interface(&mut graph).map(|removals| removals.len()), Ok(0));
        assert_eq!((graph.nodes.len(), &graph.inputs, &graph.outputs), (3, &vec![TensorId(0)], &vec![TensorId(3)]));
    }

    #[test]
    fn a_float_input_that_stays_is_told_and_a_float_softmax_kept() {
        let mut twice = graph(DType::F32, DType::F32);
        let again = twice.nodes[0].clone();
        let other = twice.add_tensor(twice.tensor(TensorId(1)).clone());
        twice.nodes.insert(1, Node { outputs: vec![other], ..again });
        let problem = integer_interface(&mut twice).expect_err("two quantizations of one input");
        assert_eq!(problem.to_string(), "input `x` is float32, and no single operator quantizes it");
        let mut softmax = graph(DType::F32, DType::F32);
        softmax.nodes.pop();
        softmax.nodes[1].outputs = vec![TensorId(3)];
        assert_eq!(integer_interface(&mut softmax).map(|removals| removals.len()), Ok(1));
        assert_eq!((&softmax.inputs, &softmax.outputs), (&vec![TensorId(1)], &vec![TensorId(3)]));
    }
}
