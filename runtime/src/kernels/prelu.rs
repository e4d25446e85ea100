//! `prelu`.
