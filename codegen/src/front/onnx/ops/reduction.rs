//! Reductions over axes.

use super::{Builder, Call, Error, Known, Made, axes, axis};
use crate::front::onnx::value::Value;
use crate::ir::{Op, ReduceKind};

/// What is left of a value whose file's axes `gone` are reduced.
struct Left {
    /// The graph's axes that are reduced.
    stored: Vec<usize>,
    /// The graph's shape afterwards.
    dims: Vec<usize>,
    /// The order afterwards.
    order: Vec<usize>,
}

/// Takes axes out, or makes them 1.
pub(super) fn without(order: &[usize], stored: &[usize], gone: &[usize], keep: bool) -> (Vec<usize>, Vec<usize>) {
    let places: Vec<usize> = gone.iter().filter_map(|&axis| order.get(axis).copied()).collect();
    if keep {
        let dims = stored.iter().enumerate().map(|(place, &dim)| if places.contains(&place) { 1 } else { dim }).collect();
        return (dims, order.to_vec());
    }
    let dims = stored.iter().enumerate().filter(|(place, _)| !places.contains(place)).map(|(_, &dim)| dim).collect();
    let kept = order.iter().enumerate().filter(|(axis, _)| !gone.contains(axis)).map(|(_, &place)| place);
    let order = kept.map(|place| place - places.iter().filter(|&&other| other < place).count()).collect();
    (dims, order)
}

fn left(builder: &Builder<'_, '_>, value: &Value, gone: &[usize], keep: bool) -> Left {
    let (dims, order) = without(&value.order, &builder.shape(value.id).0, gone, keep);
    let mut stored: Vec<usize> = gone.iter().filter_map(|&axis| value.order.get(axis).copied()).collect();
    stored.sort_unstable();
    Left { stored, dims, order }
}

fn unflattened(builder: &mut Builder<'_, '_>, value: Value) -> Result<Value, Error> {
    match value.flat {
        Some(_) => Ok(Value::plain(builder.plain(&value)?, value.order.len())),
        None => Ok(value),
    }
}

pub(super) fn reduce(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = unflattened(builder, value)?;
    let rank = value.order.len();
    let given = match call.attributes.integers("axes") {
        Some(given) => Some(given.to_vec()),
        None => builder.integers(call, 1, "the axes")?,
    };
    let gone = match given {
        Some(given) if !given.is_empty() => axes(&given, rank)?,
        Some(_) | None => (0..rank).collect(),
    };
    let Left { stored, dims, order } = left(builder, &value, &gone, call.attributes.integer("keepdims", 1) != 0);
    let kind = if call.kind == "ReduceMax" { ReduceKind::Max } else { ReduceKind::Mean };
    let made = builder.add(call, Op::Reduce { kind, input: value.id, axes: stored }, Some(dims))?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

pub(super) fn arg_max(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = unflattened(builder, value)?;
    if call.attributes.integer("select_last_index", 0) != 0 {
        return Err(Error::Unsupported { what: "select_last_index".into() });
    }
    let gone = axis(call.attributes.integer("axis", 0), value.order.len())?;
    let Left { stored, dims, order } = left(builder, &value, &[gone], call.attributes.integer("keepdims", 1) != 0);
    let op = Op::ArgMax { input: value.id, axis: stored.first().copied().unwrap_or(0) };
    let made = builder.add_all(call, op, vec![Some(dims)])?;
    Ok(made.into_iter().map(|id| Known::Computed(Value::ordered(id, order.clone()))).collect())
}

pub(super) fn softmax(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let rank = value.order.len();
    let dims = builder.dims(&value);
    let given = axis(call.attributes.integer("axis", if builder.opset < 13 { 1 } else { -1 }), rank)?;
    // Before version 13 all axes from the given one on are one.
    let behind = dims.iter().skip(given + 1).all(|&dim| dim == 1);
    if builder.opset < 13 && !behind {
        return Err(Error::Unsupported { what: "a softmax over several axes".into() });
    }
    let mut order: Vec<usize> = (0..rank).filter(|&axis| axis != given).collect();
    order.push(given);
    let input = builder.arrange(&value, &order)?;
    let made = builder.add(call, Op::Softmax { input, beta: 1.0 }, None)?;
    let mut places = vec![0; rank];
    for (place, &axis) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(axis) {
            *slot = place;
        }
    }
    Ok(vec![Known::Computed(Value::ordered(made, places))])
}
