//! From an op and its quantizations to a kernel of the runtime and its parameters; evaluation and emission share it.

pub mod prepare;
