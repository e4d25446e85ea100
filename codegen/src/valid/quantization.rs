//! Scales and zero points that the kernels compute with.

use super::ValidError;
use crate::ir::{Activation, BinaryKind, DType, Graph, Node, Op, PoolKind, Quantization, ReduceKind, TensorId};

/// Factors at or above this shift an accumulator out of its 32 bits.
const FACTOR_LIMIT: f64 = (1u64 << 31) as f64;

/// Factors at or above this shift an accumulator of 64 bits by more than the reference does: TFLM `kernels/internal/common.cc`,
/// `MultiplyByQuantizedMultiplier` of an `int64_t`.
const WIDE_FACTOR_LIMIT: f64 = 128.0;

/// Checks the quantization of everything that `node` computes with.
///
/// # Errors
/// A missing, malformed or impossible scale or zero point, with the tensor's name.
pub(super) fn check(graph: &Graph, node: &Node) -> Result<(), ValidError> {
    match &node.op {
        Op::Conv2d { input, filter, bias: _, window: _, activation }
        | Op::TransposeConv { input, filter, bias: _, window: _, activation } => {
            layer(graph, node, *input, *filter, 0, *activation)
        }
        Op::DepthwiseConv2d { input, filter, bias: _, window: _, activation } => {
            layer(graph, node, *input, *filter, 3, *activation)
        }
        Op::FullyConnected { input, filter, bias: _, activation } => layer(graph, node, *input, *filter, 0, *activation),
        Op::Binary { kind, a, b, activation } => match kind {
            BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul => {
                activations(graph, &[*a, *b])?;
                activations(graph, &node.outputs)?;
                ratios(graph, &[*a, *b], &node.outputs)
            }
            BinaryKind::Maximum | BinaryKind::Minimum => clamp(graph, node, *activation),
        },
        Op::Pool2d { kind: PoolKind::Average | PoolKind::Max, input, window: _, activation } => {
            // The mean of no pixels, and the bounds of activations, are about a zero that kernels of 16 bits hold to be 0.
            if graph.tensor(*input).dtype == DType::I16 {
                activations(graph, &node.outputs)?;
            }
            clamp(graph, node, *activation)
        }
        Op::Concatenation { inputs: _, axis: _, activation } => match activation {
            Activation::None => Ok(()),
            Activation::Relu | Activation::Relu6 | Activation::ReluN1To1 | Activation::Clamp { .. } => {
                Err(ValidError::Unsupported("a concatenation with a fused activation has no kernel in the reference".into()))
            }
        },
        Op::Reduce { kind, input, axes: _ } => match kind {
            ReduceKind::Mean => unary(graph, node, *input),
            ReduceKind::Max => Ok(()),
        },
        Op::Unary { kind: _, input } => unary(graph, node, *input),
        Op::Prelu { input, alpha } => {
            activations(graph, &[*input, *alpha])?;
            unary(graph, node, *input)
        }
        Op::Softmax { input, beta } => {
            if !beta.is_finite() || *beta <= 0.0 {
                return Err(ValidError::Unsupported(format!("beta is {beta}, expected a positive finite number")));
            }
            activations(graph, &[*input])?;
            match node.outputs.first().map(|&output| graph.tensor(output).dtype) {
                Some(DType::F32) => Ok(()),
                Some(DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::Bool) | None => {
                    activations(graph, &node.outputs)
                }
            }
        }
        Op::Quantize { input } => match graph.tensor(*input).dtype {
            DType::F32 => activations(graph, &node.outputs),
            DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::Bool => unary(graph, node, *input),
        },
        Op::Dequantize { input } => activations(graph, &[*input]),
        Op::ArgMax { .. }
        | Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Pack { .. }
        | Op::Unpack { .. }
        | Op::Shape { .. }
        | Op::Resize { .. } => Ok(()),
    }
}

/// A layer with weights: symmetric filters, one scale or one a channel, and factors that fixed point can carry.
fn layer(
    graph: &Graph,
    node: &Node,
    input: TensorId,
    filter: TensorId,
    channel_axis: usize,
    _: Activation,
) -> Result<(), ValidError> {
    activations(graph, &[input])?;
    activations(graph, &node.outputs)?;
    let tensor = graph.tensor(filter);
    let name = || tensor.name.clone();
    let quantization = tensor.quantization.as_ref().ok_or_else(|| ValidError::Unquantized { tensor: name() })?;
    let channels = tensor.shape.0.get(channel_axis).copied().unwrap_or(0);
    let count = quantization.scales.len();
    if count == 0 || (count != 1 && count != channels) || quantization.zero_points.len() != count {
        return Err(ValidError::ScaleCount { tensor: name(), expected: format!("1 or {channels}"), given: count });
    }
    scales(quantization, &tensor.name)?;
    if let Some(&given) = quantization.zero_points.iter().find(|&&zero_point| zero_point != 0) {
        return Err(ValidError::ZeroPoint { tensor: name(), expected: "0", given });
    }
    let scale = |id: TensorId| graph.tensor(id).quantization.as_ref().map_or(1.0, Quantization::scale);
    let output = node.outputs.first().map_or(1.0, |&output| scale(output));
    let limit = if graph.tensor(input).dtype == DType::I16 { WIDE_FACTOR_LIMIT } else { FACTOR_LIMIT };
    let factors = quantization.scales.iter().map(|&weight| f64::from(scale(input)) * f64::from(weight) / f64::from(output));
    factors.into_iter().try_for_each(|given| factor(given, limit))
}

/// One input, one output, and their ratio.
fn unary(graph: &Graph, node: &Node, input: TensorId) -> Result<(), ValidError> {
    activations(graph, &[input])?;
    activations(graph, &node.outputs)?;
    ratios(graph, &[input], &node.outputs)
}

/// A fused activation needs the output's scale.
fn clamp(graph: &Graph, node: &Node, activation: Activation) -> Result<(), ValidError> {
    match activation {
        Activation::None | Activation::Clamp { min: _, max: _ } => Ok(()),
        Activation::Relu | Activation::Relu6 | Activation::ReluN1To1 => activations(graph, &node.outputs),
    }
}

fn ratios(graph: &Graph, inputs: &[TensorId], outputs: &[TensorId]) -> Result<(), ValidError> {
    let scale = |id: TensorId| graph.tensor(id).quantization.as_ref().map_or(1.0, Quantization::scale);
    for &output in outputs {
        for &input in inputs {
            factor(f64::from(scale(input)) / f64::from(scale(output)), FACTOR_LIMIT)?;
        }
    }
    Ok(())
}

fn factor(factor: f64, limit: f64) -> Result<(), ValidError> {
    if (0.0..limit).contains(&factor) { Ok(()) } else { Err(ValidError::Multiplier { factor, reference: "the reference" }) }
}

/// Activations: one positive finite scale and a zero point of the dtype.
fn activations(graph: &Graph, ids: &[TensorId]) -> Result<(), ValidError> {
    for &id in ids {
        let tensor = graph.tensor(id);
        let name = || tensor.name.clone();
        let quantization = tensor.quantization.as_ref().ok_or_else(|| ValidError::Unquantized { tensor: name() })?;
        let count = quantization.scales.len();
        if count != 1 || quantization.zero_points.len() != 1 {
            return Err(ValidError::ScaleCount { tensor: name(), expected: "1".into(), given: count });
        }
        scales(quantization, &tensor.name)?;
        let zero_point = quantization.zero_point();
        let (range, text) = match tensor.dtype {
            DType::I8 => (-128..=127, "-128 to 127"),
            DType::U8 => (0..=255, "0 to 255"),
            DType::I16 => (0..=0, "0"),
            DType::I32 | DType::I64 | DType::F32 | DType::Bool => continue,
        };
        if !range.contains(&zero_point) {
            return Err(ValidError::ZeroPoint { tensor: name(), expected: text, given: zero_point });
        }
    }
    Ok(())
}

fn scales(quantization: &Quantization, name: &str) -> Result<(), ValidError> {
    match quantization.scales.iter().find(|scale| !scale.is_finite() || **scale <= 0.0) {
        Some(&scale) => Err(ValidError::Scale { tensor: name.to_string(), scale }),
        None => Ok(()),
    }
}
