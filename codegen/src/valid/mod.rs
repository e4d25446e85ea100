//! Checks a graph completely, so that every later stage can rely on it and emission cannot fail.
//!
//! `structure` checks the laws of `crate::ir`: order, ids, shapes, constants. `check` also checks that every op has a
//! kernel for its dtypes and quantizations, and returns what it learned, such as which accumulators can overflow.

mod accumulator;
mod batch;
mod dtype;
mod error;
mod kind;
mod quantization;
mod range;
mod structure;

pub use accumulator::AccumulatorRange;
pub use batch::batch;
pub use error::ValidError;
pub use kind::{Kind, kind, partly};
pub use range::Range;
pub use structure::structure;

use crate::diag::{Diagnostic, Diagnostics, Explain, Place};
use crate::ir::{Graph, Node};

/// What validation proves of a graph and later stages use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The stored values that each tensor can take, by tensor id.
    pub ranges: Vec<Range>,
    /// For each node that accumulates products, the range of each output channel's accumulator, bias included; where that leaves the
    /// accumulator's type, sums wrap.
    pub accumulators: Vec<Vec<AccumulatorRange>>,
    /// Multiply-accumulates of each node for one inference.
    pub macs: Vec<u64>,
}

/// Checks everything that generation relies on.
///
/// # Errors
/// All problems of the first group in which there are any: structure; batch; dtypes; quantization; accumulators.
pub fn check(graph: &Graph) -> Result<Facts, Diagnostics> {
    structure(graph)?;
    batch(graph)?;
    kind::check(graph)?;
    collect(graph, dtype::check)?;
    collect(graph, quantization::check)?;
    let ranges = range::ranges(graph);
    let mut accumulators = Vec::with_capacity(graph.nodes.len());
    let mut problems = Vec::new();
    for node in &graph.nodes {
        match accumulator::ranges(graph, node, &ranges) {
            Ok(found) => accumulators.push(found),
            Err(error) => problems.push(error.at(place(node))),
        }
    }
    if problems.is_empty() {
        let macs = graph.nodes.iter().map(|node| structure::macs(graph, node)).collect();
        Ok(Facts { ranges, accumulators, macs })
    } else {
        Err(Diagnostics(problems))
    }
}

/// Multiply-accumulates of one node, padding included: `output elements * taps * input channels`.
pub fn macs(graph: &Graph, node: &Node) -> u64 {
    structure::macs(graph, node)
}

/// Multiply-accumulates, and elements read and written, of one node.
pub fn work(graph: &Graph, node: &Node) -> u64 {
    structure::macs(graph, node).saturating_add(structure::moved(graph, node))
}

fn place(node: &Node) -> Place {
    Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() }
}

/// Runs one check on every node and gathers what each finds.
fn collect(graph: &Graph, check: impl Fn(&Graph, &Node) -> Result<(), ValidError>) -> Result<(), Diagnostics> {
    let problems: Vec<Diagnostic> =
        graph.nodes.iter().filter_map(|node| check(graph, node).err().map(|error| error.at(place(node)))).collect();
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

#[cfg(test)]
mod tests;
