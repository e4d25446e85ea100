//! Element-wise functions of two tensors.
