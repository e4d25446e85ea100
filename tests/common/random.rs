//! Random graphs: a list of choices, each of which adds a node where it fits what is there.

use proptest::prelude::*;
use tinybake_codegen::ir::{
    Activation, BinaryKind, DType, Data, Graph, MirrorMode, Node, Op, Origin, PoolKind, Quantization, ReduceKind, ResizeMode,
    Shape, Tensor, TensorId, UnaryKind, Weight, Window, infer,
};

/// One node to add; numbers are taken modulo what there is to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    kind: u8,
    from: usize,
    other: usize,
    size: usize,
    flags: u8,
    seed: u64,
}

/// Lists of 1 to 12 choices, and the image that they start from.
pub(crate) fn choices() -> impl Strategy<Value = (Vec<Choice>, [usize; 3])> {
    let choice = (0u8..23, any::<usize>(), any::<usize>(), 0usize..8, any::<u8>(), any::<u64>())
        .prop_map(|(kind, from, other, size, flags, seed)| Choice { kind, from, other, size, flags, seed });
    (prop::collection::vec(choice, 1..12), [2usize..9, 2usize..9, 1usize..6])
}

/// The graph of a list of choices on an image `[height, width, channels]`. Every tensor that nothing reads is an output.
pub(crate) fn graph(choices: &[Choice], image: [usize; 3]) -> Graph {
    let mut builder = Builder { graph: Graph { name: "random".into(), ..Graph::default() }, images: Vec::new() };
    let input = builder.tensor("input", vec![1, image[0], image[1], image[2]], Quantization::per_tensor(0.05, -3));
    builder.graph.inputs.push(input);
    builder.images.push(input);
    for choice in choices {
        builder.add(choice);
    }
    let uses = builder.graph.uses();
    let unread = builder.images.iter().copied().filter(|&id| id != input && uses[id.0 as usize] == 0);
    builder.graph.outputs = unread.collect();
    if builder.graph.outputs.is_empty() {
        builder.graph.outputs.push(input);
    }
    builder.graph
}

/// A sequence of numbers that a seed determines.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(crate) fn int8(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.next() as i8).collect()
    }
}

struct Builder {
    graph: Graph,
    images: Vec<TensorId>,
}

impl Builder {
    fn tensor(&mut self, name: &str, shape: Vec<usize>, quantization: Quantization) -> TensorId {
        let name = format!("{name}{}", self.graph.tensors.len());
        self.graph.add_tensor(Tensor {
            name,
            shape: Shape(shape),
            dtype: DType::I8,
            quantization: Some(quantization),
            value: None,
        })
    }

    fn constant(&mut self, shape: Vec<usize>, data: Data, quantization: Option<Quantization>) -> TensorId {
        let name = format!("constant{}", self.graph.tensors.len());
        let dtype = data.dtype();
        let value = Some(self.graph.add_weight(Weight { name: name.clone(), data }));
        self.graph.add_tensor(Tensor { name, shape: Shape(shape), dtype, quantization, value })
    }

    /// Adds a node of one output where the op fits its inputs.
    fn node(&mut self, op: Op, quantization: Quantization, declared: Option<Shape>) {
        self.nodes(op, quantization, &[declared]);
    }

    /// Adds a node where the op fits its inputs and makes no more than small images.
    fn nodes(&mut self, op: Op, quantization: Quantization, declared: &[Option<Shape>]) {
        let Ok(shapes) = infer(&op, &self.graph, declared) else { return };
        if shapes.iter().any(|shape| shape.elements() > 2048 || shape.elements() == 0) {
            return;
        }
        let name = op.name();
        let output = |Shape(shape)| self.tensor(name, shape, quantization.clone());
        let outputs: Vec<TensorId> = shapes.into_iter().map(output).collect();
        let origin = Origin { index: self.graph.nodes.len(), name: format!("node{}", self.graph.nodes.len()) };
        self.images.extend(&outputs);
        self.graph.nodes.push(Node { op, outputs, origin });
    }

    fn add(&mut self, choice: &Choice) {
        let mut random = Random(choice.seed);
        let images: Vec<TensorId> = self.images.iter().copied().filter(|&id| self.graph.tensor(id).shape.rank() == 4).collect();
        // Mostly the newest, so that graphs are deep and few of their tensors are outputs.
        let from = if choice.from.is_multiple_of(4) { choice.from / 4 % images.len() } else { images.len() - 1 };
        let input = images[from];
        let Shape(dims) = self.graph.tensor(input).shape.clone();
        let same = self.graph.tensor(input).quantization.clone().unwrap_or(Quantization::per_tensor(1.0, 0));
        let flag = |bit: u8| choice.flags >> bit & 1 == 1;
        let made = Quantization::per_tensor(0.01 + (random.next() % 100) as f32 / 500.0, (random.next() % 256) as i32 - 128);
        let activation =
            [Activation::None, Activation::Relu, Activation::Relu6, Activation::None][usize::from(choice.flags >> 6)];
        let kernel = [1 + choice.size % 3, 1 + choice.size / 3 % 3];
        let stride = [1 + usize::from(flag(0)), 1 + usize::from(flag(1))];
        let dilation = if flag(2) && stride == [1, 1] { [2, 1] } else { [1, 1] };
        let window = if flag(3) {
            Window::same(kernel, stride, dilation, [dims[1], dims[2]])
        } else {
            Window::valid(kernel, stride, dilation)
        };
        match choice.kind {
            0..=2 => {
                let out = 1 + choice.size;
                let shape = vec![out, kernel[0], kernel[1], dims[3]];
                let filter = self.filter(&mut random, shape, out, 0);
                let bias = flag(4).then(|| self.bias(&mut random, out));
                self.node(Op::Conv2d { input, filter, bias, window, activation }, made, None);
            }
            3 | 4 => {
                let out = dims[3] * (1 + usize::from(flag(5)));
                let filter = self.filter(&mut random, vec![1, kernel[0], kernel[1], out], out, 3);
                let bias = flag(4).then(|| self.bias(&mut random, out));
                self.node(Op::DepthwiseConv2d { input, filter, bias, window, activation }, made, None);
            }
            5 | 6 => {
                let equal: Vec<TensorId> = images.iter().copied().filter(|&id| self.graph.tensor(id).shape.0 == dims).collect();
                let other = equal[choice.other % equal.len()];
                let b = match choice.size {
                    0 => self.constant(vec![], Data::I8(random.int8(1)), Some(same.clone())),
                    1 => self.constant(vec![dims[3]], Data::I8(random.int8(dims[3])), Some(same.clone())),
                    _ => other,
                };
                let kinds = [BinaryKind::Add, BinaryKind::Sub, BinaryKind::Mul, BinaryKind::Maximum, BinaryKind::Minimum];
                let kind = kinds[choice.other % kinds.len()];
                let activation = match kind {
                    BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul => activation,
                    BinaryKind::Maximum | BinaryKind::Minimum => Activation::None,
                };
                self.node(Op::Binary { kind, a: input, b, activation }, made, None);
            }
            7 | 8 => {
                let kinds = [
                    UnaryKind::Relu,
                    UnaryKind::Relu6,
                    UnaryKind::Tanh,
                    UnaryKind::HardSwish,
                    UnaryKind::LeakyRelu { alpha: 0.2 },
                ];
                let kind = kinds[choice.other % kinds.len()];
                let quantization = match kind {
                    UnaryKind::Tanh => Quantization::per_tensor(1.0 / 128.0, 0),
                    _ if flag(0) => same,
                    _ => made,
                };
                self.node(Op::Unary { kind, input }, quantization, None);
            }
            9 => {
                let kind = if flag(4) { PoolKind::Average } else { PoolKind::Max };
                let window = Window { dilation: [1, 1], ..window };
                self.node(Op::Pool2d { kind, input, window, activation }, same, None);
            }
            10 => {
                let value = if flag(0) { same.zero_point() } else { 5 };
                let (before, after) = (vec![0, kernel[0] - 1, 1, usize::from(flag(1))], vec![0, 1, kernel[1] - 1, 0]);
                self.node(Op::Pad { input, before, after, value }, same, None);
            }
            11 => {
                let mode = if flag(0) { MirrorMode::Reflect } else { MirrorMode::Symmetric };
                self.node(Op::MirrorPad { input, before: vec![0, 1, 0, 0], after: vec![0, 0, 1, 0], mode }, same, None);
            }
            12 | 13 => {
                let equal = |id: &TensorId| {
                    let tensor = self.graph.tensor(*id);
                    tensor.shape.0[..3] == dims[..3] && tensor.quantization.as_ref() == Some(&same)
                };
                let beside: Vec<TensorId> = images.iter().copied().filter(equal).collect();
                let inputs = vec![input, beside[choice.other % beside.len()]];
                self.node(Op::Concatenation { inputs, axis: 3, activation: Activation::None }, same, None);
            }
            14 => {
                let (mut begin, mut size) =
                    (vec![0, usize::from(dims[1] > 2), 0, 0], vec![1, 1.max(dims[1] / 2), dims[2], dims[3]]);
                if flag(0) {
                    begin[3] = choice.size % dims[3];
                    size[3] = 1 + choice.other % (dims[3] - begin[3]);
                }
                self.node(Op::Slice { input, begin, stride: vec![1; 4], size }, same, None);
            }
            15 => self.node(
                Op::Transpose { input, perm: [vec![0, 2, 1, 3], vec![0, 3, 1, 2]][choice.size % 2].clone() },
                same,
                None,
            ),
            16 => {
                let mode = if flag(0) { ResizeMode::NearestNeighbor } else { ResizeMode::Bilinear };
                let op = Op::Resize { mode, input, align_corners: false, half_pixel_centers: flag(1) };
                self.node(op, same, Some(Shape(vec![1, dims[1] + choice.size, 2 * dims[2], dims[3]])));
            }
            17 => self.node(Op::Quantize { input }, if flag(0) { same } else { made }, None),
            18 => {
                let alpha =
                    self.constant(vec![1, 1, dims[3]], Data::I8(random.int8(dims[3])), Some(Quantization::per_tensor(0.01, 3)));
                self.node(Op::Prelu { input, alpha }, made, None);
            }
            19 => self.nodes(Op::Split { input, axis: 2 + usize::from(flag(0)) }, same, &[None, None]),
            20 | 21 => {
                // A flat image, into a layer.
                let flat = Some(Shape(vec![1, 1, 1, dims.iter().product()]));
                self.node(Op::Reshape { input }, same, flat);
                let Some(&input) = self.images.last() else { return };
                let out = 1 + choice.size;
                let columns = self.graph.tensor(input).shape.0[3];
                let filter = self.filter(&mut random, vec![out, columns], out, 0);
                let bias = flag(4).then(|| self.bias(&mut random, out));
                let declared = Some(Shape(vec![1, 1, 1, out]));
                self.node(Op::FullyConnected { input, filter, bias, activation }, made, declared);
            }
            _ => {
                let declared = Some(Shape(vec![1, 1, 1, dims[3]]));
                self.node(Op::Reduce { kind: ReduceKind::Mean, input, axes: vec![1, 2] }, made, declared);
            }
        }
    }

    fn filter(&mut self, random: &mut Random, shape: Vec<usize>, channels: usize, axis: usize) -> TensorId {
        let count: usize = shape.iter().product();
        let last = shape.last().copied().unwrap_or(1);
        // One in four output channels and one in four input channels have no weights, and a third of all other
        // weights are zero.
        let (outs, ins) = (random.next(), random.next());
        let empty = |mask: u64, channel: usize| mask >> (2 * (channel % 16)) & 3 == 0;
        let weights = random.int8(count).into_iter().enumerate().map(|(index, weight)| {
            let (out, input) = if axis == 0 { (index / (count / channels), index % last) } else { (index % last, index % last) };
            let zero = weight % 3 == 0 || empty(outs, out) || (axis == 0 && empty(ins, input));
            if zero { 0 } else { weight.max(-127) }
        });
        let weights = weights.collect();
        let scales = if random.next().is_multiple_of(2) {
            Quantization::per_tensor(0.004, 0)
        } else {
            let scales = (0..channels).map(|_| 0.001 + (random.next() % 50) as f32 / 5000.0).collect();
            Quantization { scales, zero_points: vec![0; channels], axis }
        };
        self.constant(shape, Data::I8(weights), Some(scales))
    }

    fn bias(&mut self, random: &mut Random, channels: usize) -> TensorId {
        let values = (0..channels).map(|_| random.next() as i32 % 4000 - 2000).collect();
        self.constant(vec![channels], Data::I32(values), None)
    }
}
