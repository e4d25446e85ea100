//! What differs by core, behind safe functions: the sums of products that the kernels spend their time in.

mod portable;

pub(crate) use portable::{dot, dot_1x4, dot_2x2, sum};
