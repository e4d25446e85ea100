//! What an output is where the topology does not say: its element type and its quantization.

use crate::ir::{BinaryKind, DType, Graph, Op, PoolKind, Quantization, ReduceKind, TensorId, UnaryKind};

/// The element type of what an op makes: that of its first input, except where the op changes it.
pub(super) fn dtype(op: &Op, graph: &Graph) -> DType {
    match op {
        Op::Quantize { input: _ } => DType::I8,
        Op::Dequantize { input: _ } => DType::F32,
        Op::ArgMax { input: _, axis: _ } | Op::Shape { input: _ } => DType::I32,
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
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Concatenation { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Resize { .. } => first(op).map_or(DType::F32, |id| graph.tensor(id).dtype),
    }
}

/// A quantization that must be given and is not.
pub(super) struct Unknown;

/// The quantization of an output of type `dtype` for which the topology gives none: none where the first input has none;
/// the input's where the op moves or selects elements; that which TFLite prescribes for softmax, logistic and tanh; and
/// else unknown.
pub(super) fn quantization(op: &Op, graph: &Graph, dtype: DType) -> Result<Option<Quantization>, Unknown> {
    match dtype {
        DType::I8 | DType::U8 | DType::I16 => {}
        DType::I32 | DType::I64 | DType::F32 | DType::Bool => return Ok(None),
    }
    let input = first(op).map(|id| graph.tensor(id));
    let given = input.and_then(|input| input.quantization.as_ref());
    let fixed = |i8: (f32, i32), i16: f32| match dtype {
        DType::I8 => Ok(Some(Quantization::per_tensor(i8.0, i8.1))),
        DType::I16 => Ok(Some(Quantization::per_tensor(i16, 0))),
        DType::U8 | DType::I32 | DType::I64 | DType::F32 | DType::Bool => Err(Unknown),
    };
    let same = || match given {
        Some(given) if given.is_per_tensor() && input.is_some_and(|input| input.dtype == dtype) => Ok(Some(given.clone())),
        Some(_) => Err(Unknown),
        None => Ok(None),
    };
    match op {
        Op::Softmax { input: _, beta: _ } => fixed((1.0 / 256.0, -128), 1.0 / 32768.0),
        Op::Unary { kind, input: _ } => match kind {
            UnaryKind::Logistic => fixed((1.0 / 256.0, -128), 1.0 / 32768.0),
            UnaryKind::Tanh => fixed((1.0 / 128.0, 0), 1.0 / 32768.0),
            UnaryKind::Relu
            | UnaryKind::Relu6
            | UnaryKind::ReluN1To1
            | UnaryKind::LeakyRelu { alpha: _ }
            | UnaryKind::HardSwish
            | UnaryKind::Rescale => Err(Unknown),
        },
        Op::Binary { kind, a: _, b: _, activation: _ } => match kind {
            BinaryKind::Maximum | BinaryKind::Minimum => same(),
            BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul => Err(Unknown),
        },
        Op::Pool2d { kind: PoolKind::Average | PoolKind::Max, input: _, window: _, activation: _ } => same(),
        Op::Reduce { kind, input: _, axes: _ } => match kind {
            ReduceKind::Max => same(),
            ReduceKind::Mean => Err(Unknown),
        },
        Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Concatenation { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Resize { .. } => same(),
        Op::Conv2d { .. }
        | Op::DepthwiseConv2d { .. }
        | Op::TransposeConv { .. }
        | Op::FullyConnected { .. }
        | Op::Prelu { .. }
        | Op::Quantize { input: _ }
        | Op::Dequantize { input: _ } => Err(Unknown),
        Op::ArgMax { input: _, axis: _ } | Op::Shape { input: _ } => Ok(None),
    }
}

fn first(op: &Op) -> Option<TensorId> {
    op.inputs().first().copied()
}
