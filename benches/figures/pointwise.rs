//! One convolution 1x1 of 64 channels into 64 on an image of 16x16 pixels: what a multiply-accumulate takes, requantization included, where
//! nothing else is computed.

use tinybake_codegen::ir::{
    Activation, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, Window,
};

const SIDE: usize = 16;
const CHANNELS: usize = 64;

/// Their names, each with what follows the sums.
pub(crate) const POINTWISE: [(&str, Activation); 2] = [("1x1", Activation::None), ("1x1, relu", Activation::Relu)];

/// The network; its weights lie about zero as trained ones do.
pub(crate) fn pointwise(activation: Activation) -> Graph {
    let mut graph = Graph { name: "pointwise".into(), ..Graph::default() };
    let mut state = 7u64;
    // A linear congruential generator: Knuth, The Art of Computer Programming, volume 2, 3.3.4.
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let weights: Vec<i8> =
        (0..CHANNELS * CHANNELS).map(|_| ((0..4).map(|_| random(64) as i32).sum::<i32>() - 126).clamp(-127, 127) as i8).collect();
    let biases = (0..CHANNELS).map(|_| random(4000) as i32 - 2000).collect();
    let scales = (0..CHANNELS).map(|_| 0.001 + random(50) as f32 / 5000.0).collect();
    let image = |name: &str| {
        let (shape, quantization) = (Shape(vec![1, SIDE, SIDE, CHANNELS]), Some(Quantization::per_tensor(0.05, -10)));
        Tensor { name: name.into(), shape, dtype: DType::I8, quantization, value: None }
    };
    let input = graph.add_tensor(image("image"));
    let filter = Quantization { scales, zero_points: vec![0; CHANNELS], axis: 0 };
    let filter = constant(&mut graph, "filter", vec![CHANNELS, 1, 1, CHANNELS], Data::I8(weights), Some(filter));
    let bias = Some(constant(&mut graph, "bias", vec![CHANNELS], Data::I32(biases), None));
    let output = graph.add_tensor(image("sums"));
    let window = Window::same([1, 1], [1, 1], [1, 1], [SIDE, SIDE]);
    let origin = Origin { index: 0, name: "conv2d".into() };
    graph.nodes.push(Node { op: Op::Conv2d { input, filter, bias, window, activation }, outputs: vec![output], origin });
    graph.inputs.push(input);
    graph.outputs.push(output);
    graph
}

fn constant(graph: &mut Graph, name: &str, shape: Vec<usize>, data: Data, quantization: Option<Quantization>) -> TensorId {
    let dtype = data.dtype();
    let value = Some(graph.add_weight(Weight { name: name.into(), data }));
    graph.add_tensor(Tensor { name: name.into(), shape: Shape(shape), dtype, quantization, value })
}
