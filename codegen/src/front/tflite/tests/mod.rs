//! Tests of the reader as a whole.

mod crafted;
mod errors;
mod models;
mod stored;
#[allow(dead_code, reason = "the test of hostile files at the root includes it too and uses more of it")]
mod writer;
