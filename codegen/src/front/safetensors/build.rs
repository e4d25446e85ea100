//! A topology and the file's tensors to a [`Graph`], collecting every op's problem before stopping.

use super::error::{NativeError, clip, nearest};
use super::images::Images;
use super::parse::{MAX_PROBLEMS, OpTable, Topology};
use super::topology::{Output, Scales, TypeName};
use super::values::Operand;
use super::weights::{Store, Turn};
use super::{defaults, ops};
use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::{DType, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, infer};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What a name of an activation stands for.
#[derive(Clone, Copy)]
enum Known {
    /// A tensor of the graph.
    Made(TensorId),
    /// The output of an op that was wrong: whoever reads it is not told again.
    Wrong,
}

/// What an operand names.
pub(super) enum Meaning {
    /// A tensor that is made while the network runs.
    Activation(TensorId),
    /// A tensor of the file.
    Stored,
}

/// Why an op could not be built.
pub(super) enum Stop {
    /// A problem of its own.
    Problem { error: Box<NativeError>, tensor: Option<String> },
    /// It reads the output of an op that is already told to be wrong.
    Follows,
}

impl<E: Into<NativeError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Problem { error: Box::new(error.into()), tensor: None }
    }
}

/// The graph under construction.
pub(super) struct Builder<'a, 'data> {
    pub(super) graph: Graph,
    pub(super) store: Store<'data>,
    pub(super) layout: super::Layout,
    pub(super) images: Images,
    names: BTreeMap<String, Known>,
    /// The op that makes each name, of all ops; for inputs that come too late.
    makers: BTreeMap<String, usize>,
    /// Constants without a quantization of their own, by name, layout and quantized axis.
    constants: BTreeMap<(String, Turn, usize), TensorId>,
    /// Some op's outputs could not be read, so that a name that is unknown may be one of them.
    nameless: bool,
    problems: &'a mut Vec<Diagnostic>,
}

/// Builds the graph of a topology; all problems are pushed.
pub(super) fn build(topology: Topology, store: Store<'_>, name: &str, problems: &mut Vec<Diagnostic>) -> Graph {
    let Topology { layout, inputs, ops, outputs } = topology;
    let mut makers = BTreeMap::new();
    for (index, op) in ops.iter().enumerate() {
        for output in &op.outputs {
            makers.entry(output.name.clone()).or_insert(index);
        }
    }
    let graph = Graph { name: name.to_owned(), ..Graph::default() };
    let mut builder = Builder {
        graph,
        store,
        layout,
        images: Images::default(),
        names: BTreeMap::new(),
        makers,
        constants: BTreeMap::new(),
        nameless: false,
        problems,
    };
    for input in inputs {
        builder.input(input);
    }
    let last = ops.last().map(|op| op.outputs.iter().map(|output| output.name.clone()).collect());
    if builder.graph.inputs.is_empty() && builder.problems.is_empty() {
        builder.problem(NativeError::Empty { what: "[[input]]" }, Place::default());
    }
    if ops.is_empty() {
        builder.problem(NativeError::Empty { what: "[[op]]" }, Place::default());
    }
    for (index, op) in ops.into_iter().enumerate() {
        builder.op(index, op);
        if builder.problems.len() >= MAX_PROBLEMS {
            return builder.graph;
        }
    }
    builder.outputs(outputs.or(last).unwrap_or_default());
    builder.graph
}

impl Builder<'_, '_> {
    fn problem(&mut self, error: NativeError, place: Place) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(error.at(place));
        }
    }

    fn input(&mut self, input: super::topology::Input) {
        let super::topology::Input { name, shape, dtype, quantization } = input;
        let shape = Shape(shape);
        let made = shape.check().map_err(NativeError::from).and_then(|()| {
            let quantization = quantization.map(|scales| activation(&name, &scales)).transpose()?;
            let default = if quantization.is_some() { DType::I8 } else { DType::F32 };
            let dtype = dtype.map_or(default, TypeName::dtype);
            Ok(Tensor { name: name.clone(), shape, dtype, quantization, value: None })
        });
        let known = match made {
            Ok(tensor) => {
                let id = self.graph.add_tensor(tensor);
                self.graph.inputs.push(id);
                self.images.input(&self.graph, id);
                Known::Made(id)
            }
            Err(error) => {
                self.problem(error, Place { tensor: Some(clip(&name)), ..Place::default() });
                Known::Wrong
            }
        };
        self.define(name, known, Place::default());
    }

    fn define(&mut self, name: String, known: Known, place: Place) {
        let error = NativeError::Duplicate { name: clip(&name) };
        match self.names.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(known);
            }
            Entry::Occupied(_) => self.problem(error, place),
        }
    }

    fn op(&mut self, index: usize, table: OpTable) {
        let OpTable { key, spec, outputs } = table;
        let name = outputs.first().map_or("", |output| output.name.as_str());
        let origin = Origin { index, name: clip(name) };
        let place = Place { op: Some((origin.clone(), key)), ..Place::default() };
        self.nameless |= outputs.is_empty();
        let made = match spec {
            Some(spec) if !outputs.is_empty() => self.node(index, spec, &outputs),
            Some(_) | None => Err(Stop::Follows),
        };
        let known = match made {
            Ok((op, ids)) => {
                self.graph.nodes.push(Node { op, outputs: ids.clone(), origin });
                ids.into_iter().map(Known::Made).collect()
            }
            Err(stop) => {
                if let Stop::Problem { error, tensor } = stop {
                    self.problem(*error, Place { tensor, ..place.clone() });
                }
                vec![Known::Wrong; outputs.len()]
            }
        };
        for (output, known) in outputs.into_iter().zip(known) {
            self.define(output.name, known, place.clone());
        }
    }

    fn node(&mut self, index: usize, spec: super::topology::Spec, outputs: &[Output]) -> Result<(Op, Vec<TensorId>), Stop> {
        let ops::Built { op, mut shapes } = ops::build(self, index, spec, outputs)?;
        for shape in shapes.iter().flatten() {
            shape.check()?;
        }
        let made = infer(&op, &self.graph, &shapes)?;
        shapes.clear();
        let mut tensors = Vec::with_capacity(made.len());
        for (output, shape) in outputs.iter().zip(made) {
            let at = |error: NativeError| Stop::Problem { error: Box::new(error), tensor: Some(clip(&output.name)) };
            let dtype = output.dtype.map_or_else(|| defaults::dtype(&op, &self.graph), TypeName::dtype);
            let stated = output.quantization.as_ref().map(|scales| activation(&output.name, scales)).transpose().map_err(at)?;
            let quantization = match stated {
                Some(quantization) => Some(quantization),
                None => defaults::quantization(&op, &self.graph, dtype)
                    .map_err(|defaults::Unknown| at(NativeError::NoQuantization { name: clip(&output.name) }))?,
            };
            tensors.push(Tensor { name: output.name.clone(), shape, dtype, quantization, value: None });
        }
        let ids: Vec<_> = tensors.into_iter().map(|tensor| self.graph.add_tensor(tensor)).collect();
        self.images.node(&self.graph, &op, &ids);
        Ok((op, ids))
    }

    fn outputs(&mut self, names: Vec<String>) {
        for name in names {
            match self.names.get(&name) {
                Some(Known::Made(id)) => self.graph.outputs.push(*id),
                Some(Known::Wrong) => {}
                None => {
                    let nearest = nearest(&name, self.names.keys().map(String::as_str));
                    self.problem(NativeError::Undefined { name: clip(&name), nearest }, Place::default());
                }
            }
        }
        if self.graph.outputs.is_empty() && self.problems.is_empty() {
            self.problem(NativeError::Empty { what: "output" }, Place::default());
        }
    }

    /// The tensor that an operand names: an activation, or a tensor of the file that is stored as the graph has it.
    pub(super) fn operand(&mut self, index: usize, operand: &Operand) -> Result<TensorId, Stop> {
        self.weights(index, operand, Turn::None, 0)
    }

    /// The tensor that an operand names; one of the file is turned, and its scales run along `axis` of the result.
    pub(super) fn weights(&mut self, index: usize, operand: &Operand, turn: Turn, axis: usize) -> Result<TensorId, Stop> {
        match self.meaning(index, operand)? {
            Meaning::Activation(id) => Ok(id),
            Meaning::Stored => self
                .constant(&operand.name, operand.quantization.as_ref(), turn, axis)
                .map_err(|error| Stop::Problem { error: Box::new(error), tensor: Some(clip(&operand.name)) }),
        }
    }

    /// Whether an operand names an activation or a tensor of the file, which is there.
    pub(super) fn meaning(&self, index: usize, operand: &Operand) -> Result<Meaning, Stop> {
        let Operand { name, from_file, quantization: _ } = operand;
        match self.names.get(name).filter(|_| !from_file) {
            Some(Known::Made(id)) => Ok(Meaning::Activation(*id)),
            Some(Known::Wrong) => Err(Stop::Follows),
            None if *from_file => Ok(self.store.entry(name).map(|_| Meaning::Stored)?),
            None if self.store.file.tensors.contains_key(name) => Ok(Meaning::Stored),
            None if self.nameless => Err(Stop::Follows),
            None => Err(self.undefined(index, name).into()),
        }
    }

    /// The bias that an operand names: its scale is that of the input times that of the filter, and is not kept.
    pub(super) fn bias(&mut self, index: usize, operand: Option<&Operand>) -> Result<Option<TensorId>, Stop> {
        operand.map(|operand| self.operand(index, operand)).transpose()
    }

    fn undefined(&self, index: usize, name: &str) -> NativeError {
        match self.makers.get(name) {
            Some(&made_by) if made_by >= index => NativeError::OutOfOrder { name: clip(name), made_by },
            _ => {
                let names = self.names.keys().chain(self.store.file.tensors.keys());
                NativeError::Undefined { name: clip(name), nearest: nearest(name, names.map(String::as_str)) }
            }
        }
    }

    fn constant(&mut self, name: &str, scales: Option<&Scales>, turn: Turn, axis: usize) -> Result<TensorId, NativeError> {
        let key = (name.to_owned(), turn, axis);
        if let (None, Some(&id)) = (scales, self.constants.get(&key)) {
            return Ok(id);
        }
        let shape = Shape(turn.shape(&self.store.entry(name)?.shape));
        shape.check()?;
        let weight = self.store.load(&mut self.graph, name, turn)?;
        let data = self.graph.weights.get(weight.0 as usize).map(|weight| weight.data.dtype());
        let dtype = data.unwrap_or(DType::I8);
        let quantization = match (scales, dtype) {
            (Some(scales), _) => Some(stated(name, scales, &shape, axis)?),
            (None, DType::I8 | DType::U8 | DType::I16) => Some(self.stored(name, &shape, axis)?),
            (None, DType::I32 | DType::I64 | DType::F32 | DType::Bool) => None,
        };
        let id = self.graph.add_tensor(Tensor { name: name.to_owned(), shape, dtype, quantization, value: Some(weight) });
        if scales.is_none() {
            self.constants.insert(key, id);
        }
        Ok(id)
    }

    /// The quantization that the file holds beside a tensor.
    fn stored(&self, name: &str, shape: &Shape, axis: usize) -> Result<Quantization, NativeError> {
        let scales = self.store.scales(name)?.ok_or_else(|| NativeError::NoScale { name: clip(name) })?;
        let zero_points = self.store.zero_points(name)?.unwrap_or_else(|| vec![0]);
        quantization(name, scales, zero_points, shape, axis)
    }
}

/// The quantization that the topology states of a constant.
fn stated(name: &str, scales: &Scales, shape: &Shape, axis: usize) -> Result<Quantization, NativeError> {
    let Scales { scale, zero_point, axis: given } = scales;
    let axis = given.map_or(Ok(axis), |given| ops::axis(given, shape.rank()))?;
    let scales = scale.as_slice().iter().map(|&scale| scale as f32).collect();
    let zero_points = zero_point.as_ref().map_or_else(|| vec![0], |zero_points| zero_points.as_slice().to_vec());
    quantization(name, scales, zero_points, shape, axis)
}

/// The quantization that the topology states of an activation: one scale.
fn activation(name: &str, scales: &Scales) -> Result<Quantization, NativeError> {
    match stated(name, scales, &Shape(Vec::new()), 0)? {
        quantization if quantization.is_per_tensor() => Ok(quantization),
        _ => Err(NativeError::Quantization { name: clip(name), reason: "has several scales, an activation has one".into() }),
    }
}

fn quantization(
    name: &str,
    scales: Vec<f32>,
    mut zero_points: Vec<i32>,
    shape: &Shape,
    axis: usize,
) -> Result<Quantization, NativeError> {
    let wrong = |reason: String| NativeError::Quantization { name: clip(name), reason };
    if let Some(scale) = scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        return Err(wrong(format!("has a scale of {scale}")));
    }
    let expected = shape.0.get(axis).copied();
    let axis = match scales.len() {
        0 => return Err(wrong("has no scale".into())),
        1 => 0,
        count if Some(count) == expected => axis,
        count => return Err(wrong(format!("has {count} scales, expected 1 or {}", expected.unwrap_or(1)))),
    };
    match zero_points[..] {
        [one] => zero_points = vec![one; scales.len()],
        _ if zero_points.len() == scales.len() => {}
        _ => return Err(wrong(format!("has {} zero points for {} scales", zero_points.len(), scales.len()))),
    }
    Ok(Quantization { scales, zero_points, axis })
}
