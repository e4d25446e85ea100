//! Copies of constants: decoded, picked, repeated.

use super::{Call, Constant, axis, kind, list, sizes, spread};
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::movement::{pick, walk};
use crate::ir::{DType, Data, Shape, TensorId};

/// A constant as it is where it is stored dense, and as floats where the result is of floats.
pub(super) fn dense(call: &mut Call<'_, '_>, input: TensorId) -> Outcome<Constant> {
    let written = call.written()?;
    let tensor = call.reader.graph.tensor(input);
    let (shape, elements) = (tensor.shape.clone(), tensor.shape.elements());
    if tensor.dtype == written {
        return Ok((shape, call.reader.graph.value(input).cloned().unwrap_or(Data::F32(Vec::new()))));
    }
    let given = tensor.dtype.name();
    let reals = match (tensor.quantization.as_ref(), call.reader.graph.value(input)) {
        (Some(quantization), Some(data)) if written == DType::F32 => quantization.reals(data, &shape),
        _ => None,
    };
    let reals = reals.ok_or(Error::NotIntegers { operand: "input", given })?;
    call.reader.budget.charge(elements.saturating_mul(4))?;
    Ok((shape, Data::F32(reals)))
}

/// `GatherOptions`: axis, batch_dims.
pub(super) fn gather(call: &mut Call<'_, '_>, from: TensorId, at: TensorId) -> Outcome<Constant> {
    let options = call.options(kind::GATHER)?;
    if options.int(1, 0, "batch_dims")? != 0 {
        return Err(Error::Form { what: "a gather with batch dimensions" }.into());
    }
    let axis = axis(options.int(0, 0, "axis")?.into(), call.rank(from))?;
    let indices = list(call, at, "indices")?;
    let (dims, index_dims) = (call.shape(from).0.clone(), call.shape(at).0.clone());
    let size = dims.get(axis).copied().unwrap_or(0);
    let place = |&given: &i64| {
        let place = if given < 0 { given.saturating_add(size as i64) } else { given };
        usize::try_from(place).ok().filter(|&place| place < size).ok_or(Error::Axis { expected: size, given })
    };
    let indices = indices.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let outer: usize = dims.iter().take(axis).product();
    let inner: usize = dims.iter().skip(axis + 1).product();
    let shape: Vec<i64> =
        [&dims[..axis], &index_dims, dims.get(axis + 1..).unwrap_or_default()].concat().iter().map(|&dim| dim as i64).collect();
    let shape = sizes(&shape)?;
    let size_of = call.written()?.size();
    call.reader.budget.charge(shape.elements().saturating_mul(size_of))?;
    let runs = (0..outer).flat_map(|row| indices.iter().map(move |&index| (row * size + index) * inner));
    let picked: Vec<usize> = runs.flat_map(|start| start..start + inner).collect();
    let data = call.reader.graph.value(from).map(|data| pick(data, &picked));
    Ok((shape, data.unwrap_or(Data::F32(Vec::new()))))
}

/// Operand 0 holds the sizes, operand 1 the one element.
pub(super) fn fill(call: &mut Call<'_, '_>, dims: TensorId, value: TensorId) -> Outcome<Constant> {
    let shape = sizes(&list(call, dims, "dims")?)?;
    copies(call, shape, value, |_, to| vec![0; to.elements()])
}

/// `TILE` repeats by operand 1 along each axis; `BROADCAST_TO` makes the shape that operand 1 holds.
pub(super) fn repeat(call: &mut Call<'_, '_>, input: TensorId, by: TensorId, tile: bool) -> Outcome<Constant> {
    let by = list(call, by, if tile { "multiples" } else { "shape" })?;
    let dims = call.shape(input).0.clone();
    if !tile {
        let to = sizes(&by)?;
        let fits = |(axis, &dim): (usize, &usize)| {
            let own = (axis + to.rank()).checked_sub(dims.len());
            dim == 1 || own.and_then(|own| to.0.get(own)) == Some(&dim)
        };
        if to.rank() < dims.len() || !dims.iter().enumerate().all(fits) {
            return Err(Error::Value { field: "the shape", expected: "one that the input broadcasts to", given: 0 }.into());
        }
        return copies(call, to, input, spread);
    }
    if by.len() != dims.len() {
        return Err(Error::OperandLength { operand: "multiples", expected: dims.len(), given: by.len() }.into());
    }
    let times = sizes(&by)?;
    let whole: Vec<i64> = times.0.iter().zip(&dims).map(|(&times, &dim)| (times as i64).saturating_mul(dim as i64)).collect();
    copies(call, sizes(&whole)?, input, |from, _| {
        let strides = from.strides();
        let axes: Vec<usize> = times.0.iter().zip(&from.0).flat_map(|(&times, &dim)| [times, dim]).collect();
        let steps: Vec<isize> = strides.iter().flat_map(|&stride| [0, stride as isize]).collect();
        walk(&axes, &steps, 0)
    })
}

/// A tensor of `shape` whose elements are those of `from` at the places that `indices` names.
fn copies(
    call: &mut Call<'_, '_>,
    shape: Shape,
    from: TensorId,
    indices: impl Fn(&Shape, &Shape) -> Vec<usize>,
) -> Outcome<Constant> {
    let size = call.reader.graph.tensor(from).dtype.size();
    call.reader.budget.charge(shape.elements().saturating_mul(size))?;
    let at = indices(call.shape(from), &shape);
    let data = call.reader.graph.value(from).map(|data| pick(data, &at));
    Ok((shape, data.unwrap_or(Data::F32(Vec::new()))))
}
