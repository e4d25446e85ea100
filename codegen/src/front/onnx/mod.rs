//! ONNX files with float32 tensors, or quantized to 8 bits.
//!
//! The bytes are untrusted: every file gives a graph or a diagnostic, in time and memory proportional to its size. The few messages
//! of the format that matter are read in place by `wire`; subgraphs are never entered.
//!
//! ONNX images are NCHW, those of the graph NHWC. No tensor is moved for that: a value knows in which order its axes are
//! stored (`value`), ops read them in the order that they are in, and a `transpose` of the file only renames axes. One stays where an
//! op needs another order than its input has. Images that enter or leave the network are NHWC. A 1-D image, NCW, is stored as one of
//! height 1, and is NWC where it enters or leaves.

mod attributes;
mod builder;
mod constants;
mod error;
mod ops;
mod order;
mod quantized;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use crate::diag::Diagnostics;
use crate::ir::{Graph, Origin};
use builder::Builder;
use error::Problem;

/// Which inputs and outputs of the file are images, NCHW or NCW, that the graph has with their channels last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// For each input, in order.
    pub inputs: Vec<bool>,
    /// For each output, in order.
    pub outputs: Vec<bool>,
}

impl Turned {
    /// The file's shape of an image that the graph has in `shape`.
    pub fn channels_first(shape: &[usize]) -> Vec<usize> {
        let mut dims = shape.to_vec();
        if let (Some(channels), true) = (dims.pop(), shape.len() > 2) {
            dims.insert(1, channels);
            return dims;
        }
        shape.to_vec()
    }
}

/// Whether `bytes`, the first ones of a file, are those of an ONNX model: the version of its representation, and behind it nothing
/// but fields that a model has.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let mut fields = wire::fields(bytes);
    let version = matches!(fields.next(), Some(Ok((1, wire::Field::Varint(2..=64)))));
    // The field that `bytes` cut off, the graph mostly, is none any more.
    version && fields.map_while(Result::ok).all(|(number, _)| matches!(number, 2..=8 | 14 | 20 | 25 | 26))
}

/// A file as it is read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The network.
    pub graph: Graph,
    /// Which images are turned.
    pub turned: Turned,
    /// Layers of `uint8` activations and `int8` weights in which ONNX Runtime saturates sums of two products on some processors
    /// (x86 with AVX2, without VNNI), so that recordings made there differ.
    pub saturating: Vec<Origin>,
}

/// Reads an `.onnx` file, whose bytes are `bytes`, into a graph called `name`. An open batch becomes 1.
///
/// # Errors
/// Everything wrong with the file, one diagnostic a node, at most 64; or the one fault that made the rest unreadable.
pub fn read(bytes: &[u8], name: &str) -> Result<Graph, Diagnostics> {
    read_all(bytes, name).map(|read| read.graph)
}

/// As [`read`], with what is known of the file besides.
///
/// # Errors
/// As [`read`]'s.
pub fn read_all(bytes: &[u8], name: &str) -> Result<Read, Diagnostics> {
    let only = |problem: Problem| Diagnostics(vec![*problem]);
    let model = schema::Model::read(bytes).map_err(|error| only(error.into()))?;
    Builder::new(&model, bytes.len(), name).and_then(|builder| builder.run()).map_err(Diagnostics)
}
