//! Constants of the file, and what is computed of integers while reading: shapes and indices.

use super::attributes::Attributes;
use super::error::Error;
use super::schema::Tensor;
use super::value::{Constant, Known};
use crate::ir::{Data, MAX_ELEMENTS, Quantization, Shape, half};
use std::rc::Rc;

/// The type of elements, for messages.
pub(super) fn type_name(data_type: i64) -> &'static str {
    match data_type {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "string",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        16 => "bfloat16",
        17..=20 | 24 => "float8",
        21 => "uint4",
        22 => "int4",
        23 => "float4",
        _ => "an unknown type",
    }
}

/// A tensor of the file.
pub(super) fn constant(tensor: &Tensor<'_>) -> Result<Constant, Error> {
    if tensor.external {
        return Err(Error::External);
    }
    let negative = || Error::Dynamic { given: tensor.dims.clone() };
    let shape = tensor.dims.iter().map(|&dim| usize::try_from(dim).map_err(|_| negative())).collect::<Result<Vec<_>, _>>()?;
    if shape.len() > crate::ir::MAX_RANK {
        return Err(Error::Shape(crate::ir::ShapeError::Deep(Shape(shape))));
    }
    let expected = Shape(shape.clone()).elements();
    if expected > MAX_ELEMENTS {
        return Err(Error::Shape(crate::ir::ShapeError::TooLarge(Shape(shape))));
    }
    fn each<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
    }
    let data = match (tensor.data_type, tensor.raw) {
        (1, Some(raw)) => Data::F32(each(raw, f32::from_le_bytes)),
        (1, None) => Data::F32(tensor.floats.clone()),
        (2, Some(raw)) => Data::U8(raw.to_vec()),
        (3, Some(raw)) => Data::I8(raw.iter().map(|&byte| byte as i8).collect()),
        (6, Some(raw)) => Data::I32(each(raw, i32::from_le_bytes)),
        (7, Some(raw)) => Data::I64(each(raw, i64::from_le_bytes)),
        (2, None) => Data::U8(tensor.integers.iter().map(|&value| value as u8).collect()),
        (3, None) => Data::I8(tensor.integers.iter().map(|&value| value as i8).collect()),
        (6, None) => Data::I32(tensor.integers.iter().map(|&value| value as i32).collect()),
        (5, Some(raw)) => Data::I16(each(raw, i16::from_le_bytes)),
        (5, None) => Data::I16(tensor.integers.iter().map(|&value| value as i16).collect()),
        (7 | 9, None) => Data::I64(tensor.integers.clone()),
        (10, Some(raw)) => Data::F32(each(raw, |chunk| half(u16::from_le_bytes(chunk)))),
        (10, None) => Data::F32(tensor.integers.iter().map(|&bits| half(bits as u16)).collect()),
        (9, Some(raw)) => Data::I64(raw.iter().map(|&byte| byte.into()).collect()),
        (11, Some(raw)) => Data::F32(each(raw, |chunk| f64::from_le_bytes(chunk) as f32)),
        (4, _) => return Err(Error::SixteenBits { given: "uint16" }),
        (other, _) => return Err(Error::ElementType { given: type_name(other) }),
    };
    if data.len() != expected {
        return Err(Error::DataSize { expected, given: data.len() });
    }
    Ok(Constant::plain(shape, data))
}

/// A constant of reals in another order or shape.
pub(super) fn rearranged(
    kind: &str,
    constant: Rc<Constant>,
    shape: Option<&Known>,
    attributes: &Attributes<'_>,
) -> Result<Rc<Constant>, Error> {
    let real = matches!(constant.data, Data::F32(_)) || constant.quantization.is_some();
    if kind == "Identity" || !real {
        return Ok(constant);
    }
    let count = constant.data.len();
    let rank = constant.shape.len();
    if kind == "Transpose" {
        let perm: Vec<usize> = match attributes.integers("perm") {
            Some(given) => given.iter().filter_map(|&axis| usize::try_from(axis).ok()).collect(),
            None => (0..rank).rev().collect(),
        };
        let mut sorted = perm.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..rank) {
            return Err(Error::Value { what: "perm", expected: "a permutation of the axes", given: format!("{perm:?}") });
        }
        return Ok(constant.permuted(&constant.shape, &perm).into());
    }
    let Some(Known::Constant(target)) = shape else { return Err(Error::NotConstant { what: "the shape" }) };
    let target = target.data.integers().unwrap_or_default();
    let known =
        target.iter().filter_map(|&dim| usize::try_from(dim).ok()).fold(1usize, |product, dim| product.saturating_mul(dim));
    let dims: Vec<usize> =
        target.iter().map(|&dim| usize::try_from(dim).unwrap_or_else(|_| count.checked_div(known).unwrap_or(0))).collect();
    if dims.len() > crate::ir::MAX_RANK || Shape(dims.clone()).elements() != count {
        let given = format!("{target:?} of {:?}", constant.shape);
        return Err(Error::Value { what: "the shape", expected: "one of as many elements", given });
    }
    let quantization = match &constant.quantization {
        Some(quantization) if !quantization.is_per_tensor() => {
            // The axis of the scales is where as many elements lie before it, and it is as long.
            let before = |shape: &[usize], axis: usize| shape.iter().take(axis).product::<usize>();
            let (outer, size) = (before(&constant.shape, quantization.axis), quantization.scales.len());
            let same = |&axis: &usize| dims.get(axis) == Some(&size) && before(&dims, axis) == outer;
            let axis = (0..dims.len()).find(same);
            let parted = || Error::Unsupported { what: "a reshape across the axis of the scales".into() };
            Some(Quantization { axis: axis.ok_or_else(parted)?, ..quantization.clone() })
        }
        other => other.clone(),
    };
    Ok(Constant { shape: dims, data: constant.data.clone(), quantization }.into())
}

/// One list of integers as a constant.
pub(super) fn integers(shape: Vec<usize>, values: Vec<i64>) -> Constant {
    Constant::plain(shape, Data::I64(values))
}

/// The result of a node whose inputs are all constants; `None` for what is not computed here.
pub(super) fn fold(kind: &str, inputs: &[Option<&Constant>], attributes: &Attributes<'_>) -> Result<Option<Constant>, Error> {
    let first = || inputs.first().copied().flatten().ok_or(Error::Missing { index: 0, what: "the operand" });
    let list = |index: usize| inputs.get(index).copied().flatten().and_then(|constant| constant.data.integers());
    Ok(match kind {
        "Identity" | "Dropout" => Some(first()?.clone()),
        "Constant" => match (attributes.tensor("value"), attributes.integers("value_ints"), attributes.floats("value_floats")) {
            (Some(tensor), _, _) => Some(constant(&Tensor::read(tensor)?)?),
            (None, Some(list), _) => Some(integers(vec![list.len()], list.to_vec())),
            (None, None, Some(list)) => Some(Constant::plain(vec![list.len()], Data::F32(list.to_vec()))),
            (None, None, None) => match attributes.optional_float("value_float") {
                Some(value) => Some(Constant::plain(Vec::new(), Data::F32(vec![value]))),
                None => Some(integers(Vec::new(), vec![attributes.integer("value_int", 0)])),
            },
        },
        "Cast" => {
            let from = first()?;
            let data = match (attributes.integer("to", 0), &from.data) {
                (1, Data::F32(values)) => Data::F32(values.clone()),
                (1, data) => Data::F32(data.integers().unwrap_or_default().iter().map(|&value| value as f32).collect()),
                (6 | 7, Data::F32(values)) => Data::I64(values.iter().map(|&value| value as i64).collect()),
                (6 | 7, data) => Data::I64(data.integers().unwrap_or_default()),
                (other, _) => return Err(Error::ElementType { given: type_name(other) }),
            };
            Some(Constant::plain(from.shape.clone(), data))
        }
        "Unsqueeze" | "Squeeze" | "Reshape" | "Flatten" => {
            // Lists of integers are the same list whatever their shape; all of them become lists of one axis.
            let from = first()?;
            match &from.data {
                Data::I64(values) => Some(integers(vec![values.len()], values.clone())),
                Data::I32(values) => Some(integers(vec![values.len()], values.iter().map(|&value| value.into()).collect())),
                Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::F32(_) | Data::Bool(_) => None,
            }
        }
        "Concat" => {
            let parts: Option<Vec<Vec<i64>>> = (0..inputs.len()).map(list).collect();
            parts.map(|parts| integers(vec![parts.iter().map(Vec::len).sum()], parts.concat()))
        }
        "Gather" => {
            let (Some(values), Some(indices)) = (list(0), list(1)) else { return Ok(None) };
            let at = |&index: &i64| {
                let index = if index < 0 { index + values.len() as i64 } else { index };
                usize::try_from(index).ok().and_then(|index| values.get(index).copied())
            };
            let picked: Option<Vec<i64>> = indices.iter().map(at).collect();
            let wrong = || Error::Value { what: "an index", expected: "inside the list", given: format!("{indices:?}") };
            let shape = inputs.get(1).copied().flatten().map_or_else(Vec::new, |constant| constant.shape.clone());
            Some(integers(shape, picked.ok_or_else(wrong)?))
        }
        "Add" | "Sub" | "Mul" | "Div" => {
            let (Some(a), Some(b)) = (list(0), list(1)) else { return Ok(None) };
            let count = a.len().max(b.len());
            let at = |list: &[i64], index: usize| list.get(if list.len() == 1 { 0 } else { index }).copied();
            let one = |index: usize| {
                let (a, b) = (at(&a, index)?, at(&b, index)?);
                match kind {
                    "Add" => a.checked_add(b),
                    "Sub" => a.checked_sub(b),
                    "Mul" => a.checked_mul(b),
                    _ => a.checked_div(b),
                }
            };
            (0..count).map(one).collect::<Option<Vec<_>>>().map(|values| integers(vec![count], values))
        }
        _ => None,
    })
}
