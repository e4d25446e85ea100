//! Ops that only change the shape.

use super::reduction::without;
use super::{Builder, Call, Error, Known, Made, axes, axis};
use crate::front::onnx::constants::{integers, type_name};
use crate::front::onnx::value::{Value, moves_nothing};
use crate::ir::Op;

/// A value in another shape, elements in the file's order. An image that becomes rows keeps the order of the graph, for whoever
/// can read them so.
fn reshaped(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, value: &Value, dims: Vec<usize>) -> Made {
    let from = builder.dims(value);
    if from == dims {
        return Ok(vec![Known::Computed(value.clone())]);
    }
    let rank = dims.len();
    let rows = rank == 2 && from.len() > 2 && from.first() == Some(&1) && dims.first() == Some(&1);
    let stored = builder.shape(value.id).clone();
    if rows && value.flat.is_none() && value.order.first() == Some(&0) && !moves_nothing(&value.order, &stored) {
        let id = builder.add(call, Op::Reshape { input: value.id }, Some(dims))?;
        return Ok(vec![Known::Computed(Value { id, order: vec![0, 1], flat: Some(Box::new(value.clone())) })]);
    }
    // Where only axes of size 1 are out of order, the elements are in the file's order already.
    let input = if value.flat.is_none() && moves_nothing(&value.order, &stored) { value.id } else { builder.plain(value)? };
    let made = builder.add(call, Op::Reshape { input }, Some(dims))?;
    Ok(vec![Known::Computed(Value::plain(made, rank))])
}

pub(super) fn reshape(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let target = match call.attributes.integers("shape") {
        Some(given) => given.to_vec(),
        None => builder.integers(call, 1, "the shape")?.ok_or(Error::Missing { index: 1, what: "the shape" })?,
    };
    let from = builder.dims(&value);
    let wrong =
        || Error::Value { what: "the shape", expected: "one of as many elements", given: format!("{target:?} of {from:?}") };
    if target.len() > crate::ir::MAX_RANK {
        return Err(wrong());
    }
    let copies = call.attributes.integer("allowzero", 0) == 0;
    let total: usize = from.iter().product();
    let mut dims = Vec::with_capacity(target.len());
    let mut open = None;
    for (index, &dim) in target.iter().enumerate() {
        dims.push(match dim {
            -1 if open.is_none() => {
                open = Some(index);
                1
            }
            0 if copies => from.get(index).copied().ok_or_else(wrong)?,
            dim => usize::try_from(dim).map_err(|_| wrong())?,
        });
    }
    if let Some(open) = open {
        let known = dims.iter().fold(1usize, |product, &dim| product.saturating_mul(dim));
        let rest = total.checked_div(known).filter(|rest| rest.saturating_mul(known) == total).ok_or_else(wrong)?;
        if let Some(slot) = dims.get_mut(open) {
            *slot = rest;
        }
    }
    reshaped(builder, call, &value, dims)
}

pub(super) fn flatten(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let from = builder.dims(&value);
    let given = call.attributes.integer("axis", 1);
    let at = if given == from.len() as i64 { from.len() } else { axis(given, from.len())? };
    let (rows, columns) = from.split_at(at);
    reshaped(builder, call, &value, vec![rows.iter().product(), columns.iter().product()])
}

fn list(builder: &Builder<'_, '_>, call: &Call<'_, '_>) -> Result<Option<Vec<i64>>, Error> {
    match call.attributes.integers("axes") {
        Some(given) => Ok(Some(given.to_vec())),
        None => builder.integers(call, 1, "the axes"),
    }
}

pub(super) fn squeeze(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let from = builder.dims(&value);
    let gone = match list(builder, call)? {
        Some(given) => axes(&given, from.len())?,
        None => (0..from.len()).filter(|&axis| from.get(axis) == Some(&1)).collect(),
    };
    if gone.iter().any(|&axis| from.get(axis) != Some(&1)) {
        return Err(Error::Value { what: "axes", expected: "of size 1", given: format!("{gone:?} of {from:?}") });
    }
    if value.flat.is_some() {
        let dims = from.iter().enumerate().filter(|(axis, _)| !gone.contains(axis)).map(|(_, &dim)| dim).collect();
        return reshaped(builder, call, &value, dims);
    }
    let (dims, order) = without(&value.order, &builder.shape(value.id).0, &gone, false);
    let made = builder.add(call, Op::Reshape { input: value.id }, Some(dims))?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

/// The new axes are those of size 1 that the file did not have, and others that are stored last.
pub(super) fn unsqueeze(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let given = list(builder, call)?.ok_or(Error::Missing { index: 1, what: "the axes" })?;
    if given.len() > crate::ir::MAX_RANK {
        return Err(Error::Value { what: "axes", expected: "few", given: given.len().to_string() });
    }
    let rank = value.order.len() + given.len();
    let new = axes(&given, rank)?;
    if new.len() != given.len() {
        return Err(Error::Value { what: "axes", expected: "distinct", given: format!("{given:?}") });
    }
    let (id, old) = match value.flat {
        Some(_) => (builder.plain(&value)?, (0..value.order.len()).collect()),
        None => (value.id, value.order.clone()),
    };
    let mut dims = builder.shape(id).0.clone();
    let unnamed: Vec<usize> = (0..dims.len()).filter(|place| !old.contains(place)).collect();
    let added = new.len().saturating_sub(unnamed.len());
    let mut places = unnamed.into_iter().chain(dims.len()..);
    let mut rest = old.into_iter();
    let mut order = Vec::with_capacity(rank);
    for axis in 0..rank {
        if new.contains(&axis) {
            order.extend(places.next());
        } else {
            order.extend(rest.next());
        }
    }
    dims.resize(dims.len() + added, 1);
    let made = builder.add(call, Op::Reshape { input: id }, Some(dims))?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

/// The sizes are known while reading.
pub(super) fn shape(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let dims = builder.dims(&value);
    let counted =
        |given: i64| if given < 0 { given.saturating_add(dims.len() as i64) } else { given }.clamp(0, dims.len() as i64) as usize;
    let (start, end) = (counted(call.attributes.integer("start", 0)), counted(call.attributes.integer("end", i64::MAX)));
    let taken: Vec<i64> = dims.get(start..end.max(start)).unwrap_or_default().iter().map(|&dim| dim as i64).collect();
    Ok(vec![Known::Constant(integers(vec![taken.len()], taken).into())])
}

/// Floats stay floats.
pub(super) fn cast(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    match call.attributes.integer("to", 0) {
        1 => Ok(vec![Known::Computed(builder.computed(call, 0, "the operand")?)]),
        other => Err(Error::ElementType { given: type_name(other) }),
    }
}
