//! From operators on reals between dequantization and quantization to operators on the stored integers.
//!
//! What only moves elements moves integers as well, before or after. What computes is one operator together with the
//! quantization of its result, and clamps on the way there become its activation. A file without quantization of what the
//! network computes stays a graph of reals, integer weights becoming reals too.

mod layer;
mod sink;

use super::error::Error;
use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::{
    Activation, BinaryKind, DType, Data, Graph, Node, Op, PoolKind, Quantization, ReduceKind, ResizeMode, Tensor, TensorId,
    Weight,
};
use sink::Sink;
use std::collections::BTreeMap;

/// The operand whose elements an op moves, chooses from, or repeats, with their quantization; `None` where it computes.
pub(super) fn carried(op: &Op) -> Option<TensorId> {
    match op {
        Op::Pool2d { kind: PoolKind::Max, input, window: _, activation: Activation::None }
        | Op::Reduce { kind: ReduceKind::Max, input, axes: _ }
        | Op::Pad { input, before: _, after: _, value: _ }
        | Op::MirrorPad { input, before: _, after: _, mode: _ }
        | Op::Split { input, axis: _ }
        | Op::Slice { input, begin: _, stride: _, size: _ }
        | Op::Transpose { input, perm: _ }
        | Op::Reshape { input }
        | Op::Unpack { input, axis: _ }
        | Op::Resize { mode: ResizeMode::NearestNeighbor, input, align_corners: _, half_pixel_centers: _ } => Some(*input),
        Op::Concatenation { inputs, axis: _, activation: _ } | Op::Pack { inputs, axis: _ } => inputs.first().copied(),
        Op::Conv2d { .. }
        | Op::DepthwiseConv2d { .. }
        | Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Pool2d { .. }
        | Op::Reduce { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Shape { .. }
        | Op::Resize { .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => None,
    }
}

/// Rewrites a graph that quantizes what it computes; at most `most` diagnostics, one a node.
pub(super) fn integers(graph: &mut Graph, most: usize) -> Result<(), Vec<Diagnostic>> {
    let quantizes = |node: &Node| matches!(node.op, Op::Quantize { .. }) || stored(graph, node);
    if !graph.nodes.iter().any(quantizes) {
        layer::to_reals(graph);
        return Ok(());
    }
    hoist(graph);
    Rewriting::new(graph).run(most)
}

/// Whether a node takes reals from integers that the caller gives.
fn stored(graph: &Graph, node: &Node) -> bool {
    matches!(node.op, Op::Dequantize { input } if graph.tensor(input).value.is_none())
}

/// Puts quantization before what only moves reals of the inputs or takes the greatest of them, so that bytes are moved: stored
/// integers are in the order of the reals.
fn hoist(graph: &mut Graph) {
    let mut index = 0;
    while index < graph.nodes.len() {
        let Op::Quantize { input } = graph.nodes[index].op else {
            index += 1;
            continue;
        };
        let before = graph.nodes[..index].iter().rposition(|node| node.outputs == [input]);
        let moves = |node: &Node| {
            let one = node.op.inputs().len() == 1 && node.outputs.len() == 1;
            one && carried(&node.op).is_some_and(|input| graph.tensor(input).dtype == DType::F32)
        };
        let Some(first) = before.filter(|&first| moves(&graph.nodes[first]) && graph.uses()[input.0 as usize] == 1) else {
            index += 1;
            continue;
        };
        // The tensor between them becomes one of integers in the shape before the move.
        let mut quantize = graph.nodes.remove(index);
        let moved = graph.nodes[first].op.inputs()[0];
        let (Tensor { dtype, quantization, .. }, shape) =
            (graph.tensor(quantize.outputs[0]).clone(), graph.tensor(moved).shape.clone());
        if let (Op::Pad { value, .. }, Some(quantization)) = (&mut graph.nodes[first].op, &quantization) {
            *value = sink::stored(f32::from_bits(*value as u32), quantization);
        }
        let between = graph.tensor_mut(input);
        (between.dtype, between.quantization, between.shape) = (dtype, quantization, shape);
        graph.nodes[first].op.for_each_input(|id| *id = input);
        graph.nodes[first].outputs = core::mem::replace(&mut quantize.outputs, vec![input]);
        quantize.op = Op::Quantize { input: moved };
        graph.nodes.insert(first, quantize);
        index = first;
    }
}

/// A graph that is being rewritten, node by node.
struct Rewriting<'g> {
    graph: &'g mut Graph,
    /// The nodes as they were, less those that another has taken in.
    old: Vec<Option<Node>>,
    /// Which of them read each tensor.
    readers: BTreeMap<TensorId, Vec<usize>>,
    /// Nodes on integers.
    new: Vec<Node>,
    /// The integers that reals are made of.
    integers: BTreeMap<TensorId, TensorId>,
    /// Tensors that others stand for.
    alias: BTreeMap<TensorId, TensorId>,
}

impl<'g> Rewriting<'g> {
    fn new(graph: &'g mut Graph) -> Self {
        let old: Vec<Option<Node>> = core::mem::take(&mut graph.nodes).into_iter().map(Some).collect();
        let mut readers: BTreeMap<TensorId, Vec<usize>> = BTreeMap::new();
        for (index, node) in old.iter().enumerate() {
            for input in node.iter().flat_map(|node| node.op.inputs()) {
                readers.entry(input).or_default().push(index);
            }
        }
        Self { graph, old, readers, new: Vec::new(), integers: BTreeMap::new(), alias: BTreeMap::new() }
    }

    fn run(mut self, most: usize) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for index in 0..self.old.len() {
            let Some(mut node) = self.old[index].take() else { continue };
            let alias = &self.alias;
            node.op.for_each_input(|id| *id = alias.get(id).copied().unwrap_or(*id));
            let place = Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
            if let Err(error) = self.node(node) {
                problems.push(error.at(place));
                if problems.len() >= most {
                    break;
                }
            }
        }
        for output in self.graph.outputs.clone() {
            if let Some(&input) = self.integers.get(&output) {
                let origin = self.new.last().map(|node| node.origin.clone());
                let origin = crate::ir::Origin {
                    name: self.graph.tensor(output).name.clone(),
                    ..origin.unwrap_or(crate::ir::Origin { index: 0, name: String::new() })
                };
                self.new.push(Node { op: Op::Dequantize { input }, outputs: vec![output], origin });
            }
        }
        let alias = &self.alias;
        self.graph.outputs.iter_mut().for_each(|id| *id = alias.get(id).copied().unwrap_or(*id));
        self.graph.nodes = self.new;
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn node(&mut self, node: Node) -> Result<(), Error> {
        match node.op {
            Op::Dequantize { input } => {
                self.integers.extend(node.outputs.first().map(|&output| (output, input)));
                return Ok(());
            }
            Op::Quantize { input } => {
                let op = Op::Quantize { input: self.integers.get(&input).copied().unwrap_or(input) };
                self.new.push(Node { op, ..node });
                return Ok(());
            }
            _ => {}
        }
        let real = |id: &TensorId| self.graph.tensor(*id).dtype == DType::F32;
        let inputs = node.op.inputs();
        if !inputs.iter().any(real) {
            self.new.push(node);
            return Ok(());
        }
        let known = |id: &TensorId| !real(id) || self.graph.value(*id).is_some() || self.integers.contains_key(id);
        if !inputs.iter().all(known) {
            return Err(Error::Unquantized { what: "it reads reals that are not quantized" });
        }
        if let Op::ArgMax { .. } = node.op {
            let node = self.on_integers(node)?;
            self.new.push(node);
            return Ok(());
        }
        match (carried(&node.op), &node.op) {
            (Some(_), Op::Concatenation { .. } | Op::Pack { .. }) => self.joined(node),
            (Some(_), _) => self.moved(node),
            (None, Op::Binary { kind: BinaryKind::Maximum | BinaryKind::Minimum, .. }) => self.joined(node),
            (None, _) => self.computed(node),
        }
    }

    /// The node with its operands replaced by the integers that they are made of; constants of reals become some.
    fn on_integers(&mut self, mut node: Node) -> Result<Node, Error> {
        let mut problem = None;
        let mut op = node.op.clone();
        op.for_each_input(|id| {
            if let Some(&integers) = self.integers.get(id) {
                *id = integers;
            } else if self.graph.tensor(*id).dtype == DType::F32 {
                match self.number(*id) {
                    Ok(made) => *id = made,
                    Err(error) => problem = Some(error),
                }
            }
        });
        node.op = op;
        problem.map_or(Ok(node), Err)
    }

    /// A constant of one real, as an integer of one step.
    fn number(&mut self, id: TensorId) -> Result<TensorId, Error> {
        let tensor = self.graph.tensor(id).clone();
        let value = match self.graph.value(id) {
            Some(Data::F32(values)) => match values.as_slice() {
                &[value] if value.is_finite() => value,
                _ => return Err(Error::Unquantized { what: "a constant of several reals is not quantized" }),
            },
            _ => return Err(Error::Unquantized { what: "an operand is not quantized" }),
        };
        let stored = if value == 0.0 { 0 } else { value.signum() as i8 };
        let scale = if value == 0.0 { 1.0 } else { value.abs() };
        let weight = self.graph.add_weight(Weight { name: tensor.name.clone(), data: Data::I8(vec![stored]) });
        let quantization = Some(Quantization::per_tensor(scale, 0));
        Ok(self.graph.add_tensor(Tensor { dtype: DType::I8, quantization, value: Some(weight), ..tensor }))
    }

    /// What moves elements moves their integers; its outputs are reals of those.
    fn moved(&mut self, node: Node) -> Result<(), Error> {
        let mut node = self.on_integers(node)?;
        let quantization = carried(&node.op).and_then(|id| self.graph.tensor(id).quantization.clone());
        if let (Op::Pad { value, .. }, Some(quantization)) = (&mut node.op, &quantization) {
            *value = sink::stored(f32::from_bits(*value as u32), quantization);
        }
        let reals = node.outputs.clone();
        node.outputs = reals.iter().map(|&real| self.integer_of(real, quantization.clone())).collect();
        self.new.push(node);
        Ok(())
    }

    /// A tensor of integers that `real` is made of.
    fn integer_of(&mut self, real: TensorId, quantization: Option<Quantization>) -> TensorId {
        let tensor = Tensor { dtype: DType::I8, quantization, ..self.graph.tensor(real).clone() };
        let made = self.graph.add_tensor(tensor);
        self.integers.insert(real, made);
        made
    }

    /// What takes elements of several tensors as they are: all are brought to the quantization of the result.
    fn joined(&mut self, node: Node) -> Result<(), Error> {
        let &[output] = node.outputs.as_slice() else { return Err(Error::Malformed { what: "a node without outputs" }) };
        let mut node = self.on_integers(node)?;
        let of = |graph: &Graph, id: TensorId| graph.tensor(id).quantization.clone();
        let (quantization, made) = match Sink::of(self, output) {
            Some(sink) if sink.is_plain() => (Some(sink.quantization.clone()), Some(sink)),
            _ => {
                let mut given = node.op.inputs().into_iter().filter(|&id| self.graph.value(id).is_none());
                (given.next().and_then(|id| of(self.graph, id)), None)
            }
        };
        let origin = node.origin.clone();
        let mut op = node.op.clone();
        op.for_each_input(|id| {
            if of(self.graph, *id) != quantization {
                let tensor = Tensor { quantization: quantization.clone(), value: None, ..self.graph.tensor(*id).clone() };
                let brought = self.graph.add_tensor(tensor);
                self.new.push(Node { op: Op::Quantize { input: *id }, outputs: vec![brought], origin: origin.clone() });
                *id = brought;
            }
        });
        node.op = op;
        match made {
            Some(sink) => node.outputs = vec![sink.take(self)],
            None => node.outputs = vec![self.integer_of(output, quantization)],
        }
        self.new.push(node);
        Ok(())
    }

    /// What computes makes the integers of the quantization that follows.
    fn computed(&mut self, node: Node) -> Result<(), Error> {
        let &[output] = node.outputs.as_slice() else { return Err(Error::Malformed { what: "a node without outputs" }) };
        let mut node = self.on_layer(node)?;
        let Some(sink) = Sink::of(self, output) else {
            return match node.op {
                // Its reals leave the network.
                Op::Softmax { .. } if self.graph.outputs.contains(&output) && !self.readers.contains_key(&output) => {
                    self.new.push(node);
                    Ok(())
                }
                _ => Err(Error::Unquantized { what: "its result is not quantized" }),
            };
        };
        if !sink.is_plain() {
            let what = "a function that is not a clamp follows before its result is quantized";
            let activation = sink::activation(&mut node.op).ok_or(Error::Unquantized { what })?;
            *activation = sink.activation();
        }
        node.outputs = vec![sink.take(self)];
        layer::finish(self.graph, &mut node)?;
        self.new.push(node);
        Ok(())
    }

    /// [`Self::on_integers`], less weights and biases, which stay as they are.
    fn on_layer(&mut self, mut node: Node) -> Result<Node, Error> {
        if node.op.layer().is_none() {
            return self.on_integers(node);
        }
        let mut op = node.op.clone();
        op.for_each_input(|id| *id = self.integers.get(id).copied().unwrap_or(*id));
        node.op = op;
        Ok(node)
    }
}
