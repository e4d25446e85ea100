//! Convolutions, fully connected layers and pools.

use super::multiplier::quantize_multiplier;
use crate::ir::Quantization;
use tinybake_runtime::requantize::Multiplier;

/// Multiplier of each of `channels` output channels of a convolution (also depthwise and transposed); one scale holds for
/// all.
///
/// Source: TFLM `kernels/kernel_util.cc`, `PopulateConvolutionQuantizationParams`: the product and quotient in f64.
pub fn convolution_multipliers(input_scale: f32, filter: &Quantization, output_scale: f32, channels: usize) -> Vec<Multiplier> {
    (0..channels)
        .map(|channel| quantize_multiplier(input_scale as f64 * filter.scale_at(channel) as f64 / output_scale as f64))
        .collect()
}

/// The multiplier of a fully connected layer whose filter has one scale.
///
/// Source: TFLM `kernels/kernel_util.cc`, `GetQuantizedConvolutionMultipler`, which is written with the product in f32; its
/// recorded outputs are those of an f64 product. A layer with a scale per channel has [`convolution_multipliers`].
pub fn fully_connected_multiplier(input_scale: f32, filter_scale: f32, output_scale: f32) -> Multiplier {
    quantize_multiplier(input_scale as f64 * filter_scale as f64 / output_scale as f64)
}

/// Scale of each of `channels` output channels of a convolution or fully connected layer under reference `xnnpack`.
///
/// Source: XNNPACK `operators/convolution-nhwc.c` and `operators/fully-connected-nc.c`: product and quotient in f32.
pub fn xnnpack_scales(input_scale: f32, filter: &Quantization, output_scale: f32, channels: usize) -> Vec<f32> {
    (0..channels).map(|channel| input_scale * filter.scale_at(channel) / output_scale).collect()
}

/// Biases of a filter laid out `[channel][...]`, with `-input_zero_point * sum(filter of the channel)` added: the kernels
/// then sum plain products. `bias` may be empty, for zeros. Wraps, as the accumulators do.
pub fn fold_bias(bias: &[i32], filter: &[i8], input_zero_point: i32, channels: usize) -> Vec<i32> {
    let size = filter.len().checked_div(channels).unwrap_or(0);
    fold(bias, input_zero_point, channels, |channel| {
        filter.iter().skip(channel * size).take(size).fold(0i32, |sum, &w| sum.wrapping_add(w as i32))
    })
}

/// [`fold_bias`] for the depthwise layout `[...][channel]`.
pub fn fold_depthwise_bias(bias: &[i32], filter: &[i8], input_zero_point: i32, channels: usize) -> Vec<i32> {
    fold(bias, input_zero_point, channels, |channel| {
        filter.iter().skip(channel).step_by(channels.max(1)).fold(0i32, |sum, &w| sum.wrapping_add(w as i32))
    })
}

/// A filter laid out `[...][channel]` as `[channel][...]`.
pub fn channels_first(filter: &[i8], channels: usize) -> Vec<i8> {
    (0..channels).flat_map(|channel| filter.iter().skip(channel).step_by(channels).copied()).collect()
}

fn fold(bias: &[i32], input_zero_point: i32, channels: usize, sum: impl Fn(usize) -> i32) -> Vec<i32> {
    (0..channels)
        .map(|channel| {
            let bias = bias.get(channel).copied().unwrap_or(0);
            bias.wrapping_sub(input_zero_point.wrapping_mul(sum(channel)))
        })
        .collect()
}
