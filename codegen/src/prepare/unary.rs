//! Element-wise functions of one int8 tensor, as tables in the order of the runtime's `lut` kernel: entry `x as u8`
//! answers `x`.

use super::fixed_point::{divide_by_power_of_two, logistic, tanh};
use super::multiplier::{frexp, quantize_multiplier};
use crate::ir::{Quantization, UnaryKind};
use tinybake_runtime::kernels::binary::BinaryOp;
use tinybake_runtime::kernels::prelu::Prelu;
use tinybake_runtime::kernels::quantize::{Affine, Requantize, dequantize, quantize};
use tinybake_runtime::requantize::Multiplier;

/// A table of `f` over all int8 values.
pub fn tabulate(f: impl Fn(i8) -> i8) -> [i8; 256] {
    core::array::from_fn(|index| f(index as u8 as i8))
}

/// Why TensorFlow Lite Micro has no int8 kernel for `kind` with these quantizations; `Ok` where it has.
pub fn check(kind: UnaryKind, input: &Quantization, output: &Quantization) -> Result<(), &'static str> {
    match kind {
        UnaryKind::Logistic if output.zero_point() != -128 => Err("logistic needs an output zero point of -128"),
        UnaryKind::Logistic | UnaryKind::Tanh if input.scale() < MIN_INPUT_SCALE => {
            Err("logistic and tanh need an input scale of at least 2^-28")
        }
        UnaryKind::HardSwish if hard_swish_output_multiplier(input, output).shift > 0 => {
            Err("hard_swish needs an output scale of more than 1/128 of the input's")
        }
        UnaryKind::Logistic
        | UnaryKind::Tanh
        | UnaryKind::Relu
        | UnaryKind::Relu6
        | UnaryKind::ReluN1To1
        | UnaryKind::LeakyRelu { alpha: _ }
        | UnaryKind::HardSwish
        | UnaryKind::Rescale => Ok(()),
    }
}

/// Below this input scale logistic and tanh would shift by a negative number of bits.
const MIN_INPUT_SCALE: f32 = 1.0 / (1u32 << 28) as f32;

/// The answers of `kind` for every stored int8 input, per tensor quantizations. Outside what [`check`] accepts the table
/// is some table. Tanh ignores the output's quantization (it stands for 1/128 and 0), logistic its scale (1/256); relu6
/// does not rescale: it limits to 0 and 6 in the input's quantization.
pub fn table(kind: UnaryKind, input: &Quantization, output: &Quantization) -> [i8; 256] {
    match kind {
        UnaryKind::Logistic => sigmoid_table(input, logistic, 23, -128),
        UnaryKind::Tanh => sigmoid_table(input, tanh, 24, 0),
        UnaryKind::Relu => rectifier_table(input, output, 0.0, f32::INFINITY),
        UnaryKind::Relu6 => relu6_table(input),
        UnaryKind::ReluN1To1 => rectifier_table(input, output, -1.0, 1.0),
        UnaryKind::LeakyRelu { alpha } => leaky_relu_table(input, output, alpha),
        UnaryKind::HardSwish => hard_swish_table(input, output),
        UnaryKind::Rescale => rescale_table(input, output),
    }
}

/// The input's scale over the output's. In f64 throughout: where the source of an op divides in f32 and then widens, the
/// recorded outputs of TFLM are those of an f64 quotient.
fn ratio(input: &Quantization, output: &Quantization) -> f64 {
    f64::from(input.scale()) / f64::from(output.scale())
}

/// `value + zero_point`, limited to int8.
fn finish(value: i32, zero_point: i32) -> i8 {
    value.saturating_add(zero_point).clamp(-128, 127) as i8
}

/// Source: TFLM `micro/kernels/logistic_common.cc`, `micro/kernels/tanh.cc`, `reference/integer_ops/{logistic,tanh}.h`.
fn sigmoid_table(input: &Quantization, function: fn(i32) -> i32, right_shift: u32, zero_point: i32) -> [i8; 256] {
    // Reals with four integer bits, and the radius beyond which they would not fit.
    let real = f64::from(input.scale()) * f64::from(1 << 27);
    let multiplier = quantize_multiplier(real);
    let radius = (15.0 * f64::from(1 << 27) / f64::from(frexp(real).1).exp2()).floor() as i32;
    tabulate(|x| {
        let x = i32::from(x) - input.zero_point();
        if x <= -radius {
            -128
        } else if x >= radius {
            127
        } else {
            finish(divide_by_power_of_two(function(multiplier.apply(x)), right_shift), zero_point)
        }
    })
}

/// A clamp between two reals, with a change of quantization. Source: TFLM `micro/kernels/activations_common.cc`,
/// `CalculateReluOpData`. (TFLM has no kernel for `relu_n1_to_1`; this is LiteRT's, `QuantizedReluX`.)
pub(super) fn rectifier_table(input: &Quantization, output: &Quantization, min: f32, max: f32) -> [i8; 256] {
    let multiplier = quantize_multiplier(ratio(input, output));
    let bound = |real: f32| output.zero_point().saturating_add((real / output.scale()).round() as i32);
    let (min, max) = (bound(min).max(-128), bound(max).min(127));
    tabulate(|x| {
        let value = multiplier.apply(i32::from(x) - input.zero_point()).wrapping_add(output.zero_point());
        value.max(min).min(max) as i8
    })
}

/// Source: TFLM `reference/dequantize.h`, `reference/quantize.h`, `AffineQuantize`: through f32.
fn rescale_table(input: &Quantization, output: &Quantization) -> [i8; 256] {
    tabulate(|x| {
        let (mut real, mut stored) = ([0.0], [0]);
        dequantize(&affine(input), &[x], &mut real);
        quantize(&affine(output), &real, &mut stored);
        stored[0]
    })
}

/// Source: TFLM `micro/kernels/activations_common.cc`, `Relu6Prepare`, which looks at the input's quantization only.
fn relu6_table(input: &Quantization) -> [i8; 256] {
    let zero = input.zero_point().clamp(-128, 127) as i8;
    let six = (f64::from(6.0 / input.scale()).round() + f64::from(input.zero_point())).clamp(-128.0, 127.0) as i8;
    tabulate(|x| if x > six { six } else { x.max(zero) })
}

/// Source: TFLM `micro/kernels/leaky_relu_common.cc`, `reference/leaky_relu.h`. A negative alpha negates the product.
fn leaky_relu_table(input: &Quantization, output: &Quantization, alpha: f32) -> [i8; 256] {
    let identity = quantize_multiplier(ratio(input, output));
    let slope = f64::from(input.scale()) * f64::from(alpha) / f64::from(output.scale());
    let magnitude = quantize_multiplier(slope.abs());
    tabulate(|x| {
        let x = i32::from(x) - input.zero_point();
        let scaled = match x {
            0.. => identity.apply(x),
            _ if slope < 0.0 => magnitude.apply(x).wrapping_neg(),
            _ => magnitude.apply(x),
        };
        finish(scaled, output.zero_point())
    })
}

/// The upper 16 bits of a multiplier, rounded. Source: TFLM `internal/common.h`, `DownScaleInt32ToInt16Multiplier`.
fn narrow(multiplier: Multiplier) -> i16 {
    ((i64::from(multiplier.multiplier) + (1 << 15)) >> 16).min(i64::from(i16::MAX)) as i16
}

/// From the input's scale with seven more fractional bits to the output's.
fn hard_swish_output_multiplier(input: &Quantization, output: &Quantization) -> Multiplier {
    quantize_multiplier(ratio(input, output) / 128.0)
}

/// Source: TFLM `micro/kernels/hard_swish_common.cc`, `reference/hard_swish.h`: arithmetic of 16 bits throughout.
fn hard_swish_table(input: &Quantization, output: &Quantization) -> [i8; 256] {
    let output_multiplier = hard_swish_output_multiplier(input, output);
    let reluish_multiplier = quantize_multiplier(f64::from(input.scale()) / 128.0 / (3.0 / 32768.0));
    let reluish_exponent = i32::from(reluish_multiplier.shift);
    tabulate(|x| {
        let value = (i32::from(x) - input.zero_point()) as i16;
        let high = value.wrapping_mul(1 << 7);
        let on_output_scale = multiply_rounded_i16(high, narrow(output_multiplier));
        let mut reluish = high;
        if reluish_exponent > 0 {
            reluish = shift_left_i16(reluish, reluish_exponent - 1);
        }
        reluish = multiply_rounded_i16(reluish, narrow(reluish_multiplier));
        if reluish_exponent > 0 {
            reluish = shift_left_i16(reluish, 1);
        }
        if reluish_exponent < 0 {
            reluish = divide_by_power_of_two_i16(reluish, -reluish_exponent);
        }
        // From [-1, 1] to [0, 1].
        let gate = ((i32::from(reluish) + (1 << 15)) >> 1) as i16;
        let product = multiply_i16(gate, on_output_scale);
        let shifted = divide_by_power_of_two_i16(product, -i32::from(output_multiplier.shift));
        i32::from(shifted.wrapping_add(output.zero_point() as i16)).clamp(-128, 127) as i8
    })
}

/// Saturating left shift.
fn shift_left_i16(value: i16, amount: i32) -> i16 {
    (i64::from(value) << amount.clamp(0, 31)).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// High half of twice the product, towards zero.
fn multiply_i16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN { i16::MAX } else { (i32::from(a) * i32::from(b) / (1 << 15)) as i16 }
}

/// High half of twice the product, rounded.
fn multiply_rounded_i16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN {
        return i16::MAX;
    }
    let product = i32::from(a) * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)) as i16
}

/// gemmlowp's rounding right shift on 16 bits, whose mask loses the bits above the sixteenth.
fn divide_by_power_of_two_i16(x: i16, exponent: i32) -> i16 {
    let exponent = exponent.clamp(0, 31);
    let mask = ((1i64 << exponent) - 1) as i16;
    let threshold = (mask >> 1).wrapping_add(i16::from(x < 0));
    ((i32::from(x) >> exponent) as i16).wrapping_add(i16::from(x & mask > threshold))
}

/// The parameters that bring stored integers of one quantization to another. Source: TFLM
/// `micro/kernels/quantize_common.cc`.
pub fn requantize(input: &Quantization, output: &Quantization) -> Requantize {
    Requantize {
        input_zero_point: input.zero_point(),
        output_zero_point: output.zero_point(),
        multiplier: quantize_multiplier(ratio(input, output)),
    }
}

/// The table that brings stored int8 values of one quantization to another (`quantize` from int8 to int8).
pub fn requantize_table(input: &Quantization, output: &Quantization) -> [i8; 256] {
    let params = requantize(input, output);
    tabulate(|x| {
        let scaled = params.multiplier.apply(i32::from(x).wrapping_sub(params.input_zero_point));
        scaled.wrapping_add(params.output_zero_point).clamp(-128, 127) as i8
    })
}

/// The same as XNNPACK computes it, with a ratio of scales that has 8 fractional bits; `None` for ratios that XNNPACK leaves to
/// LiteRT's own kernel, which is TFLM's. Source: XNNPACK `microparams-init.c`, `xnn_init_qs8_cvt_scalar_params`.
pub fn xnnpack_requantize_table(input: &Quantization, output: &Quantization) -> Option<[i8; 256]> {
    let ratio = input.scale() / output.scale();
    if !(1.0 / 256.0..=128.0).contains(&ratio) {
        return None;
    }
    let multiplier = (256.0 * ratio).round_ties_even() as i32;
    Some(tabulate(|x| {
        let scaled = i32::from(x).wrapping_sub(input.zero_point()).wrapping_mul(multiplier).wrapping_add(1 << 7) >> 8;
        scaled.wrapping_add(output.zero_point()).clamp(-128, 127) as i8
    }))
}

/// The parameters of `quantize` from reals and of `dequantize`.
pub fn affine(quantization: &Quantization) -> Affine {
    Affine { scale: quantization.scale(), zero_point: quantization.zero_point() }
}

/// The parameters of `prelu`. Source: TFLM `micro/kernels/prelu_common.cc`, `CalculatePreluParams`.
pub fn prelu(input: &Quantization, alpha: &Quantization, output: &Quantization) -> Prelu {
    let (input_scale, output_scale) = (f64::from(input.scale()), f64::from(output.scale()));
    Prelu {
        input_zero_point: input.zero_point(),
        alpha_zero_point: alpha.zero_point(),
        positive: quantize_multiplier(input_scale / output_scale),
        negative: quantize_multiplier(input_scale * f64::from(alpha.scale()) / output_scale),
        output_zero_point: output.zero_point(),
    }
}

/// The table of a `prelu` whose alpha has one element, the stored value `value`.
pub fn prelu_table(input: &Quantization, alpha: &Quantization, value: i8, output: &Quantization) -> [i8; 256] {
    let op = prelu(input, alpha, output);
    tabulate(|x| op.apply(x, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements recorded from LiteRT with XNNPACK, where TFLM has 9, 10, 13, 14, 15, 17 and 18.
    #[test]
    fn xnnpack_rounds_the_ratio_of_scales() {
        let (input, output) = (Quantization::per_tensor(0.007_812_5, 0), Quantization::per_tensor(0.221_500_6, 14));
        let table = xnnpack_requantize_table(&input, &output).expect("a ratio that XNNPACK takes");
        for (x, y) in [(-128i8, 10), (-99, 11), (-14, 14), (0, 14), (14, 14), (70, 16), (127, 18)] {
            assert_eq!(table[usize::from(x as u8)], y, "{x}");
        }
    }

    /// XNNPACK leaves these to LiteRT's kernel, whose recorded elements are TFLM's.
    #[test]
    fn xnnpack_leaves_extreme_ratios_of_scales() {
        let (fine, coarse) = (Quantization::per_tensor(0.001, -3), Quantization::per_tensor(0.301, 7));
        assert_eq!(xnnpack_requantize_table(&fine, &coarse), None);
        let (coarse, fine) = (Quantization::per_tensor(2.0, -3), Quantization::per_tensor(0.01, 7));
        assert_eq!(xnnpack_requantize_table(&coarse, &fine), None);
    }

    /// Elements recorded from TFLM, where quotients in f32 would give 98 and -32.
    #[test]
    fn scales_divide_in_f64() {
        let (input, output) = (Quantization::per_tensor(0.010_842_486, -128), Quantization::per_tensor(0.022_980_439, 1));
        let leaky = table(UnaryKind::LeakyRelu { alpha: 0.5 }, &input, &output);
        assert_eq!(leaky[usize::from(76i8 as u8)], 97);
        let (input, output) = (Quantization::per_tensor(0.596_852_4, 3), Quantization::per_tensor(1.023_131, -92));
        assert_eq!(table(UnaryKind::HardSwish, &input, &output)[usize::from(105i8 as u8)], -33);
    }

    /// Symmetry and order, which the functions themselves have.
    #[test]
    fn sigmoids_rise_and_tanh_is_odd() {
        let input = Quantization::per_tensor(0.05, 0);
        let tanh = table(UnaryKind::Tanh, &input, &Quantization::per_tensor(1.0 / 128.0, 0));
        let logistic = table(UnaryKind::Logistic, &input, &Quantization::per_tensor(1.0 / 256.0, -128));
        assert_eq!((tanh[0], logistic[0]), (0, 0));
        for x in 1..=100usize {
            assert_eq!(i32::from(tanh[x]).min(127), (-i32::from(tanh[256 - x])).min(127), "tanh of {x}");
            assert!(tanh[x] >= tanh[x - 1] && logistic[x] >= logistic[x - 1]);
        }
    }

    #[test]
    fn what_tflm_refuses_is_refused() {
        let quantization = Quantization::per_tensor;
        let check = |kind, input: (f32, i32), output: (f32, i32)| {
            super::check(kind, &quantization(input.0, input.1), &quantization(output.0, output.1))
        };
        assert!(check(UnaryKind::Logistic, (0.1, 0), (1.0 / 256.0, 0)).is_err());
        assert!(check(UnaryKind::Logistic, (0.1, 0), (1.0 / 256.0, -128)).is_ok());
        assert!(check(UnaryKind::Tanh, (1e-9, 0), (1.0 / 128.0, 0)).is_err());
        assert!(check(UnaryKind::HardSwish, (1.0, 0), (0.005, 0)).is_err());
        assert!(check(UnaryKind::HardSwish, (1.0, 0), (0.01, 0)).is_ok());
    }
}
