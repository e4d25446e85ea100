//! Builds the graph: tensors and constants, as far as operators and the network's edges refer to them.

use super::budget::{self, Budget};
use super::compiler;
use super::data::Storage;
use super::error::{Error, Outcome};
use super::flatbuffer::Vector;
use super::ops::Phases;
use super::quantization;
use super::schema::{self, Buffer, Model, SubGraph};
use super::sparse;
use crate::ir::{DType, Data, Graph, Shape, Tensor, TensorId, Weight, WeightId};
use std::collections::{BTreeMap, BTreeSet};

/// A graph under construction. Tensors and buffers that nothing refers to are never looked at.
pub(super) struct Reader<'a> {
    pub(super) model: Model<'a>,
    pub(super) subgraph: SubGraph<'a>,
    pub(super) budget: Budget,
    pub(super) graph: Graph,
    /// The graph's tensor for each of the file's, once read.
    tensors: Vec<Option<TensorId>>,
    /// Which of the graph's tensors have a shape that the file leaves open in part.
    open: BTreeSet<TensorId>,
    /// Which of the file's tensors nothing has made, because their operator could not be read.
    pub(super) missing: Vec<bool>,
    /// Tensors whose batch is the phases of a feature map.
    pub(super) phases: BTreeMap<TensorId, Phases>,
    /// Constants by buffer, element type and number of elements.
    weights: BTreeMap<(u32, u8, usize), WeightId>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], name: &str) -> Result<Self, Error> {
        let model = Model::read(bytes)?;
        if model.subgraphs.len() == 0 {
            return Err(Error::NoSubgraph);
        }
        let subgraph = SubGraph::read(&model.subgraphs.get(0)?)?;
        let count = subgraph.tensors.len();
        Budget::limit("tensors", count, budget::OBJECTS)?;
        Budget::limit("operators", subgraph.operators.len(), budget::OBJECTS)?;
        Budget::limit("inputs", subgraph.inputs.len(), budget::OBJECTS)?;
        Budget::limit("outputs", subgraph.outputs.len(), budget::OBJECTS)?;
        Ok(Self {
            model,
            subgraph,
            budget: Budget::new(bytes.len()),
            graph: Graph { name: name.into(), ..Graph::default() },
            tensors: vec![None; count],
            open: BTreeSet::new(),
            missing: vec![false; count],
            phases: BTreeMap::new(),
            weights: BTreeMap::new(),
        })
    }

    /// Refuses a file that holds another program's commands in place of a network.
    pub(super) fn compiled(&self) -> Result<(), Error> {
        Budget::limit("operator codes", self.model.operator_codes.len(), budget::OBJECTS)?;
        for index in 0..self.model.operator_codes.len() {
            let code = schema::OperatorCode::read(&self.model.operator_codes.get(index)?)?;
            if let Some(compiler) = compiler::of(code.custom) {
                return Err(Error::Compiled { operator: String::from_utf8_lossy(code.custom).into_owned(), compiler });
            }
        }
        Budget::limit("metadata", self.model.metadata.len(), budget::OBJECTS)?;
        for index in 0..self.model.metadata.len() {
            if self.model.metadata.get(index)?.string(0, "the metadata's name")? == b"COMPRESSION_METADATA" {
                return Err(Error::Compressed);
            }
        }
        Ok(())
    }

    /// The call of an operator.
    pub(super) fn operator(&self, index: usize) -> Result<schema::Operator<'a>, Error> {
        schema::Operator::read(&self.subgraph.operators.get(index)?)
    }

    /// Whether the operator that makes one of the file's tensors, or one that it depends on, could not be read.
    pub(super) fn is_missing(&self, index: i32) -> bool {
        usize::try_from(index).ok().and_then(|slot| self.missing.get(slot)).copied().unwrap_or(false)
    }

    /// Notes that nothing makes one of the file's tensors.
    pub(super) fn miss(&mut self, index: i32) {
        if let Some(slot) = usize::try_from(index).ok().and_then(|slot| self.missing.get_mut(slot)) {
            *slot = true;
        }
    }

    /// Whether all that an operator makes are integers that stand for themselves.
    pub(super) fn makes_indices(&self, operator: &schema::Operator<'a>) -> bool {
        let indices = |index: i32| {
            let slot = usize::try_from(index).unwrap_or(usize::MAX);
            let tensor = self.subgraph.tensors.get(slot).and_then(|table| schema::Tensor::read(&table));
            tensor.is_ok_and(|tensor| matches!(tensor.element_type, 2 | 4 | 6))
        };
        operator.outputs.len() > 0 && operator.outputs.iter().all(indices)
    }

    /// The graph's tensor for one of the file's.
    pub(super) fn tensor(&mut self, index: i32) -> Outcome<TensorId> {
        let slot = usize::try_from(index).ok().filter(|&slot| slot < self.tensors.len());
        let Some(slot) = slot else {
            return Err(Error::Index { what: "the tensor", expected: self.tensors.len(), given: index.into() }.into());
        };
        if let Some(id) = self.tensors.get(slot).copied().flatten() {
            return Ok(id);
        }
        let source = schema::Tensor::read(&self.subgraph.tensors.get(slot)?)?;
        let name = self.text(source.name)?;
        let tensor = self.convert(&source, name.clone()).map_err(|mut problem| {
            problem.place.tensor = Some(name);
            problem
        })?;
        let id = self.graph.add_tensor(tensor);
        if source.signature.iter().any(|dim| dim < 0) {
            self.open.insert(id);
        }
        if let Some(place) = self.tensors.get_mut(slot) {
            *place = Some(id);
        }
        Ok(id)
    }

    /// Whether the file leaves the shape of one of the graph's tensors open in part.
    pub(super) fn open(&self, id: TensorId) -> bool {
        self.open.contains(&id)
    }

    /// Makes a tensor a constant.
    pub(super) fn define(&mut self, id: TensorId, shape: Shape, data: Data) -> Result<(), Error> {
        let name = self.graph.tensor(id).name.clone();
        self.budget.charge(name.len())?;
        let value = self.graph.add_weight(Weight { name, data });
        let tensor = self.graph.tensor_mut(id);
        (tensor.shape, tensor.value) = (shape, Some(value));
        Ok(())
    }

    fn convert(&mut self, source: &schema::Tensor<'a>, name: String) -> Outcome<Tensor> {
        let storage = Storage::of(source.element_type)?;
        let shape = fixed_shape(source.shape)?;
        let dtype = storage.dtype();
        let quantization = quantization::read(source.quantization.as_ref(), &shape, dtype, &mut self.budget)?;
        let value = self.weight(source, storage, &shape, &name)?;
        if let (None, Some(given)) = (value, storage.only_constant()) {
            return Err(Error::ElementType { given: given.into() }.into());
        }
        if value.is_none() && shape.elements() > budget::ELEMENTS {
            return Err(Error::TooLarge { expected: budget::ELEMENTS, given: shape.elements() }.into());
        }
        Ok(Tensor { name, shape, dtype, quantization, value })
    }

    /// The constant of a tensor, shared by all that have the same buffer; `None` for an activation.
    fn weight(&mut self, source: &schema::Tensor<'a>, storage: Storage, shape: &Shape, name: &str) -> Outcome<Option<WeightId>> {
        let key = (source.buffer, source.element_type, shape.elements());
        if let Some(&id) = self.weights.get(&key) {
            return Ok(Some(id));
        }
        let Some(data) = self.data(source, storage, shape)? else { return Ok(None) };
        self.budget.charge(name.len())?;
        let id = self.graph.add_weight(Weight { name: name.into(), data });
        self.weights.insert(key, id);
        Ok(Some(id))
    }

    fn data(&mut self, source: &schema::Tensor<'a>, storage: Storage, shape: &Shape) -> Result<Option<Data>, Error> {
        let bytes = self.bytes(source)?;
        let elements = shape.elements();
        // A list of no integers is a constant that has no bytes.
        let list = storage.dtype() == DType::I32 || storage.dtype() == DType::I64;
        if bytes.is_empty() && (elements > 0 || !list) {
            return Ok(None);
        }
        if let Some(sparsity) = &source.sparsity {
            return sparse::dense(bytes, sparsity, storage, shape, &mut self.budget).map(Some);
        }
        let expected = storage.bytes(elements);
        if bytes.len() != expected {
            return Err(Error::BufferSize { expected, given: bytes.len() });
        }
        self.budget.charge(elements.saturating_mul(storage.dtype().size()))?;
        Ok(Some(storage.decode(bytes, elements)))
    }

    /// The bytes of a tensor's buffer; empty for an activation.
    fn bytes(&self, source: &schema::Tensor<'a>) -> Result<&'a [u8], Error> {
        if source.external_buffer != 0 {
            return Err(Error::External);
        }
        if source.buffer == 0 && self.model.buffers.len() == 0 {
            return Ok(&[]);
        }
        let buffer = Buffer::read(&self.model.buffers.get(source.buffer as usize)?)?;
        if buffer.offset <= 1 {
            return Ok(buffer.data.bytes());
        }
        let file = self.model.bytes;
        let outside = Error::BufferOutside { offset: buffer.offset, size: buffer.size, given: file.len() };
        let rest = usize::try_from(buffer.offset).ok().and_then(|offset| file.get(offset..));
        let size = usize::try_from(buffer.size).ok();
        rest.and_then(|rest| rest.get(..size?)).ok_or(outside)
    }

    /// The integers of a constant operand that says how to compute and is no part of the graph.
    pub(super) fn integers(&mut self, index: i32, operand: &'static str) -> Result<Vec<i64>, Error> {
        let slot = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(data) = self.tensors.get(slot).copied().flatten().and_then(|id| self.graph.value(id)) {
            Budget::limit("elements of an operand", data.len(), budget::OPERAND)?;
            return data.integers().ok_or(Error::NotIntegers { operand, given: data.dtype().name() });
        }
        let source = schema::Tensor::read(&self.subgraph.tensors.get(slot)?)?;
        let shape = fixed_shape(source.shape)?;
        Budget::limit("elements of an operand", shape.elements(), budget::OPERAND)?;
        let data = self.data(&source, Storage::of(source.element_type)?, &shape)?.ok_or(Error::NotConstant { operand })?;
        data.integers().ok_or(Error::NotIntegers { operand, given: data.dtype().name() })
    }

    /// The one number of a constant operand, as it is stored: a float as its bits.
    pub(super) fn stored(&mut self, index: i32, operand: &'static str) -> Result<i32, Error> {
        let slot = usize::try_from(index).unwrap_or(usize::MAX);
        let source = schema::Tensor::read(&self.subgraph.tensors.get(slot)?)?;
        let shape = fixed_shape(source.shape)?;
        if shape.elements() != 1 {
            return Err(Error::OperandLength { operand, expected: 1, given: shape.elements() });
        }
        let data = self.data(&source, Storage::of(source.element_type)?, &shape)?.ok_or(Error::NotConstant { operand })?;
        if let Data::F32(values) = &data {
            return Ok(values.first().map_or(0, |value| value.to_bits() as i32));
        }
        let given = data.integers().and_then(|values| values.first().copied()).unwrap_or(0);
        i32::try_from(given).map_err(|_| Error::Value { field: operand, expected: "of 32 bits", given })
    }

    /// The name of one of the file's tensors; empty where there is no such tensor.
    pub(super) fn name(&mut self, index: i32) -> Result<String, Error> {
        match usize::try_from(index) {
            Ok(slot) if slot < self.subgraph.tensors.len() => {
                let name = schema::Tensor::name(&self.subgraph.tensors.get(slot)?)?;
                self.text(name)
            }
            _ => Ok(String::new()),
        }
    }

    /// Fills in the graph's inputs and outputs. An input may have any batch, and else only fixed sizes.
    pub(super) fn edges(&mut self) -> Outcome<()> {
        for index in self.subgraph.inputs.iter() {
            let id = self.tensor(index)?;
            self.graph.inputs.push(id);
            let source = schema::Tensor::read(&self.subgraph.tensors.get(usize::try_from(index).unwrap_or(usize::MAX))?)?;
            if let Err(error) = fixed_shape(source.signature) {
                let name = self.graph.tensor(id).name.clone();
                let mut problem = Box::<crate::diag::Diagnostic>::from(error);
                problem.place.tensor = Some(name);
                return Err(problem);
            }
        }
        for index in self.subgraph.outputs.iter() {
            let id = self.tensor(index)?;
            self.graph.outputs.push(id);
        }
        Ok(())
    }

    /// A name of the file as text.
    pub(super) fn text(&mut self, bytes: &[u8]) -> Result<String, Error> {
        self.budget.charge(bytes.len())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A shape of at most [`budget::RANK`] dimensions, whose batch (the first) is 1 where the file leaves it open.
fn fixed_shape(dims: Vector<'_, i32>) -> Result<Shape, Error> {
    Budget::limit("dimensions", dims.len(), budget::RANK)?;
    let mut shape = Vec::with_capacity(dims.len());
    for (axis, dim) in dims.iter().enumerate() {
        match usize::try_from(dim) {
            Ok(size) => shape.push(size),
            Err(_) if axis == 0 && dim == -1 => shape.push(1),
            Err(_) => return Err(Error::Dynamic { axis, given: dims.iter().collect() }),
        }
    }
    Ok(Shape(shape))
}
