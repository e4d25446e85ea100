//! Element types and constant data.

use super::error::Error;
use crate::ir::{DType, Data, half};

/// How a tensor's elements are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// As the graph stores them, little-endian.
    Plain(DType),
    /// Two `int4` to a byte, the first in the low half; the graph stores them as `int8`.
    PackedI4,
    /// IEEE 754 binary16; the graph stores them as `float32`.
    F16,
}

impl Storage {
    /// The storage of a code of the schema's `TensorType`.
    pub(super) fn of(code: u8) -> Result<Self, Error> {
        Ok(Self::Plain(match code {
            0 => DType::F32,
            2 => DType::I32,
            3 => DType::U8,
            4 => DType::I64,
            6 => DType::Bool,
            7 => DType::I16,
            9 => DType::I8,
            1 => return Ok(Self::F16),
            17 => return Ok(Self::PackedI4),
            _ => return Err(Error::ElementType { given: name(code) }),
        }))
    }

    /// The element type in the graph.
    pub(super) fn dtype(self) -> DType {
        match self {
            Self::Plain(dtype) => dtype,
            Self::PackedI4 => DType::I8,
            Self::F16 => DType::F32,
        }
    }

    /// What an activation cannot be stored as; `None` where it can.
    pub(super) fn only_constant(self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            Self::PackedI4 => Some("int4 of an activation"),
            Self::F16 => Some("float16 of an activation"),
        }
    }

    /// Bytes that `elements` take in the file.
    pub(super) fn bytes(self, elements: usize) -> usize {
        match self {
            Self::Plain(dtype) => elements.saturating_mul(dtype.size()),
            Self::PackedI4 => elements.div_ceil(2),
            Self::F16 => elements.saturating_mul(2),
        }
    }

    /// The elements that `bytes` hold, whose length is [`Storage::bytes`] of `elements`.
    pub(super) fn decode(self, bytes: &[u8], elements: usize) -> Data {
        match self {
            Self::Plain(DType::I8) => Data::I8(bytes.iter().map(|&byte| byte as i8).collect()),
            Self::Plain(DType::U8) => Data::U8(bytes.to_vec()),
            Self::Plain(DType::Bool) => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
            Self::Plain(DType::I16) => Data::I16(numbers(bytes, i16::from_le_bytes)),
            Self::Plain(DType::I32) => Data::I32(numbers(bytes, i32::from_le_bytes)),
            Self::Plain(DType::I64) => Data::I64(numbers(bytes, i64::from_le_bytes)),
            Self::Plain(DType::F32) => Data::F32(numbers(bytes, f32::from_le_bytes)),
            Self::F16 => Data::F32(numbers(bytes, u16::from_le_bytes).into_iter().map(half).collect()),
            Self::PackedI4 => {
                let halves = bytes.iter().flat_map(|&byte| [(byte << 4) as i8 >> 4, byte as i8 >> 4]);
                Data::I8(halves.take(elements).collect())
            }
        }
    }
}

fn numbers<const N: usize, T>(bytes: &[u8], read: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&chunk| read(chunk)).collect()
}

/// The schema's name of an element type.
fn name(code: u8) -> String {
    const NAMES: [(u8, &str); 15] = [
        (5, "string"),
        (8, "complex64"),
        (10, "float64"),
        (11, "complex128"),
        (12, "uint64"),
        (13, "resource"),
        (14, "variant"),
        (15, "uint32"),
        (16, "uint16"),
        (17, "int4"),
        (18, "bfloat16"),
        (19, "int2"),
        (20, "uint4"),
        (21, "float8_e4m3fn"),
        (22, "float8_e5m2"),
    ];
    NAMES.iter().find(|(known, _)| *known == code).map_or_else(|| format!("number {code}"), |(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int4_unpacks_low_half_first_and_keeps_the_sign() {
        assert_eq!(Storage::PackedI4.bytes(3), 2);
        assert_eq!(Storage::PackedI4.decode(&[0xf1, 0x08], 3), Data::I8(vec![1, -1, -8]));
    }

    #[test]
    fn halves_widen_exactly() {
        let bytes = [0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb];
        assert_eq!(Storage::F16.decode(&bytes, 3), Data::F32(vec![1.0, 2f32.powi(-24), -65504.0]));
    }

    #[test]
    fn numbers_are_little_endian() {
        assert_eq!(Storage::Plain(DType::I16).decode(&[0x34, 0x12, 0xff, 0xff], 2), Data::I16(vec![0x1234, -1]));
    }
}
