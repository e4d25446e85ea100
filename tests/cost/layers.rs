//! Graphs of a few layers of one kind on one image, to measure what the kind's kernels cost.

use tinybake_codegen::ir::{
    Activation, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, Window, infer,
};

/// A layer to measure: the image `[height, width, channels]` that it reads, and what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) image: [usize; 3],
    pub(crate) kind: Kind,
    pub(crate) weights: Weights,
}

/// What the weights of a layer are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weights {
    Dense,
    /// Three of four are zero, anywhere.
    Scattered,
    /// Two of each four neighbours are zero.
    TwoOfFour,
    /// Of sixteen values.
    Few,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Kernel, stride, output channels.
    Conv2d([usize; 2], usize, usize),
    /// Kernel, stride.
    DepthwiseConv2d([usize; 2], usize),
    /// Outputs.
    FullyConnected(usize),
    /// Kernel, stride, output channels.
    TransposeConv([usize; 2], usize, usize),
}

const fn sample(image: [usize; 3], kind: Kind) -> Sample {
    Sample { image, kind, weights: Weights::Dense }
}

/// Layers as they occur in networks for small cores.
pub(crate) const SAMPLES: [Sample; 49] = [
    sample([24, 24, 3], Kind::Conv2d([3, 3], 2, 8)),
    sample([25, 10, 1], Kind::Conv2d([10, 4], 2, 64)),
    sample([16, 16, 16], Kind::Conv2d([3, 3], 1, 16)),
    sample([8, 8, 8], Kind::Conv2d([3, 3], 1, 24)),
    sample([8, 8, 32], Kind::Conv2d([3, 3], 2, 32)),
    sample([10, 10, 4], Kind::Conv2d([5, 5], 1, 8)),
    sample([12, 12, 16], Kind::Conv2d([1, 1], 2, 32)),
    sample([16, 16, 8], Kind::Conv2d([1, 1], 1, 16)),
    sample([25, 5, 64], Kind::Conv2d([1, 1], 1, 64)),
    sample([12, 12, 24], Kind::Conv2d([1, 1], 1, 24)),
    sample([6, 6, 64], Kind::Conv2d([1, 1], 1, 32)),
    sample([3, 3, 128], Kind::Conv2d([1, 1], 1, 128)),
    sample([10, 10, 48], Kind::Conv2d([1, 1], 1, 12)),
    sample([24, 24, 8], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([24, 24, 16], Kind::DepthwiseConv2d([3, 3], 2)),
    sample([25, 5, 64], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([6, 6, 96], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([12, 12, 32], Kind::DepthwiseConv2d([3, 3], 2)),
    sample([3, 3, 128], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([12, 12, 24], Kind::DepthwiseConv2d([5, 5], 1)),
    sample([1, 1, 1], Kind::FullyConnected(16)),
    sample([1, 1, 16], Kind::FullyConnected(1)),
    sample([1, 1, 8], Kind::FullyConnected(6)),
    sample([1, 1, 24], Kind::FullyConnected(10)),
    sample([1, 1, 16], Kind::FullyConnected(16)),
    sample([1, 1, 32], Kind::FullyConnected(8)),
    sample([1, 1, 64], Kind::FullyConnected(12)),
    sample([1, 1, 128], Kind::FullyConnected(128)),
    sample([1, 1, 640], Kind::FullyConnected(128)),
    sample([1, 1, 1000], Kind::FullyConnected(4)),
    sample([6, 6, 8], Kind::TransposeConv([3, 3], 2, 8)),
    sample([8, 8, 16], Kind::TransposeConv([2, 2], 2, 8)),
    sample([4, 4, 32], Kind::TransposeConv([3, 3], 2, 16)),
    sample([10, 10, 4], Kind::TransposeConv([4, 4], 2, 4)),
    sample([6, 6, 32], Kind::DepthwiseConv2d([3, 3], 2)),
    sample([8, 8, 1], Kind::Conv2d([3, 3], 1, 13)),
    sample([28, 28, 1], Kind::Conv2d([3, 3], 2, 16)),
    sample([16, 16, 8], Kind::Conv2d([3, 3], 1, 8)),
    sample([12, 12, 12], Kind::Conv2d([3, 3], 2, 16)),
    sample([6, 6, 24], Kind::Conv2d([3, 3], 1, 24)),
    sample([20, 20, 3], Kind::Conv2d([5, 5], 2, 12)),
    sample([49, 10, 1], Kind::Conv2d([10, 4], 2, 16)),
    sample([4, 4, 13], Kind::Conv2d([1, 1], 1, 13)),
    sample([4, 4, 13], Kind::Conv2d([1, 1], 1, 16)),
    sample([7, 7, 20], Kind::Conv2d([1, 1], 1, 8)),
    sample([8, 8, 13], Kind::DepthwiseConv2d([3, 3], 2)),
    sample([4, 4, 13], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([12, 12, 48], Kind::DepthwiseConv2d([3, 3], 1)),
    sample([5, 5, 8], Kind::TransposeConv([3, 3], 2, 16)),
];

/// A graph that does nothing but show its input under another shape: what every module has.
pub(crate) fn nothing(elements: usize) -> Graph {
    let mut builder = Builder::empty();
    builder.input([1, 1, elements]);
    let input = builder.input;
    builder.node(Op::Reshape { input }, vec![1, elements]);
    builder.graph
}

/// A graph of layers that each read an input of their own, which is an output too, so that its memory is not reused. A layer that
/// is there again has output channels and weights of its own.
pub(crate) fn graph(samples: &[Sample]) -> Graph {
    let mut builder = Builder::empty();
    for (index, sample) in samples.iter().enumerate() {
        let before = samples[..index].iter().filter(|other| *other == sample).count();
        builder.input(sample.image);
        builder.layer(sample, 2 * before);
        builder.graph.outputs.push(builder.input);
    }
    builder.graph
}

struct Builder {
    graph: Graph,
    input: TensorId,
    state: u64,
}

impl Builder {
    fn empty() -> Self {
        Self { graph: Graph { name: "layers".into(), ..Graph::default() }, input: TensorId(0), state: 11 }
    }

    /// Adds an input, which the next layer reads.
    fn input(&mut self, [height, width, channels]: [usize; 3]) {
        self.input = self.tensor("image", vec![1, height, width, channels]);
        self.graph.inputs.push(self.input);
    }

    fn tensor(&mut self, name: &str, shape: Vec<usize>) -> TensorId {
        let (name, quantization) = (format!("{name}{}", self.graph.tensors.len()), Some(Quantization::per_tensor(0.05, -128)));
        self.graph.add_tensor(Tensor { name, shape: Shape(shape), dtype: DType::I8, quantization, value: None })
    }

    fn constant(&mut self, shape: Vec<usize>, data: Data, quantization: Option<Quantization>) -> TensorId {
        let (name, dtype) = (format!("constant{}", self.graph.tensors.len()), data.dtype());
        let value = Some(self.graph.add_weight(Weight { name: name.clone(), data }));
        self.graph.add_tensor(Tensor { name, shape: Shape(shape), dtype, quantization, value })
    }

    /// Up to `below`.
    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// A filter whose weights lie about zero as trained ones do, and its biases.
    fn weights(&mut self, shape: Vec<usize>, channels: usize, axis: usize, weights: Weights) -> (TensorId, Option<TensorId>) {
        let mut all: Vec<i8> = Vec::new();
        for index in 0..shape.iter().product() {
            let sum = (0..4).map(|_| self.random(64) as i32).sum::<i32>() - 126;
            let weight = sum.clamp(-127, 127) as i8;
            all.push(match weights {
                Weights::Dense => weight,
                Weights::Scattered => {
                    if self.random(4) > 0 {
                        0
                    } else {
                        weight
                    }
                }
                // Either the two in the middle or the outer two.
                Weights::TwoOfFour => {
                    if (index / 4 + index.div_ceil(2)) % 2 == 0 {
                        0
                    } else {
                        weight
                    }
                }
                Weights::Few => weight / 16 * 16,
            });
        }
        let scales = (0..channels).map(|_| 0.001 + self.random(50) as f32 / 5000.0).collect();
        let quantization = Quantization { scales, zero_points: vec![0; channels], axis };
        let filter = self.constant(shape, Data::I8(all), Some(quantization));
        let biases = (0..channels).map(|_| self.random(4000) as i32 - 2000).collect();
        (filter, Some(self.constant(vec![channels], Data::I32(biases), None)))
    }

    fn layer(&mut self, sample: &Sample, more: usize) {
        let ([height, width, channels], input) = (sample.image, self.input);
        let same = |kernel, stride: usize| Window::same(kernel, [stride; 2], [1, 1], [height, width]);
        let activation = Activation::Relu;
        match sample.kind {
            Kind::Conv2d(kernel @ [rows, columns], stride, out) => {
                let out = out + more;
                let (filter, bias) = self.weights(vec![out, rows, columns, channels], out, 0, sample.weights);
                let shape = vec![1, height.div_ceil(stride), width.div_ceil(stride), out];
                self.node(Op::Conv2d { input, filter, bias, window: same(kernel, stride), activation }, shape);
            }
            Kind::DepthwiseConv2d(kernel @ [rows, columns], stride) => {
                let (filter, bias) = self.weights(vec![1, rows, columns, channels], channels, 3, sample.weights);
                let shape = vec![1, height.div_ceil(stride), width.div_ceil(stride), channels];
                self.node(Op::DepthwiseConv2d { input, filter, bias, window: same(kernel, stride), activation }, shape);
            }
            Kind::FullyConnected(out) => {
                let out = out + more;
                let (filter, bias) = self.weights(vec![out, channels], out, 0, sample.weights);
                self.node(Op::FullyConnected { input, filter, bias, activation }, vec![1, 1, 1, out]);
            }
            Kind::TransposeConv([rows, columns], stride, out) => {
                let out = out + more;
                let (filter, bias) = self.weights(vec![out, rows, columns, channels], out, 0, sample.weights);
                let window = Window::same([rows, columns], [stride; 2], [1, 1], [height * stride, width * stride]);
                let op = Op::TransposeConv { input, filter, bias, window, activation: Activation::None };
                self.node(op, vec![1, height * stride, width * stride, out]);
            }
        }
    }

    fn node(&mut self, op: Op, shape: Vec<usize>) {
        let declared = [Some(Shape(shape.clone()))];
        let inferred = infer(&op, &self.graph, &declared).unwrap_or_else(|problem| panic!("{problem:?}"));
        assert_eq!(inferred, [Shape(shape.clone())]);
        let output = self.tensor(op.name(), shape);
        let origin = Origin { index: self.graph.nodes.len(), name: format!("node{}", self.graph.nodes.len()) };
        self.graph.nodes.push(Node { op, outputs: vec![output], origin });
        self.graph.outputs.push(output);
    }
}
