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

/// Integer types of tensors that share the memory of float32 ones.
pub trait Shared: Stored {
    /// Bytes of an element.
    const BYTES: usize;
    /// The element at byte `at`; 0 outside.
    fn load(memory: &[u8], at: usize) -> Self;
    /// Writes the element at byte `at`; outside, nothing.
    fn store(self, memory: &mut [u8], at: usize);
}

macro_rules! shared {
    ($($type:ty),*) => {$(
        impl Shared for $type {
            const BYTES: usize = size_of::<$type>();
            #[inline(always)]
            fn load(memory: &[u8], at: usize) -> Self {
                memory.get(at..).and_then(|memory| memory.first_chunk()).map_or(0, |bytes| Self::from_ne_bytes(*bytes))
            }
            #[inline(always)]
            fn store(self, memory: &mut [u8], at: usize) {
                if let Some(bytes) = memory.get_mut(at..).and_then(|memory| memory.first_chunk_mut()) {
                    *bytes = self.to_ne_bytes();
                }
            }
        }
    )*};
}
shared!(i8, i16);

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

/// [`quantize()`] of the float32 elements that `memory` holds, over the first of its bytes.
#[inline(always)]
pub fn quantize_in_place<O: Shared>(params: &Affine, memory: &mut [u8]) {
    // Each element is written below all that are still to be read.
    for index in 0..memory.len() / 4 {
        let x = real(memory, index);
        O::saturate(round(x / params.scale).saturating_add(params.zero_point)).store(memory, O::BYTES * index);
    }
}

/// The float32 element of this index.
#[inline(always)]
fn real(memory: &[u8], index: usize) -> f32 {
    memory.get(4 * index..).and_then(|memory| memory.first_chunk()).map_or(0.0, |bytes| f32::from_ne_bytes(*bytes))
}

/// As [`quantize()`], rounded half to even. Source: MLAS `quantize.cpp`, `MlasQuantizeLinear`.
#[inline(always)]
pub fn quantize_to_even(params: &Affine, input: &[f32], output: &mut [i8]) {
    let clamp = Clamp { zero_point: params.zero_point, min: i8::MIN, max: i8::MAX };
    for (y, &x) in output.iter_mut().zip(input) {
        *y = nearest(x / params.scale, &clamp);
    }
}

/// [`quantize_to_even`] of the float32 elements that `memory` holds, over the first of its bytes.
#[inline(always)]
pub fn quantize_to_even_in_place(params: &Affine, memory: &mut [u8]) {
    let clamp = Clamp { zero_point: params.zero_point, min: i8::MIN, max: i8::MAX };
    // Each element is written below all that are still to be read.
    for index in 0..memory.len() / 4 {
        nearest(real(memory, index) / params.scale, &clamp).store(memory, index);
    }
}

/// `x * scale`, where the scale is the inverse of the output's, rounded half to even, plus the zero point. Source: XNNPACK
/// `microparams-init.c`, `xnn_init_f32_qs8_cvt_scalar_params`.
#[inline(always)]
pub fn quantize_by_inverse(params: &Affine, input: &[f32], output: &mut [i8]) {
    let clamp = Clamp { zero_point: params.zero_point, min: i8::MIN, max: i8::MAX };
    for (y, &x) in output.iter_mut().zip(input) {
        *y = nearest(x * params.scale, &clamp);
    }
}

/// [`quantize_by_inverse`] of the float32 elements that `memory` holds, over the first of its bytes.
#[inline(always)]
pub fn quantize_by_inverse_in_place(params: &Affine, memory: &mut [u8]) {
    let clamp = Clamp { zero_point: params.zero_point, min: i8::MIN, max: i8::MAX };
    // Each element is written below all that are still to be read.
    for index in 0..memory.len() / 4 {
        nearest(real(memory, index) * params.scale, &clamp).store(memory, index);
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

/// [`dequantize`] of the integers at the beginning of `memory`, to as many float32 elements as it has room for.
#[inline(always)]
pub fn dequantize_in_place<I: Shared>(params: &Affine, memory: &mut [u8]) {
    // As in `dequantize`.
    let scale = core::hint::black_box(params.scale);
    // Each element is written above all that are still to be read.
    for index in (0..memory.len() / 4).rev() {
        let x = I::load(memory, I::BYTES * index);
        let y = scale * x.widen().wrapping_sub(params.zero_point) as f32;
        if let Some(bytes) = memory.get_mut(4 * index..).and_then(|memory| memory.first_chunk_mut()) {
            *bytes = y.to_ne_bytes();
        }
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
    use super::{Affine, Requantize, Shared, Stored};

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

    /// [`super::quantize_by_inverse`], outlined.
    #[inline(never)]
    pub fn quantize_by_inverse(params: &Affine, input: &[f32], output: &mut [i8]) {
        super::quantize_by_inverse(params, input, output);
    }

    /// [`super::dequantize`], outlined.
    #[inline(never)]
    pub fn dequantize<I: Stored>(params: &Affine, input: &[I], output: &mut [f32]) {
        super::dequantize(params, input, output);
    }

    /// [`super::quantize_in_place`], outlined.
    #[inline(never)]
    pub fn quantize_in_place<O: Shared>(params: &Affine, memory: &mut [u8]) {
        super::quantize_in_place::<O>(params, memory);
    }

    /// [`super::quantize_to_even_in_place`], outlined.
    #[inline(never)]
    pub fn quantize_to_even_in_place(params: &Affine, memory: &mut [u8]) {
        super::quantize_to_even_in_place(params, memory);
    }

    /// [`super::quantize_by_inverse_in_place`], outlined.
    #[inline(never)]
    pub fn quantize_by_inverse_in_place(params: &Affine, memory: &mut [u8]) {
        super::quantize_by_inverse_in_place(params, memory);
    }

    /// [`super::dequantize_in_place`], outlined.
    #[inline(never)]
    pub fn dequantize_in_place<I: Shared>(params: &Affine, memory: &mut [u8]) {
        super::dequantize_in_place::<I>(params, memory);
    }

    /// [`super::requantize`], outlined.
    #[inline(never)]
    pub fn requantize<I: Stored, O: Stored>(params: &Requantize, input: &[I], output: &mut [O]) {
        super::requantize(params, input, output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the same memory, the same numbers.
    #[test]
    fn in_place_equals_apart() {
        let reals: [f32; 9] = [0.0, -0.25, 0.25, 0.75, -7.3, 1e9, -1e9, f32::NAN, 31.9];
        let params = Affine { scale: 0.5, zero_point: -3 };
        let memory = || reals.map(f32::to_ne_bytes).concat();
        let (mut bytes, mut halves) = ([0i8; 9], [0i16; 9]);
        let mut place = memory();
        quantize(&params, &reals, &mut bytes);
        quantize_in_place::<i8>(&params, &mut place);
        assert_eq!(place[..9], bytes.map(|byte| byte as u8));
        dequantize_in_place::<i8>(&params, &mut place);
        let mut back = [0.0; 9];
        dequantize(&params, &bytes, &mut back);
        assert_eq!(place, back.map(f32::to_ne_bytes).concat());
        place = memory();
        quantize(&params, &reals, &mut halves);
        quantize_in_place::<i16>(&params, &mut place);
        assert_eq!(place[..18], halves.map(i16::to_ne_bytes).concat());
        dequantize_in_place::<i16>(&params, &mut place);
        dequantize(&params, &halves, &mut back);
        assert_eq!(place, back.map(f32::to_ne_bytes).concat());
        place = memory();
        quantize_to_even(&params, &reals, &mut bytes);
        quantize_to_even_in_place(&params, &mut place);
        assert_eq!(place[..9], bytes.map(|byte| byte as u8));
        place = memory();
        quantize_by_inverse(&params, &reals, &mut bytes);
        quantize_by_inverse_in_place(&params, &mut place);
        assert_eq!(place[..9], bytes.map(|byte| byte as u8));
    }
}
