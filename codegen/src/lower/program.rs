//! A lowered network: steps that call kernels, on tensors and constants.

use super::kernel::Kernel;
use crate::ir::{Data, Origin, Tensor, TensorId};
use crate::options::Reference;

/// Names a constant of one [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);

/// Data that generated code carries in flash.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// What it is, for the reader of generated code: `filter of conv1`.
    pub label: String,
    /// Its elements.
    pub data: Data,
}

/// Where a step reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A tensor in memory.
    Activation(TensorId),
    /// Data in flash.
    Constant(ConstId),
}

/// One call of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where the node came from.
    pub origin: Origin,
    /// The op's standard name.
    pub op: &'static str,
    /// What is called, with its parameters.
    pub kernel: Kernel,
    /// What it reads, in the kernel's order.
    pub reads: Vec<Operand>,
    /// What it writes, in the kernel's order.
    pub writes: Vec<TensorId>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Whether every sum that is requantized lies within `-2^30..2^30`, so that the cheaper arithmetic is exact.
    pub bounded: bool,
}

/// A network ready to be planned: nothing in it needs the graph any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The model's name.
    pub name: String,
    /// The reference that its numbers follow.
    pub reference: Reference,
    /// All tensors of the graph, by id; those of no step are unused.
    pub tensors: Vec<Tensor>,
    /// The tensors that the caller fills.
    pub inputs: Vec<TensorId>,
    /// The tensors that the caller reads.
    pub outputs: Vec<TensorId>,
    /// Steps in execution order.
    pub steps: Vec<Step>,
    /// Constants, equal ones shared; [`ConstId`] indexes them.
    pub constants: Vec<Constant>,
}

impl Program {
    /// The tensor that `id` names.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0 as usize]
    }

    /// The constant that `id` names.
    pub fn constant(&self, id: ConstId) -> &Constant {
        &self.constants[id.0 as usize]
    }

    /// Bytes that a tensor takes in memory.
    pub fn bytes(&self, id: TensorId) -> usize {
        let tensor = self.tensor(id);
        tensor.shape.elements() * tensor.dtype.size()
    }
}

/// Gathers constants and shares equal ones.
#[derive(Debug, Default)]
pub(super) struct Constants {
    all: Vec<Constant>,
    by_hash: std::collections::HashMap<[u8; 32], Vec<u32>>,
}

impl Constants {
    /// The id of `data`, which is added where no equal constant is there yet.
    pub(super) fn add(&mut self, label: String, data: Data) -> ConstId {
        let candidates = self.by_hash.entry(digest(&data)).or_default();
        if let Some(&same) = candidates.iter().find(|&&index| same_bits(&self.all[index as usize].data, &data)) {
            return ConstId(same);
        }
        let id = self.all.len() as u32;
        candidates.push(id);
        self.all.push(Constant { label, data });
        ConstId(id)
    }

    /// All constants, by id.
    pub(super) fn finish(self) -> Vec<Constant> {
        self.all
    }
}

/// Bytes of a constant as they lie in little-endian flash.
pub fn little_endian(data: &Data) -> Vec<u8> {
    match data {
        Data::I8(values) => values.iter().map(|&value| value as u8).collect(),
        Data::U8(values) => values.clone(),
        Data::Bool(values) => values.iter().map(|&value| value.into()).collect(),
        Data::I16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::I32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::I64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

fn digest(data: &Data) -> [u8; 32] {
    hmac_sha256::Hash::hash(&little_endian(data))
}

/// Equality of type and bits; `==` would call two `NaN`s different.
fn same_bits(a: &Data, b: &Data) -> bool {
    a.dtype() == b.dtype() && a.len() == b.len() && little_endian(a) == little_endian(b)
}
