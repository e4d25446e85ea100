//! Products with constants and sums with them that follow a layer: a bias added after a product, a batch normalization.
//!
//! One factor and one addend for each channel. The layer takes both in, as part of its scales and biases; where no layer goes
//! before, a depthwise convolution of one tap does.

use super::Rewriting;
use crate::front::onnx::value::Constant;
use crate::ir::{Activation, BinaryKind, DType, Data, Graph, Node, Op, Quantization, Shape, Tensor, TensorId, Weight, Window};

/// The weights of a convolution that only scales: a power of two, so that their scale is exact, and large, so that the factors of its
/// sums are below one.
const WEIGHT: i8 = 64;

/// `factor * x + addend` of each channel.
pub(super) struct Affine {
    pub(super) factors: Vec<f64>,
    pub(super) addends: Vec<f64>,
}

impl Affine {
    /// What changes nothing.
    pub(super) fn identity(channels: usize) -> Self {
        Self { factors: vec![1.0; channels], addends: vec![0.0; channels] }
    }

    /// Follows `result` through operators with constants as far as it goes nowhere else, and takes them out of the graph; the
    /// tensor that the last one makes.
    pub(super) fn follow(&mut self, rewriting: &mut Rewriting<'_>, result: TensorId) -> TensorId {
        let mut result = result;
        while let Some((reader, made)) = self.next(rewriting, result) {
            rewriting.old[reader] = None;
            result = made;
        }
        result
    }

    /// Applies the one reader of `result`, where it is such an operator; its index, and what it makes.
    fn next(&mut self, rewriting: &Rewriting<'_>, result: TensorId) -> Option<(usize, TensorId)> {
        let &[reader] = rewriting.readers.get(&result)?.as_slice() else { return None };
        if rewriting.graph.outputs.contains(&result) {
            return None;
        }
        let node = rewriting.old[reader].as_ref()?;
        let made = self.apply(rewriting.graph, node, result)?;
        Some((reader, made))
    }

    /// Applies a sum, difference or product of `result` and a constant; what it makes. `None` for any other operator.
    pub(super) fn apply(&mut self, graph: &Graph, node: &Node, result: TensorId) -> Option<TensorId> {
        let (Op::Binary { kind, a, b, activation: Activation::None }, &[made]) = (&node.op, node.outputs.as_slice()) else {
            return None;
        };
        let (other, first) = if *a == result { (*b, true) } else { (*a, false) };
        if graph.tensor(made).shape != graph.tensor(result).shape {
            return None;
        }
        let values = by_channel(graph, other, self.factors.len())?;
        for ((factor, addend), value) in self.factors.iter_mut().zip(&mut self.addends).zip(values) {
            match kind {
                BinaryKind::Add => *addend += value,
                BinaryKind::Sub if first => *addend -= value,
                BinaryKind::Sub => (*factor, *addend) = (-*factor, value - *addend),
                BinaryKind::Mul => (*factor, *addend) = (*factor * value, *addend * value),
                BinaryKind::Maximum | BinaryKind::Minimum => return None,
            }
        }
        Some(made)
    }
}

/// A constant of one number for each index of the last axis.
fn by_channel(graph: &Graph, id: TensorId, channels: usize) -> Option<Vec<f64>> {
    let Tensor { shape: Shape(shape), quantization, .. } = graph.tensor(id).clone();
    let constant = Constant { shape: shape.clone(), data: graph.value(id)?.clone(), quantization };
    let values = constant.floats()?;
    match values.as_ref() {
        &[value] => Some(vec![value.into(); channels]),
        values if values.len() == channels && shape.last() == Some(&channels) => {
            Some(values.iter().copied().map(f64::from).collect())
        }
        _ => None,
    }
}

/// A depthwise convolution of one tap on `input`, whose weights and scales are the factors, and the nodes that bring `input` into four axes.
/// What it makes has four axes too.
pub(super) fn scaling(graph: &mut Graph, node: &Node, input: TensorId, affine: &Affine) -> (Op, Vec<Node>) {
    let channels = affine.factors.len();
    let tensor = graph.tensor(input).clone();
    let mut before = Vec::new();
    let mut image = input;
    let dims = image_of(&tensor.shape, channels);
    if tensor.shape.0 != dims {
        image = graph.add_tensor(Tensor { shape: Shape(dims), ..tensor });
        before.push(Node { op: Op::Reshape { input }, outputs: vec![image], origin: node.origin.clone() });
    }
    let weights = vec![WEIGHT; channels];
    let name = format!("factors of {}", node.origin.name);
    let value = Some(graph.add_weight(Weight { name: name.clone(), data: Data::I8(weights) }));
    let scale = (1.0 / f64::from(WEIGHT)) as f32;
    let quantization = Some(Quantization { scales: vec![scale; channels], zero_points: vec![0; channels], axis: 3 });
    let filter = graph.add_tensor(Tensor { name, shape: Shape(vec![1, 1, 1, channels]), dtype: DType::I8, quantization, value });
    let window = Window::valid([1, 1], [1, 1], [1, 1]);
    (Op::DepthwiseConv2d { input: image, filter, bias: None, window, activation: Activation::None }, before)
}

/// The four axes in which the channels of a tensor stay the last axis.
pub(super) fn image_of(shape: &Shape, channels: usize) -> Vec<usize> {
    match shape.0.as_slice() {
        &[1, height, width, depth] => vec![1, height, width, depth],
        _ => vec![1, 1, shape.elements() / channels.max(1), channels],
    }
}
