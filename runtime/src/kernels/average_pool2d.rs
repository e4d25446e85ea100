//! `average_pool2d`.
