//! Generated modules in crates that allow no warnings: as text with their constants beside them, and by the macro; for tensors and files
//! of every name.
#![deny(warnings)]

#[path = "../common/mod.rs"]
mod common;
mod constants;
mod names;
mod project;

tinybake::include_model!(mod hard = "tests/data/names/hard.safetensors");
