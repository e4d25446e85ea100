//! Where the result of an operator goes: the quantization that follows, and clamps on the way.

use super::Rewriting;
use crate::ir::{Activation, BinaryKind, DType, Data, Graph, Op, Quantization, TensorId, UnaryKind};

/// The quantization that follows an operator.
pub(super) struct Sink {
    pub(super) quantization: Quantization,
    /// Least and greatest real on the way.
    bounds: [f32; 2],
    /// Nodes that the operator takes in: clamps, and quantizations, which all are the same.
    nodes: Vec<usize>,
    /// What the quantizations make.
    outputs: Vec<TensorId>,
}

impl Sink {
    /// The quantization of `result`; `None` where it goes elsewhere too, or is not quantized.
    pub(super) fn of(rewriting: &Rewriting<'_>, result: TensorId) -> Option<Self> {
        let (mut result, mut bounds, mut nodes) = (result, [f32::NEG_INFINITY, f32::INFINITY], Vec::new());
        loop {
            if rewriting.graph.outputs.contains(&result) {
                return None;
            }
            let readers = rewriting.readers.get(&result)?;
            let op = |&index: &usize| rewriting.old[index].as_ref().map(|node| (&node.op, node.outputs.as_slice()));
            if let &[reader] = readers.as_slice()
                && let Some((op, &[made])) = op(&reader)
                && let Some([low, high]) = clamp(rewriting.graph, op, result)
            {
                // The later clamp decides.
                bounds = bounds.map(|bound| bound.max(low).min(high));
                nodes.push(reader);
                result = made;
                continue;
            }
            let mut outputs = Vec::with_capacity(readers.len());
            for reader in readers {
                let Some((Op::Quantize { .. }, &[made])) = op(reader) else { return None };
                outputs.push(made);
            }
            let tensor = |id: TensorId| rewriting.graph.tensor(id);
            let quantization = tensor(*outputs.first()?).quantization.clone()?;
            let same = |&id: &TensorId| tensor(id).dtype == DType::I8 && tensor(id).quantization.as_ref() == Some(&quantization);
            if !outputs.iter().all(same) {
                return None;
            }
            nodes.extend(readers);
            return Some(Self { quantization, bounds, nodes, outputs });
        }
    }

    /// Whether nothing happens before the quantization.
    pub(super) fn is_plain(&self) -> bool {
        self.bounds == [f32::NEG_INFINITY, f32::INFINITY]
    }

    /// The clamps, on stored integers: rounding keeps the order of reals.
    pub(super) fn activation(&self) -> Activation {
        let [min, max] = self.stored_bounds([f32::NEG_INFINITY, f32::INFINITY]);
        Activation::Clamp { min, max }
    }

    /// The clamps after one to the reals `[low, high]`, on stored integers.
    pub(super) fn stored_bounds(&self, [low, high]: [f32; 2]) -> [i32; 2] {
        let [least, most] = self.bounds;
        [low, high].map(|bound| stored(bound.max(least).min(most), &self.quantization))
    }

    /// Takes the nodes in; the tensor that the operator makes.
    pub(super) fn take(self, rewriting: &mut Rewriting<'_>) -> TensorId {
        for node in self.nodes {
            rewriting.old[node] = None;
        }
        let first = self.outputs[0];
        rewriting.alias.extend(self.outputs.into_iter().skip(1).map(|other| (other, first)));
        first
    }
}

/// The stored integer of a real, as ONNX Runtime rounds it: half to even.
pub(super) fn stored(real: f32, quantization: &Quantization) -> i32 {
    let rounded = (real / quantization.scale()).round_ties_even() as i32;
    rounded.saturating_add(quantization.zero_point()).clamp(-128, 127)
}

/// The bounds of an op that only clamps `input`.
pub(super) fn clamp(graph: &Graph, op: &Op, input: TensorId) -> Option<[f32; 2]> {
    match op {
        Op::Unary { kind: UnaryKind::Relu, input: _ } => Some([0.0, f32::INFINITY]),
        Op::Unary { kind: UnaryKind::Relu6, input: _ } => Some([0.0, 6.0]),
        Op::Unary { kind: UnaryKind::ReluN1To1, input: _ } => Some([-1.0, 1.0]),
        Op::Binary { kind, a, b, activation: Activation::None } => {
            let other = if *a == input { *b } else { *a };
            let bound = match graph.value(other)? {
                Data::F32(values) => match values.as_slice() {
                    &[bound] if !bound.is_nan() => bound,
                    _ => return None,
                },
                Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => return None,
            };
            match kind {
                BinaryKind::Maximum => Some([bound, f32::INFINITY]),
                BinaryKind::Minimum => Some([f32::NEG_INFINITY, bound]),
                BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul => None,
            }
        }
        _ => None,
    }
}

/// The activation of an op whose kernel clamps its result.
pub(super) fn activation(op: &mut Op) -> Option<&mut Activation> {
    match op {
        Op::Conv2d { activation, .. }
        | Op::DepthwiseConv2d { activation, .. }
        | Op::TransposeConv { activation, .. }
        | Op::FullyConnected { activation, .. }
        | Op::Binary { kind: BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul, activation, .. } => Some(activation),
        _ => None,
    }
}
