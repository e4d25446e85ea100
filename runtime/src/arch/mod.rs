//! What differs by core, behind safe functions: the sums of products that the kernels spend their time in.

#[cfg(all(feature = "harness", target_os = "none", any(target_arch = "arm", target_arch = "riscv32")))]
#[allow(unsafe_code)]
pub mod harness;

mod cast;
mod portable;

pub(crate) use cast::signed;
pub(crate) use portable::{dot, dot_1x4, dot_2x2, sum};
