//! From operators on reals between dequantization and quantization to operators on the stored integers.
//!
//! What only moves elements moves integers as well, before or after. What computes is one operator together with the
//! quantization of its result, and clamps on the way there become its activation. A file without quantization of what the
//! network computes stays a graph of reals, integer weights becoming reals too.

mod affine;
mod bounds;
mod computed;
mod floats;
mod hoist;
mod joined;
mod layer;
mod sink;
mod wide;

use super::error::Error;
use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::{
    Activation, DType, Data, Graph, Node, Op, PoolKind, Quantization, ReduceKind, ResizeMode, Tensor, TensorId, Weight,
};
use sink::Sink;
use std::collections::{BTreeMap, BTreeSet};

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

/// What is said of operators whose operands are reals that nothing quantizes.
const UNQUANTIZED_READS: Error = Error::Unquantized { what: "it reads floats that are not quantized" };

/// Rewrites a graph that quantizes what it computes; at most `most` diagnostics, one a node.
pub(super) fn integers(graph: &mut Graph, most: usize) -> Result<(), Vec<Diagnostic>> {
    let quantizes = |node: &Node| matches!(node.op, Op::Quantize { .. }) || stored(graph, node);
    if !graph.nodes.iter().any(quantizes) {
        layer::to_reals(graph);
        return Ok(());
    }
    hoist::hoist(graph);
    Rewriting::new(graph).run(most)
}

/// Whether a node takes reals from integers that the caller gives.
fn stored(graph: &Graph, node: &Node) -> bool {
    matches!(node.op, Op::Dequantize { input } if graph.tensor(input).value.is_none())
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
    /// Float tensors that a node of `new` makes.
    floats: BTreeSet<TensorId>,
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
        let (integers, floats, alias) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { graph, old, readers, new: Vec::new(), integers, floats, alias }
    }

    fn run(mut self, most: usize) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for index in 0..self.old.len() {
            let Some(mut node) = self.old[index].take() else { continue };
            let alias = &self.alias;
            node.op.for_each_input(|id| *id = alias.get(id).copied().unwrap_or(*id));
            let place = Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
            if let Err(error) = self.node(node) {
                // What follows from another problem is not told again.
                if error == UNQUANTIZED_READS && !problems.is_empty() {
                    continue;
                }
                problems.push(error.at(place));
                if problems.len() >= most {
                    break;
                }
            }
        }
        for output in self.graph.outputs.clone() {
            if let Some(&input) = self.integers.get(&output)
                && self.floats.insert(output)
            {
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
            return self.in_floats(node);
        }
        if let Some((operand, bounds)) = self.clamp_of(&node) {
            return self.clamped(node, operand, bounds);
        }
        if let Op::ArgMax { .. } = node.op {
            let node = self.on_integers(node)?;
            self.new.push(node);
            return Ok(());
        }
        match (carried(&node.op), &node.op) {
            _ if joined::joins(&node.op) => self.joined(node),
            (Some(_), &Op::Pad { value, .. }) => self.padded(node, f32::from_bits(value as u32)),
            (Some(_), _) => self.moved(node),
            (None, _) => self.computed(node),
        }
    }

    /// The operand and the bounds of a clamp; but of one that a table with its quantization is made of.
    fn clamp_of(&self, node: &Node) -> Option<(TensorId, [f32; 2])> {
        let &[output] = node.outputs.as_slice() else { return None };
        let operand = node.op.inputs().into_iter().find(|id| self.integers.contains_key(id))?;
        let bounds = sink::clamp(self.graph, &node.op, operand)?;
        let table = matches!(node.op, Op::Unary { .. }) && Sink::of(self, output).is_some_and(|sink| sink.is_plain());
        (!table).then_some((operand, bounds))
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
        self.moved_with(node, None)
    }

    /// [`Self::moved`], with the stored number of a pad.
    fn moved_with(&mut self, node: Node, number: Option<i32>) -> Result<(), Error> {
        let mut node = self.on_integers(node)?;
        let quantization = carried(&node.op).and_then(|id| self.graph.tensor(id).quantization.clone());
        if let (Op::Pad { value, .. }, Some(number)) = (&mut node.op, number) {
            *value = number;
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
}
