//! Turns functions that leave every value that they can meet as it is into reshapes, which cost nothing.

use super::relation::Relation;
use super::{PerChannel, Removal};
use crate::ir::{DType, Graph, Op, TensorId};
use crate::lower::{Kernel, Operand, Program, Step};
use crate::valid::Range;

/// Replaces each table whose answer is the value itself, for all values in the ranges of its channels: a clamp that nothing
/// reaches, a requantization that changes no stored value.
pub(super) fn collapse(
    graph: &mut Graph,
    program: &Program,
    relations: &mut [Relation],
    ranges: &PerChannel<Range>,
) -> Vec<Removal> {
    let mut removals = Vec::new();
    for (index, (step, relation)) in program.steps.iter().zip(relations).enumerate() {
        let Some(input) = unchanged(graph, program, step, ranges) else { continue };
        let Some(node) = graph.nodes.get_mut(index) else { continue };
        let what = format!("{} `{}`", node.op.name(), node.origin.name);
        node.op = Op::Reshape { input };
        *relation = super::relation::of(graph, &graph.nodes[index]);
        removals.push(Removal { pass: "collapse_tables", what, why: "it changes none of the values that can reach it" });
    }
    removals
}

/// What a step reads, where it is a table that changes none of it.
fn unchanged(graph: &Graph, program: &Program, step: &Step, ranges: &PerChannel<Range>) -> Option<TensorId> {
    let (Kernel::Lut(table), &[Operand::Activation(input)], &[output]) =
        (&step.kernel, step.reads.as_slice(), step.writes.as_slice())
    else {
        return None;
    };
    let (from, to) = (graph.tensor(input), graph.tensor(output));
    if from.dtype != DType::I8 || to.dtype != DType::I8 || from.shape.elements() != to.shape.elements() {
        return None;
    }
    let table = program.constant(*table).data.as_i8()?;
    let met = |range: &Range| range.min..=range.max;
    let same = |value: i32| table.get(usize::from(value as u8)).is_some_and(|&answer| i32::from(answer) == value);
    ranges.of(input).iter().flat_map(met).all(same).then_some(input)
}
