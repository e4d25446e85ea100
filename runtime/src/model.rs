//! The Model trait and what is said of its inputs and outputs.
