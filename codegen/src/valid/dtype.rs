//! Which element types each op has kernels for.

use super::ValidError;
use crate::ir::{DType, Graph, Node, Op, TensorId};

/// Checks the dtypes of everything that `node` reads and writes, and that weights are constants.
///
/// # Errors
/// [`ValidError::FloatModel`] where reals are computed with, [`ValidError::DType`], [`ValidError::NotConstant`].
pub(super) fn check(graph: &Graph, node: &Node) -> Result<(), ValidError> {
    let all = |ids: &[TensorId], expected: &[DType], text: &'static str| {
        ids.iter().try_for_each(|&id| expect(graph, id, expected, text))
    };
    let int8 = |ids: &[TensorId]| all(ids, &[DType::I8], "int8");
    match &node.op {
        Op::Conv2d { input, filter, bias, window: _, activation: _ }
        | Op::DepthwiseConv2d { input, filter, bias, window: _, activation: _ }
        | Op::TransposeConv { input, filter, bias, window: _, activation: _ }
        | Op::FullyConnected { input, filter, bias, activation: _ } => {
            int8(&[*input, *filter])?;
            constant(graph, *filter)?;
            if let Some(bias) = bias {
                expect(graph, *bias, &[DType::I32], "int32")?;
                constant(graph, *bias)?;
            }
            int8(&node.outputs)
        }
        Op::Prelu { input, alpha } => {
            int8(&[*input, *alpha])?;
            constant(graph, *alpha)?;
            int8(&node.outputs)
        }
        Op::Binary { kind: _, a, b, activation: _ } => {
            int8(&[*a, *b])?;
            int8(&node.outputs)
        }
        Op::Concatenation { inputs, axis: _, activation: _ } | Op::Pack { inputs, axis: _ } => {
            int8(inputs)?;
            int8(&node.outputs)
        }
        Op::Unary { kind: _, input }
        | Op::Pool2d { kind: _, input, window: _, activation: _ }
        | Op::Reduce { kind: _, input, axes: _ }
        | Op::Softmax { input, beta: _ }
        | Op::Pad { input, before: _, after: _, value: _ }
        | Op::MirrorPad { input, before: _, after: _, mode: _ }
        | Op::Split { input, axis: _ }
        | Op::Slice { input, begin: _, stride: _, size: _ }
        | Op::Transpose { input, perm: _ }
        | Op::Unpack { input, axis: _ }
        | Op::Resize { mode: _, input, align_corners: _, half_pixel_centers: _ } => {
            int8(&[*input])?;
            int8(&node.outputs)
        }
        Op::ArgMax { input, axis: _ } => {
            int8(&[*input])?;
            all(&node.outputs, &[DType::I32], "int32")
        }
        Op::Reshape { input } => {
            let dtype = graph.tensor(*input).dtype;
            all(&node.outputs, &[dtype], dtype.name())
        }
        Op::Shape { input: _ } => all(&node.outputs, &[DType::I32, DType::I64], "int32 or int64"),
        Op::Quantize { input } => {
            all(&[*input], &[DType::F32, DType::I8, DType::U8, DType::I16], "float32, int8, uint8 or int16")?;
            match graph.tensor(*input).dtype {
                DType::I8 => all(&node.outputs, &[DType::I8, DType::U8], "int8 or uint8"),
                DType::F32 | DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::Bool => int8(&node.outputs),
            }
        }
        Op::Dequantize { input } => {
            int8(&[*input])?;
            all(&node.outputs, &[DType::F32], "float32")
        }
    }
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
