//! One array as numpy stores it. Source: numpy's `numpy/lib/format.py`, versions 1.0 to 3.0.

use super::Array;
use crate::error::TrainError as Error;
use safetensors::Dtype;

/// Reads an array; little-endian and in C order, as numpy writes what is contiguous.
pub(super) fn array(name: String, bytes: &[u8]) -> Result<Array, Error> {
    let wrong = |what: &str| Error::Npz { what: format!("`{name}` {what}") };
    let (version, at) = match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', major, _, ..] => (*major, 8),
        _ => return Err(wrong("is no array")),
    };
    let size = if version == 1 { 2 } else { 4 };
    let length = bytes.get(at..at + size).ok_or_else(|| wrong("ends in its header"))?;
    let length = length.iter().rev().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
    let start = (at + size).saturating_add(length);
    let header = bytes.get(at + size..start).ok_or_else(|| wrong("ends in its header"))?;
    let header = String::from_utf8_lossy(header);
    let field = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    if field("fortran_order").is_none_or(|rest| !rest.starts_with("False")) {
        return Err(wrong("is in Fortran's order; store numpy.ascontiguousarray of it"));
    }
    let kind =
        field("descr").and_then(|rest| rest.strip_prefix('\'')).and_then(|rest| rest.split_once('\'')).map(|(kind, _)| kind);
    let dtype = match kind {
        Some("<f4") => Dtype::F32,
        Some("<f8") => Dtype::F64,
        Some("<i8") => Dtype::I64,
        Some("<i4") => Dtype::I32,
        Some("<i2") => Dtype::I16,
        Some("|i1") => Dtype::I8,
        Some("|u1") => Dtype::U8,
        Some(other) => return Err(wrong(&format!("has elements of kind {other}; store float32 inputs and integer labels"))),
        None => return Err(wrong("does not say what its elements are")),
    };
    let dims = field("shape").and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.split_once(')')).map(|(dims, _)| dims);
    let dims = dims.ok_or_else(|| wrong("has no shape"))?;
    let shape: Option<Vec<usize>> =
        dims.split(',').map(str::trim).filter(|dim| !dim.is_empty()).map(|dim| dim.parse().ok()).collect();
    let shape = shape.ok_or_else(|| wrong("has no shape"))?;
    let expected = shape.iter().try_fold(dtype.bitsize() / 8, |all, &dim| all.checked_mul(dim));
    let data = &bytes[start..];
    if expected != Some(data.len()) {
        return Err(wrong(&format!("has {} bytes of elements, which do not fill its shape {shape:?}", data.len())));
    }
    Ok(Array { name, dtype, shape, bytes: data.to_vec() })
}
