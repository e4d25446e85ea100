//! Ops that move elements: each output element is one of the inputs', or the number that a border holds.
//!
//! Which one is found by letting `codegen` run the op once on the numbers 1, 2, 3 and so on, so that its rules stand in one place.

use super::{Frame, Plan, indices};
use crate::error::TrainError as Error;
use burn_tensor::Tensor;
use tinybake_codegen::diag::{Diagnostics, Explain, Place};
use tinybake_codegen::eval::float::Evaluator;
use tinybake_codegen::ir::{DType, Data, Graph, Node, Op, Tensor as Info, TensorId};

/// Elements that an `f32` counts exactly.
const COUNTED: usize = 1 << 24;

/// For each output the element of the inputs, laid one after the other behind the number of a border, that each of its elements is.
pub(super) fn moves(graph: &Graph, node: &Node) -> Result<Vec<Vec<usize>>, Diagnostics> {
    let place = || Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
    let mut alone = Graph { name: graph.name.clone(), ..Graph::default() };
    let plain = |id: TensorId| Info { dtype: DType::F32, quantization: None, value: None, ..graph.tensor(id).clone() };
    let mut node = node.clone();
    let mut inputs = Vec::new();
    let mut next = 1;
    node.op.for_each_input(|id| {
        let info = plain(*id);
        let count = info.shape.elements();
        inputs.push(Data::F32((next..next + count).map(|number| number as f32).collect()));
        next += count;
        *id = alone.add_tensor(info);
        alone.inputs.push(*id);
    });
    if next > COUNTED {
        return Err(Error::Untrainable { why: "it moves more than 16 million elements" }.at(place()).into());
    }
    if let Op::Pad { value, .. } = &mut node.op {
        *value = 0;
    }
    if let Op::Concatenation { activation, .. } = &mut node.op {
        *activation = tinybake_codegen::ir::Activation::None;
    }
    for output in &mut node.outputs {
        *output = alone.add_tensor(plain(*output));
    }
    alone.outputs = node.outputs.clone();
    alone.nodes.push(node);
    let made = Evaluator::new(&alone)?.run(&inputs).map_err(|error| error.at(place()))?;
    let numbers = |data: Data| match data {
        Data::F32(values) => values.into_iter().map(|value| value as usize).collect(),
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => Vec::new(),
    };
    Ok(made.into_iter().map(numbers).collect())
}

/// The outputs.
pub(super) fn moved(frame: &Frame<'_>) -> Vec<Tensor<2>> {
    let Plan::Moves(moves) = frame.plan else { return Vec::new() };
    let mut all = vec![Tensor::full([frame.samples, 1], border(frame), frame.device)];
    let spread = |value: Tensor<2>| {
        let elements = value.dims()[1];
        value.expand([frame.samples, elements])
    };
    all.extend(frame.node.op.inputs().into_iter().map(|id| spread(frame.value(id))));
    let all = Tensor::cat(all, 1);
    moves.iter().map(|from| all.clone().select(1, indices(from, frame.device))).collect()
}

/// The real that a pad puts around its input.
fn border(frame: &Frame<'_>) -> f32 {
    let Op::Pad { input, value, .. } = &frame.node.op else { return 0.0 };
    match &frame.graph.tensor(*input).quantization {
        Some(quantization) => (value - quantization.zero_point()) as f32 * quantization.scale(),
        None => f32::from_bits(*value as u32),
    }
}
