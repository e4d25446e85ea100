//! Reals as the `fixed` crate's types, with integer instructions only.

use super::{TensorInfo, saturate, saturate_i16};
use core::num::{NonZeroU64, NonZeroU128};
use fixed::traits::{Fixed, FixedBits};

impl TensorInfo {
    /// The real that `stored` stands for, to the nearest `F`, ties away from zero, saturated. Integer instructions only.
    pub fn dequantize_fixed<F: Fixed>(&self, stored: impl Into<i32>) -> F {
        let (mantissa, exponent) = decompose(self.scale);
        let steps = stored.into() as i64 - self.zero_point as i64;
        let product = steps * mantissa as i64;
        let shift = exponent + F::FRAC_NBITS as i32;
        let magnitude = product.unsigned_abs();
        // A narrow `F` has left what 64 bits can hold where the shift overflows them.
        let bits = if F::Bits::BITS <= 32 {
            shift_u64(magnitude, shift).and_then(|bits| F::Bits::try_from(if product < 0 { -bits } else { bits }).ok())
        } else {
            shift_u128(magnitude as u128, shift).and_then(|bits| F::Bits::try_from(if product < 0 { -bits } else { bits }).ok())
        };
        match bits {
            Some(bits) => F::from_bits(bits),
            None if product < 0 => F::MIN,
            None => F::MAX,
        }
    }

    /// The `i8` nearest to `real`, ties away from zero, saturated. Integer instructions only. It is the rounding of the
    /// exact quotient; [`Self::quantize`] divides in f32 and may differ at what f32 takes for a tie.
    pub fn quantize_fixed<F: Fixed>(&self, real: F) -> i8 {
        saturate(self.steps_fixed(real), self.zero_point)
    }

    /// [`Self::quantize_fixed`] for inputs of 16 bits: the `i16` nearest to `real`.
    pub fn quantize_fixed_i16<F: Fixed>(&self, real: F) -> i16 {
        saturate_i16(self.steps_fixed(real), self.zero_point)
    }

    /// `real / scale` to the nearest integer, ties away from zero; 0 where the scale is none.
    fn steps_fixed<F: Fixed>(&self, real: F) -> i64 {
        let (mantissa, exponent) = decompose(self.scale);
        if mantissa == 0 {
            return 0;
        }
        let shift = -(F::FRAC_NBITS as i32) - exponent;
        let negative = real < F::ZERO;
        let steps = if F::Bits::BITS <= 32 {
            let bits: i64 = real.to_bits().try_into().unwrap_or(i64::MAX);
            divide_u64(bits.unsigned_abs(), mantissa, shift)
        } else {
            let bits: i128 = real.to_bits().try_into().unwrap_or(i128::MAX);
            divide_u128(bits.unsigned_abs(), mantissa, shift)
        };
        if negative { -steps } else { steps }
    }
}

/// A positive normal or subnormal `x` as `mantissa * 2^exponent`, mantissa below `2^24`; zero for anything else.
const fn decompose(x: f32) -> (u32, i32) {
    let bits = x.to_bits();
    let (exponent, fraction) = (bits >> 23, bits & 0x7f_ffff);
    match exponent {
        0 => (fraction, -149),
        1..255 => (fraction | 0x80_0000, exponent as i32 - 150),
        // Negative, infinite, not a number.
        _ => (0, 0),
    }
}

/// The functions below, for one width.
macro_rules! wide {
    ($unsigned:ty, $signed:ty, $nonzero:ty, $shift:ident, $divide:ident) => {
        /// `x * 2^shift` to the nearest, ties up; `None` where it overflows.
        fn $shift(x: $unsigned, shift: i32) -> Option<$signed> {
            if x == 0 {
                return Some(0);
            }
            if shift >= 0 {
                let fits = shift < x.leading_zeros() as i32;
                return if fits { Some((x << shift) as $signed) } else { None };
            }
            let below = x.checked_shr(shift.unsigned_abs() - 1).unwrap_or(0);
            Some(((below >> 1) + (below & 1)) as $signed)
        }

        /// `x * 2^shift / mantissa` to the nearest, ties up, saturated at `2^32`.
        fn $divide(x: $unsigned, mantissa: u32, shift: i32) -> i64 {
            const LIMIT: i64 = 1 << 32;
            let mantissa = mantissa as $unsigned;
            let (dividend, divisor) = if shift >= 0 {
                if x != 0 && shift >= x.leading_zeros() as i32 {
                    return LIMIT;
                }
                (x.checked_shl(shift as u32).unwrap_or(0), mantissa)
            } else {
                if shift.unsigned_abs() > mantissa.leading_zeros() {
                    return 0;
                }
                (x, mantissa.checked_shl(shift.unsigned_abs()).unwrap_or(0))
            };
            let Some(divisor) = <$nonzero>::new(divisor) else { return 0 };
            let (quotient, rest) = (dividend / divisor, dividend % divisor);
            let rounded = quotient + (rest >= divisor.get() - rest) as $unsigned;
            rounded.min(LIMIT as $unsigned) as i64
        }
    };
}
wide!(u64, i64, NonZeroU64, shift_u64, divide_u64);
wide!(u128, i128, NonZeroU128, shift_u128, divide_u128);
