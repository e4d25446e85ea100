//! The laws of the IR: ids, order, shapes, constants, sizes.

use super::{ValidError, place};
use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Data, Graph, Layer, Node, Op, TensorId, infer};

/// No board in use has more memory; larger tensors are damage or a mistake.
const TENSOR_BYTES: usize = 16 << 20;
/// Far above the deepest networks for microcontrollers.
const NODES: usize = 2048;
/// Operands and outputs of all nodes together: four for each of the most nodes.
const OPERANDS: usize = 4 * NODES;
/// Bytes of constants that all nodes together may read, beyond four times those that there are.
const READS: usize = 4 << 20;
/// Multiply-accumulates and moved elements of one inference: minutes on the fastest core.
const WORK: u64 = 20_000_000_000;

/// Checks the laws of [`crate::ir`] that need no quantization, so that a float model passes too.
///
/// # Errors
/// All problems found; ids and sizes first, since the rest relies on them.
pub fn structure(graph: &Graph) -> Result<(), Diagnostics> {
    ids(graph)?;
    tensors(graph)?;
    order(graph)?;
    super::collect(graph, shapes)?;
    let work = graph.nodes.iter().fold(0u64, |sum, node| sum.saturating_add(super::work(graph, node)));
    if work > WORK {
        return Err(ValidError::TooMuchWork { given: work, limit: WORK }.at(Place::default()).into());
    }
    Ok(())
}

/// Every id names something, and the graph has ports.
fn ids(graph: &Graph) -> Result<(), Diagnostics> {
    let fail = |error: ValidError, place: Place| Err(Diagnostics::from(error.at(place)));
    if graph.nodes.len() > NODES {
        return fail(ValidError::TooManyNodes { given: graph.nodes.len(), limit: NODES }, Place::default());
    }
    if graph.inputs.is_empty() {
        return fail(ValidError::NoPorts("input"), Place::default());
    }
    if graph.outputs.is_empty() {
        return fail(ValidError::NoPorts("output"), Place::default());
    }
    let missing = |id: TensorId| (id.0 as usize >= graph.tensors.len()).then_some(id.0);
    if let Some(index) = graph.inputs.iter().chain(&graph.outputs).find_map(|&id| missing(id)) {
        return fail(ValidError::NoSuchTensor { index, count: graph.tensors.len() }, Place::default());
    }
    for node in &graph.nodes {
        if let Some(index) = node.op.inputs().iter().chain(&node.outputs).find_map(|&id| missing(id)) {
            return fail(ValidError::NoSuchTensor { index, count: graph.tensors.len() }, place(node));
        }
    }
    let given = graph.nodes.iter().map(|node| node.op.inputs().len() + node.outputs.len()).sum::<usize>() + graph.outputs.len();
    if given > OPERANDS {
        return fail(ValidError::TooManyOperands { given, limit: OPERANDS }, Place::default());
    }
    reads(graph)
}

/// Many nodes may share a constant, and each looks at every element: the sum of that is bounded.
fn reads(graph: &Graph) -> Result<(), Diagnostics> {
    let size = |data: &Data| data.len().saturating_mul(data.dtype().size());
    let weight = |id: TensorId| graph.weights.get(graph.tensor(id).value?.0 as usize);
    let read = |id: TensorId| weight(id).map_or(0, |weight| size(&weight.data));
    let stored = graph.weights.iter().fold(0usize, |sum, weight| sum.saturating_add(size(&weight.data)));
    let limit = stored.saturating_mul(4).saturating_add(READS);
    let given = graph.nodes.iter().flat_map(|node| node.op.inputs()).fold(0usize, |sum, id| sum.saturating_add(read(id)));
    if given > limit {
        return Err(Diagnostics::from(ValidError::TooManyReads { given, limit }.at(Place::default())));
    }
    Ok(())
}

/// Sizes of all tensors that something uses, and the data of constants.
fn tensors(graph: &Graph) -> Result<(), Diagnostics> {
    let mut problems = Vec::new();
    let mut used = graph.uses();
    for &input in &graph.inputs {
        used[input.0 as usize] += 1;
    }
    for node in &graph.nodes {
        for output in &node.outputs {
            used[output.0 as usize] += 1;
        }
    }
    for (tensor, _) in graph.tensors.iter().zip(used).filter(|&(_, used)| used > 0) {
        let name = tensor.name.clone();
        let elements = tensor.shape.elements();
        let bytes = elements.saturating_mul(tensor.dtype.size());
        let shape = tensor.shape.to_string();
        let error = if bytes > TENSOR_BYTES {
            Some(ValidError::TooLarge { tensor: name, shape, bytes, limit: TENSOR_BYTES })
        } else if elements == 0 && tensor.value.is_none() {
            Some(ValidError::EmptyTensor { tensor: name, shape })
        } else {
            let data = tensor.value.and_then(|weight| graph.weights.get(weight.0 as usize)).map(|weight| weight.data.len());
            data.filter(|&given| given != elements).map(|given| ValidError::ConstantSize {
                tensor: name,
                shape,
                expected: elements,
                given,
            })
        };
        problems.extend(error.map(|error| error.at(Place { tensor: Some(tensor.name.clone()), ..Place::default() })));
    }
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

/// One maker for each tensor, before its readers.
fn order(graph: &Graph) -> Result<(), Diagnostics> {
    let mut written: Vec<bool> = graph.tensors.iter().map(|tensor| tensor.value.is_some()).collect();
    let name = |id: TensorId| graph.tensor(id).name.clone();
    let mut problems = Vec::new();
    for &input in &graph.inputs {
        if core::mem::replace(&mut written[input.0 as usize], true) {
            problems.push(ValidError::WrittenTwice { tensor: name(input) }.at(Place::default()));
        }
    }
    for node in &graph.nodes {
        for input in node.op.inputs() {
            if !written[input.0 as usize] {
                problems.push(ValidError::ReadBeforeWrite { tensor: name(input) }.at(place(node)));
            }
        }
        for &output in &node.outputs {
            if core::mem::replace(&mut written[output.0 as usize], true) {
                problems.push(ValidError::WrittenTwice { tensor: name(output) }.at(place(node)));
            }
        }
    }
    for &output in &graph.outputs {
        if !written[output.0 as usize] {
            problems.push(ValidError::ReadBeforeWrite { tensor: name(output) }.at(Place::default()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

/// The outputs that the op makes are those declared.
fn shapes(graph: &Graph, node: &Node) -> Result<(), ValidError> {
    let declared: Vec<_> = node.outputs.iter().map(|&output| Some(graph.tensor(output).shape.clone())).collect();
    infer(&node.op, graph, &declared).map_err(|error| ValidError::Shape(error.to_string()))?;
    Ok(())
}

/// Multiply-accumulates of one node, padding included.
pub(super) fn macs(graph: &Graph, node: &Node) -> u64 {
    let elements = |id: TensorId| graph.tensor(id).shape.elements() as u64;
    let output = node.outputs.first().map_or(0, |&output| elements(output));
    let Some(Layer { input, filter, bias: _, channel_axis }) = node.op.layer() else { return 0 };
    let channels = |id: TensorId, axis: usize| graph.tensor(id).shape.0.get(axis).copied().unwrap_or(1).max(1) as u64;
    match &node.op {
        // Each input pixel is spread over the whole kernel.
        Op::TransposeConv { .. } => (elements(input) / channels(input, 3)).saturating_mul(elements(filter)),
        _ => output.saturating_mul(elements(filter) / channels(filter, channel_axis)),
    }
}

/// Elements touched by a node beyond its products, with the window of a pool; for the bound on work.
pub(super) fn moved(graph: &Graph, node: &Node) -> u64 {
    let elements = |id: TensorId| graph.tensor(id).shape.elements() as u64;
    let made = node.outputs.iter().fold(0u64, |sum, &id| sum.saturating_add(elements(id)));
    let read = node.op.inputs().iter().fold(0u64, |sum, &id| sum.saturating_add(elements(id)));
    let window = match &node.op {
        Op::Pool2d { window, .. } => window.kernel[0].saturating_mul(window.kernel[1]) as u64,
        _ => 1,
    };
    made.saturating_mul(window).saturating_add(read)
}
