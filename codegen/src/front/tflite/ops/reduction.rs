//! Operators that reduce axes. Whether reduced axes stay, with size 1, is told by the output's shape, where it is not open.

use super::{Call, axis, kind, single};
use crate::front::tflite::error::Outcome;
use crate::ir::{Op, ReduceKind, Shape};

/// `ReducerOptions`: keep_dims. Operand 1 holds the axes, in any order.
pub(super) fn reduce(call: &mut Call<'_, '_>, kind: ReduceKind) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let rank = call.rank(input);
    let mut axes = Vec::new();
    for given in call.integers(1, "axes")? {
        axes.push(axis(given, rank)?);
    }
    axes.sort_unstable();
    axes.dedup();
    if call.options(kind::REDUCER)?.flag(0, "keep_dims")? {
        let dims = call.shape(input).0.iter().enumerate();
        call.stated = Some(Shape(dims.map(|(at, &dim)| if axes.contains(&at) { 1 } else { dim }).collect()));
    }
    Ok(Op::Reduce { kind, input, axes })
}

/// Operand 1 holds the axis; the output has the type of the index.
pub(super) fn arg_max(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let given = single(&call.integers(1, "axis")?, "axis")?;
    Ok(Op::ArgMax { input, axis: axis(given, call.rank(input))? })
}
