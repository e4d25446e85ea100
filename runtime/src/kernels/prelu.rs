//! `prelu`: an element-wise function of the input and of alpha, run by [`super::binary`] with the input as `a` and alpha
//! as `b`, which broadcasts. One alpha for all elements is a table ([`super::lut`]) instead.

use super::binary::BinaryOp;
use crate::requantize::Multiplier;

/// `x` where it is not negative, `alpha * x` elsewhere. Source: TFLM `reference/prelu.h`, `BroadcastPrelu4DSlow`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prelu {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of alpha.
    pub alpha_zero_point: i32,
    /// Input scale over the output's.
    pub positive: Multiplier,
    /// Input scale times alpha's over the output's.
    pub negative: Multiplier,
    /// Zero point of the output.
    pub output_zero_point: i32,
}

impl BinaryOp for Prelu {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let input = i32::from(a).wrapping_sub(self.input_zero_point);
        let scaled = if input >= 0 {
            self.positive.apply(input)
        } else {
            self.negative.apply(input.wrapping_mul(i32::from(b).wrapping_sub(self.alpha_zero_point)))
        };
        scaled.wrapping_add(self.output_zero_point).clamp(-128, 127) as i8
    }
}
