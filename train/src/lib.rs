//! Training for tinybake, on burn's tensors and gradients: from scratch, by distillation, and of networks that were pruned or are to be
//! quantized.
//!
//! A network is a graph of `tinybake-codegen`, read by its readers and written by its writer; [`network`] computes it on batches with
//! gradients. Everything else (data, losses, the optimizer, checkpoints) is plain Rust on vectors. All of it runs on one thread, and
//! every random number comes from a seed: the same call on the same machine gives the same bytes.
#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod cli;
pub mod curves;
pub mod data;
pub mod error;
pub mod initial;
pub mod interrupt;
pub mod loss;
pub mod network;
pub mod optimizer;
pub mod parameters;
pub mod quantized;
pub mod random;
pub mod trainer;
