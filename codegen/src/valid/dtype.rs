//! Which element types each op has kernels for.

use super::ValidError;
use crate::ir::{DType, Graph, Node, Op, ReduceKind, ResizeMode, TensorId, UnaryKind};

/// Checks the dtypes of everything that `node` reads and writes, and that weights are constants.
///
/// # Errors
/// [`ValidError::FloatModel`] where reals are computed with, [`ValidError::DType`], [`ValidError::NotConstant`].
pub(super) fn check(graph: &Graph, node: &Node) -> Result<(), ValidError> {
    let all = |ids: &[TensorId], expected: &[DType], text: &'static str| {
        ids.iter().try_for_each(|&id| expect(graph, id, expected, text))
    };
    let int8 = |ids: &[TensorId]| all(ids, &[DType::I8], "int8");
    let only_int8 = |input: TensorId| int8(&[input]).and_then(|()| int8(&node.outputs));
    // All of 8 bits or all of 16, as what is read first is.
    let same = |ids: &[TensorId]| match ids.first().map(|&id| graph.tensor(id).dtype) {
        Some(DType::I16) => all(ids, &[DType::I16], "int16").and_then(|()| all(&node.outputs, &[DType::I16], "int16")),
        Some(DType::I8 | DType::U8 | DType::I32 | DType::I64 | DType::F32 | DType::Bool) | None => {
            all(ids, &[DType::I8], "int8 or int16").and_then(|()| all(&node.outputs, &[DType::I8], "int8"))
        }
    };
    match &node.op {
        Op::Conv2d { input, filter, bias, window: _, activation: _ }
        | Op::DepthwiseConv2d { input, filter, bias, window: _, activation: _ }
        | Op::TransposeConv { input, filter, bias, window: _, activation: _ }
        | Op::FullyConnected { input, filter, bias, activation: _ } => {
            same(&[*input])?;
            int8(&[*filter])?;
            constant(graph, *filter)?;
            if let Some(bias) = bias {
                let (dtypes, text): (&[DType], _) = match (graph.tensor(*input).dtype, &node.op) {
                    (DType::I16, Op::Conv2d { .. } | Op::FullyConnected { .. }) => {
                        (&[DType::I64, DType::I32], "int64 or int32, as beside int16 activations")
                    }
                    (DType::I16, _) => (&[DType::I64], "int64, as beside int16 activations"),
                    // Biases in floats are those of a source that adds them in floats.
                    _ if graph.sums_in_floats => (&[DType::I32, DType::F32], "int32 or float32"),
                    _ => (&[DType::I32], "int32"),
                };
                expect(graph, *bias, dtypes, text)?;
                constant(graph, *bias)?;
            }
            Ok(())
        }
        Op::Prelu { input, alpha } => {
            int8(&[*input, *alpha])?;
            constant(graph, *alpha)?;
            int8(&node.outputs)
        }
        Op::Binary { kind: _, a, b, activation: _ } => same(&[*a, *b]),
        // Floats behind the last quantized tensor are moved as they are.
        Op::Concatenation { .. } | Op::Split { .. } | Op::Slice { .. } | Op::Transpose { .. }
            if moves_dequantized(graph, node) =>
        {
            Ok(())
        }
        Op::Concatenation { inputs, axis: _, activation: _ } | Op::Pack { inputs, axis: _ } => same(inputs),
        Op::Softmax { input, beta: _ } => match node.outputs.as_slice() {
            // Reals at the edge.
            [output] if graph.tensor(*output).dtype == DType::F32 => all(&[*input], &[DType::I8], "int8"),
            _ => same(&[*input]),
        },
        Op::Pool2d { kind: _, input, window: _, activation: _ }
        | Op::Pad { input, before: _, after: _, value: _ }
        | Op::Split { input, axis: _ }
        | Op::Slice { input, begin: _, stride: _, size: _ }
        | Op::Transpose { input, perm: _ }
        | Op::Unpack { input, axis: _ } => same(&[*input]),
        Op::Unary { kind, input } => match kind {
            UnaryKind::Logistic | UnaryKind::Tanh | UnaryKind::Relu | UnaryKind::Relu6 | UnaryKind::LeakyRelu { .. } => {
                same(&[*input])
            }
            UnaryKind::ReluN1To1 | UnaryKind::HardSwish | UnaryKind::Rescale => only_int8(*input),
        },
        Op::Reduce { kind, input, axes: _ } => match kind {
            ReduceKind::Mean => same(&[*input]),
            ReduceKind::Max => only_int8(*input),
        },
        Op::Resize { mode, input, align_corners: _, half_pixel_centers: _ } => match mode {
            ResizeMode::NearestNeighbor => same(&[*input]),
            ResizeMode::Bilinear => only_int8(*input),
        },
        Op::MirrorPad { input, before: _, after: _, mode: _ } => only_int8(*input),
        Op::ArgMax { input, axis: _ } => {
            int8(&[*input])?;
            all(&node.outputs, &[DType::I32, DType::I64], "int32 or int64")
        }
        Op::Reshape { input } => {
            let dtype = graph.tensor(*input).dtype;
            all(&node.outputs, &[dtype], dtype.name())
        }
        Op::Shape { input: _ } => all(&node.outputs, &[DType::I32, DType::I64], "int32 or int64"),
        Op::Quantize { input } => {
            all(&[*input], &[DType::F32, DType::I8, DType::U8, DType::I16], "float32, int8, uint8 or int16")?;
            match graph.tensor(*input).dtype {
                DType::I8 => all(&node.outputs, &[DType::I8, DType::U8, DType::I16], "int8, uint8 or int16"),
                DType::F32 | DType::I16 => all(&node.outputs, &[DType::I8, DType::I16], "int8 or int16"),
                DType::U8 | DType::I32 | DType::I64 | DType::Bool => int8(&node.outputs),
            }
        }
        Op::Dequantize { input } => {
            all(&[*input], &[DType::I8, DType::I16], "int8 or int16")?;
            all(&node.outputs, &[DType::F32], "float32")
        }
    }
}

/// Whether a node reads and writes nothing but floats, in a graph that dequantizes what it computes.
fn moves_dequantized(graph: &Graph, node: &Node) -> bool {
    let float = |id: &TensorId| graph.tensor(*id).dtype == DType::F32;
    let all = node.op.inputs().iter().all(float) && node.outputs.iter().all(float);
    all && graph.nodes.iter().any(|other| matches!(other.op, Op::Dequantize { .. }))
}

fn expect(graph: &Graph, id: TensorId, expected: &[DType], text: &'static str) -> Result<(), ValidError> {
    let tensor = graph.tensor(id);
    if expected.contains(&tensor.dtype) {
        Ok(())
    } else if tensor.dtype == DType::F32 {
        Err(ValidError::FloatModel { tensor: tensor.name.clone() })
    } else {
        Err(ValidError::DType { tensor: tensor.name.clone(), expected: text, given: tensor.dtype.name() })
    }
}

fn constant(graph: &Graph, id: TensorId) -> Result<(), ValidError> {
    match graph.value(id) {
        Some(_) => Ok(()),
        None => Err(ValidError::NotConstant { tensor: graph.tensor(id).name.clone() }),
    }
}
