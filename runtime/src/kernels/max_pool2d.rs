//! `max_pool2d`.
