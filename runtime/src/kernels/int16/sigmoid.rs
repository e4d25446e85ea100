//! The logistic function and the hyperbolic tangent, by straight lines between entries of one table.

use super::tables::SIGMOID;

/// How an input becomes a place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sigmoid {
    /// The input's scale times `3 * 2^12 * 2^shift`.
    pub multiplier: i32,
    /// Shift to the right of the product, rounded.
    pub shift: u8,
}

impl Sigmoid {
    #[inline(always)]
    fn place(&self, x: i16) -> i32 {
        let half = if self.shift > 0 { 1i32.wrapping_shl(self.shift as u32 - 1) } else { 0 };
        (x as i32).wrapping_mul(self.multiplier).wrapping_add(half).wrapping_shr(self.shift as u32)
    }

    /// Entry `place >> bits` and the way to the next, `bits` fractional bits each; `None` beyond the last.
    #[inline(always)]
    fn between(place: u32, bits: u32) -> Option<u32> {
        let index = (place >> bits) as usize;
        let (&low, &high) = (SIGMOID.get(index)?, SIGMOID.get(index + 1)?);
        let fraction = place & ((1 << bits) - 1);
        Some(((low as u32) << bits).wrapping_add(fraction.wrapping_mul((high as u32).wrapping_sub(low as u32))))
    }

    /// `1 / (1 + exp(-x))` in Q0.15. Source: TFLM `reference/integer_ops/logistic.h`, `Logistic` of 16-bit data.
    #[inline(always)]
    fn logistic(&self, x: i16) -> i16 {
        let place = self.place(x);
        let positive = Self::between(place.unsigned_abs(), 9).unwrap_or(0x7fff << 10);
        let rounded =
            if place >= 0 { positive.wrapping_add(1 << 9) } else { ((1u32 << 25) + (1 << 9) - 1).wrapping_sub(positive) };
        (rounded >> 10) as i16
    }

    /// `tanh(x)` in Q0.15. Source: TFLM `reference/integer_ops/tanh.h`, `Tanh` of 16-bit data.
    #[inline(always)]
    fn tanh(&self, x: i16) -> i16 {
        let place = self.place(x);
        let positive = Self::between(place.unsigned_abs(), 8).unwrap_or(0xffff << 8) as i32;
        let centred = if place >= 0 { positive - (1 << 23) + (1 << 7) } else { (1 << 23) + (1 << 7) - 1 - positive };
        (centred >> 8) as i16
    }
}

/// The logistic function of each element; the output's scale is `2^-15`.
#[inline(always)]
pub fn logistic(p: &Sigmoid, input: &[i16], output: &mut [i16]) {
    for (y, &x) in output.iter_mut().zip(input) {
        *y = p.logistic(x);
    }
}

/// [`logistic`] that overwrites its input.
#[inline(always)]
pub fn logistic_in_place(p: &Sigmoid, data: &mut [i16]) {
    for x in data {
        *x = p.logistic(*x);
    }
}

/// The hyperbolic tangent of each element; the output's scale is `2^-15`.
#[inline(always)]
pub fn tanh(p: &Sigmoid, input: &[i16], output: &mut [i16]) {
    for (y, &x) in output.iter_mut().zip(input) {
        *y = p.tanh(x);
    }
}

/// [`tanh`] that overwrites its input.
#[inline(always)]
pub fn tanh_in_place(p: &Sigmoid, data: &mut [i16]) {
    for x in data {
        *x = p.tanh(*x);
    }
}

/// One copy for all layers.
pub(super) mod shared {
    use super::Sigmoid;

    /// [`super::logistic`], outlined.
    #[inline(never)]
    pub fn logistic(p: &Sigmoid, input: &[i16], output: &mut [i16]) {
        super::logistic(p, input, output);
    }

    /// [`super::logistic_in_place`], outlined.
    #[inline(never)]
    pub fn logistic_in_place(p: &Sigmoid, data: &mut [i16]) {
        super::logistic_in_place(p, data);
    }

    /// [`super::tanh`], outlined.
    #[inline(never)]
    pub fn tanh(p: &Sigmoid, input: &[i16], output: &mut [i16]) {
        super::tanh(p, input, output);
    }

    /// [`super::tanh_in_place`], outlined.
    #[inline(never)]
    pub fn tanh_in_place(p: &Sigmoid, data: &mut [i16]) {
        super::tanh_in_place(p, data);
    }
}
