//! Protocol Buffers, as far as ONNX uses them: fields of a message, in place.
//!
//! Source: the encoding guide of Protocol Buffers.

use super::error::Error;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    /// A number of up to 64 bits.
    Varint(u64),
    /// Eight bytes, which nothing here is stored in.
    Fixed64,
    /// A string, a message, or several packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32([u8; 4]),
}

/// The fields of a message with their numbers, in order.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// Walks over the fields of a message.
pub(super) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { rest: bytes }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Error::Truncated)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::Malformed { what: "a number of more than ten bytes" })
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Error> {
        let count = usize::try_from(count).map_err(|_| Error::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn one(&mut self) -> Result<(u64, Field<'a>), Error> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed64)?,
            2 => {
                let count = self.varint()?;
                Field::Bytes(self.take(count)?)
            }
            5 => Field::Fixed32(self.take(4)?.try_into().map_err(|_| Error::Truncated)?),
            _ => return Err(Error::Malformed { what: "a field of an unknown kind" }),
        };
        Ok((tag >> 3, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let one = self.one();
        if one.is_err() {
            self.rest = &[];
        }
        Some(one)
    }
}

impl<'a> Field<'a> {
    /// The bytes of a message or a string.
    pub(super) fn bytes(self) -> Result<&'a [u8], Error> {
        match self {
            Field::Bytes(bytes) => Ok(bytes),
            Field::Varint(_) | Field::Fixed64 | Field::Fixed32(_) => Err(Error::Malformed { what: "a number for a message" }),
        }
    }

    /// A string.
    pub(super) fn text(self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Error::Malformed { what: "a name that is not UTF-8" })
    }

    /// A signed number.
    pub(super) fn integer(self) -> Result<i64, Error> {
        match self {
            Field::Varint(value) => Ok(value as i64),
            Field::Fixed64 | Field::Fixed32(_) | Field::Bytes(_) => Err(Error::Malformed { what: "bytes for a number" }),
        }
    }

    /// A float.
    pub(super) fn float(self) -> Result<f32, Error> {
        match self {
            Field::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            Field::Varint(_) | Field::Fixed64 | Field::Bytes(_) => Err(Error::Malformed { what: "no float for a float" }),
        }
    }

    /// Signed numbers, one or packed, behind those that are there.
    pub(super) fn integers(self, to: &mut Vec<i64>) -> Result<(), Error> {
        match self {
            Field::Bytes(bytes) => {
                let mut packed = fields(bytes);
                while !packed.rest.is_empty() {
                    to.push(packed.varint()? as i64);
                }
            }
            single => to.push(single.integer()?),
        }
        Ok(())
    }

    /// Floats, one or packed, behind those that are there.
    pub(super) fn floats(self, to: &mut Vec<f32>) -> Result<(), Error> {
        match self {
            Field::Bytes(bytes) => to.extend(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk))),
            single => to.push(single.float()?),
        }
        Ok(())
    }
}
