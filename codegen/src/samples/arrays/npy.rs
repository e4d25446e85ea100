//! One array as `numpy.save` writes it.
//!
//! The header is read by the crate `npyz`, which multiplies dimensions without a check and calls itself for each bracket; it only gets headers
//! for which neither can go wrong. Format: numpy's `numpy/lib/format.py`, versions 1.0 to 3.0.

use super::{Array, Error};
use npyz::{DType, NpyHeader, Order};
use safetensors::Dtype;
use std::borrow::Cow;
use std::io::Read;

/// What every file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// The most bytes of a header; numpy itself takes no longer one.
const MOST_HEADER: usize = 10_000;

/// Reads an array that takes `size` bytes, header and elements.
///
/// # Errors
/// [`Error::Array`]: a header or a type that cannot be read, or elements that do not fill the shape.
pub(super) fn read(mut from: impl Read, size: u64) -> Result<Array<'static>, Error> {
    let text = header(&mut from)?;
    let length = text.len() as u64;
    let header = NpyHeader::from_reader(&text[..]).map_err(|error| wrong(format!("its header is damaged: {error}")))?;
    let (dtype, big) = element(&header.dtype())?;
    let shape: Option<Vec<usize>> = header.shape().iter().map(|&dim| usize::try_from(dim).ok()).collect();
    let bytes = shape.as_ref().and_then(|shape| shape.iter().try_fold(dtype.bitsize() / 8, |all, &dim| all.checked_mul(dim)));
    let (Some(shape), Some(bytes)) = (shape, bytes) else { return Err(oversized()) };
    let given = size.saturating_sub(length);
    if bytes as u64 != given {
        return Err(wrong(format!("{given} bytes of elements do not fill its shape {shape:?}, which takes {bytes}")));
    }
    let mut data = Vec::new();
    data.try_reserve_exact(bytes).map_err(|_| wrong(format!("there is no memory for its {bytes} bytes")))?;
    from.by_ref().take(given).read_to_end(&mut data).map_err(|error| wrong(error.to_string()))?;
    // At the end, archives compare the checksum.
    let more = from.read(&mut [0]).map_err(|error| wrong(error.to_string()))?;
    if data.len() != bytes || more > 0 {
        let read = data.len() + more;
        return Err(wrong(format!("{read} bytes of elements or more are stored, where its size says {bytes}")));
    }
    if big {
        data.chunks_exact_mut(dtype.bitsize() / 8).for_each(<[u8]>::reverse);
    }
    if header.order() == Order::Fortran && !data.is_empty() {
        data = last_axis_fastest(&data, &shape, dtype.bitsize() / 8);
    }
    Ok(Array { dtype, shape, data: Cow::Owned(data) })
}

/// Reads magic, version, length and header, which end where elements begin.
fn header(from: &mut impl Read) -> Result<Vec<u8>, Error> {
    let short = |_| wrong("it ends in its header".into());
    let mut text = vec![0; 8];
    from.read_exact(&mut text).map_err(short)?;
    if !text.starts_with(MAGIC) {
        return Err(wrong("it does not begin as an array does".into()));
    }
    let size = if text[6] == 1 { 2 } else { 4 };
    text.resize(8 + size, 0);
    from.read_exact(&mut text[8..]).map_err(short)?;
    let length = text[8..].iter().rev().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
    if length > MOST_HEADER {
        return Err(wrong(format!("its header has {length} bytes, more than the {MOST_HEADER} that numpy takes")));
    }
    let start = text.len();
    text.resize(start + length, 0);
    from.read_exact(&mut text[start..]).map_err(short)?;
    plain(&text[start..])?;
    Ok(text)
}

/// Checks that a header is a dictionary with one tuple of decimal dimensions, whose product fits 64 bits.
fn plain(text: &[u8]) -> Result<(), Error> {
    let text = std::str::from_utf8(text).map_err(|_| wrong("its header is no text".into()))?;
    if text.contains('[') {
        return Err(wrong("its elements are structures of several fields".into()));
    }
    let allowed = |char: char| char.is_ascii_alphanumeric() || "_'\":,.(){}<>|= \n".contains(char);
    if !text.chars().all(allowed) || text.matches(['(', '{']).count() > 2 {
        return Err(wrong("its header is damaged".into()));
    }
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let numbers = words.filter(|word| word.starts_with(|char: char| char.is_ascii_digit()));
    let product = numbers.map(|word| word.parse::<u64>().ok()).try_fold(1u64, |all, number| all.checked_mul(number?.max(1)));
    product.map(|_| ()).ok_or_else(oversized)
}

/// The type of the elements, and whether they are big-endian.
fn element(dtype: &DType) -> Result<(Dtype, bool), Error> {
    let kind = match dtype {
        DType::Plain(kind) => kind.to_string(),
        DType::Array(..) | DType::Record(_) => dtype.descr(),
    };
    let (order, name) = kind.split_at_checked(1).unwrap_or_default();
    let dtype = match name {
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "i8" => Dtype::I64,
        "i4" => Dtype::I32,
        "i2" => Dtype::I16,
        "i1" => Dtype::I8,
        "u8" => Dtype::U64,
        "u4" => Dtype::U32,
        "u2" => Dtype::U16,
        "u1" => Dtype::U8,
        "b1" => Dtype::BOOL,
        _ => return Err(wrong(format!("its elements are of type `{kind}`"))),
    };
    Ok((dtype, order == ">"))
}

/// Elements of `size` bytes in the order of C, from those in Fortran's, whose first axis is fastest.
fn last_axis_fastest(data: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut strides = Vec::new();
    let mut stride = size;
    for &dim in shape {
        strides.push(stride);
        stride *= dim;
    }
    let (mut turned, mut index, mut at) = (Vec::with_capacity(data.len()), vec![0; shape.len()], 0);
    while turned.len() < data.len() {
        turned.extend_from_slice(&data[at..at + size]);
        for axis in (0..shape.len()).rev() {
            (index[axis], at) = (index[axis] + 1, at + strides[axis]);
            if index[axis] < shape[axis] {
                break;
            }
            (index[axis], at) = (0, at - shape[axis] * strides[axis]);
        }
    }
    turned
}

fn wrong(message: String) -> Error {
    Error::Array { message }
}

fn oversized() -> Error {
    wrong("its shape is damaged, or larger than any memory".into())
}
