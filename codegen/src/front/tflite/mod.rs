//! TensorFlow Lite flatbuffers.
//!
//! The bytes are untrusted: every file gives a graph or a diagnostic, in time and memory proportional to its size. What
//! is read is the first subgraph, as far as its operators refer to it. Whether the graph makes sense (shapes,
//! quantization, who writes what) is for [`crate::valid`] to say.

mod budget;
mod builtin;
mod compiler;
mod data;
mod error;
mod flatbuffer;
mod ops;
mod quantization;
mod reader;
mod schema;
mod sparse;
#[cfg(test)]
mod tests;

use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::ir::{Graph, Node, Origin};
use error::Outcome;
use reader::Reader;
use schema::{Operator, OperatorCode};
use std::collections::BTreeMap;

/// Reads a `.tflite` file, whose bytes are `bytes`, into a graph called `name`.
///
/// Float models read into a graph of `F32` tensors. A batch that the file leaves open becomes 1.
///
/// # Errors
/// Everything wrong with the file, one diagnostic for each kind of unsupported operator and for each faulty call or
/// tensor, at most 64; or the one fault that made the rest unreadable.
pub fn read(bytes: &[u8], name: &str) -> Result<Graph, Diagnostics> {
    read_all(bytes, name).map(|read| read.graph)
}

/// A file's graph, and what the graph no longer shows.
pub(crate) struct Read {
    pub(crate) graph: Graph,
    /// A dilated convolution stands in the file as `SPACE_TO_BATCH_ND` with paddings, and what is around it.
    pub(crate) pads_into_batch: bool,
}

/// As [`read`].
pub(crate) fn read_all(bytes: &[u8], name: &str) -> Result<Read, Diagnostics> {
    let mut reader = Reader::new(bytes, name).map_err(|error| only(error.into()))?;
    reader.compiled().map_err(|error| only(error.into()))?;
    reader.edges().map_err(only)?;
    let mut problems = Problems::default();
    for index in 0..reader.subgraph.operators.len() {
        if let Err(problem) = call(&mut reader, index) {
            problems.extend(problem.map(|problem| *problem));
        }
        if problems.faults.len() >= budget::PROBLEMS {
            break;
        }
    }
    match problems.finish() {
        problems if problems.is_empty() => {
            let pads_into_batch = reader.phases.values().any(ops::Phases::padded);
            Ok(Read { graph: reader.graph, pads_into_batch })
        }
        problems => Err(Diagnostics(problems)),
    }
}

#[allow(clippy::boxed_local)] // Readers hand on boxed problems, to keep their results small.
fn only(problem: Box<Diagnostic>) -> Diagnostics {
    Diagnostics(vec![*problem])
}

/// Reads one call of an operator and adds its node. `Err(None)` where what is wrong follows from what is wrong with an operator
/// before it.
fn call(reader: &mut Reader<'_>, index: usize) -> Result<(), Option<Box<Diagnostic>>> {
    let operator = reader.operator(index).map_err(|error| Some(error.into()))?;
    let incomplete = operator.inputs.iter().any(|input| reader.is_missing(input));
    let read = call_of(reader, index, &operator);
    if incomplete || read.is_err() {
        operator.outputs.iter().for_each(|output| reader.miss(output));
    }
    // An operator on values is worth naming whatever it reads; what goes wrong with a shape is worth it only where it begins.
    read.map_err(|problem| {
        let named = problem.code == ops::UNSUPPORTED && !reader.makes_indices(&operator);
        (!incomplete || named).then_some(problem)
    })
}

fn call_of<'a>(reader: &mut Reader<'a>, index: usize, operator: &Operator<'a>) -> Outcome<()> {
    let code = OperatorCode::read(&reader.model.operator_codes.get(operator.code as usize)?)?;
    let kind = builtin::name(code.builtin).unwrap_or("unknown");
    let mut name = String::new();
    ops::read(reader, operator, &code, &mut name)
        .map(|node| {
            let origin = Origin { index, name: name.clone() };
            reader.graph.nodes.extend(node.map(|(op, outputs)| Node { op, outputs, origin }));
        })
        .map_err(|mut problem| {
            problem.place.op = Some((Origin { index, name }, kind));
            problem
        })
}

/// What has been found wrong so far.
#[derive(Default)]
struct Problems {
    faults: Vec<Diagnostic>,
    /// For each unsupported operator, by its message: where it stands in `faults`, and how often it occurs.
    operators: BTreeMap<String, (usize, usize)>,
}

impl Problems {
    fn extend(&mut self, problem: Option<Diagnostic>) {
        if let Some(problem) = problem {
            self.add(problem);
        }
    }

    /// Adds a problem, unless it is the like of one that is known: the same operator again, or the same faulty tensor.
    fn add(&mut self, problem: Diagnostic) {
        if problem.code == ops::UNSUPPORTED {
            let next = self.faults.len();
            let (_, count) = self.operators.entry(problem.message.clone()).or_insert((next, 0));
            *count += 1;
            if *count > 1 {
                return;
            }
        } else if problem.place.tensor.is_some() && self.faults.iter().any(|known| same_tensor(known, &problem)) {
            return;
        }
        self.faults.push(problem);
    }

    fn finish(mut self) -> Vec<Diagnostic> {
        for (at, count) in self.operators.into_values() {
            if let Some(fault) = self.faults.get_mut(at)
                && count > 1
            {
                fault.message.push_str(&format!(" ({count} of them)"));
            }
        }
        self.faults
    }
}

fn same_tensor(known: &Diagnostic, problem: &Diagnostic) -> bool {
    let Place { file: _, op: _, tensor, offset: _ } = &problem.place;
    known.code == problem.code && known.message == problem.message && known.place.tensor == *tensor
}
