#![doc = include_str!("format.md")]

mod attributes;
mod build;
mod defaults;
mod error;
mod header;
mod images;
mod ops;
mod pair;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod topology;
mod values;
mod weights;
mod write;

use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::Graph;
pub use error::NativeError;
pub use topology::Layout;
pub use write::{is_written_topology, write, write_embedded};

/// Reads a network: `bytes` is the safetensors file, `topology` the text of the TOML file beside it, `name` the model's.
///
/// Where `topology` is `None`, or was written with other weights, the topology is the one in the file's metadata. Neither is trusted: every pair of inputs
/// gives a graph or diagnostics, in time and memory proportional to their sizes.
///
/// # Errors
/// Everything wrong with the topology's tables and with each operator, at most 32 problems; or the one fault (of the
/// container, of the TOML's syntax, or of the format's version) that made the rest unreadable.
pub fn read(bytes: &[u8], topology: Option<&str>, name: &str) -> Result<Graph, Diagnostics> {
    let fatal = |error: NativeError| Diagnostics(vec![error.at(Place::default())]);
    let mut file = header::parse(bytes).map_err(fatal)?;
    let embedded = file.topology.take();
    let text = pair::topology(topology, embedded.as_deref()).ok_or(NativeError::NoTopology).map_err(fatal)?;
    let mut problems = Vec::new();
    let Some(topology) = parse::parse(text, &mut problems) else { return Err(Diagnostics(problems)) };
    let graph = build::build(topology, weights::Store::new(file, bytes.len()), name, &mut problems);
    if problems.is_empty() { Ok(graph) } else { Err(Diagnostics(problems)) }
}
