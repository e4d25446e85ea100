//! Operators that take elements of their operands as they are: concatenations, maxima, minima, pads, clamps.
//!
//! Where their result is quantized, operands are brought to that quantization first: rounding keeps the order of reals, and what is
//! moved is rounded alike before or after. Where it is not, all operands must have one quantization, which the result keeps; but for
//! concatenations, which stay on floats.

use super::sink::{self, Sink};
use super::{Rewriting, bounds, floats};
use crate::front::onnx::error::Error;
use crate::ir::{Activation, BinaryKind, DType, Data, Node, Op, Origin, Quantization, Tensor, TensorId};

impl Rewriting<'_> {
    /// A concatenation, a maximum or a minimum.
    pub(super) fn joined(&mut self, node: Node) -> Result<(), Error> {
        let output = single(&node)?;
        if let Some(sink) = Sink::of(self, output) {
            let quantization = sink.quantization.clone();
            return self.within_sink(node, sink, |rewriting, id, origin| match rewriting.integers.get(&id).copied() {
                Some(integers) => Some(rewriting.brought(integers, &quantization, origin)),
                None if rewriting.graph.tensor(id).dtype == DType::F32 => rewriting.constant_in(id, &quantization, false),
                None => Some(rewriting.brought(id, &quantization, origin)),
            });
        }
        let quantization = match self.shared_quantization(&node) {
            Ok(quantization) => quantization,
            Err(_) if floats::moves(&node.op) => return self.in_floats(node),
            Err(error) => return Err(error),
        };
        let kind = match &node.op {
            Op::Binary { kind, .. } => Some(*kind),
            _ => None,
        };
        let mut op = node.op.clone();
        let mut inexact = false;
        op.for_each_input(|id| {
            let made = match self.integers.get(id).copied() {
                Some(integers) => Some(integers),
                None if self.graph.tensor(*id).dtype == DType::F32 => self.operand_in(*id, &quantization, kind),
                None => Some(*id),
            };
            match made {
                Some(made) => *id = made,
                None => inexact = true,
            }
        });
        if inexact {
            return if floats::moves(&node.op) { self.in_floats(node) } else { Err(bounds::between()) };
        }
        let made = self.integer_of(output, Some(quantization));
        self.new.push(Node { op, outputs: vec![made], ..node });
        Ok(())
    }

    /// A constant operand in the quantization of the others.
    fn operand_in(&mut self, id: TensorId, quantization: &Quantization, kind: Option<BinaryKind>) -> Option<TensorId> {
        let below = match kind {
            Some(BinaryKind::Maximum) => true,
            Some(BinaryKind::Minimum) => false,
            Some(BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul) | None => {
                return self.constant_in(id, quantization, true);
            }
        };
        // What lies beyond all integers may be the last of them.
        let constant = self.graph.tensor(id).value?;
        let values = match &self.graph.weights.get(constant.0 as usize)?.data {
            Data::F32(values) => values.clone(),
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => return None,
        };
        let stored = values.iter().map(|&real| bounds::bound(real, quantization, below).map(|stored| stored as i8));
        let data: Vec<i8> = stored.collect::<Option<_>>()?;
        let Tensor { name, shape, .. } = self.graph.tensor(id).clone();
        Some(self.stored_constant(name, shape, data, quantization))
    }

    /// The one quantization of all operands.
    fn shared_quantization(&self, node: &Node) -> Result<Quantization, Error> {
        let mut shared: Option<Quantization> = None;
        for id in node.op.inputs() {
            let id = self.integers.get(&id).copied().unwrap_or(id);
            let tensor = self.graph.tensor(id);
            if tensor.dtype == DType::F32 {
                continue;
            }
            let Some(quantization) = tensor.quantization.clone() else { continue };
            if shared.as_ref().is_some_and(|shared| *shared != quantization) {
                let what = "its operands have different scales or zero points, and its result is not quantized";
                return Err(Error::Unquantized { what });
            }
            shared = Some(quantization);
        }
        shared.ok_or(Error::Unquantized { what: "an operand is not quantized" })
    }

    /// A pad with a number: as its operand where an integer stands for the number, else in the quantization of its result.
    pub(super) fn padded(&mut self, node: Node, real: f32) -> Result<(), Error> {
        let output = single(&node)?;
        let input = node.op.inputs().first().and_then(|id| self.integers.get(id)).copied();
        let input = input.ok_or(Error::Unquantized { what: "an operand is not quantized" })?;
        let quantization = self.graph.tensor(input).quantization.clone().unwrap_or(Quantization::per_tensor(1.0, 0));
        if let Some(stored) = self.fill(real, &quantization, output) {
            return self.moved_with(node, Some(stored));
        }
        let sink = Sink::of(self, output).ok_or_else(bounds::between)?;
        let quantization = sink.quantization.clone();
        let mut node = node;
        if let Op::Pad { value, .. } = &mut node.op {
            *value = sink::stored(real, &quantization);
        }
        self.within_sink(node, sink, |rewriting, _, origin| Some(rewriting.brought(input, &quantization, origin)))
    }

    /// A clamp of one operand to constants.
    pub(super) fn clamped(&mut self, node: Node, operand: TensorId, [low, high]: [f32; 2]) -> Result<(), Error> {
        let output = single(&node)?;
        let input = self.integers.get(&operand).copied().ok_or(Error::Unquantized { what: "an operand is not quantized" })?;
        let quantization = self.graph.tensor(input).quantization.clone().unwrap_or(Quantization::per_tensor(1.0, 0));
        if let Some(sink) = Sink::of(self, output) {
            let limits = sink.stored_bounds([low, high]);
            let quantization = sink.quantization.clone();
            let made = sink.take(self);
            return self.requantized(node, input, &quantization, limits, made);
        }
        let (Some(min), Some(max)) = (bounds::bound(low, &quantization, true), bounds::bound(high, &quantization, false)) else {
            return Err(bounds::between());
        };
        let made = self.integer_of(output, Some(quantization.clone()));
        if self.clamp(input, [min, max], made, &node.origin).is_none() {
            // Nothing lies beyond the bounds.
            self.integers.insert(output, input);
        }
        Ok(())
    }

    /// `input` in another quantization, within `limits`, as `made`.
    fn requantized(
        &mut self,
        node: Node,
        input: TensorId,
        quantization: &Quantization,
        limits: [i32; 2],
        made: TensorId,
    ) -> Result<(), Error> {
        let same = self.graph.tensor(input).quantization.as_ref() == Some(quantization);
        let open = limits == [-128, 127];
        let brought = match (same, open) {
            (true, false) => input,
            (false, false) => self.brought(input, quantization, &node.origin),
            (_, true) => {
                self.new.push(Node { op: Op::Quantize { input }, outputs: vec![made], ..node });
                return Ok(());
            }
        };
        let _ = self.clamp(brought, limits, made, &node.origin);
        Ok(())
    }

    /// A node whose operands `bring` has brought to the quantization of its sink, and the clamps on the way there.
    fn within_sink(
        &mut self,
        node: Node,
        sink: Sink,
        mut bring: impl FnMut(&mut Self, TensorId, &Origin) -> Option<TensorId>,
    ) -> Result<(), Error> {
        let mut op = node.op.clone();
        let mut missing = false;
        op.for_each_input(|id| match bring(self, *id, &node.origin) {
            Some(made) => *id = made,
            None => missing = true,
        });
        if missing {
            return Err(Error::Unquantized { what: "an operand is not quantized" });
        }
        let limits = sink.stored_bounds([f32::NEG_INFINITY, f32::INFINITY]);
        let made = sink.take(self);
        if limits == [-128, 127] {
            self.new.push(Node { op, outputs: vec![made], ..node });
            return Ok(());
        }
        let between = self.graph.add_tensor(self.graph.tensor(made).clone());
        self.new.push(Node { op, outputs: vec![between], origin: node.origin.clone() });
        let _ = self.clamp(between, limits, made, &node.origin);
        Ok(())
    }
}

/// The one tensor that a node makes.
fn single(node: &Node) -> Result<TensorId, Error> {
    match node.outputs.as_slice() {
        &[output] => Ok(output),
        _ => Err(Error::Malformed { what: "a node without outputs" }),
    }
}

/// Whether an op is a concatenation, a maximum or a minimum.
pub(super) fn joins(op: &Op) -> bool {
    matches!(
        op,
        Op::Concatenation { activation: Activation::None, .. }
            | Op::Pack { .. }
            | Op::Binary { kind: BinaryKind::Maximum | BinaryKind::Minimum, .. }
    )
}
