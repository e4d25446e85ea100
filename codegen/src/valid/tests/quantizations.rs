//! What scales and zero points each operator takes.

use super::*;
use crate::ir::{BinaryKind, MirrorMode, PoolKind, ReduceKind, ResizeMode, UnaryKind};
use DType::{F32, I8, I16, U8};

const X: TensorId = TensorId(0);
const Y: TensorId = TensorId(1);
const NONE: Activation = Activation::None;

fn window() -> Window {
    Window::valid([1, 1], [1, 1], [1, 1])
}

fn layers() -> [Op; 4] {
    let (input, filter, bias, window, activation) = (X, Y, Some(TensorId(2)), window(), NONE);
    [
        Op::Conv2d { input, filter, bias, window, activation },
        Op::DepthwiseConv2d { input, filter, bias, window, activation },
        Op::TransposeConv { input, filter, bias, window, activation },
        Op::FullyConnected { input, filter, bias, activation },
    ]
}

fn binary(kind: BinaryKind, activation: Activation) -> Op {
    Op::Binary { kind, a: X, b: Y, activation }
}

fn pool(kind: PoolKind, activation: Activation) -> Op {
    Op::Pool2d { kind, input: X, window: window(), activation }
}

fn tanh() -> Op {
    Op::Unary { kind: UnaryKind::Tanh, input: X }
}

fn found(graph: &Graph) -> Result<(), ValidError> {
    super::super::quantization::check(graph, &graph.nodes[0])
}

/// What is found of an operator on tensors of the given scales.
fn scaled(op: &Op, dtype: DType, scales: &[f32]) -> Result<(), ValidError> {
    found(&single(op.clone(), scales.iter().map(|&scale| (dtype, Some(Quantization::per_tensor(scale, 0))))))
}

/// Checks that `op` needs the quantization of `needed`, of all tensors of the given types, and of no other.
fn needs(op: Op, dtypes: &[DType], needed: &[usize]) {
    for missing in 0..dtypes.len() {
        let quantized = |index| (index != missing).then(|| Quantization::per_tensor(0.5, 0));
        let graph = single(op.clone(), dtypes.iter().enumerate().map(|(index, &dtype)| (dtype, quantized(index))));
        let expected =
            if needed.contains(&missing) { Err(ValidError::Unquantized { tensor: format!("t{missing}") }) } else { Ok(()) };
        assert_eq!(found(&graph), expected, "{op:?} without the quantization of t{missing}");
    }
}

#[test]
fn operators_that_compute_need_quantizations() {
    use BinaryKind::{Add, Maximum, Minimum, Mul, Sub};
    for op in layers() {
        needs(op, &[I8; 4], &[0, 1, 3]);
    }
    for kind in [Add, Sub, Mul] {
        needs(binary(kind, NONE), &[I8; 3], &[0, 1, 2]);
    }
    for kind in [Maximum, Minimum] {
        needs(binary(kind, NONE), &[I8; 3], &[]);
        needs(binary(kind, Activation::Relu), &[I8; 3], &[2]);
    }
    for kind in [PoolKind::Average, PoolKind::Max] {
        for activation in [NONE, Activation::Clamp { min: 0, max: 1 }] {
            needs(pool(kind, activation), &[I8; 2], &[]);
        }
        for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1] {
            needs(pool(kind, activation), &[I8; 2], &[1]);
        }
        needs(pool(kind, NONE), &[I16; 2], &[1]);
    }
    needs(tanh(), &[I8; 2], &[0, 1]);
    needs(Op::Prelu { input: X, alpha: Y }, &[I8; 3], &[0, 1, 2]);
    needs(Op::Reduce { kind: ReduceKind::Mean, input: X, axes: vec![1] }, &[I8; 2], &[0, 1]);
    needs(Op::Softmax { input: X, beta: 1.0 }, &[I8, I8], &[0, 1]);
    needs(Op::Softmax { input: X, beta: 1.0 }, &[I8, F32], &[0]);
    needs(Op::Quantize { input: X }, &[F32, I8], &[1]);
    needs(Op::Quantize { input: X }, &[U8, I8], &[0, 1]);
    needs(Op::Dequantize { input: X }, &[I8, F32], &[0]);
}

#[test]
fn operators_that_move_need_none() {
    let (before, after) = (vec![0; 4], vec![1; 4]);
    let moves = [
        Op::Reduce { kind: ReduceKind::Max, input: X, axes: vec![1] },
        Op::ArgMax { input: X, axis: 1 },
        Op::Pad { input: X, before: before.clone(), after: after.clone(), value: 0 },
        Op::MirrorPad { input: X, before, after, mode: MirrorMode::Reflect },
        Op::Concatenation { inputs: vec![X], axis: 1, activation: NONE },
        Op::Split { input: X, axis: 1 },
        Op::Slice { input: X, begin: vec![0; 4], stride: vec![1; 4], size: vec![1; 4] },
        Op::Transpose { input: X, perm: vec![0, 2, 1, 3] },
        Op::Reshape { input: X },
        Op::Pack { inputs: vec![X], axis: 1 },
        Op::Unpack { input: X, axis: 1 },
        Op::Shape { input: X },
        Op::Resize { mode: ResizeMode::Bilinear, input: X, align_corners: false, half_pixel_centers: false },
    ];
    for op in moves {
        needs(op, &[I8; 2], &[]);
    }
}

#[test]
fn attributes_without_a_kernel_are_refused() {
    for beta in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = scaled(&Op::Softmax { input: X, beta }, I8, &[1.0; 2]);
        assert!(matches!(error, Err(ValidError::Unsupported(_))), "{beta}: {error:?}");
    }
    assert_eq!(scaled(&Op::Softmax { input: X, beta: f32::MIN_POSITIVE }, I8, &[1.0; 2]), Ok(()));
    for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1, Activation::Clamp { min: 0, max: 1 }] {
        let error = scaled(&Op::Concatenation { inputs: vec![X], axis: 1, activation }, I8, &[1.0; 2]);
        assert!(matches!(error, Err(ValidError::Unsupported(_))), "{activation:?}: {error:?}");
    }
}

#[test]
fn scales_are_positive_and_finite() {
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for broken in 0..2 {
            let scales = [0, 1].map(|index| if index == broken { scale } else { 1.0 });
            let Err(ValidError::Scale { tensor, scale: given }) = scaled(&tanh(), I8, &scales) else { panic!("{scale}") };
            assert_eq!((tensor, given.to_bits()), (format!("t{broken}"), scale.to_bits()));
        }
    }
}

/// A quotient of scales must be below 2^31.
#[test]
fn factors_are_bounded() {
    let above = |scale: f32| f32::from_bits(scale.to_bits() + 1);
    let (large, limit) = (3.0 * 2f32.powi(31), 2f64.powi(31));
    let refused = |factor| Err(ValidError::Multiplier { factor, reference: "the reference" });
    assert_eq!(scaled(&tanh(), I8, &[large, 3.0]), refused(limit));
    assert_eq!(scaled(&tanh(), I8, &[large, above(3.0)]), Ok(()));
    let add = binary(BinaryKind::Add, NONE);
    assert_eq!(scaled(&add, I8, &[1.0, large, 3.0]), refused(limit));
    assert_eq!(scaled(&add, I8, &[large, 1.0, 3.0]), refused(limit));
    assert_eq!(scaled(&add, I8, &[large, large, above(3.0)]), Ok(()));
}

/// Of a layer, the input's scale by a weight's in units of the output's: below 2^31, of int16 activations below 128.
#[test]
fn factors_of_layers_are_bounded() {
    let above = |scale: f32| f32::from_bits(scale.to_bits() + 1);
    let refused = |factor| Err(ValidError::Multiplier { factor, reference: "the reference" });
    for op in layers() {
        let layer = |dtype, input: f32, output: f32| scaled(&op, dtype, &[input, 16.0, 1.0, output]);
        assert_eq!(layer(I8, 2f32.powi(29), 4.0), refused(2f64.powi(31)));
        assert_eq!(layer(I8, 2f32.powi(29), above(4.0)), Ok(()));
        assert_eq!(layer(I16, 32.0, 4.0), refused(128.0));
        assert_eq!(layer(I16, 32.0, above(4.0)), Ok(()));
        assert_eq!(layer(I8, 32.0, 4.0), Ok(()));
        // The scale of any channel.
        let mut graph = single(op.clone(), [0.5; 4].map(|scale| (I8, Some(Quantization::per_tensor(scale, 0)))));
        graph.tensors[1].shape = Shape(vec![2; 4]);
        *quantization(&mut graph, 1) = Quantization { scales: vec![1.0, 2f32.powi(31)], zero_points: vec![0; 2], axis: 0 };
        assert_eq!(found(&graph), refused(2f64.powi(31)));
    }
}

#[test]
fn zero_points_lie_within_the_type() {
    let convert = Op::Quantize { input: X };
    let given = |dtype, zero_point| {
        found(&single(
            convert.clone(),
            [(dtype, zero_point), (I8, 0)].map(|(dtype, zero_point)| (dtype, Some(Quantization::per_tensor(0.5, zero_point)))),
        ))
    };
    for (dtype, min, max, expected) in [(I8, -128, 127, "-128 to 127"), (U8, 0, 255, "0 to 255"), (I16, 0, 0, "0")] {
        assert_eq!((given(dtype, min), given(dtype, max)), (Ok(()), Ok(())));
        for outside in [min - 1, max + 1] {
            let error = ValidError::ZeroPoint { tensor: "t0".into(), expected, given: outside };
            assert_eq!(given(dtype, outside), Err(error));
        }
    }
}

/// One scale and one zero point; of a filter, as many of both as there are channels too.
#[test]
fn scales_are_counted() {
    let counted = |op: &Op, tensor: usize, scales: usize, zero_points: usize| {
        let mut graph = single(op.clone(), [0.5; 4].map(|scale| (I8, Some(Quantization::per_tensor(scale, 0)))));
        graph.tensors[1].shape = Shape(vec![3, 2, 2, 5]);
        let axis = 0;
        *quantization(&mut graph, tensor) = Quantization { scales: vec![0.5; scales], zero_points: vec![0; zero_points], axis };
        found(&graph)
    };
    let refused = |tensor: usize, expected: &str, given| {
        Err(ValidError::ScaleCount { tensor: format!("t{tensor}"), expected: expected.into(), given })
    };
    for op in layers() {
        let (channels, expected, other) = if let Op::DepthwiseConv2d { .. } = op { (5, "1 or 5", 3) } else { (3, "1 or 3", 5) };
        for tensor in [0, 3] {
            for (scales, zero_points) in [(0, 0), (0, 1), (1, 0), (2, 1), (1, 2), (channels, channels)] {
                assert_eq!(counted(&op, tensor, scales, zero_points), refused(tensor, "1", scales));
            }
        }
        assert_eq!((counted(&op, 1, 1, 1), counted(&op, 1, channels, channels)), (Ok(()), Ok(())));
        for (scales, zero_points) in [(0, 0), (0, 1), (1, 0), (1, channels), (channels, 1), (other, other), (2, 2)] {
            assert_eq!(counted(&op, 1, scales, zero_points), refused(1, expected, scales));
        }
        let mut graph = single(op.clone(), [0.5; 4].map(|scale| (I8, Some(Quantization::per_tensor(scale, 0)))));
        quantization(&mut graph, 1).zero_points = vec![-1];
        assert_eq!(found(&graph), Err(ValidError::ZeroPoint { tensor: "t1".into(), expected: "0", given: -1 }));
    }
}
