//! Builds the graph: names, constants, nodes.

mod operands;
mod ports;
mod tensors;

pub(super) use tensors::Image;

use super::attributes::Attributes;
use super::constants;
use super::error::{Error, Problem};
use super::schema::{Model, Node, Port, Tensor as Stored};
use super::value::{Constant, Known};
use super::{Read, Turned, ops, order, quantized};
use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::{Graph, Origin, TensorId};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Nodes, constants, or operands of a node; of inputs and outputs a sixteenth.
const OBJECTS: usize = 1 << 12;
/// Elements of constants that one node is computed of while reading: shapes and indices are short.
const FOLDED: usize = 1 << 12;
/// Diagnostics of one file.
const PROBLEMS: usize = 64;

/// An operation that is being read: a node of the file, or a part of one that stands for several.
pub(super) struct Call<'n, 'a> {
    pub(super) kind: &'n str,
    /// What the operands stand for; `None` where one is left out.
    pub(super) inputs: Vec<Option<Known>>,
    /// The operands' names.
    pub(super) names: Vec<&'n str>,
    pub(super) outputs: Vec<&'n str>,
    pub(super) attributes: &'n Attributes<'a>,
    pub(super) origin: Origin,
}

impl<'n> Call<'n, '_> {
    /// The name of an operand; empty where it has none.
    pub(super) fn name(&self, index: usize) -> &'n str {
        self.names.get(index).copied().unwrap_or_default()
    }
}

/// The graph under construction.
pub(super) struct Builder<'m, 'a> {
    model: &'m Model<'a>,
    pub(super) graph: Graph,
    pub(super) opset: i64,
    names: BTreeMap<String, Known>,
    /// Other orders of a tensor that are there already, by the permutation.
    arranged: BTreeMap<(TensorId, Vec<usize>), TensorId>,
    /// NWC tensors that are read as images of height 1.
    lines: BTreeSet<TensorId>,
    /// Tensors of `int8` that are `uint8` in the file: 128 more.
    pub(super) unsigned: BTreeSet<TensorId>,
    /// The tensors of `int8` for inputs of `uint8`.
    shifted: BTreeMap<TensorId, TensorId>,
    /// Bytes of constants that may still be copied.
    budget: usize,
    size: usize,
    turned: Turned,
    /// Layers in which ONNX Runtime can saturate.
    pub(super) saturating: Vec<Origin>,
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
        let graph = Graph { name: name.into(), sums_in_floats: true, ..Graph::default() };
        let budget = allowance(size);
        Ok(Self {
            model,
            graph,
            opset: model.opset,
            names: BTreeMap::new(),
            arranged: BTreeMap::new(),
            lines: BTreeSet::new(),
            unsigned: BTreeSet::new(),
            shifted: BTreeMap::new(),
            budget,
            size,
            turned: Turned::default(),
            saturating: Vec::new(),
        })
    }

    /// Reads everything.
    pub(super) fn run(mut self) -> Result<Read, Vec<Diagnostic>> {
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
        let known = |name: &str| self.names.contains_key(name);
        let order = order::order(&model.graph.nodes, known).map_err(|problem| vec![*problem])?;
        for index in order {
            if let Err(problem) = self.node(index, model.graph.nodes[index]) {
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
        quantized::integers(&mut self.graph, PROBLEMS)?;
        Ok(Read { graph: self.graph, turned: self.turned, saturating: self.saturating })
    }

    /// Takes memory for a copy of constants.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        let (expected, given) = (allowance(self.size), self.size);
        self.budget = self.budget.checked_sub(bytes).ok_or(Error::Budget { expected, given })?;
        Ok(())
    }

    fn define(&mut self, name: &str, known: Known) -> Result<(), Error> {
        match self.names.insert(name.into(), known) {
            Some(_) => Err(Error::Duplicate { name: name.into() }),
            None => Ok(()),
        }
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
        if !ops::is_known_domain(node.domain) {
            return Err(Error::Operator { operator: format!("{}.{}", node.domain, node.kind).chars().take(128).collect() });
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
        let known = |name: &&str| if name.is_empty() { None } else { self.names.get(*name).cloned() };
        let call = Call {
            kind: node.kind,
            inputs: node.inputs.iter().map(known).collect(),
            names: node.inputs.clone(),
            outputs: node.outputs.clone(),
            attributes: &attributes,
            origin: origin.clone(),
        };
        let made = ops::build(self, &call)?;
        for (output, known) in node.outputs.iter().filter(|output| !output.is_empty()).zip(made) {
            self.define(output, known)?;
        }
        Ok(())
    }
}

/// Bytes of constants that a file of `size` bytes may have copied: floats of integers are four times as large, and are moved.
fn allowance(size: usize) -> usize {
    size.saturating_mul(8).saturating_add(1 << 16)
}
