//! Softmax.

use super::multiplier::quantize_multiplier;
use tinybake_runtime::kernels::softmax::Softmax;

/// Bits before the point in the fixed-point differences that are exponentiated: Q5.26.
const INTEGER_BITS: u32 = 5;

/// Parameters of a softmax of `rows` rows of `depth` elements with the given input scale.
///
/// Source: TFLM `micro/kernels/softmax_common.cc`, `CalculateSoftmaxParams`; `kernels/internal/quantization_util.cc`,
/// `PreprocessSoftmaxScaling` and `CalculateInputRadius`.
pub fn softmax(rows: u32, depth: u32, input_scale: f32, beta: f32) -> Softmax {
    let real = beta as f64 * input_scale as f64 * (1i64 << (31 - INTEGER_BITS)) as f64;
    // The source demands a multiplier above one; below it the shift would be negative.
    let multiplier = quantize_multiplier(real.min(((1i64 << 31) - 1) as f64));
    let shift = multiplier.shift.max(0) as u8;
    let radius = ((1i64 << INTEGER_BITS) - 1) as f64 * (1i64 << (31 - INTEGER_BITS)) as f64 / (1i64 << shift) as f64;
    Softmax { rows, depth, multiplier: multiplier.multiplier, shift, diff_min: -(radius.floor() as i32) }
}

/// `exp(-input_scale * beta * (255 - i))` for `i` in `0..256`: the table of reference `xnnpack`.
///
/// Source: LiteRT `optimized_ops.h`, `PopulateSoftmaxLookupTable`, in f32.
pub fn exp_table(input_scale: f32, beta: f32) -> [f32; 256] {
    let scale = -input_scale * beta;
    std::array::from_fn(|index| (scale * (255 - index) as f32).exp())
}
