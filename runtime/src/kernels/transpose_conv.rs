//! `transpose_conv`.
