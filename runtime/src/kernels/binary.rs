//! `binary`.
