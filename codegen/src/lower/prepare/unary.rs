//! Element-wise functions of one tensor, as tables.
