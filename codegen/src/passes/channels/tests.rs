//! Small graphs, and how many channels each of their tensors has left.

use super::shrink_channels;
use crate::ir::{
    Activation, BinaryKind, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, Window, infer,
};
use crate::options::Reference;
use crate::{eval, lower, valid};

/// Zero point of all activations.
const ZERO_POINT: i32 = -5;

struct Builder(Graph);

impl Builder {
    /// A graph that reads an image `[1, 5, 5, channels]`, and that image.
    fn new(channels: usize) -> (Self, TensorId) {
        let mut builder = Self(Graph::default());
        let input = builder.tensor(vec![1, 5, 5, channels]);
        builder.0.inputs.push(input);
        (builder, input)
    }

    fn tensor(&mut self, shape: Vec<usize>) -> TensorId {
        let name = format!("t{}", self.0.tensors.len());
        let quantization = Some(Quantization::per_tensor(0.1, ZERO_POINT));
        self.0.add_tensor(Tensor { name, shape: Shape(shape), dtype: DType::I8, quantization, value: None })
    }

    fn constant(&mut self, shape: Vec<usize>, data: Data) -> TensorId {
        let dtype = data.dtype();
        let value = Some(self.0.add_weight(Weight { name: "constant".into(), data }));
        let quantization = Some(Quantization::per_tensor(0.02, 0));
        self.0.add_tensor(Tensor { name: "constant".into(), shape: Shape(shape), dtype, quantization, value })
    }

    fn node(&mut self, op: Op, declared: Option<Vec<usize>>) -> TensorId {
        let shapes = infer(&op, &self.0, &[declared.map(Shape)]).expect("shapes that fit");
        let output = self.tensor(shapes[0].0.clone());
        let origin = Origin { index: self.0.nodes.len(), name: format!("n{}", self.0.nodes.len()) };
        self.0.nodes.push(Node { op, outputs: vec![output], origin });
        output
    }

    /// A convolution to `outs` channels; `weight` gives the weights of an output and an input channel, at all taps.
    fn conv(
        &mut self,
        input: TensorId,
        outs: usize,
        padded: bool,
        bias: &[i32],
        weight: impl Fn(usize, usize) -> i8,
    ) -> TensorId {
        let dims = self.0.tensor(input).shape.0.clone();
        let kernel = if padded { [3, 3] } else { [1, 1] };
        let window = Window::same(kernel, [1, 1], [1, 1], [dims[1], dims[2]]);
        let (taps, ins) = (kernel[0] * kernel[1], dims[3]);
        let weights = (0..outs * taps * ins).map(|index| weight(index / (taps * ins), index % ins)).collect();
        let filter = self.constant(vec![outs, kernel[0], kernel[1], ins], Data::I8(weights));
        let bias = Some(self.constant(vec![outs], Data::I32(bias.to_vec())));
        self.node(Op::Conv2d { input, filter, bias, window, activation: Activation::Relu }, None)
    }

    /// Ends the graph in a layer that reads everything, and shrinks it: the channels left of `tensors`.
    fn shrunk(mut self, last: TensorId, tensors: &[TensorId]) -> Vec<usize> {
        let output = self.conv(last, 2, false, &[7, -9], |out, input| 3 * out as i8 + 5 * input as i8 + 1);
        self.0.outputs.push(output);
        self.left(tensors)
    }

    /// The channels left of `tensors`, once the graph is shrunk and says the same as before.
    fn left(self, tensors: &[TensorId]) -> Vec<usize> {
        for reference in [Reference::Tflm, Reference::Xnnpack] {
            let mut small = self.0.clone();
            shrink_channels(&mut small, reference);
            for seed in 0..4i64 {
                let elements = self.0.tensor(self.0.inputs[0]).shape.elements() as i64;
                let input = Data::I8((0..elements).map(|index| (index * index * 31 + seed * 57) as i8).collect());
                let run = |graph: &Graph| {
                    let facts = valid::check(graph).expect("a valid graph");
                    let program = lower::lower(graph, &facts, reference).expect("kernels");
                    eval::run(&program, std::slice::from_ref(&input)).expect("inputs that fit")
                };
                assert_eq!(run(&small), run(&self.0), "{small}");
            }
        }
        let mut small = self.0;
        shrink_channels(&mut small, Reference::Tflm);
        tensors.iter().map(|&id| super::channels(small.tensor(id))).collect()
    }
}

/// Weights that are zero for output channel `empty`.
fn all_but(empty: usize) -> impl Fn(usize, usize) -> i8 {
    move |out, input| if out == empty { 0 } else { 20 + 3 * out as i8 - 7 * input as i8 }
}

#[test]
fn a_channel_without_weights_goes() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, 100, 200, 300], all_but(2));
    assert_eq!(builder.shrunk(a, &[input, a]), [3, 3]);
}

#[test]
fn a_channel_that_always_saturates_goes() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, -1_000_000, 0, 1_000_000], |_, _| 9);
    assert_eq!(builder.shrunk(a, &[a]), [2]);
}

#[test]
fn a_channel_that_nobody_reads_goes_with_what_it_alone_reads() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, false, &[0; 4], |_, _| 9);
    let b = builder.conv(a, 4, false, &[0; 4], |out, input| if (out == 3) == (input == 1) { 9 } else { 0 });
    let c = builder.conv(b, 2, false, &[0; 2], |out, input| if input == 3 { 0 } else { 5 + out as i8 });
    assert_eq!(builder.shrunk(c, &[a, b, c]), [3, 3, 2]);
}

/// Padding adds nothing, so that a constant is the same under every tap only where it is the zero point.
#[test]
fn a_constant_goes_past_padding_where_it_is_the_zero_point() {
    for (bias, left) in [(0, 3), (700, 4)] {
        let (mut builder, input) = Builder::new(3);
        let a = builder.conv(input, 4, false, &[0, 100, bias, 300], all_but(2));
        let b = builder.conv(a, 2, true, &[0, 0], |_, _| 9);
        assert_eq!(builder.shrunk(b, &[a]), [left], "bias {bias}");
    }
}

#[test]
fn both_sides_of_a_sum_go_together() {
    for (other, left) in [(2, 3), (1, 4)] {
        let (mut builder, input) = Builder::new(3);
        let a = builder.conv(input, 4, true, &[0, 100, 200, 300], all_but(2));
        let b = builder.conv(input, 4, true, &[50, 60, 700, 80], all_but(other));
        let sum = builder.node(Op::Binary { kind: BinaryKind::Add, a, b, activation: Activation::None }, None);
        assert_eq!(builder.shrunk(sum, &[a, b, sum]), [left; 3], "channel {other} of the other side");
    }
}

#[test]
fn channels_go_through_joins_cuts_and_pads() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, 100, 200, 300], all_but(2));
    let b = builder.conv(input, 3, true, &[0, 100, 200], all_but(0));
    let joined = builder.node(Op::Concatenation { inputs: vec![a, b], axis: 3, activation: Activation::None }, None);
    let (before, after) = (vec![0, 1, 0, 1], vec![0, 0, 0, 2]);
    let padded = builder.node(Op::Pad { input: joined, before, after, value: ZERO_POINT }, None);
    let (begin, size) = (vec![0, 0, 0, 2], vec![1, 6, 5, 7]);
    let cut = builder.node(Op::Slice { input: padded, begin, stride: vec![1; 4], size }, None);
    // Channel 0 of `a` is cut off. Channel 0 of `b` and the channels of padding hold the zero point everywhere; channel 2 of `a`
    // holds another value, but in the row of padding.
    assert_eq!(builder.shrunk(cut, &[a, b, joined, padded, cut]), [3, 2, 5, 5, 5]);
}

#[test]
fn channels_go_through_a_flat_image_into_a_layer() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, 100, 200, 300], all_but(2));
    let flat = builder.node(Op::Reshape { input: a }, Some(vec![1, 100]));
    let filter = builder.constant(vec![2, 100], Data::I8((0..200).map(|index| (index * 7) as i8).collect()));
    let op = Op::FullyConnected { input: flat, filter, bias: None, activation: Activation::None };
    let output = builder.node(op, None);
    builder.0.outputs.push(output);
    assert_eq!(builder.left(&[a, flat, output]), [3, 75, 2]);
}

#[test]
fn outputs_keep_their_channels() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, 100, 200, 300], all_but(2));
    builder.0.outputs.push(a);
    assert_eq!(builder.left(&[a]), [4]);
}

/// Nothing of the image is read; one channel of everything stays.
#[test]
fn something_always_stays() {
    let (mut builder, input) = Builder::new(3);
    let a = builder.conv(input, 4, true, &[0, 100, 200, 300], |_, _| 0);
    assert_eq!(builder.shrunk(a, &[input, a]), [3, 1]);
}
