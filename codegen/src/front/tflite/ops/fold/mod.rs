//! Operators computed while the file is read, because constants and shapes alone determine what they make.
//!
//! A converter that leaves the batch open writes the arithmetic on shapes into the model. In goes a call whose operands are
//! known; out come constants, so that no later stage sees the operator.

mod arithmetic;
mod copies;

use super::{Call, axis, kind, single};
use crate::front::tflite::budget::{self, Budget};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::movement::{interleaved, slice, transpose, walk};
use crate::ir::{BinaryKind, DType, Data, Graph, Op, Shape, TensorId};

/// The shape and the elements of a constant.
type Constant = (Shape, Data);

/// What `call` of the operator `name` makes, where the graph has no such operator or its result is a constant whatever it
/// reads; `None` for other operators, and where an operand is not known.
pub(super) fn call(call: &mut Call<'_, '_>, name: &str) -> Outcome<Option<Vec<Constant>>> {
    let made = match name {
        "SHAPE" | "RANK" => {
            let input = call.input(0, "input")?;
            let dims = call.shape(input).0.iter().map(|&dim| dim as i64).collect::<Vec<_>>();
            let rank = dims.len();
            let (shape, values) = if name == "SHAPE" { (vec![rank], dims) } else { (Vec::new(), vec![rank as i64]) };
            (Shape(shape), integers(call.written()?, values)?)
        }
        "DENSIFY" | "DEQUANTIZE" => match known(call, 1)? {
            Some(inputs) => copies::dense(call, inputs[0])?,
            None => return Ok(None),
        },
        "GATHER" => match known(call, 2)? {
            Some(inputs) => copies::gather(call, inputs[0], inputs[1])?,
            None => return Ok(None),
        },
        "FILL" => match known(call, 2)? {
            Some(inputs) => copies::fill(call, inputs[0], inputs[1])?,
            None => return Ok(None),
        },
        "TILE" | "BROADCAST_TO" => match known(call, 2)? {
            Some(inputs) => copies::repeat(call, inputs[0], inputs[1], name == "TILE")?,
            None => return Ok(None),
        },
        "REDUCE_PROD" | "SUM" | "REDUCE_MIN" | "REDUCE_ANY" | "REDUCE_ALL" => match known(call, 2)? {
            Some(inputs) if counts(call, inputs[0]) => arithmetic::reduce(call, inputs[0], inputs[1], name)?,
            _ => return Ok(None),
        },
        "REDUCE_MAX" => match known(call, 2)? {
            Some(inputs) if counts(call, inputs[0]) => arithmetic::reduce(call, inputs[0], inputs[1], name)?,
            _ => return Ok(None),
        },
        "CAST" | "NEG" | "ABS" | "SQUARE" | "ZEROS_LIKE" | "LOGICAL_NOT" => match known(call, 1)? {
            Some(inputs) => arithmetic::each(call, inputs[0], name)?,
            None => return Ok(None),
        },
        "DIV" | "FLOOR_DIV" | "FLOOR_MOD" | "EQUAL" | "NOT_EQUAL" | "LESS" | "LESS_EQUAL" | "GREATER" | "GREATER_EQUAL"
        | "LOGICAL_AND" | "LOGICAL_OR" => match known(call, 2)? {
            Some(inputs) if inputs.iter().all(|&id| counts(call, id)) => arithmetic::pairs(call, inputs[0], inputs[1], name)?,
            _ => return Ok(None),
        },
        "SELECT" | "SELECT_V2" => match known(call, 3)? {
            Some(inputs) if inputs.iter().all(|&id| counts(call, id)) => arithmetic::select(call, &inputs)?,
            _ => return Ok(None),
        },
        "BROADCAST_ARGS" => match known(call, 2)? {
            Some(inputs) => arithmetic::broadcast_args(call, inputs[0], inputs[1])?,
            None => return Ok(None),
        },
        "RANGE" => match known(call, 3)? {
            Some(inputs) if inputs.iter().all(|&id| counts(call, id)) => arithmetic::range(call, &inputs)?,
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(vec![made]))
}

/// What an operator of the graph makes, where all that it reads is known: numbers that count, and moves of floats. Integers that
/// stand for reals are left to the passes, which know the arithmetic of the kernels.
pub(super) fn node(graph: &Graph, op: &Op, outputs: &[TensorId]) -> Option<Vec<Constant>> {
    let inputs = op.inputs();
    let moved = |dtype: DType| matches!(dtype, DType::I32 | DType::I64 | DType::Bool | DType::F32);
    if inputs.iter().any(|&id| graph.value(id).is_none() || !moved(graph.tensor(id).dtype)) {
        return None;
    }
    let shape = |id: TensorId| &graph.tensor(id).shape;
    let shapes = outputs.iter().map(|&id| shape(id).clone());
    let data = match op {
        Op::Reshape { input } => vec![graph.value(*input)?.clone()],
        Op::Slice { input, begin, stride, size } => vec![slice(graph.value(*input)?, shape(*input), begin, stride, size)],
        Op::Transpose { input, perm } => vec![transpose(graph.value(*input)?, shape(*input), perm)],
        Op::Concatenation { inputs, axis, activation: _ } | Op::Pack { inputs, axis } => {
            let parts: Vec<&Data> = inputs.iter().filter_map(|&id| graph.value(id)).collect();
            let outer: usize = shape(*outputs.first()?).0.iter().take(*axis).product();
            let runs: Vec<usize> = parts.iter().map(|part| part.len() / outer.max(1)).collect();
            vec![interleaved(&parts, &runs, outer)]
        }
        Op::Unpack { input, axis } => {
            let from = shape(*input);
            let mut size = from.0.clone();
            *size.get_mut(*axis)? = 1;
            parts(graph, *input, *axis, outputs.iter().map(|_| size.clone()).collect())?
        }
        Op::Split { input, axis } => parts(graph, *input, *axis, shapes.clone().map(|shape| shape.0).collect())?,
        Op::Binary { kind, a, b, activation: _ } => {
            let (left, right) = (graph.value(*a)?.integers()?, graph.value(*b)?.integers()?);
            let output = *outputs.first()?;
            let value = |(at, to): (usize, usize)| {
                let (a, b) = (left.get(at)?, right.get(to)?);
                match kind {
                    BinaryKind::Add => a.checked_add(*b),
                    BinaryKind::Sub => a.checked_sub(*b),
                    BinaryKind::Mul => a.checked_mul(*b),
                    BinaryKind::Maximum => Some(*a.max(b)),
                    BinaryKind::Minimum => Some(*a.min(b)),
                }
            };
            let at = spread(shape(*a), shape(output)).into_iter().zip(spread(shape(*b), shape(output)));
            vec![stored(graph.tensor(output).dtype, at.map(value).collect::<Option<_>>()?)?]
        }
        _ => return None,
    };
    Some(shapes.zip(data).collect())
}

/// Consecutive parts of a constant along one axis.
fn parts(graph: &Graph, input: TensorId, axis: usize, sizes: Vec<Vec<usize>>) -> Option<Vec<Data>> {
    let (data, from) = (graph.value(input)?, &graph.tensor(input).shape);
    let (mut begin, stride) = (vec![0; from.rank()], vec![1; from.rank()]);
    let mut made = Vec::with_capacity(sizes.len());
    for size in sizes {
        made.push(slice(data, from, &begin, &stride, &size));
        *begin.get_mut(axis)? += size.get(axis)?;
    }
    Some(made)
}

/// The first `count` operands, where all are constants; no operator computed here takes more elements than an operand may have,
/// but for those that only copy.
fn known(call: &mut Call<'_, '_>, count: usize) -> Outcome<Option<Vec<TensorId>>> {
    let mut ids = Vec::with_capacity(count);
    for position in 0..count {
        let id = call.input(position, "input")?;
        if call.reader.graph.value(id).is_none() {
            return Ok(None);
        }
        ids.push(id);
    }
    Ok(Some(ids))
}

/// Whether a tensor holds integers that stand for themselves.
fn counts(call: &Call<'_, '_>, id: TensorId) -> bool {
    let tensor = call.reader.graph.tensor(id);
    matches!(tensor.dtype, DType::I32 | DType::I64 | DType::Bool) && tensor.shape.elements() <= budget::OPERAND
}

/// The integers of a constant.
fn list(call: &Call<'_, '_>, id: TensorId, operand: &'static str) -> Result<Vec<i64>, Error> {
    let data = call.reader.graph.value(id).ok_or(Error::NotConstant { operand })?;
    Budget::limit("elements of an operand", data.len(), budget::OPERAND)?;
    data.integers().ok_or(Error::NotIntegers { operand, given: data.dtype().name() })
}

/// Sizes along axes, of a tensor that is not too large.
fn sizes(given: &[i64]) -> Result<Shape, Error> {
    let size = |&given: &i64| {
        let size = u32::try_from(given).ok().and_then(|size| usize::try_from(size).ok());
        size.ok_or(Error::Value { field: "a size", expected: "a count of 32 bits", given })
    };
    Budget::limit("dimensions", given.len(), budget::RANK)?;
    let shape = Shape(given.iter().map(size).collect::<Result<_, _>>()?);
    if shape.elements() > budget::ELEMENTS {
        return Err(Error::TooLarge { expected: budget::ELEMENTS, given: shape.elements() });
    }
    Ok(shape)
}

/// Integers as a tensor of an element type; floats where it is `F32`.
fn stored(dtype: DType, values: Vec<i64>) -> Option<Data> {
    Some(match dtype {
        DType::I8 => Data::I8(values.into_iter().map(|value| i8::try_from(value).ok()).collect::<Option<_>>()?),
        DType::U8 => Data::U8(values.into_iter().map(|value| u8::try_from(value).ok()).collect::<Option<_>>()?),
        DType::I16 => Data::I16(values.into_iter().map(|value| i16::try_from(value).ok()).collect::<Option<_>>()?),
        DType::I32 => Data::I32(values.into_iter().map(|value| i32::try_from(value).ok()).collect::<Option<_>>()?),
        DType::I64 => Data::I64(values),
        DType::F32 => Data::F32(values.into_iter().map(|value| value as f32).collect()),
        DType::Bool => Data::Bool(values.into_iter().map(|value| value != 0).collect()),
    })
}

fn integers(dtype: DType, values: Vec<i64>) -> Result<Data, Error> {
    stored(dtype, values).ok_or(Error::Form { what: "arithmetic on shapes that leaves the range of its type" })
}

/// For each element of `to`, the element of `from` that is broadcast to it.
fn spread(from: &Shape, to: &Shape) -> Vec<usize> {
    let strides = from.strides();
    let steps = (0..to.rank()).map(|axis| {
        let own = (axis + from.rank()).checked_sub(to.rank());
        match own.and_then(|own| Some((from.0.get(own)?, strides.get(own)?))) {
            Some((1, _)) | None => 0,
            Some((_, &stride)) => stride as isize,
        }
    });
    walk(&to.0, &steps.collect::<Vec<_>>(), 0)
}
