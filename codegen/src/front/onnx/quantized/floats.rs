//! Floats that leave the network or are quantized later, and are only moved before: concatenations of operands with scales of their own.

use super::{Rewriting, UNQUANTIZED_READS};
use crate::front::onnx::error::Error;
use crate::front::onnx::value::Constant;
use crate::ir::{Activation, DType, Data, Node, Op, Origin, Shape, Tensor, TensorId, Weight};

impl Rewriting<'_> {
    /// Keeps a node on floats where it only moves them; its integers are dequantized before it.
    pub(super) fn in_floats(&mut self, node: Node) -> Result<(), Error> {
        let inputs = node.op.inputs();
        let known = |id: &TensorId| {
            let constant = self.graph.value(*id).is_some();
            constant || self.floats.contains(id) || self.integers.contains_key(id)
        };
        if !moves(&node.op) || !inputs.iter().all(known) {
            return Err(UNQUANTIZED_READS);
        }
        let mut op = node.op.clone();
        op.for_each_input(|id| *id = self.float_of(*id, &node.origin));
        self.floats.extend(node.outputs.iter().copied());
        self.new.push(Node { op, ..node });
        Ok(())
    }

    /// The float tensor that `id` stands for.
    fn float_of(&mut self, id: TensorId, origin: &Origin) -> TensorId {
        if self.graph.value(id).is_some() {
            return self.float_constant(id);
        }
        if let Some(&input) = self.integers.get(&id)
            && self.floats.insert(id)
        {
            self.new.push(Node { op: Op::Dequantize { input }, outputs: vec![id], origin: origin.clone() });
        }
        id
    }

    /// A constant as floats.
    fn float_constant(&mut self, id: TensorId) -> TensorId {
        let tensor = self.graph.tensor(id).clone();
        let (Some(data), DType::I8 | DType::I32) = (self.graph.value(id), tensor.dtype) else { return id };
        let Shape(shape) = tensor.shape.clone();
        let constant = Constant { shape, data: data.clone(), quantization: tensor.quantization.clone() };
        let Some(reals) = constant.floats() else { return id };
        let value = Some(self.graph.add_weight(Weight { name: tensor.name.clone(), data: Data::F32(reals.into_owned()) }));
        self.graph.add_tensor(Tensor { dtype: DType::F32, quantization: None, value, ..tensor })
    }
}

/// Whether an op has a kernel that moves floats.
pub(super) fn moves(op: &Op) -> bool {
    matches!(
        op,
        Op::Concatenation { activation: Activation::None, .. }
            | Op::Split { .. }
            | Op::Slice { .. }
            | Op::Transpose { .. }
            | Op::Reshape { .. }
    )
}
