//! Reals to stored integers and back, and from one quantization and integer type to another.
//!
//! int8 to int8 is a table ([`super::lut`]); what is here serves the edges of a model. The functions with f32 use soft
//! float on cores without an FPU.

use super::reals::nearest;
use crate::requantize::{Clamp, Multiplier};

/// The integer types that quantized tensors are stored as.
pub trait Stored: Copy {
    /// The stored value.
    fn widen(self) -> i32;
    /// The nearest value of the type.
    fn saturate(value: i32) -> Self;
}

macro_rules! stored {
    ($($type:ty),*) => {$(
        impl Stored for $type {
            #[inline(always)]
            fn widen(self) -> i32 {
                self.into()
            }
            #[inline(always)]
            fn saturate(value: i32) -> Self {
                value.max(Self::MIN.into()).min(Self::MAX.into()) as Self
            }
        }
    )*};
}
stored!(i8, u8, i16, i32);

/// An affine map between reals and stored integers: `real = scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Real value of one step; positive.
    pub scale: f32,
    /// Stored value of the real 0.
    pub zero_point: i32,
}

/// From one quantization to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requantize {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Input scale over the output's.
    pub multiplier: Multiplier,
}

/// Nearest integer, half away from zero; saturates, and is 0 for NaN. `core` has no `round`.
#[inline(always)]
fn round(value: f32) -> i32 {
    let truncated = value as i32;
    let fraction = value - truncated as f32;
    if fraction >= 0.5 {
        truncated.saturating_add(1)
    } else if fraction <= -0.5 {
        truncated.saturating_sub(1)
    } else {
        truncated
    }
}

/// `round(x / scale) + zero_point`, saturated to the type. Source: TFLM `reference/quantize.h`, `AffineQuantize`.
#[inline(always)]
pub fn quantize<O: Stored>(params: &Affine, input: &[f32], output: &mut [O]) {
    for (y, &x) in output.iter_mut().zip(input) {
        *y = O::saturate(round(x / params.scale).saturating_add(params.zero_point));
    }
}

/// As [`quantize()`], rounded half to even. Source: MLAS `quantize.cpp`, `MlasQuantizeLinear`.
#[inline(always)]
pub fn quantize_to_even(params: &Affine, input: &[f32], output: &mut [i8]) {
    let clamp = Clamp { zero_point: params.zero_point, min: i8::MIN, max: i8::MAX };
    for (y, &x) in output.iter_mut().zip(input) {
        *y = nearest(x / params.scale, &clamp);
    }
}

/// `scale * (q - zero_point)`. TFLM `reference/dequantize.h` computes the product in f64 and rounds it to f32; as it has
/// at most 41 significant bits and is exact there, the f32 product is the same.
#[inline(always)]
pub fn dequantize<I: Stored>(params: &Affine, input: &[I], output: &mut [f32]) {
    // With a scale of 1/256 that the compiler knew, vectors on an emulated Cortex-M55 held other numbers than the product; which of
    // the two is at fault is not known.
    let scale = core::hint::black_box(params.scale);
    for (y, &x) in output.iter_mut().zip(input) {
        *y = scale * x.widen().wrapping_sub(params.zero_point) as f32;
    }
}

/// Another scale, zero point and integer type. Source: TFLM `reference/requantize.h`, `Requantize`.
#[inline(always)]
pub fn requantize<I: Stored, O: Stored>(params: &Requantize, input: &[I], output: &mut [O]) {
    for (y, &x) in output.iter_mut().zip(input) {
        let scaled = params.multiplier.apply(x.widen().wrapping_sub(params.input_zero_point));
        *y = O::saturate(scaled.wrapping_add(params.output_zero_point));
    }
}

/// One copy of the code for all layers of the same types.
pub mod shared {
    use super::{Affine, Requantize, Stored};

    /// [`super::quantize()`], outlined.
    #[inline(never)]
    pub fn quantize<O: Stored>(params: &Affine, input: &[f32], output: &mut [O]) {
        super::quantize(params, input, output);
    }

    /// [`super::quantize_to_even`], outlined.
    #[inline(never)]
    pub fn quantize_to_even(params: &Affine, input: &[f32], output: &mut [i8]) {
        super::quantize_to_even(params, input, output);
    }

    /// [`super::dequantize`], outlined.
    #[inline(never)]
    pub fn dequantize<I: Stored>(params: &Affine, input: &[I], output: &mut [f32]) {
        super::dequantize(params, input, output);
    }

    /// [`super::requantize`], outlined.
    #[inline(never)]
    pub fn requantize<I: Stored, O: Stored>(params: &Requantize, input: &[I], output: &mut [O]) {
        super::requantize(params, input, output);
    }
}
