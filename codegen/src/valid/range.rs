//! The stored values that each tensor can take.

use crate::ir::{DType, Data, Graph, Node, Op, Quantization, Tensor, TensorId};
use crate::prepare::int16;
use crate::prepare::multiplier::activation_range;

/// Inclusive bounds of the stored integers of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Least value.
    pub min: i32,
    /// Greatest value.
    pub max: i32,
}

impl Range {
    /// Everything that an `int8` holds.
    pub const INT8: Self = Self { min: -128, max: 127 };

    /// Everything that an `int16` holds.
    const INT16: Self = Self { min: -32768, max: 32767 };

    /// Everything that a quantized activation of the type holds; of other types, an `int8`'s, of which nothing is made.
    fn of(dtype: DType) -> Self {
        match dtype {
            DType::I16 => Self::INT16,
            DType::I8 | DType::U8 | DType::I32 | DType::I64 | DType::F32 | DType::Bool => Self::INT8,
        }
    }

    /// The least range that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

/// The range of each tensor: what clamps and data movement imply, never tighter than the truth.
pub(super) fn ranges(graph: &Graph) -> Vec<Range> {
    let range = |tensor: &Tensor| constant(graph, tensor.value).unwrap_or(Range::of(tensor.dtype));
    let mut ranges: Vec<Range> = graph.tensors.iter().map(range).collect();
    for node in &graph.nodes {
        for &output in &node.outputs {
            ranges[output.0 as usize] = of_output(graph, node, output, &ranges);
        }
    }
    ranges
}

fn constant(graph: &Graph, value: Option<crate::ir::WeightId>) -> Option<Range> {
    match &graph.weights.get(value?.0 as usize)?.data {
        Data::I8(values) => {
            let min = values.iter().min()?;
            let max = values.iter().max()?;
            Some(Range { min: (*min).into(), max: (*max).into() })
        }
        Data::I16(values) => {
            let min = values.iter().min()?;
            let max = values.iter().max()?;
            Some(Range { min: (*min).into(), max: (*max).into() })
        }
        Data::U8(_) | Data::I32(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => None,
    }
}

fn of_output(graph: &Graph, node: &Node, output: TensorId, ranges: &[Range]) -> Range {
    let range = |id: &TensorId| ranges[id.0 as usize];
    let tensor = graph.tensor(output);
    let whole = Range::of(tensor.dtype);
    let clamped = |activation| match &tensor.quantization {
        Some(Quantization { scales, zero_points, axis: _ }) if !scales.is_empty() && !zero_points.is_empty() => {
            if tensor.dtype == DType::I16 {
                let [min, max] = int16::activation_range(activation, scales[0]).map(i32::from);
                return Range { min, max };
            }
            let (min, max) = activation_range(activation, scales[0], zero_points[0]);
            Range { min: min.into(), max: max.into() }
        }
        _ => whole,
    };
    match &node.op {
        Op::Conv2d { activation, .. }
        | Op::DepthwiseConv2d { activation, .. }
        | Op::TransposeConv { activation, .. }
        | Op::FullyConnected { activation, .. }
        | Op::Binary { activation, .. } => clamped(*activation),
        Op::Pool2d { input, activation, .. } => {
            let (input, clamp) = (range(input), clamped(*activation));
            Range { min: input.min.clamp(clamp.min, clamp.max), max: input.max.clamp(clamp.min, clamp.max) }
        }
        Op::Concatenation { inputs, .. } | Op::Pack { inputs, .. } => {
            inputs.iter().map(range).reduce(Range::union).unwrap_or(whole)
        }
        Op::Pad { input, value, .. } => range(input).union(Range { min: *value, max: *value }),
        Op::MirrorPad { input, .. }
        | Op::Split { input, .. }
        | Op::Slice { input, .. }
        | Op::Transpose { input, .. }
        | Op::Reshape { input }
        | Op::Unpack { input, .. }
        | Op::Resize { input, .. } => range(input),
        Op::Reduce { .. }
        | Op::Unary { .. }
        | Op::Prelu { .. }
        | Op::Softmax { .. }
        | Op::ArgMax { .. }
        | Op::Shape { .. }
        | Op::Quantize { .. }
        | Op::Dequantize { .. } => whole,
    }
}
