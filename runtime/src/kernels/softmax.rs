//! `softmax`.
