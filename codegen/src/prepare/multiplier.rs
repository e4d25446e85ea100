//! Real scales as fixed-point multipliers, and activations as clamps.

use crate::ir::Activation;
use tinybake_runtime::requantize::Multiplier;

/// `real` as a Q31 significand and a shift; zero for zero, for what is below `2^-32`, and for what is negative, not
/// finite, or too large for a shift of 30, which validation refuses.
///
/// Source: TFLM `kernels/internal/quantization_util.cc`, `QuantizeMultiplier`.
pub fn quantize_multiplier(real: f64) -> Multiplier {
    const ZERO: Multiplier = Multiplier { multiplier: 0, shift: 0 };
    if !(real > 0.0 && real.is_finite()) {
        return ZERO;
    }
    let (fraction, mut shift) = frexp(real);
    // Exact as a power of two; round is half away from zero, as TfLiteRound.
    let mut significand = (fraction * (1i64 << 31) as f64).round() as i64;
    if significand == 1 << 31 {
        significand /= 2;
        shift += 1;
    }
    match i8::try_from(shift) {
        Ok(shift @ -31..=30) => Multiplier { multiplier: significand as i32, shift },
        Ok(_) | Err(_) => ZERO,
    }
}

/// A positive finite `x` as `fraction * 2^exponent` with the fraction in `[0.5, 1)`: C's `frexp`.
pub fn frexp(x: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7ff << 52;
    let bits = x.to_bits();
    if bits & EXPONENT == 0 {
        // Zero, or subnormal: scaled to a normal number first.
        return if x == 0.0 {
            (0.0, 0)
        } else {
            let (fraction, exponent) = frexp(x * (1u64 << 54) as f64);
            (fraction, exponent - 54)
        };
    }
    let exponent = ((bits & EXPONENT) >> 52) as i32 - 1022;
    (f64::from_bits(bits & !EXPONENT | 1022 << 52), exponent)
}

/// Least and greatest stored `i8` of an output with the given quantization under an activation.
///
/// Source: TFLM `kernels/kernel_util.cc`, `CalculateActivationRangeQuantized`. Where a bound overflows `i32`, which the
/// source refuses, it saturates.
pub fn activation_range(activation: Activation, scale: f32, zero_point: i32) -> (i8, i8) {
    // f32 arithmetic, as there; `as` saturates.
    let stored = |real: f32| zero_point.saturating_add((real / scale).round() as i32);
    let (min, max) = match activation {
        Activation::None => (i32::MIN, i32::MAX),
        Activation::Relu => (stored(0.0), i32::MAX),
        Activation::Relu6 => (stored(0.0), stored(6.0)),
        Activation::ReluN1To1 => (stored(-1.0), stored(1.0)),
        Activation::Clamp { min, max } => (min, max),
    };
    // The kernels take the lower of two bounds that exclude each other, so both go into the range by themselves.
    (min.clamp(-128, 127) as i8, max.clamp(-128, 127) as i8)
}

/// As [`activation_range`], under reference `xnnpack`: the zero point is added before rounding, half to even.
///
/// Source: XNNPACK `requantization.h`, `xnn_qs8_quantize`.
pub fn xnnpack_activation_range(activation: Activation, scale: f32, zero_point: i32) -> (i8, i8) {
    let stored = |real: f32| (real / scale + zero_point as f32).clamp(-128.0, 127.0).round_ties_even() as i8;
    match activation {
        Activation::None => (i8::MIN, i8::MAX),
        Activation::Relu => (stored(0.0), i8::MAX),
        Activation::Relu6 => (stored(0.0), stored(6.0)),
        Activation::ReluN1To1 => (stored(-1.0), stored(1.0)),
        Activation::Clamp { min, max } => (min.clamp(-128, 127) as i8, max.clamp(-128, 127) as i8),
    }
}
