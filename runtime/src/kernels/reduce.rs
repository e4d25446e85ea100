//! Reductions over axes: `mean` and `reduce_max`.

use super::quantize::Stored;
use super::reals::nearest;
use crate::requantize::{Clamp, Multiplier};

/// The axes that are kept and those that are reduced, as nested loops with their steps in the input, outermost first.
/// Neighbouring axes of one kind are merged, so that three of each cover six dimensions. Unused loops have count 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduce {
    /// Sizes of the kept axes; the output is contiguous in their order.
    pub kept: [u32; 3],
    /// Steps of the kept axes, in elements.
    pub kept_strides: [u32; 3],
    /// Sizes of the reduced axes.
    pub reduced: [u32; 3],
    /// Steps of the reduced axes, in elements.
    pub reduced_strides: [u32; 3],
}

/// From a sum to a stored mean. Source: TFLM `reference/reduce.h`, `QuantizedMeanOrSum`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The input's zero point times the number of elements in a sum.
    pub offset: i32,
    /// Input scale over the output's, over the number of elements in a sum.
    pub multiplier: Multiplier,
    /// Zero point of the output.
    pub output_zero_point: i32,
}

/// From a sum of stored values to a stored mean in single precision, as XNNPACK computes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanReal {
    /// Input scale over the output's, over the number of elements in a sum.
    pub scale: f32,
    /// The output's zero point, less what the input's adds to a sum, in units of the output.
    pub bias: f32,
}

/// Calls `f(position, accumulator)` for each element that is reduced into the output at `base`.
#[inline(always)]
fn fold<T: Stored>(shape: &Reduce, base: usize, input: &[T], start: i32, f: impl Fn(i32, i32) -> i32) -> i32 {
    let [d0, d1, d2] = shape.reduced;
    let [s0, s1, s2] = shape.reduced_strides.map(|stride| stride as usize);
    let mut accumulator = start;
    let mut p0 = base;
    for _ in 0..d0 {
        let mut p1 = p0;
        for _ in 0..d1 {
            let mut p2 = p1;
            for _ in 0..d2 {
                if let Some(&x) = input.get(p2) {
                    accumulator = f(accumulator, x.widen());
                }
                p2 = p2.wrapping_add(s2);
            }
            p1 = p1.wrapping_add(s1);
        }
        p0 = p0.wrapping_add(s0);
    }
    accumulator
}

/// Calls `f(base position)` for each output in order and stores its result.
#[inline(always)]
fn each<T>(shape: &Reduce, output: &mut [T], f: impl Fn(usize) -> T) {
    let [d0, d1, d2] = shape.kept;
    let [s0, s1, s2] = shape.kept_strides.map(|stride| stride as usize);
    let mut outputs = output.iter_mut();
    let mut p0 = 0usize;
    for _ in 0..d0 {
        let mut p1 = p0;
        for _ in 0..d1 {
            let mut p2 = p1;
            for _ in 0..d2 {
                let Some(y) = outputs.next() else { return };
                *y = f(p2);
                p2 = p2.wrapping_add(s2);
            }
            p1 = p1.wrapping_add(s1);
        }
        p0 = p0.wrapping_add(s0);
    }
}

/// The arithmetic mean over the reduced axes. Sums wrap at 32 bits, which 16 million elements of 8 bits do not reach.
#[inline(always)]
pub fn mean<T: Stored>(shape: &Reduce, params: &Mean, input: &[T], output: &mut [T]) {
    each(shape, output, |base| {
        let sum = fold(shape, base, input, 0, i32::wrapping_add);
        let scaled = params.multiplier.apply(sum.wrapping_sub(params.offset));
        T::saturate(scaled.wrapping_add(params.output_zero_point))
    });
}

/// The arithmetic mean over the reduced axes: `sum * scale + bias`, half to even.
#[inline(always)]
pub fn mean_real(shape: &Reduce, params: &MeanReal, input: &[i8], output: &mut [i8]) {
    let clamp = Clamp { zero_point: 0, min: i8::MIN, max: i8::MAX };
    each(shape, output, |base| {
        let sum = fold(shape, base, input, 0, i32::wrapping_add);
        nearest(sum as f32 * params.scale + params.bias, &clamp)
    });
}

/// The greatest stored element over the reduced axes. Source: TFLM `micro/kernels/reduce_common.cc`, `EvalMinMaxHelper`.
#[inline(always)]
pub fn reduce_max(shape: &Reduce, input: &[i8], output: &mut [i8]) {
    each(shape, output, |base| fold(shape, base, input, -128, i32::max) as i8);
}

/// One copy of the code for all layers.
pub mod shared {
    use super::{Mean, MeanReal, Reduce, Stored};

    /// [`super::mean`], outlined.
    #[inline(never)]
    pub fn mean<T: Stored>(shape: &Reduce, params: &Mean, input: &[T], output: &mut [T]) {
        super::mean(shape, params, input, output);
    }

    /// [`super::mean_real`], outlined.
    #[inline(never)]
    pub fn mean_real(shape: &Reduce, params: &MeanReal, input: &[i8], output: &mut [i8]) {
        super::mean_real(shape, params, input, output);
    }

    /// [`super::reduce_max`], outlined.
    #[inline(never)]
    pub fn reduce_max(shape: &Reduce, input: &[i8], output: &mut [i8]) {
        super::reduce_max(shape, input, output);
    }
}
