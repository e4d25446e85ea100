//! Convolutions and fully connected layers.

use super::Frame;
use crate::eval::gemm::Panels;
use crate::ir::{DType, Data, Graph, Layer, Node, Op, Quantization, Shape, Window};
use std::borrow::Cow;

/// The filter of a node in the order in which it is read. Elements that are integers stay so.
#[derive(Debug)]
pub(super) enum Filter {
    /// Of layers that are products of matrices.
    Panels(Panels),
    /// The output channels last, so that neighbours in memory go to neighbouring sums.
    Plain(Vec<f32>),
}

/// The filter of a node; `None` for filters of floats that lie as they are read, and those that the network computes.
pub(super) fn prepare(graph: &Graph, node: &Node) -> Option<Filter> {
    let filter = node.op.layer()?.filter;
    let (data, tensor) = (graph.value(filter)?, graph.tensor(filter));
    let reals = match data {
        Data::F32(values) => Cow::Borrowed(values.as_slice()),
        Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => {
            Cow::Owned(data.integers().unwrap_or_default().iter().map(|&value| value as f32).collect())
        }
    };
    let outs = tensor.shape.0.first().copied().unwrap_or(1);
    match (&node.op, reals) {
        (Op::FullyConnected { .. }, reals) => Some(Filter::Panels(Panels::new(&reals, outs))),
        (Op::Conv2d { input, .. }, reals) if is_whole(&graph.tensor(*input).shape, &tensor.shape) => {
            Some(Filter::Panels(Panels::new(&reals, outs)))
        }
        (Op::Conv2d { .. } | Op::TransposeConv { .. }, reals) => Some(Filter::Plain(transposed(&reals, outs))),
        (_, Cow::Owned(reals)) => Some(Filter::Plain(reals)),
        (_, Cow::Borrowed(_)) => None,
    }
}

/// Whether the filter of a convolution reads all channels of its input: it is not in groups.
fn is_whole(input: &Shape, filter: &Shape) -> bool {
    input.0.last() == filter.0.last()
}

/// What a layer reads, and what its sums are multiplied by.
struct Operands<'f> {
    input: Cow<'f, [f32]>,
    weights: Cow<'f, [f32]>,
    /// The scale of the input, and those of the weights, where both are integers.
    scales: Option<(f32, &'f Quantization)>,
}

/// Where the weights are integers, LiteRT quantizes the input to int8 as it comes, by its own least and greatest element.
///
/// Source: LiteRT `kernels/conv.cc`, `EvalHybrid` and `EvalHybridPerChannel`; `reference/conv.h`, `HybridConvPerChannel`.
fn operands<'f>(frame: &'f Frame<'_>, layer: &Layer) -> Operands<'f> {
    let values = frame.reals(layer.input);
    let weights = match frame.filter {
        Some(Filter::Plain(filter)) => Cow::Borrowed(filter.as_slice()),
        Some(Filter::Panels(_)) => Cow::Borrowed(&[][..]),
        // A filter that the network computes.
        None if layer.channel_axis == 0 => {
            let channels = frame.shape(layer.filter).0.first().copied().unwrap_or(1);
            Cow::Owned(transposed(frame.reals(layer.filter), channels))
        }
        None => Cow::Borrowed(frame.reals(layer.filter)),
    };
    let filter = frame.graph.tensor(layer.filter);
    match filter.quantization.as_ref().filter(|_| filter.dtype != DType::F32) {
        Some(quantization) => {
            let (input, scale) = if quantization.is_per_tensor() { symmetric(values) } else { asymmetric(values) };
            Operands { input: Cow::Owned(input), weights, scales: Some((scale, quantization)) }
        }
        None => Operands { input: Cow::Borrowed(values), weights, scales: None },
    }
}

/// Integers of -127 to 127, and their scale. Source: LiteRT `portable_tensor_utils.cc`, `PortableSymmetricQuantizeFloats`.
fn symmetric(values: &[f32]) -> (Vec<f32>, f32) {
    let range = values.iter().fold(0f32, |range, value| range.max(value.abs()));
    if range == 0.0 {
        return (vec![0.0; values.len()], 1.0);
    }
    let inverse = 127.0 / range;
    (values.iter().map(|&value| (value * inverse).round().clamp(-127.0, 127.0)).collect(), range / 127.0)
}

/// Integers of -128 to 127 less their zero point, and their scale. Source: LiteRT `portable_tensor_utils.cc`,
/// `PortableAsymmetricQuantizeFloats`.
fn asymmetric(values: &[f32]) -> (Vec<f32>, f32) {
    let (min, max) = values.iter().fold((0f32, 0f32), |(min, max), &value| (min.min(value), max.max(value)));
    if min == max {
        return (vec![0.0; values.len()], 1.0);
    }
    let (min, max) = (f64::from(min), f64::from(max));
    let scale = (max - min) / 255.0;
    let from_min = -128.0 - min / scale;
    let from_max = 127.0 - max / scale;
    let zero_point = if 128.0 + (min / scale).abs() < 127.0 + (max / scale).abs() { from_min } else { from_max };
    let (scale, zero_point) = (scale as f32, zero_point.round().clamp(-128.0, 127.0) as f32);
    let inverse = 1.0 / scale;
    let stored = |value: f32| (zero_point + value * inverse).round().clamp(-128.0, 127.0);
    (values.iter().map(|&value| stored(value) - zero_point).collect(), scale)
}

/// Scales the sums where they are of integers, and adds the bias.
fn finish(frame: &Frame<'_>, layer: &Layer, mut sums: Vec<f32>, channels: usize, operands: &Operands<'_>) -> Vec<f32> {
    for pixel in sums.chunks_exact_mut(channels.max(1)) {
        if let Some((input, weights)) = operands.scales {
            for (channel, sum) in pixel.iter_mut().enumerate() {
                *sum = *sum * weights.scales.get(channel).or(weights.scales.first()).copied().unwrap_or(0.0) * input;
            }
        }
        if let Some(bias) = layer.bias {
            pixel.iter_mut().zip(frame.reals(bias)).for_each(|(sum, bias)| *sum += bias);
        }
    }
    sums
}

/// `[rows, columns]` to `[columns, rows]`.
fn transposed(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows.max(1);
    (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns)).copied().collect()
}

/// `sums[i] += factor * weights[i]`.
fn add_scaled(sums: &mut [f32], factor: f32, weights: &[f32]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += factor * weight;
    }
}

/// The image row or column that tap `tap` of output `output` reads, where it lies inside.
pub(crate) fn tap_of(output: usize, tap: usize, window: &Window, axis: usize, size: usize) -> Option<usize> {
    let position = output * window.stride[axis] + tap * window.dilation[axis];
    position.checked_sub(window.pad_before[axis]).filter(|&position| position < size)
}

/// The elements of an image that output pixel `at` of a convolution reads, tap by tap; those in the padding are `outside`.
pub(crate) fn window_of<T: Copy + Into<f32>>(
    image: &[T],
    [height, width, channels]: [usize; 3],
    window: &Window,
    [y, x]: [usize; 2],
    outside: f32,
    taps: &mut [f32],
) {
    let [_, kernel_w] = window.kernel;
    let mut rest = taps;
    for ky in 0..window.kernel[0] {
        let Some((line, after)) = rest.split_at_mut_checked(kernel_w * channels) else { return };
        rest = after;
        let Some(row) = tap_of(y, ky, window, 0, height) else {
            line.fill(outside);
            continue;
        };
        for (kx, taps) in line.chunks_exact_mut(channels.max(1)).enumerate() {
            match tap_of(x, kx, window, 1, width) {
                Some(column) => {
                    let values = &image[(row * width + column) * channels..][..channels];
                    taps.iter_mut().zip(values).for_each(|(tap, &value)| *tap = value.into());
                }
                None => taps.fill(outside),
            }
        }
    }
}

pub(super) fn conv2d(frame: &Frame<'_>, layer: &Layer, window: &Window) -> Vec<f32> {
    let ([_, height, width, channels], [out, kernel_h, kernel_w, depth]) = (frame.image(layer.input), frame.image(layer.filter));
    let [batch, out_height, out_width, _] = frame.image(frame.output());
    let operands = operands(frame, layer);
    let (image, weights) = (&operands.input, &operands.weights);
    let group = out / (channels / depth.max(1)).max(1);
    let mut sums = vec![0.0; batch * out_height * out_width * out];
    if let Some(Filter::Panels(panels)) = frame.filter {
        panels.multiply(&mut sums, |pixel, taps| {
            let (n, y, x) = (pixel / (out_height * out_width), pixel / out_width % out_height, pixel % out_width);
            let image = &image[n * height * width * channels..];
            window_of(image, [height, width, channels], window, [y, x], 0.0, taps);
        });
        return finish(frame, layer, sums, out, &operands);
    }
    for (pixel, sums) in sums.chunks_exact_mut(out.max(1)).enumerate() {
        let (n, y, x) = (pixel / (out_height * out_width), pixel / out_width % out_height, pixel % out_width);
        for ky in 0..kernel_h {
            let Some(row) = tap_of(y, ky, window, 0, height) else { continue };
            for kx in 0..kernel_w {
                let Some(column) = tap_of(x, kx, window, 1, width) else { continue };
                let values = &image[((n * height + row) * width + column) * channels..][..channels];
                let weights = &weights[(ky * kernel_w + kx) * depth * out..][..depth * out];
                for (values, part) in values.chunks_exact(depth.max(1)).zip((0..).step_by(group)) {
                    for (&value, weights) in values.iter().zip(weights.chunks_exact(out)) {
                        add_scaled(&mut sums[part..part + group], value, &weights[part..part + group]);
                    }
                }
            }
        }
    }
    finish(frame, layer, sums, out, &operands)
}

pub(super) fn depthwise_conv2d(frame: &Frame<'_>, layer: &Layer, window: &Window) -> Vec<f32> {
    let ([_, height, width, channels], [_, kernel_h, kernel_w, out]) = (frame.image(layer.input), frame.image(layer.filter));
    let [batch, out_height, out_width, _] = frame.image(frame.output());
    let operands = operands(frame, layer);
    let (image, weights) = (&operands.input, &operands.weights);
    let multiplier = (out / channels.max(1)).max(1);
    let mut sums = vec![0.0; batch * out_height * out_width * out];
    for (pixel, sums) in sums.chunks_exact_mut(out.max(1)).enumerate() {
        let (n, y, x) = (pixel / (out_height * out_width), pixel / out_width % out_height, pixel % out_width);
        for ky in 0..kernel_h {
            let Some(row) = tap_of(y, ky, window, 0, height) else { continue };
            for kx in 0..kernel_w {
                let Some(column) = tap_of(x, kx, window, 1, width) else { continue };
                let values = &image[((n * height + row) * width + column) * channels..][..channels];
                let weights = &weights[(ky * kernel_w + kx) * out..][..out];
                if multiplier == 1 {
                    for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                        *sum += value * weight;
                    }
                    continue;
                }
                let parts = sums.chunks_exact_mut(multiplier).zip(weights.chunks_exact(multiplier));
                for ((sums, weights), &value) in parts.zip(values) {
                    add_scaled(sums, value, weights);
                }
            }
        }
    }
    finish(frame, layer, sums, out, &operands)
}

pub(super) fn transpose_conv(frame: &Frame<'_>, layer: &Layer, window: &Window) -> Vec<f32> {
    let ([batch, height, width, channels], [out, kernel_h, kernel_w, depth]) =
        (frame.image(layer.input), frame.image(layer.filter));
    let [_, out_height, out_width, _] = frame.image(frame.output());
    let operands = operands(frame, layer);
    let (image, weights) = (&operands.input, &operands.weights);
    let mut sums = vec![0.0; batch * out_height * out_width * out];
    for (pixel, values) in image.chunks_exact(channels.max(1)).enumerate() {
        let (n, y, x) = (pixel / (height * width), pixel / width % height, pixel % width);
        for ky in 0..kernel_h {
            let Some(row) = tap_of(y, ky, window, 0, out_height) else { continue };
            for kx in 0..kernel_w {
                let Some(column) = tap_of(x, kx, window, 1, out_width) else { continue };
                let sums = &mut sums[((n * out_height + row) * out_width + column) * out..][..out];
                let weights = &weights[(ky * kernel_w + kx) * depth * out..][..depth * out];
                for (&value, weights) in values.iter().zip(weights.chunks_exact(out)) {
                    add_scaled(sums, value, weights);
                }
            }
        }
    }
    finish(frame, layer, sums, out, &operands)
}

pub(super) fn fully_connected(frame: &Frame<'_>, layer: &Layer) -> Vec<f32> {
    let &[out, depth] = frame.shape(layer.filter).0.as_slice() else { return Vec::new() };
    let operands = operands(frame, layer);
    let mut sums = vec![0.0; operands.input.len() / depth.max(1) * out];
    if let Some(Filter::Panels(panels)) = frame.filter {
        panels.multiply(&mut sums, |row, to| to.copy_from_slice(&operands.input[row * depth..][..depth]));
        return finish(frame, layer, sums, out, &operands);
    }
    for (values, sums) in operands.input.chunks_exact(depth.max(1)).zip(sums.chunks_exact_mut(out.max(1))) {
        for (&value, weights) in values.iter().zip(operands.weights.chunks_exact(out.max(1))) {
            add_scaled(sums, value, weights);
        }
    }
    finish(frame, layer, sums, out, &operands)
}
