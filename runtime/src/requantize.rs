//! Accumulators to outputs.
