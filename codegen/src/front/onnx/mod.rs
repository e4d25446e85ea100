//! ONNX files with float32 tensors, or quantized to 8 bits.
//!
//! The bytes are untrusted: every file gives a graph or a diagnostic, in time and memory proportional to its size. The few messages
//! of the format that matter are read in place by `wire`; subgraphs are never entered.
//!
//! ONNX images are NCHW, those of the graph NHWC. No tensor is moved for that: a value knows in which order its axes are
//! stored (`value`), ops read them in the order that they are in, and a `transpose` of the file only renames axes. One stays where an
//! op needs another order than its input has. Images that enter or leave the network are NHWC.

mod attributes;
mod builder;
mod constants;
mod error;
mod ops;
mod quantized;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use crate::diag::Diagnostics;
use crate::ir::Graph;
use builder::Builder;
use error::Problem;

/// Which inputs and outputs of the file are NCHW images that the graph has as NHWC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// For each input, in order.
    pub inputs: Vec<bool>,
    /// For each output, in order.
    pub outputs: Vec<bool>,
}

/// Reads an `.onnx` file, whose bytes are `bytes`, into a graph called `name`. An open batch becomes 1.
///
/// # Errors
/// Everything wrong with the file, one diagnostic a node, at most 64; or the one fault that made the rest unreadable.
pub fn read(bytes: &[u8], name: &str) -> Result<Graph, Diagnostics> {
    read_turned(bytes, name).map(|(graph, _)| graph)
}

/// As [`read`], and which images it has turned.
///
/// # Errors
/// As [`read`]'s.
pub fn read_turned(bytes: &[u8], name: &str) -> Result<(Graph, Turned), Diagnostics> {
    let only = |problem: Problem| Diagnostics(vec![*problem]);
    let model = schema::Model::read(bytes).map_err(|error| only(error.into()))?;
    Builder::new(&model, bytes.len(), name).and_then(|builder| builder.run()).map_err(Diagnostics)
}
