//! Operators that compute, each with the quantization of its result.

use super::affine::{self, Affine};
use super::sink::{self, Sink};
use super::{Rewriting, layer, wide};
use crate::front::onnx::error::Error;
use crate::ir::{Activation, DType, Data, Node, Op, Shape, Tensor, TensorId};

impl Rewriting<'_> {
    /// What computes makes the integers of the quantization that follows.
    pub(super) fn computed(&mut self, node: Node) -> Result<(), Error> {
        let &[output] = node.outputs.as_slice() else { return Err(Error::Malformed { what: "a node without outputs" }) };
        if self.scaled(&node)? {
            return Ok(());
        }
        let mut affine = Affine::identity(self.channels(output));
        let result = if node.op.layer().is_some() { affine.follow(self, output) } else { output };
        let node = self.on_layer(node)?;
        let Some(sink) = Sink::of(self, result) else {
            return match node.op {
                // Its reals leave the network.
                Op::Softmax { .. } if self.graph.outputs.contains(&output) && !self.readers.contains_key(&output) => {
                    self.new.push(node);
                    Ok(())
                }
                _ => Err(Error::Unquantized { what: "its result is not quantized" }),
            };
        };
        self.layer(node, sink, &affine)
    }

    /// Products with constants and sums with them that no layer goes before, as a convolution of one tap; whether `node` is one.
    fn scaled(&mut self, node: &Node) -> Result<bool, Error> {
        let (&Op::Binary { kind: _, a, b, activation: Activation::None }, &[output]) = (&node.op, node.outputs.as_slice()) else {
            return Ok(false);
        };
        let (real, constant) = if self.integers.contains_key(&a) { (a, b) } else { (b, a) };
        let (Some(&input), Some(Data::F32(values))) = (self.integers.get(&real), self.graph.value(constant)) else {
            return Ok(false);
        };
        // With one number it is a table.
        if values.len() == 1 && Sink::of(self, output).is_some() {
            return Ok(false);
        }
        let mut affine = Affine::identity(self.channels(real));
        let Some(made) = affine.apply(self.graph, node, real) else { return Ok(false) };
        let result = affine.follow(self, made);
        let sink = Sink::of(self, result).ok_or(Error::Unquantized { what: "its result is not quantized" })?;
        let (op, before) = affine::scaling(self.graph, node, input, &affine);
        self.new.extend(before);
        let (shape, dims) =
            (self.graph.tensor(result).shape.clone(), affine::image_of(&self.graph.tensor(input).shape, affine.factors.len()));
        if shape.0 == dims {
            self.layer(Node { op, ..node.clone() }, sink, &affine)?;
            return Ok(true);
        }
        let quantization = Some(sink.quantization.clone());
        let image = self.graph.add_tensor(Tensor {
            name: self.graph.tensor(result).name.clone(),
            shape: Shape(dims),
            dtype: DType::I8,
            quantization,
            value: None,
        });
        let activation = sink.activation();
        let mut scaled = Node { op, outputs: vec![image], origin: node.origin.clone() };
        if let Some(slot) = sink::activation(&mut scaled.op).filter(|_| !sink.is_plain()) {
            *slot = activation;
        }
        layer::finish(self.graph, &mut scaled, &affine)?;
        self.new.push(scaled);
        let made = sink.take(self);
        self.new.push(Node { op: Op::Reshape { input: image }, outputs: vec![made], origin: node.origin.clone() });
        Ok(true)
    }

    /// The length of the last axis.
    fn channels(&self, id: TensorId) -> usize {
        self.graph.tensor(id).shape.0.last().copied().unwrap_or(1)
    }

    /// A node on integers that makes what `sink` quantizes.
    fn layer(&mut self, mut node: Node, sink: Sink, affine: &Affine) -> Result<(), Error> {
        if !sink.is_plain() {
            let what = "a function that is not a clamp follows before its result is quantized";
            let activation = sink::activation(&mut node.op).ok_or(Error::Unquantized { what })?;
            *activation = sink.activation();
        }
        node.outputs = vec![sink.take(self)];
        wide::split(self.graph, &mut node, &mut self.new)?;
        layer::finish(self.graph, &mut node, affine)?;
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
