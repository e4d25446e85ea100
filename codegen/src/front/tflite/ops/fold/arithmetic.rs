//! Arithmetic on integers that stand for themselves: sizes, indices, conditions.

use super::{Call, Constant, axis, integers, kind, list, single, sizes, spread};
use crate::front::tflite::budget::{self, Budget};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{DType, Data, Shape, TensorId};

/// `ReducerOptions`: keep_dims. Operand 1 holds the axes.
pub(super) fn reduce(call: &mut Call<'_, '_>, input: TensorId, axes: TensorId, name: &str) -> Outcome<Constant> {
    let keep = call.options(kind::REDUCER)?.flag(0, "keep_dims")?;
    let (shape, values) = (call.shape(input).clone(), list(call, input, "input")?);
    let axes = list(call, axes, "axes")?.iter().map(|&given| axis(given, shape.rank())).collect::<Result<Vec<_>, _>>()?;
    let kept: Vec<usize> = shape.0.iter().enumerate().map(|(axis, &dim)| if axes.contains(&axis) { 1 } else { dim }).collect();
    let to = Shape(kept);
    let first = match name {
        "REDUCE_PROD" | "REDUCE_ALL" => 1,
        "REDUCE_MIN" => i64::MAX,
        "REDUCE_MAX" => i64::MIN,
        _ => 0,
    };
    let mut made = vec![Some(first); to.elements()];
    // Where each element goes is where the result would be broadcast from.
    for (&value, at) in values.iter().zip(spread(&to, &shape)) {
        if let Some(slot) = made.get_mut(at) {
            *slot = slot.and_then(|so_far| match name {
                "REDUCE_PROD" => so_far.checked_mul(value),
                "REDUCE_ALL" => Some(so_far & i64::from(value != 0)),
                "REDUCE_ANY" => Some(so_far | i64::from(value != 0)),
                "REDUCE_MIN" => Some(so_far.min(value)),
                "REDUCE_MAX" => Some(so_far.max(value)),
                _ => so_far.checked_add(value),
            });
        }
    }
    let dropped = to.0.iter().enumerate().filter(|(axis, _)| keep || !axes.contains(axis)).map(|(_, &dim)| dim).collect();
    Ok((Shape(dropped), whole(call, made)?))
}

/// Results of checked arithmetic in the element type of what is written.
fn whole(call: &mut Call<'_, '_>, values: Vec<Option<i64>>) -> Outcome<Data> {
    let values = values.into_iter().collect::<Option<Vec<_>>>();
    let overflow = Error::Form { what: "arithmetic on shapes that leaves the range of its type" };
    Ok(integers(call.written()?, values.ok_or(overflow)?)?)
}

/// One element to one element. A cast of floats is left to no one: it truncates.
pub(super) fn each(call: &mut Call<'_, '_>, input: TensorId, name: &str) -> Outcome<Constant> {
    let (shape, written) = (call.shape(input).clone(), call.written()?);
    call.reader.budget.charge(shape.elements().saturating_mul(8))?;
    let given = call.reader.graph.tensor(input).dtype.name();
    let values = match call.reader.graph.value(input) {
        Some(Data::F32(values)) if name == "CAST" && written == DType::F32 => return Ok((shape, Data::F32(values.clone()))),
        Some(Data::F32(values)) if name == "CAST" || name == "ZEROS_LIKE" => values.iter().map(|&value| value as i64).collect(),
        Some(data) => data.integers().ok_or(Error::NotIntegers { operand: "input", given })?,
        None => Vec::new(),
    };
    let one = |value: i64| match name {
        "NEG" => value.checked_neg(),
        "ABS" => value.checked_abs(),
        "SQUARE" => value.checked_mul(value),
        "ZEROS_LIKE" => Some(0),
        "LOGICAL_NOT" => Some(i64::from(value == 0)),
        _ => Some(value),
    };
    let made = values.into_iter().map(one).collect();
    Ok((shape, whole(call, made)?))
}

/// The shape that two broadcast to.
fn together(a: &Shape, b: &Shape) -> Result<Shape, Error> {
    let rank = a.rank().max(b.rank());
    let dim = |shape: &Shape, axis: usize| {
        (axis + shape.rank()).checked_sub(rank).and_then(|own| shape.0.get(own).copied()).unwrap_or(1)
    };
    let one = |axis: usize| match (dim(a, axis), dim(b, axis)) {
        (1, other) | (other, 1) => Ok(other),
        (one, other) if one == other => Ok(one),
        (expected, given) => Err(Error::OperandLength { operand: "that is broadcast along an axis", expected, given }),
    };
    let shape = Shape((0..rank).map(one).collect::<Result<_, _>>()?);
    Budget::limit("elements of an operand", shape.elements(), budget::OPERAND)?;
    Ok(shape)
}

/// Two elements to one.
pub(super) fn pairs(call: &mut Call<'_, '_>, a: TensorId, b: TensorId, name: &str) -> Outcome<Constant> {
    let shape = together(call.shape(a), call.shape(b))?;
    let (left, right) = (list(call, a, "a")?, list(call, b, "b")?);
    let at = spread(call.shape(a), &shape).into_iter().zip(spread(call.shape(b), &shape));
    let one = |(at, to): (usize, usize)| {
        let (&a, &b) = (left.get(at)?, right.get(to)?);
        match name {
            "DIV" => a.checked_div(b),
            "FLOOR_DIV" => Some(a.checked_div(b)? - i64::from(a % b != 0 && (a < 0) != (b < 0))),
            "FLOOR_MOD" => Some(a.checked_rem(b)? + if a % b != 0 && (a < 0) != (b < 0) { b } else { 0 }),
            "EQUAL" => Some(i64::from(a == b)),
            "NOT_EQUAL" => Some(i64::from(a != b)),
            "LESS" => Some(i64::from(a < b)),
            "LESS_EQUAL" => Some(i64::from(a <= b)),
            "GREATER" => Some(i64::from(a > b)),
            "GREATER_EQUAL" => Some(i64::from(a >= b)),
            "LOGICAL_AND" => Some(i64::from(a != 0 && b != 0)),
            _ => Some(i64::from(a != 0 || b != 0)),
        }
    };
    let made = at.map(one).collect();
    Ok((shape, whole(call, made)?))
}

/// Operand 1 where operand 0 is true, operand 2 elsewhere.
pub(super) fn select(call: &mut Call<'_, '_>, inputs: &[TensorId]) -> Outcome<Constant> {
    let [condition, a, b] = [inputs[0], inputs[1], inputs[2]];
    let shape = together(&together(call.shape(condition), call.shape(a))?, call.shape(b))?;
    let [condition, a, b] = [condition, a, b].map(|id| {
        let values = list(call, id, "input")?;
        Ok::<Vec<i64>, Error>(spread(call.shape(id), &shape).into_iter().filter_map(|at| values.get(at).copied()).collect())
    });
    let (condition, a, b) = (condition?, a?, b?);
    let made = condition.iter().zip(a.iter().zip(&b)).map(|(&which, (&a, &b))| Some(if which != 0 { a } else { b })).collect();
    Ok((shape, whole(call, made)?))
}

/// The shape, as integers, that two shapes broadcast to.
pub(super) fn broadcast_args(call: &mut Call<'_, '_>, a: TensorId, b: TensorId) -> Outcome<Constant> {
    let (a, b) = (sizes(&list(call, a, "s0")?)?, sizes(&list(call, b, "s1")?)?);
    let made: Vec<Option<i64>> = together(&a, &b)?.0.iter().map(|&dim| Some(dim as i64)).collect();
    Ok((Shape(vec![made.len()]), whole(call, made)?))
}

/// Operands start, limit and step.
pub(super) fn range(call: &mut Call<'_, '_>, inputs: &[TensorId]) -> Outcome<Constant> {
    let mut numbers = [0; 3];
    for ((slot, &id), operand) in numbers.iter_mut().zip(inputs).zip(["start", "limit", "delta"]) {
        *slot = single(&list(call, id, operand)?, operand)?;
    }
    let [start, limit, step] = numbers.map(i128::from);
    if step == 0 {
        return Err(Error::Value { field: "delta", expected: "other than 0", given: 0 }.into());
    }
    let count = ((limit - start + step - step.signum()) / step).max(0);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Budget::limit("elements of an operand", count, budget::OPERAND)?;
    let made = (0..count as i128).map(|index| i64::try_from(start + index * step).ok()).collect();
    Ok((Shape(vec![count]), whole(call, made)?))
}
