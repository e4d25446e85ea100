//! `conv2d`.
