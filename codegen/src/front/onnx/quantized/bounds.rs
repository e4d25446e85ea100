//! Stored integers that stand for a real, and clamps of stored integers.

use super::Rewriting;
use super::sink::stored;
use crate::front::onnx::error::Error;
use crate::ir::{Activation, BinaryKind, DType, Data, Node, Op, Origin, PoolKind, Quantization, Shape, Tensor, TensorId, Weight};

/// The stored integer that stands for `real` exactly; `None` where there is none.
pub(super) fn exactly(real: f32, quantization: &Quantization) -> Option<i32> {
    let stored = stored(real, quantization);
    (value(stored, quantization) == real).then_some(stored)
}

fn value(stored: i32, quantization: &Quantization) -> f32 {
    (stored - quantization.zero_point()) as f32 * quantization.scale()
}

/// The stored integer with which a clamp to `bound` from below or from above does the same as with `bound`: exactly that, or one end of
/// the range where no integer lies beyond it.
pub(super) fn bound(bound: f32, quantization: &Quantization, below: bool) -> Option<i32> {
    let beyond = if below { bound <= value(-128, quantization) } else { bound >= value(127, quantization) };
    match beyond {
        true => Some(if below { -128 } else { 127 }),
        false => exactly(bound, quantization),
    }
}

impl Rewriting<'_> {
    /// A constant of reals in a quantization, rounded to it; `None` where `exact` is asked for and a real lies between two integers.
    pub(super) fn constant_in(&mut self, id: TensorId, quantization: &Quantization, exact: bool) -> Option<TensorId> {
        let tensor = self.graph.tensor(id).clone();
        let Some(Data::F32(values)) = self.graph.value(id) else { return None };
        let whole = |&real: &f32| match exact {
            true => exactly(real, quantization),
            false => Some(stored(real, quantization)),
        };
        let data: Vec<i8> = values.iter().map(whole).map(|stored| stored.map(|stored| stored as i8)).collect::<Option<_>>()?;
        Some(self.stored_constant(tensor.name, tensor.shape, data, quantization))
    }

    /// A constant of stored integers.
    pub(super) fn stored_constant(&mut self, name: String, shape: Shape, data: Vec<i8>, quantization: &Quantization) -> TensorId {
        let value = Some(self.graph.add_weight(Weight { name: name.clone(), data: Data::I8(data) }));
        self.graph.add_tensor(Tensor { name, shape, dtype: DType::I8, quantization: Some(quantization.clone()), value })
    }

    /// Adds clamps of `input` to stored `[min, max]` that make `output`; where nothing is clamped, `None`.
    pub(super) fn clamp(&mut self, input: TensorId, [min, max]: [i32; 2], output: TensorId, origin: &Origin) -> Option<()> {
        let quantization = self.graph.tensor(output).quantization.clone()?;
        let wanted = [(BinaryKind::Maximum, min, min > -128), (BinaryKind::Minimum, max, max < 127)];
        let wanted: Vec<(BinaryKind, i32)> = wanted.into_iter().filter(|clamp| clamp.2).map(|clamp| (clamp.0, clamp.1)).collect();
        let count = wanted.len();
        let mut input = input;
        for (index, (kind, bound)) in wanted.into_iter().enumerate() {
            let b = self.stored_constant("bound".into(), Shape(vec![1]), vec![bound as i8], &quantization);
            let made = match index + 1 == count {
                true => output,
                false => self.graph.add_tensor(self.graph.tensor(output).clone()),
            };
            let op = Op::Binary { kind, a: input, b, activation: Activation::None };
            self.new.push(Node { op, outputs: vec![made], origin: origin.clone() });
            input = made;
        }
        (count > 0).then_some(())
    }

    /// The stored number of a pad on integers. Numbers below all integers stand for the least where only maxima are read.
    pub(super) fn fill(&self, real: f32, quantization: &Quantization, output: TensorId) -> Option<i32> {
        let is_max = |&reader: &usize| {
            let node = self.old[reader].as_ref();
            node.is_some_and(|node| matches!(node.op, Op::Pool2d { kind: PoolKind::Max, .. }))
        };
        let of_maxima = || self.readers.get(&output).is_some_and(|readers| readers.iter().all(is_max));
        let least = real <= value(-128, quantization) && of_maxima() && !self.graph.outputs.contains(&output);
        if least { Some(-128) } else { exactly(real, quantization) }
    }

    /// Brings stored integers to another quantization.
    pub(super) fn brought(&mut self, id: TensorId, quantization: &Quantization, origin: &Origin) -> TensorId {
        if self.graph.tensor(id).quantization.as_ref() == Some(quantization) {
            return id;
        }
        let tensor = Tensor { quantization: Some(quantization.clone()), value: None, ..self.graph.tensor(id).clone() };
        let made = self.graph.add_tensor(tensor);
        self.new.push(Node { op: Op::Quantize { input: id }, outputs: vec![made], origin: origin.clone() });
        made
    }
}

/// What is said of numbers that no stored integer stands for.
pub(super) fn between() -> Error {
    Error::Unquantized { what: "a number lies between the stored integers of its operand, and its result is not quantized" }
}
