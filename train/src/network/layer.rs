//! Layers with weights.

use super::{Frame, Plan};
use burn_tensor::{Tensor, activation};
use tinybake_codegen::ir::{Activation, TensorId};

/// The fused activation of the node.
pub(super) fn activate(frame: &Frame<'_>, x: Tensor<2>, kind: Activation) -> Tensor<2> {
    match kind {
        Activation::None => x,
        Activation::Relu => activation::relu(x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::ReluN1To1 => x.clamp(-1.0, 1.0),
        Activation::Clamp { min, max } => {
            let output = frame.node.outputs.first().map(|&id| frame.graph.tensor(id));
            match output.and_then(|output| output.quantization.as_ref()) {
                Some(quantization) => {
                    let real = |stored: i32| (stored - quantization.zero_point()) as f32 * quantization.scale();
                    x.clamp(real(min), real(max))
                }
                None => x,
            }
        }
    }
}

/// Adds a bias of one number a column.
fn biased(frame: &Frame<'_>, rows: Tensor<2>, bias: Option<TensorId>) -> Tensor<2> {
    match bias {
        Some(bias) => rows + frame.value(bias),
        None => rows,
    }
}

/// A convolution, in groups where the filter's depth divides the input's: the input's pixels under each tap as rows, times the filter.
pub(super) fn conv2d(frame: &Frame<'_>, input: TensorId, filter: TensorId, bias: Option<TensorId>) -> Tensor<2> {
    let Plan::Taps(taps) = frame.plan else { return frame.value(input) };
    let (&[out, _, _, depth], &[.., channels]) = (frame.dims(filter), frame.dims(input)) else { return frame.value(input) };
    let groups = channels / depth.max(1);
    let rows = frame.samples * taps.pixels();
    let seen = taps.gather(frame, input, 0.0);
    let weights = frame.value(filter).reshape([out, taps.count() * depth]);
    let made = if groups == 1 {
        seen.reshape([rows, taps.count() * depth]).matmul(weights.transpose())
    } else {
        let seen = seen.reshape([rows, taps.count(), channels]);
        let group = |index: usize| {
            let columns = seen.clone().narrow(2, index * depth, depth).reshape([rows, taps.count() * depth]);
            columns.matmul(weights.clone().narrow(0, index * (out / groups), out / groups).transpose())
        };
        Tensor::cat((0..groups).map(group).collect(), 1)
    };
    biased(frame, made, bias).reshape([frame.samples as i64, -1])
}

/// A depthwise convolution: output channel `c` reads input channel `c / multiplier`.
pub(super) fn depthwise_conv2d(frame: &Frame<'_>, input: TensorId, filter: TensorId, bias: Option<TensorId>) -> Tensor<2> {
    let Plan::Taps(taps) = frame.plan else { return frame.value(input) };
    let (&[_, _, _, out], &[.., channels]) = (frame.dims(filter), frame.dims(input)) else { return frame.value(input) };
    let rows = frame.samples * taps.pixels();
    let multiplier = out / channels.max(1);
    let seen = taps.gather(frame, input, 0.0).reshape([rows, taps.count(), channels, 1]);
    let seen = seen.expand([rows, taps.count(), channels, multiplier]).reshape([rows, taps.count(), out]);
    let made = (seen * frame.value(filter).reshape([1, taps.count(), out])).sum_dim(1).reshape([rows, out]);
    biased(frame, made, bias).reshape([frame.samples as i64, -1])
}

/// A fully connected layer of any number of rows.
pub(super) fn fully_connected(frame: &Frame<'_>, input: TensorId, filter: TensorId, bias: Option<TensorId>) -> Tensor<2> {
    let &[out, columns] = frame.dims(filter) else { return frame.value(input) };
    let weights = frame.value(filter).reshape([out, columns]);
    let made = frame.value(input).reshape([-1, columns as i64]).matmul(weights.transpose());
    biased(frame, made, bias).reshape([frame.samples as i64, -1])
}
