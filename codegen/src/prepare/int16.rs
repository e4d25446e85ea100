//! The parameters of kernels of 16-bit activations, whose zero points are 0.

use super::multiplier::quantize_multiplier;
use crate::ir::{Activation, Quantization};
use tinybake_runtime::kernels::int16::{Rectifier, Sigmoid, Softmax};
use tinybake_runtime::requantize::Multiplier;

/// Least and greatest stored `int16` of an output of the given scale under an activation. Source: as of
/// [`super::multiplier::activation_range`].
pub fn activation_range(activation: Activation, scale: f32) -> [i16; 2] {
    let stored = |real: f32| (real / scale).round() as i32;
    let (min, max) = match activation {
        Activation::None => (i32::MIN, i32::MAX),
        Activation::Relu => (0, i32::MAX),
        Activation::Relu6 => (0, stored(6.0)),
        Activation::ReluN1To1 => (stored(-1.0), stored(1.0)),
        Activation::Clamp { min, max } => (min, max),
    };
    [min, max].map(|bound| bound.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
}

/// The multiplier of 15 bits and the shift to the right that the reference makes of a multiplier for sums of 64 bits. Source: TFLM
/// `kernels/internal/common.cc`, `MultiplyByQuantizedMultiplier` of an `int64_t`.
pub fn reduced(multiplier: Multiplier) -> (i32, i8) {
    let Multiplier { multiplier, shift } = multiplier;
    if multiplier == 0 {
        return (0, 31); // All shifts make nothing of nothing.
    }
    let reduced = if multiplier < 0x7fff_0000 { (multiplier + (1 << 15)) >> 16 } else { 0x7fff };
    (reduced, 15 - shift)
}

/// Multipliers of `a`, `b` and the output of a sum or difference. Source: TFLM `micro/kernels/add_common.cc`, `CalculateOpDataAdd`; that
/// of a difference, `sub_common.cc`, is written in f32, but its recorded outputs are those of the same f64 quotients.
pub fn sum_multipliers(a: &Quantization, b: &Quantization, output: &Quantization) -> [Multiplier; 3] {
    real_multipliers(a, b, output).map(quantize_multiplier)
}

fn real_multipliers(a: &Quantization, b: &Quantization, output: &Quantization) -> [f64; 3] {
    let [a, b, output] = [a, b, output].map(|quantization| f64::from(quantization.scale()));
    let twice = 2.0 * a.max(b);
    [a / twice, b / twice, twice / (f64::from(1 << 15) * output)]
}

/// Why the reference has no `add` or `sub` of these scales; `Ok` where it has.
pub fn check_sum(a: &Quantization, b: &Quantization, output: &Quantization) -> Result<(), &'static str> {
    if real_multipliers(a, b, output).iter().all(|&multiplier| multiplier > 0.0 && multiplier < 1.0) {
        Ok(())
    } else {
        Err("add and sub of int16 need an output scale above 2^-14 of the larger input scale")
    }
}

/// The multiplier of a product. Source: TFLM `micro/kernels/mul_common.cc`, `CalculateOpDataMul`.
pub fn product_multiplier(a: &Quantization, b: &Quantization, output: &Quantization) -> Multiplier {
    quantize_multiplier(f64::from(a.scale()) * f64::from(b.scale()) / f64::from(output.scale()))
}

/// The scale of one stored value in units of another: in f64, as of [`super::unary`].
fn ratio(input: &Quantization, output: &Quantization) -> f64 {
    f64::from(input.scale()) / f64::from(output.scale())
}

/// `relu`, rescaled. Source: TFLM `micro/kernels/activations_common.cc`, `CalculateReluOpData`.
pub fn relu(input: &Quantization, output: &Quantization) -> Rectifier {
    let scale = quantize_multiplier(ratio(input, output));
    Rectifier { positive: scale, negative: scale, negate: false, min: 0, max: i16::MAX }
}

/// `relu6`, which does not rescale. Source: TFLM `micro/kernels/activations_common.cc`, `Relu6Prepare`, which looks at the input's
/// scale only.
pub fn relu6(input: &Quantization) -> Rectifier {
    let one = quantize_multiplier(1.0);
    let [min, max] = activation_range(Activation::Relu6, input.scale());
    Rectifier { positive: one, negative: one, negate: false, min, max }
}

/// `leaky_relu`. Source: TFLM `micro/kernels/leaky_relu_common.cc`, `CalculateOpDataLeakyRelu`.
pub fn leaky_relu(input: &Quantization, output: &Quantization, alpha: f32) -> Rectifier {
    let slope = f64::from(input.scale()) * f64::from(alpha) / f64::from(output.scale());
    Rectifier {
        positive: quantize_multiplier(ratio(input, output)),
        negative: quantize_multiplier(slope.abs()),
        negate: slope < 0.0,
        min: i16::MIN,
        max: i16::MAX,
    }
}

/// Whether a logistic function or hyperbolic tangent of this output scale is one that the reference has: `2^-15`, to one part in
/// a thousand of a doubling.
pub fn is_fraction(scale: f32) -> bool {
    power_of_two(scale) == Some(-15)
}

/// The power of two that a scale is, to one part in a thousand of a doubling. Source: TFLM `kernels/internal/quantization_util.cc`,
/// `CheckedLog2`.
fn power_of_two(scale: f32) -> Option<i32> {
    let exact = f64::from(scale.log2());
    let rounded = exact.round();
    ((exact - rounded).abs() < 1e-3).then_some(rounded as i32)
}

/// The way of an input to the table of the logistic function, which has no power of two above `2^-12` to itself, or of the hyperbolic
/// tangent, which also has `2^-11`. `None` where the scale is too large. Source: TFLM `micro/kernels/logistic_common.cc` and `tanh.cc`.
pub fn sigmoid(input: &Quantization, powers: &[i32]) -> Option<Sigmoid> {
    if let Some(power) = power_of_two(input.scale()).filter(|power| powers.contains(power)) {
        return Some(Sigmoid { multiplier: 3 << (power + 12), shift: 0 });
    }
    let mut multiplier = f64::from(input.scale()) * 4096.0 * 3.0;
    let mut shift = 0;
    while multiplier <= 32767.0 / 2.0 && shift <= 30 {
        shift += 1;
        multiplier *= 2.0;
    }
    (multiplier <= 32767.0).then_some(Sigmoid { multiplier: multiplier as i32, shift })
}

/// Source: TFLM `micro/kernels/softmax_common.cc`, `CalculateSoftmaxParams`.
pub fn softmax(rows: u32, depth: u32, input_scale: f32, beta: f32) -> Softmax {
    let scale = quantize_multiplier(f64::from(input_scale) * f64::from(beta) / (10.0 / 65535.0));
    Softmax { rows, depth, scale }
}
