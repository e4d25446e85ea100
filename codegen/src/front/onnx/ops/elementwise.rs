//! Functions of one and two elements.

use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::value::{Constant, Value};
use crate::ir::{Activation, BinaryKind, Data, Op, TensorId, UnaryKind};

/// The tensor of an operand that elements are computed of: in any order, but not as a flattened image.
fn any_order(builder: &mut Builder<'_, '_>, value: &Value) -> Result<Value, Error> {
    match value.flat {
        Some(_) => Ok(Value::plain(builder.plain(value)?, value.order.len())),
        None => Ok(value.clone()),
    }
}

pub(super) fn unary(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, kind: UnaryKind) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = any_order(builder, &value)?;
    let made = builder.add(call, Op::Unary { kind, input: value.id }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

/// `kind` of a value and one number.
fn with_number(
    builder: &mut Builder<'_, '_>,
    call: &Call<'_, '_>,
    input: TensorId,
    kind: BinaryKind,
    number: f32,
) -> Result<TensorId, Error> {
    let b = builder.constant("number", vec![1], vec![number])?;
    builder.add(call, Op::Binary { kind, a: input, b, activation: Activation::None }, None)
}

pub(super) fn clip(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = any_order(builder, &value)?;
    let bound = |index: usize, name: &'static str, default: f32| -> Result<f32, Error> {
        if let Some(bound) = call.attributes.optional_float(name) {
            return Ok(bound);
        }
        let given = builder.optional(call, index, name)?;
        Ok(given.as_deref().and_then(|constant| constant.floats()?.first().copied()).unwrap_or(default))
    };
    let (min, max) = (bound(1, "min", f32::NEG_INFINITY)?, bound(2, "max", f32::INFINITY)?);
    let least = |bound: f32| bound == f32::NEG_INFINITY || bound == f32::MIN;
    let most = |bound: f32| bound == f32::INFINITY || bound == f32::MAX;
    let made = match (min, max) {
        (0.0, 6.0) => builder.add(call, Op::Unary { kind: UnaryKind::Relu6, input: value.id }, None)?,
        (0.0, max) if most(max) => builder.add(call, Op::Unary { kind: UnaryKind::Relu, input: value.id }, None)?,
        (-1.0, 1.0) => builder.add(call, Op::Unary { kind: UnaryKind::ReluN1To1, input: value.id }, None)?,
        (min, max) => {
            let mut made = value.id;
            if !least(min) {
                made = with_number(builder, call, made, BinaryKind::Maximum, min)?;
            }
            if !most(max) {
                made = with_number(builder, call, made, BinaryKind::Minimum, max)?;
            }
            made
        }
    };
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

/// `max(0, min(1, alpha * x + beta))`
pub(super) fn hard_sigmoid(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = any_order(builder, &value)?;
    let scaled = with_number(builder, call, value.id, BinaryKind::Mul, call.attributes.float("alpha", 0.2))?;
    let moved = with_number(builder, call, scaled, BinaryKind::Add, call.attributes.float("beta", 0.5))?;
    let low = with_number(builder, call, moved, BinaryKind::Maximum, 0.0)?;
    let made = with_number(builder, call, low, BinaryKind::Minimum, 1.0)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

pub(super) fn prelu(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the operand")?;
    let value = any_order(builder, &value)?;
    let slope = builder.optional(call, 1, "the slope")?.ok_or(Error::Missing { index: 1, what: "the slope" })?;
    let alpha = builder.beside(call.name(1), &slope, &value)?;
    let made = builder.add(call, Op::Prelu { input: value.id, alpha }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

/// One factor and one number to add for each channel.
pub(super) fn batch_normalization(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let value = any_order(builder, &value)?;
    if call.attributes.integer("training_mode", 0) != 0 {
        return Err(Error::Unsupported { what: "training_mode".into() });
    }
    let mut lists = Vec::with_capacity(4);
    for (index, what) in [(1, "the scale"), (2, "the bias"), (3, "the mean"), (4, "the variance")] {
        lists.push(builder.floats(call, index, what)?.1);
    }
    let rank = value.order.len();
    let channels = builder.dims(&value).get(1).copied().unwrap_or(0);
    let ([scale, bias, mean, variance], false) = (<[Vec<f32>; 4]>::try_from(lists).unwrap_or_default(), rank < 2) else {
        return Err(Error::Unsupported { what: "a normalization of less than two axes".into() });
    };
    if [&scale, &bias, &mean, &variance].iter().any(|list| list.len() != channels) {
        return Err(Error::Value { what: "the lists' length", expected: "the channels", given: format!("{channels} channels") });
    }
    let epsilon = f64::from(call.attributes.float("epsilon", 1e-5));
    let factors: Vec<f64> = scale
        .iter()
        .zip(&variance)
        .map(|(&scale, &variance)| f64::from(scale) / (f64::from(variance) + epsilon).sqrt())
        .collect();
    let moved = bias.iter().zip(&mean).zip(&factors).map(|((&b, &m), f)| (f64::from(b) - f64::from(m) * f) as f32);
    let mut shape = vec![1; rank - 1];
    if let Some(first) = shape.first_mut() {
        *first = channels;
    }
    let beside = |values: Vec<f32>| Constant::plain(shape.clone(), Data::F32(values));
    let moved = beside(moved.collect());
    let factors = beside(factors.iter().map(|&factor| factor as f32).collect());
    let (factors, moved) = (builder.beside("factors", &factors, &value)?, builder.beside("moved", &moved, &value)?);
    let op = Op::Binary { kind: BinaryKind::Mul, a: value.id, b: factors, activation: Activation::None };
    let scaled = builder.add(call, op, None)?;
    let op = Op::Binary { kind: BinaryKind::Add, a: scaled, b: moved, activation: Activation::None };
    let made = builder.add(call, op, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, value.order))])
}

pub(super) fn binary(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let kind = match call.kind {
        "Add" => BinaryKind::Add,
        "Sub" => BinaryKind::Sub,
        "Max" => BinaryKind::Maximum,
        "Min" => BinaryKind::Minimum,
        _ => BinaryKind::Mul,
    };
    if call.inputs.len() != 2 {
        return Err(Error::Unsupported { what: format!("{} of {} operands", call.kind, call.inputs.len()) });
    }
    let divides = call.kind == "Div";
    let constant = |index: usize, builder: &Builder<'_, '_>| match builder.known(call, index) {
        Some(Known::Constant(constant)) => Some(Constant::clone(constant)),
        Some(Known::Computed(_) | Known::Wrong) | None => None,
    };
    let name = |index: usize| call.name(index);
    let (a, b, order) = match (constant(0, builder), constant(1, builder)) {
        (None, Some(mut constant)) => {
            let value = builder.computed(call, 0, "the first operand")?;
            let value = wide_enough(builder, call, &value, &constant)?;
            if divides && let Some(values) = constant.floats() {
                let inverse = values.iter().map(|value| 1.0 / value).collect();
                constant = Constant::plain(constant.shape.clone(), Data::F32(inverse));
            }
            let b = builder.beside(name(1), &constant, &value)?;
            (value.id, b, value.order)
        }
        (Some(constant), None) if !divides => {
            let value = builder.computed(call, 1, "the second operand")?;
            let value = wide_enough(builder, call, &value, &constant)?;
            let a = builder.beside(name(0), &constant, &value)?;
            (a, value.id, value.order)
        }
        (None, None) if !divides => {
            let (a, b) = (builder.computed(call, 0, "the first operand")?, builder.computed(call, 1, "the second operand")?);
            both(builder, &a, &b)?
        }
        _ => return Err(Error::Unsupported { what: "a division by what the network computes".into() }),
    };
    let made = builder.add(call, Op::Binary { kind, a, b, activation: Activation::None }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

/// The value, in an order of its own; with axes of size 1 in front where the constant has more.
fn wide_enough(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, value: &Value, constant: &Constant) -> Result<Value, Error> {
    let missing = constant.shape.len().saturating_sub(value.order.len());
    if missing == 0 || constant.data.len() == 1 {
        return any_order(builder, value);
    }
    let plain = builder.plain(value)?;
    let dims: Vec<usize> = core::iter::repeat_n(1, missing).chain(builder.dims(value)).collect();
    let rank = dims.len();
    Ok(Value::plain(builder.add(call, Op::Reshape { input: plain }, Some(dims))?, rank))
}

/// Two values in one order: that of the one whose order is not the file's.
fn both(builder: &mut Builder<'_, '_>, a: &Value, b: &Value) -> Result<(TensorId, TensorId, Vec<usize>), Error> {
    if a.order.len() != b.order.len() {
        let order = (0..a.order.len().max(b.order.len())).collect();
        return Ok((builder.plain(a)?, builder.plain(b)?, order));
    }
    let (a, b) = (any_order(builder, a)?, any_order(builder, b)?);
    if a.order == b.order && builder.shape(a.id).0.len() == builder.shape(b.id).0.len() {
        return Ok((a.id, b.id, a.order));
    }
    let leader = if a.order.is_sorted() { &b } else { &a };
    let axes = leader.axes();
    let order = builder.compact(leader)?.order;
    Ok((builder.arrange(&a, &axes)?, builder.arrange(&b, &axes)?, order))
}
