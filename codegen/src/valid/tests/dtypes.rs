//! The element types that each operator takes, of all that there are.

use super::*;
use crate::ir::{BinaryKind, MirrorMode, PoolKind, ReduceKind, ResizeMode, UnaryKind};
use DType::{Bool, F32, I8, I16, I32, I64, U8};
use std::collections::BTreeSet;

const ALL: [DType; 7] = [I8, U8, I16, I32, I64, F32, Bool];
const X: TensorId = TensorId(0);
const NONE: Activation = Activation::None;

fn window() -> Window {
    Window::valid([1, 1], [1, 1], [1, 1])
}

/// The combinations of types that an operator on all of `count` tensors but the last, which it makes, is accepted with.
fn accepted(op: &Op, count: usize, change: impl Fn(&mut Graph)) -> BTreeSet<Vec<DType>> {
    let combinations = (0..ALL.len().pow(count as u32))
        .map(|index| (0..count as u32).map(|place| ALL[index / ALL.len().pow(place) % ALL.len()]).collect::<Vec<DType>>());
    let fits = |dtypes: &Vec<DType>| {
        let mut graph = single(op.clone(), dtypes.iter().map(|&dtype| (dtype, None)));
        change(&mut graph);
        super::super::dtype::check(&graph, &graph.nodes[0]).is_ok()
    };
    combinations.filter(fits).collect()
}

fn set<const N: usize>(combinations: &[[DType; N]]) -> BTreeSet<Vec<DType>> {
    combinations.iter().map(|dtypes| dtypes.to_vec()).collect()
}

/// Stores tensors in the model.
fn stored(graph: &mut Graph, tensors: &[usize]) {
    graph.add_weight(Weight { name: String::new(), data: Data::I8(vec![0; 8]) });
    tensors.iter().for_each(|&tensor| graph.tensors[tensor].value = Some(WeightId(0)));
}

/// Adds a dequantization of the first tensor.
fn dequantizes(graph: &mut Graph) {
    graph.nodes.push(Node { op: Op::Dequantize { input: X }, ..graph.nodes[0].clone() });
}

/// The four layers with weights, with a bias or without.
fn layers(bias: Option<TensorId>) -> [Op; 4] {
    let (input, filter, window, activation) = (X, TensorId(1), window(), NONE);
    [
        Op::Conv2d { input, filter, bias, window, activation },
        Op::FullyConnected { input, filter, bias, activation },
        Op::DepthwiseConv2d { input, filter, bias, window, activation },
        Op::TransposeConv { input, filter, bias, window, activation },
    ]
}

#[test]
fn operators_on_one_tensor() {
    let unary = |kind| Op::Unary { kind, input: X };
    let resize = |mode| Op::Resize { mode, input: X, align_corners: false, half_pixel_centers: false };
    let reduce = |kind| Op::Reduce { kind, input: X, axes: vec![1] };
    let pool = |kind| Op::Pool2d { kind, input: X, window: window(), activation: NONE };
    let (before, after) = (vec![0; 4], vec![1; 4]);
    let both = [
        unary(UnaryKind::Logistic),
        unary(UnaryKind::Tanh),
        unary(UnaryKind::Relu),
        unary(UnaryKind::Relu6),
        unary(UnaryKind::LeakyRelu { alpha: 0.5 }),
        reduce(ReduceKind::Mean),
        resize(ResizeMode::NearestNeighbor),
        pool(PoolKind::Average),
        pool(PoolKind::Max),
        Op::Pad { input: X, before: before.clone(), after: after.clone(), value: 0 },
        Op::Split { input: X, axis: 1 },
        Op::Slice { input: X, begin: vec![0; 4], stride: vec![1; 4], size: vec![1; 4] },
        Op::Transpose { input: X, perm: vec![0, 2, 1, 3] },
        Op::Unpack { input: X, axis: 1 },
    ];
    for op in both {
        assert_eq!(accepted(&op, 2, |_| ()), set(&[[I8, I8], [I16, I16]]), "{}", op.name());
    }
    let int8 = [
        unary(UnaryKind::ReluN1To1),
        unary(UnaryKind::HardSwish),
        unary(UnaryKind::Rescale),
        reduce(ReduceKind::Max),
        resize(ResizeMode::Bilinear),
        Op::MirrorPad { input: X, before, after, mode: MirrorMode::Symmetric },
    ];
    for op in int8 {
        assert_eq!(accepted(&op, 2, |_| ()), set(&[[I8, I8]]), "{}", op.name());
    }
    let same: Vec<_> = ALL.map(|dtype| [dtype, dtype]).into();
    assert_eq!(accepted(&Op::Reshape { input: X }, 2, |_| ()), set(&same));
    let shapes: Vec<_> = ALL.iter().flat_map(|&dtype| [[dtype, I32], [dtype, I64]]).collect();
    assert_eq!(accepted(&Op::Shape { input: X }, 2, |_| ()), set(&shapes));
    assert_eq!(accepted(&Op::ArgMax { input: X, axis: 1 }, 2, |_| ()), set(&[[I8, I32], [I8, I64]]));
}

/// Conversions, and softmax, which may end in floats.
#[test]
fn operators_between_types() {
    let softmax = Op::Softmax { input: X, beta: 1.0 };
    assert_eq!(accepted(&softmax, 2, |_| ()), set(&[[I8, I8], [I8, F32], [I16, I16]]));
    assert_eq!(accepted(&Op::Dequantize { input: X }, 2, |_| ()), set(&[[I8, F32], [I16, F32]]));
    let made = [[F32, I8], [F32, I16], [I8, I8], [I8, U8], [I8, I16], [U8, I8], [I16, I8], [I16, I16]];
    assert_eq!(accepted(&Op::Quantize { input: X }, 2, |_| ()), set(&made));
}

#[test]
fn operators_on_two_tensors() {
    use BinaryKind::{Add, Maximum, Minimum, Mul, Sub};
    let inputs = vec![X, TensorId(1)];
    let binary = |kind| Op::Binary { kind, a: X, b: TensorId(1), activation: NONE };
    let pack = Op::Pack { inputs: inputs.clone(), axis: 0 };
    let join = Op::Concatenation { inputs, axis: 1, activation: NONE };
    for op in [Add, Sub, Mul, Maximum, Minimum].map(binary).into_iter().chain([pack, join]) {
        assert_eq!(accepted(&op, 3, |_| ()), set(&[[I8; 3], [I16; 3]]), "{}", op.name());
    }
    let prelu = Op::Prelu { input: X, alpha: TensorId(1) };
    assert_eq!(accepted(&prelu, 3, |graph| stored(graph, &[1])), set(&[[I8; 3]]));
    assert_eq!(accepted(&prelu, 3, |_| ()), set::<3>(&[]), "slopes that are computed");
}

/// Floats are moved where the graph has a dequantization, and all that is read and made is in floats.
#[test]
fn floats_are_moved_behind_a_dequantization() {
    let inputs = vec![X, TensorId(1)];
    let join = Op::Concatenation { inputs: inputs.clone(), axis: 1, activation: NONE };
    assert_eq!(accepted(&join, 3, dequantizes), set(&[[I8; 3], [I16; 3], [F32; 3]]));
    assert_eq!(accepted(&Op::Pack { inputs, axis: 0 }, 3, dequantizes), set(&[[I8; 3], [I16; 3]]));
    let moves = [
        Op::Split { input: X, axis: 1 },
        Op::Slice { input: X, begin: vec![0; 4], stride: vec![1; 4], size: vec![1; 4] },
        Op::Transpose { input: X, perm: vec![0, 2, 1, 3] },
    ];
    for op in moves {
        assert_eq!(accepted(&op, 2, dequantizes), set(&[[I8; 2], [I16; 2], [F32; 2]]), "{}", op.name());
    }
    let tanh = Op::Unary { kind: UnaryKind::Tanh, input: X };
    assert_eq!(accepted(&tanh, 2, dequantizes), set(&[[I8; 2], [I16; 2]]));
}

#[test]
fn layers_and_their_biases() {
    let constants = |graph: &mut Graph| stored(graph, &[1, 2]);
    let in_floats = |graph: &mut Graph| {
        stored(graph, &[1, 2]);
        graph.sums_in_floats = true;
    };
    for (index, op) in layers(Some(TensorId(2))).iter().enumerate() {
        let mut expected = set(&[[I8, I8, I32, I8], [I16, I8, I64, I16]]);
        if index < 2 {
            expected.insert(vec![I16, I8, I32, I16]);
        }
        assert_eq!(accepted(op, 4, constants), expected, "{}", op.name());
        expected.insert(vec![I8, I8, F32, I8]);
        assert_eq!(accepted(op, 4, in_floats), expected, "{} whose sums are in floats", op.name());
        for computed in [[1], [2]] {
            assert_eq!(accepted(op, 4, |graph| stored(graph, &computed)), set::<4>(&[]), "{} of computed weights", op.name());
        }
    }
    for op in layers(None) {
        assert_eq!(accepted(&op, 3, |graph| stored(graph, &[1])), set(&[[I8, I8, I8], [I16, I8, I16]]), "{}", op.name());
    }
}

/// What a diagnostic of a bias says is expected depends on the layer.
#[test]
fn expected_biases_are_named() {
    let expected = |op: &Op, input: DType, sums_in_floats: bool| {
        let mut graph = single(op.clone(), [input, I8, U8, input].map(|dtype| (dtype, None)));
        stored(&mut graph, &[1, 2]);
        graph.sums_in_floats = sums_in_floats;
        match super::super::dtype::check(&graph, &graph.nodes[0]) {
            Err(ValidError::DType { tensor, expected, given: "uint8" }) if tensor == "t2" => expected,
            other => panic!("{other:?}"),
        }
    };
    let [conv, dense, depthwise, transpose] = layers(Some(TensorId(2)));
    for op in [&conv, &dense] {
        assert_eq!(expected(op, I16, false), "int64 or int32, as beside int16 activations");
    }
    for op in [&depthwise, &transpose] {
        assert_eq!(expected(op, I16, false), "int64, as beside int16 activations");
    }
    for op in layers(Some(TensorId(2))) {
        assert_eq!((expected(&op, I8, false), expected(&op, I8, true)), ("int32", "int32 or float32"));
    }
}
