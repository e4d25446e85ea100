//! Weights that leave int8 once their zero point is subtracted: `uint8` about a zero point other than 128, and `int8` about one other
//! than 0.
//!
//! Such a weight is a sum of two `int8`, or of three: `w * x = a * x + b * x`. So the layer reads its input once for each part, the
//! copies side by side as further channels. Its accumulators are the same numbers: outputs, padding and the bounds that validation
//! proves are those of the layer in the file.

use crate::front::onnx::error::Error;
use crate::ir::{Activation, DType, Data, Graph, Node, Op, Shape, Tensor, TensorId, Weight};

/// Replaces weights of `node` that are `int16` by `int8` ones over copies of its input, which `before` makes.
pub(super) fn split(graph: &mut Graph, node: &mut Node, before: &mut Vec<Node>) -> Result<(), Error> {
    let Some(layer) = node.op.layer() else { return Ok(()) };
    let (input, filter) = (layer.input, layer.filter);
    let Some(Data::I16(weights)) = graph.value(filter).cloned() else { return Ok(()) };
    let shape = graph.tensor(filter).shape.0.clone();
    let channels = graph.tensor(input).shape.0.last().copied().unwrap_or(1);
    // As `[out, taps, depth]`.
    let (weights, out, depth) = match (&node.op, shape.as_slice()) {
        (Op::DepthwiseConv2d { .. }, &[_, rows, columns, out]) => {
            let taps = rows * columns;
            let by_channel = (0..out).flat_map(|channel| (0..taps).map(move |tap| tap * out + channel));
            (by_channel.filter_map(|at| weights.get(at).copied()).collect(), out, 1)
        }
        (_, &[out, .., depth]) => (weights, out, depth),
        _ => return Err(Error::Malformed { what: "a filter" }),
    };
    let parts = parts(&weights);
    let copies = if depth == channels { Copies::ranges(&parts, depth) } else { Copies { of: vec![(0, depth); parts.len()] } };
    let made = Data::I8(copies.interleaved(&parts, depth));
    let wide = copies.depth();
    let doubled = match depth == channels {
        true => copies.beside(graph, node, input, before),
        false => copies.in_groups(graph, node, input, depth, before),
    };
    let tensor = graph.tensor(filter).clone();
    let shape = match shape.as_slice() {
        &[1, rows, columns, _] if matches!(node.op, Op::DepthwiseConv2d { .. }) => vec![out, rows, columns, wide],
        other => other.iter().take(other.len() - 1).copied().chain([wide]).collect(),
    };
    let quantization = tensor.quantization.clone().map(|mut quantization| {
        if matches!(node.op, Op::DepthwiseConv2d { .. }) {
            quantization.axis = if quantization.is_per_tensor() || quantization.axis == 3 { 0 } else { 1 };
        }
        quantization
    });
    let value = Some(graph.add_weight(Weight { name: tensor.name.clone(), data: made }));
    let parted = graph.add_tensor(Tensor { shape: Shape(shape), dtype: DType::I8, quantization, value, ..tensor });
    if let &Op::DepthwiseConv2d { input, filter, bias, window, activation } = &node.op {
        node.op = Op::Conv2d { input, filter, bias, window, activation };
    }
    node.op.for_each_input(|id| {
        *id = match *id {
            id if id == input => doubled,
            id if id == filter => parted,
            id => id,
        };
    });
    Ok(())
}

/// The parts whose sum the weights are. None is -128, so that a factor after the layer can negate them.
fn parts(weights: &[i16]) -> Vec<Vec<i8>> {
    let mut rest = weights.to_vec();
    let mut parts = Vec::new();
    while parts.is_empty() || rest.iter().any(|&weight| weight != 0) {
        let part: Vec<i8> = rest.iter().map(|&weight| weight.clamp(-127, 127) as i8).collect();
        rest.iter_mut().zip(&part).for_each(|(rest, &part)| *rest -= i16::from(part));
        parts.push(part);
    }
    parts
}

/// Which channels of the input each part reads.
struct Copies {
    of: Vec<(usize, usize)>,
}

impl Copies {
    /// From the first to the last channel that a part has weights for; all of the first part.
    fn ranges(parts: &[Vec<i8>], depth: usize) -> Self {
        let range = |part: &Vec<i8>| {
            let used = |channel: usize| part.iter().skip(channel).step_by(depth).any(|&weight| weight != 0);
            let first = (0..depth).find(|&channel| used(channel)).unwrap_or(0);
            let end = (first..depth).rev().find(|&channel| used(channel)).map_or(first + 1, |last| last + 1);
            (first, end)
        };
        let of = parts.iter().enumerate().map(|(index, part)| if index == 0 { (0, depth) } else { range(part) });
        Self { of: of.collect() }
    }

    /// Channels of all copies together.
    fn depth(&self) -> usize {
        self.of.iter().map(|(first, end)| end - first).sum()
    }

    /// The filter of all parts, tap by tap.
    fn interleaved(&self, parts: &[Vec<i8>], depth: usize) -> Vec<i8> {
        let taps = parts.first().map_or(0, Vec::len) / depth.max(1);
        let tap = |tap: usize| {
            let parts = parts.iter().zip(&self.of);
            parts.flat_map(move |(part, &(first, end))| part.get(tap * depth + first..tap * depth + end).unwrap_or_default())
        };
        (0..taps).flat_map(tap).copied().collect()
    }

    /// The copies as one tensor, along the last axis.
    fn beside(&self, graph: &mut Graph, node: &Node, input: TensorId, before: &mut Vec<Node>) -> TensorId {
        let dims = graph.tensor(input).shape.0.clone();
        let axis = dims.len().saturating_sub(1);
        let mut inputs = Vec::with_capacity(self.of.len());
        for &(first, end) in &self.of {
            let mut size = dims.clone();
            let whole = size.last_mut().is_some_and(|last| core::mem::replace(last, end - first) == end - first);
            let mut begin = vec![0; dims.len()];
            begin[axis] = first;
            let slice = Op::Slice { input, begin, stride: vec![1; dims.len()], size: size.clone() };
            inputs.push(if whole { input } else { add(graph, node, slice, input, size, before) });
        }
        let shape = dims.iter().take(axis).copied().chain([self.depth()]).collect();
        add(graph, node, Op::Concatenation { inputs, axis, activation: Activation::None }, input, shape, before)
    }

    /// The copies of the `depth` channels of each group beside each other.
    fn in_groups(&self, graph: &mut Graph, node: &Node, input: TensorId, depth: usize, before: &mut Vec<Node>) -> TensorId {
        let dims = graph.tensor(input).shape.0.clone();
        let groups = dims.iter().product::<usize>() / depth.max(1);
        let rows = add(graph, node, Op::Reshape { input }, input, vec![groups, depth], before);
        let copies = self.of.len();
        let pack = Op::Pack { inputs: vec![rows; copies], axis: 1 };
        let packed = add(graph, node, pack, input, vec![groups, copies, depth], before);
        let mut shape = dims;
        shape.iter_mut().last().into_iter().for_each(|channels| *channels *= copies);
        add(graph, node, Op::Reshape { input: packed }, input, shape, before)
    }
}

/// Adds a node that moves elements of `input`; the tensor that it makes.
fn add(graph: &mut Graph, node: &Node, op: Op, input: TensorId, shape: Vec<usize>, before: &mut Vec<Node>) -> TensorId {
    let Tensor { name, dtype, quantization, .. } = graph.tensor(input).clone();
    let tensor = Tensor { name: format!("{name}.copies"), shape: Shape(shape), dtype, quantization, value: None };
    let made = graph.add_tensor(tensor);
    before.push(Node { op, outputs: vec![made], origin: node.origin.clone() });
    made
}
