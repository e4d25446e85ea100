//! Ranges of stored values and of accumulators.

use super::*;
use crate::ir::PoolKind;

/// Accumulators are bounded by the actual weights, the range of the input, its zero point and the bias.
#[test]
fn accumulators_are_bounded_exactly() {
    let sums = |graph: &Graph| check(graph).unwrap_or_else(|problems| panic!("{problems}")).accumulators.remove(0);
    let range = |min, max| AccumulatorRange { min, max };
    assert_eq!(sums(&biased(10)), [range(10 - 8 * 128, 10 + 8 * 127), range(-8 * 128, 8 * 127), range(-8 * 128, 8 * 127)]);
    let shifted = changed(|graph| {
        quantization(graph, INPUT).zero_points = vec![-28];
        *data(graph, 0) = Data::I8((0..24).map(|index| if index < 8 { 2 } else { -1 }).collect());
    });
    // Values less the zero point are -100 to 155.
    assert_eq!(sums(&shifted), [range(-1600, 2480), range(-1240, 800), range(-1240, 800)]);
    // Of a depthwise layer, channels are the last axis.
    let depthwise = changed(|graph| {
        graph.tensors[FILTER].shape = Shape(vec![1, 2, 2, 2]);
        *data(graph, 0) = Data::I8(vec![1, 10, 1, 10, 1, 10, 1, 10]);
        graph.tensors[2].shape = Shape(vec![2]);
        *data(graph, 1) = Data::I32(vec![0, 5]);
        graph.tensors[OUTPUT].shape = Shape(vec![1, 3, 3, 2]);
        let window = Window::valid([2, 2], [1, 1], [1, 1]);
        let (input, filter, bias) = (TensorId(0), TensorId(1), Some(TensorId(2)));
        graph.nodes[0].op = Op::DepthwiseConv2d { input, filter, bias, window, activation: Activation::None };
    });
    assert_eq!(sums(&depthwise), [range(-512, 508), range(5 - 5120, 5 + 5080)]);
}

/// What clamps and movement tell of the values of a tensor.
#[test]
fn ranges_follow_clamps_and_movement() {
    let last = |graph: &Graph| {
        let facts = check(graph).unwrap_or_else(|problems| panic!("{problems}"));
        facts.ranges[graph.outputs[0].0 as usize]
    };
    let relu = |activation| {
        changed(|graph| {
            quantization(graph, OUTPUT).zero_points = vec![-20];
            if let Op::Conv2d { activation: given, .. } = &mut graph.nodes[0].op {
                *given = activation;
            }
        })
    };
    assert_eq!(last(&relu(Activation::None)), Range::INT8);
    assert_eq!(last(&relu(Activation::Relu)), Range { min: -20, max: 127 });
    assert_eq!(last(&relu(Activation::Relu6)), Range { min: -20, max: -14 });
    // A pool, a pad and a concatenation of what is clamped.
    let after = |op: Op, shape: &[usize]| {
        let mut graph = relu(Activation::Relu6);
        let output = graph.add_tensor(Tensor { shape: Shape(shape.to_vec()), ..graph.tensors[OUTPUT].clone() });
        graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 1, name: "after".into() } });
        graph.outputs = vec![output];
        last(&graph)
    };
    let window = Window::valid([2, 2], [1, 1], [1, 1]);
    let pool = Op::Pool2d { kind: PoolKind::Max, input: TensorId(3), window, activation: Activation::None };
    assert_eq!(after(pool, &[1, 2, 2, 3]), Range { min: -20, max: -14 });
    let (before, behind) = (vec![0, 1, 0, 0], vec![0; 4]);
    let pad = Op::Pad { input: TensorId(3), before, after: behind, value: 7 };
    assert_eq!(after(pad, &[1, 4, 3, 3]), Range { min: -20, max: 7 });
    let join = Op::Concatenation { inputs: vec![TensorId(3), TensorId(3)], axis: 3, activation: Activation::None };
    assert_eq!(after(join, &[1, 3, 3, 6]), Range { min: -20, max: -14 });
}

/// What is stored of the convolution when its activations are of 16 bits.
fn wide(activation: Activation) -> Graph {
    changed(|graph| {
        [graph.tensors[INPUT].dtype, graph.tensors[OUTPUT].dtype] = [DType::I16; 2];
        graph.tensors[2].dtype = DType::I64;
        *data(graph, 1) = Data::I64(vec![0, i64::MAX, i64::MIN]);
        if let Op::Conv2d { activation: given, .. } = &mut graph.nodes[0].op {
            *given = activation;
        }
    })
}

#[test]
fn ranges_of_16_bits() {
    let last = |activation| check(&wide(activation)).unwrap_or_else(|problems| panic!("{problems}")).ranges[OUTPUT];
    assert_eq!(last(Activation::None), Range { min: -32768, max: 32767 });
    assert_eq!(last(Activation::Relu), Range { min: 0, max: 32767 });
    assert_eq!(last(Activation::ReluN1To1), Range { min: -1, max: 1 });
    // Biases of 64 bits count as no more than 2^48.
    let sums = check(&wide(Activation::None)).unwrap_or_else(|problems| panic!("{problems}")).accumulators.remove(0);
    let (low, high, most) = (-8 * 32768, 8 * 32767, 1 << 48);
    let around = |bias: i64| AccumulatorRange { min: bias + low, max: bias + high };
    assert_eq!(sums, [around(0), around(most), around(-most)]);
}

/// A constant takes the values that it has.
#[test]
fn ranges_of_constants() {
    let filter = |dtype, values: Data| {
        let graph = changed(|graph| {
            graph.tensors[FILTER].dtype = dtype;
            *data(graph, 0) = values;
        });
        super::super::range::ranges(&graph)[FILTER]
    };
    assert_eq!(filter(DType::I8, Data::I8(vec![3, -7, 5])), Range { min: -7, max: 5 });
    assert_eq!(filter(DType::I16, Data::I16(vec![300, -700, 500])), Range { min: -700, max: 500 });
    assert_eq!(filter(DType::I16, Data::I16(vec![])), Range { min: -32768, max: 32767 });
    assert_eq!(filter(DType::I8, Data::U8(vec![3])), Range::INT8);
}

/// A clamp of stored values needs no quantization; where there is an incomplete one, nothing is concluded.
#[test]
fn ranges_without_quantization() {
    let pooled = |scales: &[f32], zero_points: &[i32]| {
        let graph = changed(|graph| {
            let activation = Activation::Clamp { min: -3, max: 4 };
            let window = Window::valid([2, 2], [1, 1], [1, 1]);
            graph.tensors[OUTPUT].shape = Shape(vec![1, 3, 3, 2]);
            let output = quantization(graph, OUTPUT);
            (output.scales, output.zero_points) = (scales.to_vec(), zero_points.to_vec());
            graph.nodes[0].op = Op::Pool2d { kind: PoolKind::Max, input: TensorId(0), window, activation };
        });
        check(&graph).unwrap_or_else(|problems| panic!("{problems}")).ranges[OUTPUT]
    };
    assert_eq!(pooled(&[1.0], &[0]), Range { min: -3, max: 4 });
    for (scales, zero_points) in [(&[][..], &[][..]), (&[1.0], &[]), (&[], &[0])] {
        assert_eq!(pooled(scales, zero_points), Range::INT8);
    }
}
