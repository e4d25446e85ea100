//! The container of `numpy.savez` and `numpy.savez_compressed`: a zip archive of `.npy` arrays, stored or deflated.
//!
//! The crate `zip` reads it. What an archive can make of its bytes is bounded here:
//! - entries do not overlap, so no byte is unpacked twice;
//! - an entry says a size that its packed bytes can have: deflate makes at most 1032 bytes of one;
//! - the arrays of a file have no more than [`FLOOR`] bytes together, or [`RATIO`] times the file;
//! - the directory has at most 65,534 entries, and looking for it reads the file at most [`READS`] times.

use super::{Array, Error, npy};
use crate::diag::{Diagnostics, Explain, Place};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

/// The most bytes that deflate makes of one (zlib, *Technical Details*, maximum compression factor).
const DEFLATE: u64 = 1032;
/// Bytes of arrays that any file may have.
const FLOOR: u64 = 64 << 20;
/// Bytes of arrays for each byte of a larger file.
const RATIO: u64 = 128;
/// How often a file may be read over, all in all.
const READS: u64 = 16;
/// The signature of the record that ends an archive, its size, and the fields of the directory's count, size and offset.
const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;

/// An archive whose entries have been checked.
pub(in crate::samples) struct Archive<'a> {
    archive: ZipArchive<Bounded<'a>>,
    /// The index of each array, under its name without `.npy`.
    arrays: BTreeMap<String, usize>,
    /// Bytes of arrays that may still be read.
    left: u64,
}

impl<'a> Archive<'a> {
    /// Reads the directory, and checks every entry.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Diagnostics> {
        let plain = |message: String| Diagnostics::from(Error::Archive { message }.at(Place::default()));
        let count = count(bytes).map_err(|error| error.at(Place::default()))?;
        let length = bytes.len() as u64;
        let reader = Bounded { bytes: Cursor::new(bytes), left: (length * READS).saturating_add(1 << 20) };
        let mut archive = ZipArchive::new(reader).map_err(|error| plain(error.to_string()))?;
        let mut arrays = BTreeMap::new();
        let mut places = Vec::new();
        for index in 0..archive.len() {
            let shown = archive.name_for_index(index).unwrap_or_default();
            let name = shown.strip_suffix(".npy").unwrap_or(shown).to_string();
            let entry = |error: Error| Diagnostics::from(error.at(Place { tensor: Some(name.clone()), ..Place::default() }));
            let file = archive.by_index_raw(index).map_err(|error| entry(Error::Archive { message: error.to_string() }))?;
            let packed = file.compressed_size();
            let end = file.data_start().and_then(|start| start.checked_add(packed)).filter(|&end| end <= length);
            let end = end.ok_or_else(|| entry(Error::Archive { message: "it ends beyond the end of the file".into() }))?;
            let most = match file.compression() {
                CompressionMethod::Stored => packed,
                CompressionMethod::Deflated => packed.saturating_mul(DEFLATE),
                // It is refused when it is read.
                _ => u64::MAX,
            };
            if file.size() > most {
                return Err(entry(Error::Size { size: file.size(), packed }));
            }
            places.push((file.header_start(), end, name.clone()));
            if arrays.insert(name.clone(), index).is_some() {
                return Err(entry(Error::Archive { message: "two entries have this name".into() }));
            }
        }
        if archive.len() != count {
            let given = archive.len();
            return Err(plain(format!(
                "it has {count} entries of {given} names: two have the same, or its directory is damaged"
            )));
        }
        places.sort();
        for (first, second) in places.iter().zip(places.iter().skip(1)) {
            if second.0 < first.1 {
                let place = Place { tensor: Some(second.2.clone()), ..Place::default() };
                return Err(Error::Shared { other: first.2.clone() }.at(place).into());
            }
        }
        Ok(Self { archive, arrays, left: FLOOR.max(length.saturating_mul(RATIO)) })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    /// Unpacks an array, where there is one of that name.
    pub(super) fn read(&mut self, name: &str) -> Result<Option<Array<'static>>, Error> {
        let Some(&index) = self.arrays.get(name) else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|error| Error::Archive { message: error.to_string() })?;
        let size = file.size();
        self.left = self.left.checked_sub(size).ok_or(Error::Unpacked { size, left: self.left })?;
        npy::read(file, size).map(Some)
    }
}

/// The number of entries that the end of the archive tells.
fn count(bytes: &[u8]) -> Result<usize, Error> {
    let mut count = None;
    for end in bytes.windows(END_SIZE).filter(|record| record.starts_with(END)) {
        let entries = u16::from_le_bytes([end[10], end[11]]);
        // Such fields stand in a record of 64-bit ones, whose count is not bounded.
        if entries == u16::MAX || end[12..16] == [0xff; 4] || end[16..20] == [0xff; 4] {
            return Err(Error::Archive { message: "its directory is one of 4 GB or 65,535 entries or more".into() });
        }
        count = Some(usize::from(entries));
    }
    count.ok_or_else(|| Error::Archive { message: "it has no directory of entries: it is cut off, or no zip archive".into() })
}

/// A file that can be read for so many bytes only: a damaged archive makes `zip` look for its directory again and again.
struct Bounded<'a> {
    bytes: Cursor<&'a [u8]>,
    left: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other("its directory is damaged"))?;
        Ok(read)
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
