//! The number model, kernels and `Model` trait of tinybake.
#![no_std]
