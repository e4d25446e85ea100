//! Builds the graph: names, constants, nodes, and the edges of the network.

use super::attributes::Attributes;
use super::constants;
use super::error::{Error, Problem};
use super::schema::{Model, Node, Port, Tensor as Stored};
use super::value::{Constant, IMAGE, IMAGE_ORDER, Known, Value, moves_nothing, permuted};
use super::{Turned, ops};
use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::{self, DType, Data, Graph, Op, Origin, Shape, Tensor, TensorId, Weight};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Nodes, constants, or operands of a node; of inputs and outputs a sixteenth.
const OBJECTS: usize = 1 << 12;
/// Elements of constants that one node is computed of while reading: shapes and indices are short.
const FOLDED: usize = 1 << 12;
/// Diagnostics of one file.
const PROBLEMS: usize = 64;
/// Elements of one activation, as no board holds more.
const ELEMENTS: usize = 1 << 24;

/// A node that is being read.
pub(super) struct Call<'n, 'a> {
    pub(super) node: &'n Node<'a>,
    pub(super) attributes: &'n Attributes<'a>,
    pub(super) origin: Origin,
}

/// The graph under construction.
pub(super) struct Builder<'m, 'a> {
    model: &'m Model<'a>,
    pub(super) graph: Graph,
    pub(super) opset: i64,
    names: BTreeMap<String, Known>,
    /// Other orders of a tensor that are there already, by the permutation.
    arranged: BTreeMap<(TensorId, Vec<usize>), TensorId>,
    /// Bytes of constants that may still be copied.
    budget: usize,
    size: usize,
    turned: Turned,
}

impl<'m, 'a> Builder<'m, 'a> {
    pub(super) fn new(model: &'m Model<'a>, size: usize, name: &str) -> Result<Self, Vec<Diagnostic>> {
        let graph = &model.graph;
        for (what, count, expected) in [
            ("nodes", graph.nodes.len(), OBJECTS),
            ("constants", graph.initializers.len(), OBJECTS),
            // Older files list constants among the inputs.
            ("inputs", graph.inputs.len(), OBJECTS),
            ("outputs", graph.outputs.len(), OBJECTS / 16),
        ] {
            if count > expected {
                return Err(vec![Error::TooMany { what, expected, given: count }.at(Place::default())]);
            }
        }
        let graph = Graph { name: name.into(), ..Graph::default() };
        let budget = size.saturating_mul(4).saturating_add(1 << 16);
        Ok(Self {
            model,
            graph,
            opset: model.opset,
            names: BTreeMap::new(),
            arranged: BTreeMap::new(),
            budget,
            size,
            turned: Turned::default(),
        })
    }

    /// Reads everything.
    pub(super) fn run(mut self) -> Result<(Graph, Turned), Vec<Diagnostic>> {
        let model = self.model;
        let mut problems: Vec<Diagnostic> = Vec::new();
        for message in &model.graph.initializers {
            let name = Stored::read(message).map(|tensor| tensor.name.to_string()).unwrap_or_default();
            if let Err(error) = self.initializer(message)
                && !problems.iter().any(|known| known.message == error.to_string())
            {
                problems.push(error.at(Place { tensor: Some(name), ..Place::default() }));
            }
        }
        for message in &model.graph.inputs {
            let name = Port::read(message).map(|port| port.name.to_string()).unwrap_or_default();
            if let Err(error) = self.input(message) {
                problems.push(error.at(Place { tensor: Some(name), ..Place::default() }));
            }
        }
        if !problems.is_empty() {
            problems.truncate(PROBLEMS);
            return Err(problems);
        }
        for (index, message) in model.graph.nodes.iter().enumerate() {
            if let Err(problem) = self.node(index, message) {
                problems.push(*problem);
            }
            if problems.len() >= PROBLEMS {
                return Err(problems);
            }
        }
        for message in &model.graph.outputs {
            if let Err(error) = self.output(message)
                && problems.is_empty()
            {
                problems.push(error.at(Place::default()));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        self.turn_inputs();
        Ok((self.graph, self.turned))
    }

    /// Takes memory for a copy of constants.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        let (expected, given) = (self.size.saturating_mul(4).saturating_add(1 << 16), self.size);
        self.budget = self.budget.checked_sub(bytes).ok_or(Error::Budget { expected, given })?;
        Ok(())
    }

    fn define(&mut self, name: &str, known: Known) -> Result<(), Error> {
        match self.names.insert(name.into(), known) {
            Some(_) => Err(Error::Duplicate { name: name.into() }),
            None => Ok(()),
        }
    }

    fn initializer(&mut self, message: &[u8]) -> Result<(), Error> {
        let stored = Stored::read(message)?;
        let constant = constants::constant(&stored)?;
        self.charge(constant.data.len().saturating_mul(constant.data.dtype().size()))?;
        self.define(stored.name, Known::Constant(constant.into()))
    }

    fn input(&mut self, message: &[u8]) -> Result<(), Error> {
        let port = Port::read(message)?;
        if self.names.contains_key(port.name) {
            // Files before version 4 list constants among the inputs.
            return Ok(());
        }
        if port.data_type != 1 {
            return Err(Error::ElementType { given: constants::type_name(port.data_type) });
        }
        if self.graph.inputs.len() >= OBJECTS / 16 {
            return Err(Error::TooMany { what: "inputs", expected: OBJECTS / 16, given: self.graph.inputs.len() + 1 });
        }
        let dims = port.dims.ok_or(Error::NoShape)?;
        let mut shape = Vec::with_capacity(dims.len());
        for (axis, &dim) in dims.iter().enumerate() {
            match usize::try_from(dim) {
                Ok(size) if size > 0 => shape.push(size),
                _ if axis == 0 => shape.push(1),
                _ => return Err(Error::Dynamic { given: dims }),
            }
        }
        let id = self.tensor(port.name, shape.clone())?;
        self.graph.inputs.push(id);
        self.define(port.name, Known::Computed(Value::plain(id, shape.len())))
    }

    fn node(&mut self, index: usize, message: &[u8]) -> Result<(), Problem> {
        let node = Node::read(message)?;
        let name = if node.name.is_empty() { node.outputs.first().copied().unwrap_or_default() } else { node.name };
        let origin = Origin { index, name: name.into() };
        let result = self.call(&node, &origin);
        if let Err(error) = result {
            for output in &node.outputs {
                self.names.entry((*output).into()).or_insert(Known::Wrong);
            }
            // What follows from another problem is not told again.
            if node.inputs.iter().any(|input| matches!(self.names.get(*input), Some(Known::Wrong))) {
                return Ok(());
            }
            let mut problem = Problem::from(error);
            problem.place.op = Some((origin, ops::word(node.kind)));
            return Err(problem);
        }
        Ok(())
    }

    fn call(&mut self, node: &Node<'_>, origin: &Origin) -> Result<(), Error> {
        if !matches!(node.domain, "" | "ai.onnx") {
            return Err(Error::Operator { operator: format!("{}.{}", node.domain, node.kind) });
        }
        if node.inputs.len() + node.outputs.len() > OBJECTS {
            return Err(Error::TooMany { what: "operands", expected: OBJECTS, given: node.inputs.len() });
        }
        let attributes = Attributes::read(&node.attributes)?;
        for input in node.inputs.iter().filter(|input| !input.is_empty()) {
            if !self.names.contains_key(*input) {
                return Err(Error::Unknown { name: (*input).into() });
            }
        }
        let constants: Option<Vec<Option<&Constant>>> = node
            .inputs
            .iter()
            .map(|input| match self.names.get(*input) {
                Some(Known::Constant(constant)) => Some(Some(&**constant)),
                None => Some(None),
                Some(Known::Computed(_) | Known::Wrong) => None,
            })
            .collect();
        if let Some(constants) = constants
            && constants.iter().flatten().fold(0usize, |sum, constant| sum.saturating_add(constant.data.len())) <= FOLDED
            && let Some(folded) = constants::fold(node.kind, &constants, &attributes)?
        {
            self.charge(folded.data.len().saturating_mul(8))?;
            return self.define(node.outputs.first().copied().unwrap_or_default(), Known::Constant(folded.into()));
        }
        if let ("Identity" | "Transpose" | "Reshape", Some(Known::Constant(constant))) =
            (node.kind, node.inputs.first().and_then(|name| self.names.get(*name)))
        {
            let constant = Rc::clone(constant);
            self.charge(constant.data.len().saturating_mul(4))?;
            let shape = node.inputs.get(1).and_then(|name| self.names.get(*name));
            let made = constants::rearranged(node.kind, constant, shape, &attributes)?;
            return self.define(node.outputs.first().copied().unwrap_or_default(), Known::Constant(made));
        }
        let call = Call { node, attributes: &attributes, origin: origin.clone() };
        let made = ops::build(self, &call)?;
        for (output, known) in node.outputs.iter().filter(|output| !output.is_empty()).zip(made) {
            self.define(output, known)?;
        }
        Ok(())
    }

    fn output(&mut self, message: &[u8]) -> Result<(), Error> {
        let port = Port::read(message)?;
        let value = match self.names.get(port.name) {
            Some(Known::Computed(value)) => value.clone(),
            Some(Known::Constant(_)) => return Err(Error::ConstantOutput { name: port.name.into() }),
            Some(Known::Wrong) | None => return Err(Error::Unknown { name: port.name.into() }),
        };
        // An image leaves the network as it is stored; everything else in the file's order.
        let image = value.order == IMAGE_ORDER && value.flat.is_none();
        self.turned.outputs.push(image);
        let id = if image { value.id } else { self.plain(&value)? };
        self.graph.outputs.push(id);
        Ok(())
    }

    /// Makes images that are only ever read as NHWC be given so.
    fn turn_inputs(&mut self) {
        for index in 0..self.graph.inputs.len() {
            let input = self.graph.inputs[index];
            let readers: Vec<usize> =
                (0..self.graph.nodes.len()).filter(|&n| self.graph.nodes[n].op.inputs().contains(&input)).collect();
            let made = self.arranged.get(&(input, IMAGE.to_vec())).copied();
            self.turned.inputs.push(false);
            let (Some(made), &[reader]) = (made, readers.as_slice()) else { continue };
            if self.graph.nodes[reader].outputs != [made] || self.graph.outputs.contains(&input) {
                continue;
            }
            self.graph.nodes.remove(reader);
            self.graph.tensor_mut(made).name = self.graph.tensor(input).name.clone();
            self.graph.inputs[index] = made;
            self.turned.inputs[index] = true;
        }
    }

    // What ops build with.

    /// Adds a float activation.
    pub(super) fn tensor(&mut self, name: &str, shape: Vec<usize>) -> Result<TensorId, Error> {
        self.typed(name, shape, DType::F32)
    }

    fn typed(&mut self, name: &str, shape: Vec<usize>, dtype: DType) -> Result<TensorId, Error> {
        let shape = Shape(shape);
        shape.check()?;
        if shape.elements() > ELEMENTS {
            return Err(Error::Shape(ir::ShapeError::TooLarge(shape)));
        }
        Ok(self.graph.add_tensor(Tensor { name: name.into(), shape, dtype, quantization: None, value: None }))
    }

    /// Adds a float constant.
    pub(super) fn constant(&mut self, name: &str, shape: Vec<usize>, values: Vec<f32>) -> Result<TensorId, Error> {
        self.charge(values.len().saturating_mul(4))?;
        let value = self.graph.add_weight(Weight { name: name.into(), data: Data::F32(values) });
        let shape = Shape(shape);
        Ok(self.graph.add_tensor(Tensor { name: name.into(), shape, dtype: DType::F32, quantization: None, value: Some(value) }))
    }

    /// Adds a node of one output, whose shape follows from the op or is `declared`.
    pub(super) fn add(&mut self, call: &Call<'_, '_>, op: Op, declared: Option<Vec<usize>>) -> Result<TensorId, Error> {
        let made = self.add_all(call, op, vec![declared], DType::F32)?;
        made.first().copied().ok_or(Error::Malformed { what: "a node without outputs" })
    }

    /// Adds a node of several outputs.
    pub(super) fn add_all(
        &mut self,
        call: &Call<'_, '_>,
        op: Op,
        declared: Vec<Option<Vec<usize>>>,
        dtype: DType,
    ) -> Result<Vec<TensorId>, Error> {
        if self.graph.nodes.len() >= OBJECTS {
            return Err(Error::TooMany { what: "nodes", expected: OBJECTS, given: self.graph.nodes.len() + 1 });
        }
        let declared: Vec<Option<Shape>> = declared.into_iter().map(|dims| dims.map(Shape)).collect();
        for shape in declared.iter().flatten() {
            shape.check()?;
        }
        let shapes = ir::infer(&op, &self.graph, &declared)?;
        let single = shapes.len() == 1;
        let mut outputs = Vec::with_capacity(shapes.len());
        for (index, Shape(dims)) in shapes.into_iter().enumerate() {
            let name = call.node.outputs.get(if single { 0 } else { index }).copied().unwrap_or_default();
            outputs.push(self.typed(name, dims, dtype)?);
        }
        self.graph.nodes.push(ir::Node { op, outputs: outputs.clone(), origin: call.origin.clone() });
        Ok(outputs)
    }

    pub(super) fn shape(&self, id: TensorId) -> &Shape {
        &self.graph.tensor(id).shape
    }

    /// The file's shape of a value.
    pub(super) fn dims(&self, value: &Value) -> Vec<usize> {
        value.shape(self.shape(value.id))
    }

    /// What input `index` of a node stands for; `None` where it is left out.
    pub(super) fn known(&self, call: &Call<'_, '_>, index: usize) -> Option<&Known> {
        call.node.inputs.get(index).filter(|name| !name.is_empty()).and_then(|name| self.names.get(*name))
    }

    /// An input that the network computes.
    pub(super) fn computed(&self, call: &Call<'_, '_>, index: usize, what: &'static str) -> Result<Value, Error> {
        match self.known(call, index) {
            Some(Known::Computed(value)) => Ok(value.clone()),
            Some(Known::Constant(_)) => Err(Error::Unsupported { what: format!("{} of a constant", call.node.kind) }),
            Some(Known::Wrong) | None => Err(Error::Missing { index, what }),
        }
    }

    /// An input that is constant; `None` where it is left out.
    pub(super) fn optional(&self, call: &Call<'_, '_>, index: usize, what: &'static str) -> Result<Option<Rc<Constant>>, Error> {
        match self.known(call, index) {
            Some(Known::Constant(constant)) => Ok(Some(constant.clone())),
            Some(Known::Computed(_) | Known::Wrong) => Err(Error::NotConstant { what }),
            None => Ok(None),
        }
    }

    /// The floats of an input that is constant.
    pub(super) fn floats(&self, call: &Call<'_, '_>, index: usize, what: &'static str) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let constant = self.optional(call, index, what)?.ok_or(Error::Missing { index, what })?;
        match constant.floats() {
            Some(values) => Ok((constant.shape.clone(), values.to_vec())),
            None => Err(Error::ElementType { given: "int64" }),
        }
    }

    /// The integers of an input that is constant; `None` where it is left out.
    pub(super) fn integers(&self, call: &Call<'_, '_>, index: usize, what: &'static str) -> Result<Option<Vec<i64>>, Error> {
        Ok(self.optional(call, index, what)?.and_then(|constant| constant.data.integers()))
    }

    /// The tensor of a value with its axes stored in the order `axes` of the file's.
    pub(super) fn arrange(&mut self, value: &Value, axes: &[usize]) -> Result<TensorId, Error> {
        if let Some(image) = &value.flat
            && axes == [0, 1]
        {
            let rows = self.shape(value.id).0.clone();
            let plain = self.plain(image)?;
            return self.silent(value.id, Op::Reshape { input: plain }, rows);
        }
        let perm: Vec<usize> = axes.iter().map(|&axis| value.order.get(axis).copied().unwrap_or(0)).collect();
        if perm.iter().copied().eq(0..perm.len()) {
            return Ok(value.id);
        }
        if let Some(&made) = self.arranged.get(&(value.id, perm.clone())) {
            return Ok(made);
        }
        let stored = self.shape(value.id).clone();
        let dims: Vec<usize> = perm.iter().map(|&axis| stored.0.get(axis).copied().unwrap_or(1)).collect();
        let op = match moves_nothing(&perm, &stored) {
            true => Op::Reshape { input: value.id },
            false => Op::Transpose { input: value.id, perm: perm.clone() },
        };
        let made = self.silent(value.id, op, dims)?;
        self.arranged.insert((value.id, perm), made);
        Ok(made)
    }

    /// A value in the file's own order.
    pub(super) fn plain(&mut self, value: &Value) -> Result<TensorId, Error> {
        self.arrange(value, &(0..value.order.len()).collect::<Vec<_>>())
    }

    /// A node that no node of the file stands for, named after the tensor that it rearranges.
    fn silent(&mut self, of: TensorId, op: Op, dims: Vec<usize>) -> Result<TensorId, Error> {
        let name = self.graph.tensor(of).name.clone();
        let shapes = ir::infer(&op, &self.graph, &[Some(Shape(dims))])?;
        let dims = shapes.into_iter().next().unwrap_or_default().0;
        let id = self.typed(&format!("{name}.arranged"), dims, DType::F32)?;
        let index = self.graph.nodes.last().map_or(0, |node| node.origin.index);
        self.graph.nodes.push(ir::Node { op, outputs: vec![id], origin: Origin { index, name } });
        Ok(id)
    }

    /// A constant operand of an element-wise op, laid out as `value` is stored, with ones where it repeats.
    pub(super) fn beside(&mut self, name: &str, constant: &Constant, value: &Value) -> Result<TensorId, Error> {
        let floats = constant.floats().ok_or(Error::ElementType { given: "int64" })?.to_vec();
        let rank = value.order.len();
        if constant.shape.len() > rank {
            return Err(Error::Unsupported { what: format!("an operand of {} axes beside one of {rank}", constant.shape.len()) });
        }
        if floats.len() == 1 {
            return self.constant(name, vec![1], floats);
        }
        let mut shape = vec![1; rank - constant.shape.len()];
        shape.extend(&constant.shape);
        let mut axes = vec![0; rank];
        for (axis, &stored) in value.order.iter().enumerate() {
            if let Some(slot) = axes.get_mut(stored) {
                *slot = axis;
            }
        }
        let values = permuted(&floats, &shape, &axes);
        let dims = axes.iter().map(|&axis| shape.get(axis).copied().unwrap_or(1)).collect();
        self.constant(name, dims, values)
    }
}
