//! The container of numpy's `savez`: a zip file of `.npy` arrays, stored or deflated.
//!
//! Source: PKWARE, *.ZIP File Format Specification* (APPNOTE.TXT), sections 4.3.7, 4.3.12 and 4.3.16, and 4.5.3 for the sizes of large files.

use super::{Array, npy};
use crate::error::TrainError as Error;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Deflate makes at most this many bytes of one.
const MOST_EXPANDED: usize = 1032;

/// The arrays of a file, under their names without `.npy`.
pub(super) fn arrays(bytes: &[u8]) -> Result<Vec<Array>, Error> {
    let wrong = |what: &str| Error::Npz { what: what.into() };
    let end = (0..=bytes.len().saturating_sub(22)).rev().find(|&at| bytes.get(at..at + 4) == Some(b"PK\x05\x06"));
    let end = end.ok_or_else(|| wrong("it has no central directory"))?;
    let (count, mut at) = (number(bytes, end + 10, 2)?, number(bytes, end + 16, 4)?);
    let mut arrays = Vec::new();
    for _ in 0..count {
        if bytes.get(at..at.saturating_add(4)) != Some(b"PK\x01\x02") {
            return Err(wrong("its central directory is damaged"));
        }
        let method = number(bytes, at + 10, 2)?;
        let (packed, whole, local) = sizes(bytes, at)?;
        let lengths = [28, 30, 32].map(|offset| number(bytes, at + offset, 2));
        let [name_length, extra, comment] = [lengths[0].clone()?, lengths[1].clone()?, lengths[2].clone()?];
        let name = slice(bytes, at + 46, name_length)?;
        let name = String::from_utf8_lossy(name).trim_end_matches(".npy").to_string();
        at += 46 + name_length + extra + comment;
        let start = local.saturating_add(30);
        let start = start.saturating_add(number(bytes, local.saturating_add(26), 2)?);
        let start = start.saturating_add(number(bytes, local.saturating_add(28), 2)?);
        let data = slice(bytes, start, packed)?;
        let unpacked = match method {
            0 => data.to_vec(),
            8 if whole <= packed.saturating_mul(MOST_EXPANDED) => decompress_to_vec_with_limit(data, whole)
                .map_err(|_| Error::Npz { what: format!("`{name}` cannot be unpacked") })?,
            _ => return Err(Error::Npz { what: format!("`{name}` is packed by method {method}, or to an impossible size") }),
        };
        arrays.push(npy::array(name, &unpacked)?);
    }
    Ok(arrays)
}

/// Packed size, whole size and place of an entry; from the extra field where they do not fit 32 bits.
fn sizes(bytes: &[u8], at: usize) -> Result<(usize, usize, usize), Error> {
    const LARGE: usize = u32::MAX as usize;
    let (packed, whole, local) = (number(bytes, at + 20, 4)?, number(bytes, at + 24, 4)?, number(bytes, at + 42, 4)?);
    if packed != LARGE && whole != LARGE && local != LARGE {
        return Ok((packed, whole, local));
    }
    let mut extra = slice(bytes, at + 46 + number(bytes, at + 28, 2)?, number(bytes, at + 30, 2)?)?;
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2)?, number(extra, 2, 2)?);
        let field = slice(extra, 4, length)?;
        if id == 1 {
            let mut next = 0;
            let mut large = |small: usize| {
                if small != LARGE {
                    return Ok(small);
                }
                next += 8;
                number(field, next - 8, 8)
            };
            let whole = large(whole)?;
            return Ok((large(packed)?, whole, large(local)?));
        }
        extra = &extra[4 + length..];
    }
    Err(Error::Npz { what: "the size of an entry is missing".into() })
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Error> {
    let end = at.checked_add(length);
    end.and_then(|end| bytes.get(at..end))
        .ok_or_else(|| Error::Npz { what: format!("it ends before byte {}", at.saturating_add(length)) })
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Result<usize, Error> {
    let value = slice(bytes, at, size)?.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    usize::try_from(value).map_err(|_| Error::Npz { what: "a size is too large".into() })
}
