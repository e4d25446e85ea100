//! Operators with weights or windows.

use super::{Call, Options, kind};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{DType, Data, Op, PoolKind, Shape, Tensor, TensorId, Weight, Window};

/// `Conv2DOptions`: padding, stride_w, stride_h, activation, dilation_w, dilation_h, quantized_bias_type.
pub(super) fn conv2d(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let image = call.four(input)?;
    conv2d_of(call, input, image)
}

/// The same of an `input` whose padding is that of an image of another shape.
pub(super) fn conv2d_of(call: &mut Call<'_, '_>, input: TensorId, image: [usize; 4]) -> Outcome<Op> {
    let filter = call.input(1, "filter")?;
    let options = call.options(kind::CONV_2D)?;
    let bias = bias(call, input, filter, &options, 6)?;
    let [_, kernel_h, kernel_w, _] = call.four(filter)?;
    let dilation = [options.positive(5, 1, "dilation_h_factor")?, options.positive(4, 1, "dilation_w_factor")?];
    let window = window(&options, [kernel_h, kernel_w], dilation, image)?;
    Ok(Op::Conv2d { input, filter, bias, window, activation: options.activation(3)? })
}

/// `DepthwiseConv2DOptions`: padding, stride_w, stride_h, depth_multiplier, activation, dilation_w, dilation_h. The
/// multiplier follows from the shapes, and kernels have ignored the option since TensorFlow 2.0.
pub(super) fn depthwise_conv2d(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let image = call.four(input)?;
    depthwise_conv2d_of(call, input, image)
}

/// The same of an `input` whose padding is that of an image of another shape.
pub(super) fn depthwise_conv2d_of(call: &mut Call<'_, '_>, input: TensorId, image: [usize; 4]) -> Outcome<Op> {
    let (filter, bias) = (call.input(1, "filter")?, call.optional(2)?);
    let options = call.options(kind::DEPTHWISE_CONV_2D)?;
    let [_, kernel_h, kernel_w, _] = call.four(filter)?;
    let dilation = [options.positive(6, 1, "dilation_h_factor")?, options.positive(5, 1, "dilation_w_factor")?];
    let window = window(&options, [kernel_h, kernel_w], dilation, image)?;
    Ok(Op::DepthwiseConv2d { input, filter, bias, window, activation: options.activation(4)? })
}

/// `TransposeConvOptions`: padding, stride_w, stride_h, activation. Operand 0 states the output's shape, which the output of a
/// file that leaves nothing open has anyway. The paddings are those of the convolution from output to input (TFLM
/// `transpose_conv.cc`, `CalculateOpData`). TFLM ignores the last option, quantized_bias_type, here.
pub(super) fn transpose_conv(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let (input, filter, bias) = (call.input(2, "input")?, call.input(1, "filter")?, call.optional(3)?);
    let output = call.output()?;
    let options = call.options(kind::TRANSPOSE_CONV)?;
    let [channels, kernel_h, kernel_w, _] = call.four(filter)?;
    let mut image = call.four(output)?;
    if let Ok(Ok(shape)) = call.integers(0, "output_shape").map(<[i64; 4]>::try_from) {
        let size = |size: i64| usize::try_from(size).ok().filter(|&size| size > 0);
        if let (true, Some(height), Some(width)) = (call.reader.open(output), size(shape[1]), size(shape[2])) {
            image = [call.four(input)?[0], height, width, channels];
            call.stated = Some(Shape(image.to_vec()));
        }
    }
    let window = window(&options, [kernel_h, kernel_w], [1, 1], image)?;
    Ok(Op::TransposeConv { input, filter, bias, window, activation: options.activation(3)? })
}

/// `FullyConnectedOptions`: activation, weights_format, keep_num_dims (which the output's shape tells, where it is not open),
/// asymmetric_quantize_inputs (of float layers), quantized_bias_type.
pub(super) fn fully_connected(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let (input, filter) = (call.input(0, "input")?, call.input(1, "filter")?);
    let options = call.options(kind::FULLY_CONNECTED)?;
    let bias = bias(call, input, filter, &options, 4)?;
    if options.flag(2, "keep_num_dims")?
        && let (Some((_, rows)), Some(&out)) = (call.shape(input).0.split_last(), call.shape(filter).0.first())
    {
        call.stated = Some(Shape([rows, &[out]].concat()));
    }
    match options.byte(1, "weights_format")? {
        0 => Ok(Op::FullyConnected { input, filter, bias, activation: options.activation(0)? }),
        1 => Err(Error::Form { what: "a shuffled weights format" }.into()),
        given => Err(Error::Value { field: "weights_format", expected: "0 or 1", given: given.into() }.into()),
    }
}

/// The third operand. A layer of 16-bit activations that has none, but whose option at `field` says that biases have 32 bits, gets one of
/// zeros: the accumulator is as wide as the bias (TFLM `fully_connected.cc` and `conv.cc`, `quantized_bias_type`).
fn bias(
    call: &mut Call<'_, '_>,
    input: TensorId,
    filter: TensorId,
    options: &Options<'_>,
    field: usize,
) -> Outcome<Option<TensorId>> {
    /// `INT32` of the schema's `TensorType`.
    const INT32: i8 = 2;
    if let Some(bias) = call.optional(2)? {
        return Ok(Some(bias));
    }
    let narrow = options.byte(field, "quantized_bias_type")? == INT32;
    if !narrow || call.reader.graph.tensor(input).dtype != DType::I16 {
        return Ok(None);
    }
    let channels = call.shape(filter).0.first().copied().unwrap_or(0);
    call.reader.budget.charge(channels.saturating_mul(4))?;
    let graph = &mut call.reader.graph;
    let name = format!("{}_zero_bias", graph.tensor(filter).name);
    let value = Some(graph.add_weight(Weight { name: name.clone(), data: Data::I32(vec![0; channels]) }));
    Ok(Some(graph.add_tensor(Tensor { name, shape: Shape(vec![channels]), dtype: DType::I32, quantization: None, value })))
}

/// `Pool2DOptions`: padding, stride_w, stride_h, filter_width, filter_height, activation.
pub(super) fn pool2d(call: &mut Call<'_, '_>, kind: PoolKind) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let options = call.options(kind::POOL_2D)?;
    let kernel = [options.positive(4, 0, "filter_height")?, options.positive(3, 0, "filter_width")?];
    let window = window(&options, kernel, [1, 1], call.four(input)?)?;
    Ok(Op::Pool2d { kind, input, window, activation: options.activation(5)? })
}

/// The window of options that start with padding, stride_w, stride_h, over an image `[batch, height, width, channels]`.
fn window(options: &Options<'_>, kernel: [usize; 2], dilation: [usize; 2], image: [usize; 4]) -> Result<Window, Error> {
    let stride = [options.positive(2, 0, "stride_h")?, options.positive(1, 0, "stride_w")?];
    let [_, height, width, _] = image;
    match options.byte(0, "padding")? {
        0 => Ok(Window::same(kernel, stride, dilation, [height, width])),
        1 => Ok(Window::valid(kernel, stride, dilation)),
        given => Err(Error::Value { field: "padding", expected: "0 (same) or 1 (valid)", given: given.into() }),
    }
}
