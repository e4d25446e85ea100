//! What differs by core, behind safe functions: the sums of products that the kernels spend their time in.
//!
//! `portable` is the specification, and what vectorizing compilers make good code of. `thumb` is assembly for Arm
//! microcontrollers, where the compiler unrolls such loops until it runs out of registers.

#[cfg(all(feature = "harness", target_os = "none", any(target_arch = "arm", target_arch = "riscv32")))]
#[allow(unsafe_code)]
pub mod harness;

mod blocks;
mod cast;
#[cfg(tinybake_core = "dsp")]
mod dsp;
pub(crate) mod halves;
pub(crate) mod lanes;
#[cfg(tinybake_core = "mve")]
mod mve;
#[cfg(tinybake_core = "mve")]
mod mve_add;
#[cfg(tinybake_core = "mve")]
mod mve_taps;
pub(crate) mod packed;
#[allow(unsafe_code)]
mod placed;
mod portable;
#[cfg(target_arch = "riscv32")]
mod riscv;
pub(crate) mod sparse;
pub(crate) mod sparse_lanes;
pub(crate) mod sparse_pairs;
#[cfg(any(tinybake_core = "mve", tinybake_core = "dsp", tinybake_core = "thumb2", tinybake_core = "thumb1"))]
mod thumb;
pub(crate) mod tiles;
#[allow(unsafe_code)]
mod views;
#[cfg(tinybake_core = "dsp")]
mod wide;

pub(crate) use blocks::{OUTSIDE, Pairs, Units};
#[cfg(not(tinybake_core = "mve"))]
pub(crate) use blocks::{rows_1, rows_2, taps_9};
pub(crate) use cast::{packed_words, signed, words};
#[cfg(tinybake_core = "dsp")]
pub(crate) use dsp::{dot_2x4, taps_3x4};
#[cfg(tinybake_core = "mve")]
pub(crate) use mve::{rows_1, rows_2};
#[cfg(tinybake_core = "mve")]
pub(crate) use mve_add::{add, add_in_place};
#[cfg(tinybake_core = "mve")]
pub(crate) use mve_taps::taps_9;
pub use placed::{Placed, Taken};
#[cfg(not(any(
    tinybake_core = "mve",
    tinybake_core = "dsp",
    tinybake_core = "thumb2",
    tinybake_core = "thumb1",
    target_arch = "riscv32"
)))]
pub(crate) use portable::dot_1x4;
#[cfg(not(any(tinybake_core = "dsp", target_arch = "riscv32")))]
pub(crate) use portable::dot_2x4;
#[cfg(not(tinybake_core = "dsp"))]
pub(crate) use portable::{Wide, taps_3x4};
pub(crate) use portable::{dot, dot_outlined, sum};
#[cfg(target_arch = "riscv32")]
pub(crate) use riscv::{dot_1x4, dot_2x4};
#[cfg(any(tinybake_core = "mve", tinybake_core = "dsp", tinybake_core = "thumb2", tinybake_core = "thumb1"))]
pub(crate) use thumb::dot_1x4;
pub use views::{view, view_mut, views, views3};
#[cfg(tinybake_core = "dsp")]
pub(crate) use wide::Wide;

/// Channels that a depthwise convolution sums at a time: a few vectors' worth, or one where there are no vectors, since
/// channels share nothing that they load.
pub(crate) const LANES: usize =
    if cfg!(any(target_arch = "arm", target_arch = "riscv32")) && !cfg!(tinybake_core = "mve") { 1 } else { 16 };

/// Whether [`dot_2x4`] is faster than what it stands for.
pub(crate) const PAIRS: bool = cfg!(any(tinybake_core = "dsp", target_arch = "riscv32"));

/// Whether [`taps_3x4`] is faster than what it stands for.
pub(crate) const TAPS: bool = cfg!(tinybake_core = "dsp");
