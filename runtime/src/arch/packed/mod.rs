//! Sums of products over weights that the generator has arranged for the DSP extension of Arm cores, with requantization.
//!
//! `pairs` and `planes` are the specification, in portable loops; `dsp` and `dsp_planes` are assembly.

#[cfg(tinybake_core = "dsp")]
mod dsp;
#[cfg(tinybake_core = "dsp")]
mod dsp_planes;
mod pairs;
mod planes;

pub(crate) use pairs::Rows as Runs;
pub use pairs::{halves, places};
#[cfg(not(tinybake_core = "dsp"))]
pub(crate) use pairs::{row, two_rows, widen};
pub(crate) use planes::Rows;
#[cfg(not(tinybake_core = "dsp"))]
pub(crate) use planes::{channel, spread};
#[cfg(tinybake_core = "dsp")]
pub(crate) use {
    dsp::{row, two_rows, widen},
    dsp_planes::{channel, spread},
};

/// What makes an output of a sum, per channel: twice the bias, the Q31 multiplier, what is added to the product's high word
/// (the zero point and the half that rounds, both scaled), and how far that is shifted right.
pub(crate) type Scale = [i32; 4];

/// In the shifts of a layer of which every scale rounds once; shifts are taken modulo 256.
pub const ONCE: i32 = 1 << 8;

/// How sums are rounded when they are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// As `Bounded`, where outputs below the zero point are clamped by the caller, or are below the range of `int8`, so that ties of
    /// negative numbers need no care.
    Positive,
    /// As `Bounded`.
    Any,
    /// As `Once`.
    Once,
}

/// The output for twice a sum with its bias, in `-2^31..2^31`, with the zero point added, saturated to `int8`.
#[inline(always)]
pub(crate) const fn finish(twice: i32, scale: &Scale, how: Finish) -> i8 {
    let [_, multiplier, offset, shift] = *scale;
    let product = twice as i64 * multiplier as i64;
    let rounded = ((product + (1 << 31)) >> 32) as i32;
    let high = match how {
        Finish::Positive => rounded,
        Finish::Any => rounded.wrapping_add(rounded >> 31),
        Finish::Once => (product >> 32) as i32,
    };
    let output = high.wrapping_add(offset).wrapping_shr(shift as u32);
    if output < -128 {
        -128
    } else if output > 127 {
        127
    } else {
        output as i8
    }
}

/// The low and the high half of a word.
#[inline(always)]
fn lanes(word: u32) -> [i32; 2] {
    [word as i16 as i32, (word as i32) >> 16]
}

/// A word of two halves.
#[inline(always)]
fn pair(low: i8, high: i8) -> u32 {
    (low as i16 as u16 as u32) | (high as i32 as u32) << 16
}
