//! The container: a length, a JSON header, and the bytes of the tensors.
//!
//! The header is read here and not by the `safetensors` crate, which buffers it as untyped JSON (tens of bytes for each
//! byte of a hostile header) and adds up the offsets of hostile tensors without a check; reading it straight into its
//! types costs at most a small multiple of its length.

use super::error::{NativeError, clip};
use crate::ir::MAX_RANK;
use safetensors::Dtype;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, btree_map};
use std::fmt;

/// The longest header that is read; a thousand tensors take about 100 kB.
pub(super) const MAX_HEADER: usize = 4 << 20;

/// The key of the topology in the file's metadata.
pub(super) const TOPOLOGY_KEY: &str = "tinybake.topology";

/// A tensor in the file: little-endian, row-major elements.
#[derive(Clone, Debug)]
pub(super) struct Entry<'data> {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// As long as the shape and the dtype say.
    pub(super) bytes: &'data [u8],
}

/// The tensors of a file by name, and its topology where it carries one.
#[derive(Debug)]
pub(super) struct File<'data> {
    pub(super) tensors: BTreeMap<String, Entry<'data>>,
    pub(super) topology: Option<String>,
}

/// Splits a safetensors file into its tensors.
///
/// Stricter than the format where that costs honest files nothing: at most [`MAX_HEADER`] bytes of header and
/// [`MAX_RANK`] dimensions, and no name twice. Unlike the format it lets tensors overlap or leave gaps.
pub(super) fn parse(bytes: &[u8]) -> Result<File<'_>, NativeError> {
    let broken = |reason: &str| NativeError::Header { reason: reason.to_owned() };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| broken("it is shorter than 8 bytes"))?;
    let given = u64::from_le_bytes(*length);
    let length = usize::try_from(given).unwrap_or(usize::MAX);
    if length > rest.len() {
        return Err(broken(&format!("its header takes {given} bytes, and {} are there", rest.len())));
    }
    if length > MAX_HEADER {
        return Err(NativeError::HeaderTooLarge { given, limit: MAX_HEADER });
    }
    let (header, data) = rest.split_at(length);
    let header: Header = serde_json::from_slice(header).map_err(|error| broken(&clip(&error.to_string())))?;
    let mut tensors = BTreeMap::new();
    for (name, Info { dtype, shape, data_offsets: (begin, end) }) in header.tensors {
        let bytes = data.get(begin..end).ok_or_else(|| {
            broken(&format!("tensor `{}` takes bytes {begin} to {end} of {}: the file is cut short", clip(&name), data.len()))
        })?;
        let bits = shape.0.iter().try_fold(dtype.bitsize(), |bits, &dim| bits.checked_mul(dim));
        if bits != bytes.len().checked_mul(8) {
            return Err(broken(&format!("tensor `{}` of {dtype} {:?} takes {} bytes", clip(&name), shape.0, bytes.len())));
        }
        tensors.insert(name, Entry { dtype, shape: shape.0, bytes });
    }
    Ok(File { tensors, topology: header.topology })
}

/// The header's JSON object.
struct Header {
    tensors: BTreeMap<String, Info>,
    topology: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: Dtype,
    shape: Dims,
    data_offsets: (usize, usize),
}

/// At most [`MAX_RANK`] dimensions.
struct Dims(Vec<usize>);

impl<'de> Deserialize<'de> for Dims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DimsVisitor;
        impl<'de> Visitor<'de> for DimsVisitor {
            type Value = Dims;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX_RANK} dimensions")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Dims, A::Error> {
                let mut dims = Vec::new();
                while let Some(dim) = seq.next_element()? {
                    if dims.len() == MAX_RANK {
                        return Err(A::Error::invalid_length(MAX_RANK + 1, &self));
                    }
                    dims.push(dim);
                }
                Ok(Dims(dims))
            }
        }
        deserializer.deserialize_seq(DimsVisitor)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;
        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = Header;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a safetensors header")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header { tensors: BTreeMap::new(), topology: None };
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        let mut metadata: BTreeMap<String, String> = map.next_value()?;
                        header.topology = metadata.remove(TOPOLOGY_KEY);
                        continue;
                    }
                    match header.tensors.entry(name) {
                        btree_map::Entry::Vacant(entry) => {
                            entry.insert(map.next_value()?);
                        }
                        btree_map::Entry::Occupied(entry) => {
                            return Err(A::Error::custom(format_args!("tensor `{}` is there twice", clip(entry.key()))));
                        }
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(HeaderVisitor)
    }
}
