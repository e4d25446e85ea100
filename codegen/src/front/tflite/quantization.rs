//! From the file's quantization parameters to the graph's.

use super::budget::Budget;
use super::error::Error;
use super::schema::QuantizationParameters;
use crate::ir::{DType, Quantization, Shape};

/// The quantization of a tensor; `None` where it has none.
///
/// Integers of 32 and 64 bits are biases and indices: a bias's scale follows from those of the input and the filter, and
/// files state it carelessly (an axis that a bias does not have, a scale of zero), so that a malformed one counts as none.
/// Floats and truth values have none whatever the file says.
pub(super) fn read(
    parameters: Option<&QuantizationParameters<'_>>,
    shape: &Shape,
    dtype: DType,
    budget: &mut Budget,
) -> Result<Option<Quantization>, Error> {
    let Some(parameters) = parameters else { return Ok(None) };
    match dtype {
        DType::F32 | DType::Bool => Ok(None),
        DType::I32 | DType::I64 => match strict(parameters, shape, dtype, budget) {
            Err(error @ Error::Budget { .. }) => Err(error),
            result => Ok(result.unwrap_or(None)),
        },
        DType::I8 | DType::U8 | DType::I16 => strict(parameters, shape, dtype, budget),
    }
}

fn strict(
    parameters: &QuantizationParameters<'_>,
    shape: &Shape,
    dtype: DType,
    budget: &mut Budget,
) -> Result<Option<Quantization>, Error> {
    if parameters.details != 0 {
        return Err(Error::QuantizationKind);
    }
    let count = parameters.scales.len();
    if count == 0 {
        return Ok(None);
    }
    let axis = if count == 1 { 0 } else { quantized_axis(parameters.axis, count, shape)? };
    budget.charge(count.saturating_mul(8))?;
    let mut scales = Vec::with_capacity(count);
    for scale in parameters.scales.iter() {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::Scale { given: scale });
        }
        scales.push(scale);
    }
    let zero_points = match parameters.zero_points.len() {
        0 => vec![0; count],
        1 => vec![zero_point(parameters.zero_points.get(0).unwrap_or(0), dtype)?; count],
        given if given == count => {
            parameters.zero_points.iter().map(|given| zero_point(given, dtype)).collect::<Result<_, _>>()?
        }
        given => return Err(Error::ZeroPointCount { expected: count, given }),
    };
    Ok(Some(Quantization { scales, zero_points, axis }))
}

/// The axis that `count` scales run along. A tensor of one dimension has one axis, whatever the file says.
fn quantized_axis(axis: i32, count: usize, shape: &Shape) -> Result<usize, Error> {
    let stated = if shape.rank() == 1 { Some(0) } else { usize::try_from(axis).ok() };
    match stated.and_then(|axis| Some((axis, *shape.0.get(axis)?))) {
        Some((axis, size)) if size == count => Ok(axis),
        other => Err(Error::ScaleCount { axis, expected: other.map_or(0, |(_, size)| size), given: count }),
    }
}

fn zero_point(given: i64, dtype: DType) -> Result<i32, Error> {
    let range = match dtype {
        DType::I8 => i64::from(i8::MIN)..=i64::from(i8::MAX),
        DType::U8 => 0..=i64::from(u8::MAX),
        DType::I16 => i64::from(i16::MIN)..=i64::from(i16::MAX),
        DType::I32 | DType::I64 | DType::F32 | DType::Bool => i64::from(i32::MIN)..=i64::from(i32::MAX),
    };
    match i32::try_from(given) {
        Ok(zero_point) if range.contains(&given) => Ok(zero_point),
        _ => Err(Error::ZeroPoint { given }),
    }
}
