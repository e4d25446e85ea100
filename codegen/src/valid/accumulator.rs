//! The range of every accumulator, from the actual weights: it tells which layers never overflow, and may use kernels that rely on it.

use super::{Range, ValidError};
use crate::ir::{Data, Graph, Layer, Node};

/// Inclusive bounds of one output channel's accumulator, bias included, before it wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccumulatorRange {
    /// Least sum.
    pub min: i64,
    /// Greatest sum.
    pub max: i64,
}

/// Biases beyond this count as this: accumulators of 32 bits wrap far below it, and bounds stay far from where `i64` does.
const MOST_BIAS: i64 = 1 << 48;

/// Ranges of the accumulators of `node`, one a channel; empty for an op without products.
///
/// The bound of channel `c` is `bias[c] + sum over w of the extremes of w * (x - zero_point)`, over all `x` in the input's range;
/// a tap outside the image contributes zero, which lies inside the bound of its term whenever the range holds the zero point.
///
/// A bound may lie outside the accumulator. TFLM, XNNPACK and the integer operators of ONNX Runtime wrap there, as converters rely on that
/// saturate the biases of dead channels at `+-(2^31 - 1)`: a layer that can wrap is computed by kernels whose sums wrap too.
///
/// # Errors
/// [`ValidError::AccumulatorOverflow`] for a channel whose sum could leave `int32` where the source adds in floats, which do not wrap.
pub(super) fn ranges(graph: &Graph, node: &Node, ranges: &[Range]) -> Result<Vec<AccumulatorRange>, ValidError> {
    let Some(Layer { input, filter, bias, channel_axis }) = node.op.layer() else { return Ok(Vec::new()) };
    let zero_point = graph.tensor(input).quantization.as_ref().map_or(0, |quantization| quantization.zero_point());
    let range = ranges[input.0 as usize].union(Range { min: zero_point, max: zero_point });
    let (low, high) = (i64::from(range.min - zero_point), i64::from(range.max - zero_point));
    let weights = graph.value(filter).and_then(|data| data.as_i8()).unwrap_or(&[]);
    let channels = graph.tensor(filter).shape.0.get(channel_axis).copied().unwrap_or(0);
    let mut sums = vec![(0i64, 0i64); channels];
    let data = bias.and_then(|bias| graph.value(bias));
    for (sum, bias) in sums.iter_mut().zip(data.and_then(Data::integers).unwrap_or_default()) {
        let bias = bias.clamp(-MOST_BIAS, MOST_BIAS);
        *sum = (bias, bias);
    }
    let mut add = |channel: usize, weight: i8| {
        let (a, b) = (i64::from(weight) * low, i64::from(weight) * high);
        if let Some(sum) = sums.get_mut(channel) {
            *sum = (sum.0 + a.min(b), sum.1 + a.max(b));
        }
    };
    if channel_axis > 0 {
        for row in weights.chunks(channels.max(1)) {
            row.iter().enumerate().for_each(|(channel, &weight)| add(channel, weight));
        }
    } else {
        for (channel, row) in weights.chunks((weights.len() / channels.max(1)).max(1)).enumerate() {
            row.iter().for_each(|&weight| add(channel, weight));
        }
    }
    let bound = |channel: usize, value: i64| {
        let defined = !graph.sums_in_floats || i32::try_from(value).is_ok();
        if defined { Ok(value) } else { Err(ValidError::AccumulatorOverflow { channel, reached: value }) }
    };
    let sums = sums.into_iter().enumerate();
    sums.map(|(channel, (min, max))| Ok(AccumulatorRange { min: bound(channel, min)?, max: bound(channel, max)? })).collect()
}

#[cfg(test)]
mod tests {
    use crate::ir::{Activation, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight};
    use crate::valid;

    /// A fully connected layer of two inputs whose bias is as large as a converter makes it.
    fn graph(sums_in_floats: bool) -> Graph {
        let mut graph = Graph { sums_in_floats, ..Graph::default() };
        let mut tensor = |name: &str, shape: &[usize], data: Option<Data>| {
            let dtype = data.as_ref().map_or(DType::I8, Data::dtype);
            let value = data.map(|data| graph.add_weight(Weight { name: name.into(), data }));
            let (name, shape) = (name.into(), Shape(shape.to_vec()));
            graph.add_tensor(Tensor { name, shape, dtype, quantization: Some(Quantization::per_tensor(0.5, 0)), value })
        };
        let input = tensor("x", &[1, 2], None);
        let filter = tensor("w", &[1, 2], Some(Data::I8(vec![3, -4])));
        let bias = Some(tensor("b", &[1], Some(Data::I32(vec![i32::MAX]))));
        let output = tensor("y", &[1, 1], None);
        let op = Op::FullyConnected { input, filter, bias, activation: Activation::None };
        graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: "y".into() } });
        (graph.inputs, graph.outputs) = (vec![TensorId(0)], vec![output]);
        graph
    }

    #[test]
    fn sums_of_integers_wrap_and_sums_of_floats_are_refused() {
        let facts = valid::check(&graph(false)).unwrap_or_else(|problems| panic!("{problems}"));
        let range = facts.accumulators[0][0];
        let reach = 3 * 127 + 4 * 128;
        assert_eq!((range.min, range.max), (i64::from(i32::MAX) - 3 * 128 - 4 * 127, i64::from(i32::MAX) + reach));
        let problems = valid::check(&graph(true)).expect_err("floats do not wrap");
        assert_eq!(problems.0[0].code, "valid::accumulator_overflow", "{problems}");
        assert!(problems.0[0].message.contains("in floats"), "{problems}");
    }
}
