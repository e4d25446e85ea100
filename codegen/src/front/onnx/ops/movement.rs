//! Ops that move elements.

use super::{Builder, Call, Error, Known, Made, axis};
use crate::front::onnx::value::Value;
use crate::ir::{Activation, DType, MirrorMode, Op};

/// An operand in the order in which it is stored, which is not that of a flattened image.
fn operand(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Result<Value, Error> {
    let value = builder.computed(call, 0, "the operand")?;
    match value.flat {
        Some(_) => Ok(Value::plain(builder.plain(&value)?, value.order.len())),
        None => Ok(value),
    }
}

pub(super) fn transpose(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = operand(builder, call)?;
    let rank = value.order.len();
    let perm: Vec<usize> = match call.attributes.integers("perm") {
        Some(given) => given.iter().map(|&given| axis(given, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).rev().collect(),
    };
    let mut sorted = perm.clone();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..rank) {
        return Err(Error::Value { what: "perm", expected: "a permutation of the axes", given: format!("{perm:?}") });
    }
    let order = perm.iter().filter_map(|&axis| value.order.get(axis).copied()).collect();
    Ok(vec![Known::Computed(Value::ordered(value.id, order))])
}

pub(super) fn concat(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let known: Vec<Known> = (0..call.inputs.len()).filter_map(|index| builder.known(call, index).cloned()).collect();
    let computed: Vec<Value> = known
        .iter()
        .filter_map(|known| match known {
            Known::Computed(value) if value.flat.is_none() => Some(value.clone()),
            Known::Computed(value) => Some(Value::plain(value.id, value.order.len())),
            Known::Constant(_) | Known::Wrong => None,
        })
        .collect();
    // The first order that is not the file's own.
    let leader = computed.iter().find(|value| !value.order.is_sorted()).or(computed.first()).cloned();
    let leader = leader.ok_or(Error::Missing { index: 0, what: "the operand" })?;
    // Images of height 1 stay images only among themselves.
    let alike =
        |value: &Value| value.order == leader.order && builder.shape(value.id).0.len() == builder.shape(leader.id).0.len();
    let alike = computed.len() == known.len() && computed.iter().all(alike);
    let Value { order, .. } = if alike { leader.clone() } else { builder.compact(&leader)? };
    let axes = leader.axes();
    let mut inputs = Vec::with_capacity(known.len());
    for (known, name) in known.iter().zip(&call.names) {
        inputs.push(match known {
            Known::Computed(value) if alike && value.flat.is_none() => value.id,
            Known::Computed(value) if value.order.len() == order.len() => builder.arrange(value, &axes)?,
            Known::Constant(constant) if constant.shape.len() == order.len() => {
                let constant = constant.permuted(&constant.shape, &axes);
                builder.of_constant(name, constant.shape.clone(), constant)?
            }
            Known::Computed(_) | Known::Constant(_) | Known::Wrong => {
                return Err(Error::Unsupported { what: "operands of different numbers of axes".into() });
            }
        });
    }
    let along = axis(call.attributes.integer("axis", 0), order.len())?;
    let along = order.get(along).copied().unwrap_or(0);
    let made = builder.add(call, Op::Concatenation { inputs, axis: along, activation: Activation::None }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

pub(super) fn split(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = operand(builder, call)?;
    let along = axis(call.attributes.integer("axis", 0), value.order.len())?;
    let place = value.order.get(along).copied().unwrap_or(0);
    let parts = match call.attributes.integers("split") {
        Some(parts) => Some(parts.to_vec()),
        None => builder.integers(call, 1, "the parts")?,
    };
    let count = call.outputs.len();
    let stored = builder.shape(value.id).0.clone();
    let declared: Vec<Option<Vec<usize>>> = match parts {
        Some(parts) if parts.len() == count => parts
            .iter()
            .map(|&part| {
                let mut dims = stored.clone();
                if let (Some(slot), Ok(part)) = (dims.get_mut(place), usize::try_from(part)) {
                    *slot = part;
                }
                Some(dims)
            })
            .collect(),
        Some(_) | None => vec![None; count],
    };
    let made = builder.add_all(call, Op::Split { input: value.id, axis: place }, declared)?;
    Ok(made.into_iter().map(|id| Known::Computed(Value::ordered(id, value.order.clone()))).collect())
}

pub(super) fn pad(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = operand(builder, call)?;
    let rank = value.order.len();
    let given = match call.attributes.integers("pads").or(call.attributes.integers("paddings")) {
        Some(given) => given.to_vec(),
        None => builder.integers(call, 1, "the paddings")?.ok_or(Error::Missing { index: 1, what: "the paddings" })?,
    };
    let chosen = match builder.integers(call, 3, "the axes")? {
        Some(given) => given.iter().map(|&given| axis(given, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..rank).collect(),
    };
    let wrong = || Error::Value { what: "pads", expected: "two sizes for each axis, at least 0", given: format!("{given:?}") };
    if given.len() != 2 * chosen.len() {
        return Err(wrong());
    }
    let stored = builder.shape(value.id).0.len();
    let (mut before, mut after) = (vec![0; stored], vec![0; stored]);
    for (index, axis) in chosen.iter().enumerate() {
        let place = value.order.get(*axis).copied().unwrap_or(0);
        let size = |at: usize| given.get(at).and_then(|&size| u16::try_from(size).ok()).map(usize::from).ok_or_else(wrong);
        before[place] = size(index)?;
        after[place] = size(index + chosen.len())?;
    }
    let number = builder.optional(call, 2, "the number")?;
    let number = number.as_ref().and_then(|constant| constant.floats()?.first().copied());
    let number = number.or(call.attributes.optional_float("value")).unwrap_or(0.0);
    let number = match builder.graph.tensor(value.id).dtype {
        // Of integers, the number is one.
        DType::I8 => {
            let given = builder.integers(call, 2, "the number")?.and_then(|values| values.first().copied()).unwrap_or(0);
            let offset = if builder.unsigned.contains(&value.id) { 128 } else { 0 };
            given.saturating_sub(offset).clamp(-128, 127) as i32
        }
        DType::U8 | DType::I16 | DType::I32 | DType::I64 | DType::F32 | DType::Bool => number.to_bits() as i32,
    };
    let op = match call.attributes.text("mode").unwrap_or("constant") {
        "constant" => Op::Pad { input: value.id, before, after, value: number },
        "reflect" => Op::MirrorPad { input: value.id, before, after, mode: MirrorMode::Reflect },
        other => return Err(Error::Value { what: "mode", expected: "constant or reflect", given: other.into() }),
    };
    let made = builder.add(call, op, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

pub(super) fn slice(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = operand(builder, call)?;
    let rank = value.order.len();
    let list = |builder: &Builder<'_, '_>, name: &str, index: usize, what: &'static str| match call.attributes.integers(name) {
        Some(given) => Ok(Some(given.to_vec())),
        None => builder.integers(call, index, what),
    };
    let missing = |index, what| Error::Missing { index, what };
    let starts = list(builder, "starts", 1, "the starts")?.ok_or(missing(1, "the starts"))?;
    let ends = list(builder, "ends", 2, "the ends")?.ok_or(missing(2, "the ends"))?;
    let chosen = list(builder, "axes", 3, "the axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(builder, "steps", 4, "the steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if starts.len() != ends.len() || starts.len() != chosen.len() || starts.len() != steps.len() {
        return Err(Error::Value {
            what: "starts, ends, axes and steps",
            expected: "as long as each other",
            given: "not".into(),
        });
    }
    let dims = builder.shape(value.id).0.clone();
    let (mut begin, mut stride, mut size) = (vec![0; dims.len()], vec![1isize; dims.len()], dims.clone());
    for (((&start, &end), &chosen), &step) in starts.iter().zip(&ends).zip(&chosen).zip(&steps) {
        let place = value.order.get(axis(chosen, rank)?).copied().unwrap_or(0);
        let whole = dims.get(place).copied().unwrap_or(1) as i64;
        let counted = |index: i64| if index < 0 { index.saturating_add(whole) } else { index };
        let wrong =
            || Error::Value { what: "a slice", expected: "of at least one element", given: format!("{start}..{end} by {step}") };
        let (first, count) = match step {
            1.. => {
                let (first, last) = (counted(start).clamp(0, whole), counted(end).clamp(0, whole));
                (first, (last - first).max(0).saturating_add(step - 1) / step)
            }
            ..=-1 => {
                let (first, last) = (counted(start).clamp(-1, whole - 1), counted(end).clamp(-1, whole - 1));
                let step = step.checked_neg().ok_or_else(wrong)?;
                (first, (first - last).max(0).saturating_add(step - 1) / step)
            }
            0 => return Err(wrong()),
        };
        let count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or_else(wrong)?;
        begin[place] = usize::try_from(first).map_err(|_| wrong())?;
        stride[place] = isize::try_from(if count == 1 { 1 } else { step }).map_err(|_| wrong())?;
        size[place] = count;
    }
    let made = builder.add(call, Op::Slice { input: value.id, begin, stride, size }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}
