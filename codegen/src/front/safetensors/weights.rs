//! Tensors of the file as constants of the graph: element types, and the layouts of both worlds.

use super::error::{NativeError, clip};
use super::header::{Entry, File};
use crate::ir::{Data, Graph, Weight, WeightId};
use safetensors::Dtype;
use std::collections::BTreeMap;

/// How a constant is turned from the file's layout into the graph's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// It is stored as the graph has it.
    None,
    /// `[out, in, kh, kw]` to `[out, kh, kw, in]`.
    Convolution,
    /// `[out, 1, kh, kw]` to `[1, kh, kw, out]`, and `[in, out, kh, kw]` to `[out, kh, kw, in]`: the first axis goes last.
    FirstLast,
    /// `[out, channels * height * width]` to `[out, height * width * channels]`.
    Columns {
        /// Height, width and channels of the image that was flattened.
        image: [usize; 3],
    },
}

impl Turn {
    /// The shape to see the stored elements in, and the permutation from there to the graph.
    fn steps(self, stored: &[usize]) -> Option<(Vec<usize>, &'static [usize])> {
        match (self, stored) {
            (Turn::None, _) => None,
            (Turn::Convolution, &[_, _, _, _]) => Some((stored.to_vec(), &[0, 2, 3, 1])),
            (Turn::FirstLast, &[_, _, _, _]) => Some((stored.to_vec(), &[1, 2, 3, 0])),
            (Turn::Columns { image: [height, width, channels] }, &[out, _]) => {
                Some((vec![out, channels, height, width], &[0, 2, 3, 1]))
            }
            (Turn::Convolution | Turn::FirstLast | Turn::Columns { .. }, _) => None,
        }
    }

    /// The shape in the graph of a tensor of shape `stored`. Ranks that do not fit are left as they are.
    pub(super) fn shape(self, stored: &[usize]) -> Vec<usize> {
        match (self, self.steps(stored)) {
            (Turn::Columns { .. }, _) | (_, None) => stored.to_vec(),
            (_, Some((shape, perm))) => perm.iter().map(|&axis| shape[axis]).collect(),
        }
    }

    /// Elements of the file as the graph has them.
    pub(super) fn read(self, data: Data, stored: &[usize]) -> Data {
        match self.steps(stored) {
            Some((shape, perm)) => permute_data(&data, &shape, perm),
            None => data,
        }
    }

    /// Elements and shape of the graph as the file has them: the inverse of [`Self::read`].
    pub(super) fn write(self, data: &Data, shape: &[usize]) -> (Data, Vec<usize>) {
        let (seen, perm): (Vec<usize>, [usize; 4]) = match (self, shape) {
            (Turn::Convolution, &[_, _, _, _]) => (shape.to_vec(), [0, 3, 1, 2]),
            (Turn::FirstLast, &[_, _, _, _]) => (shape.to_vec(), [3, 0, 1, 2]),
            (Turn::Columns { image: [height, width, channels] }, &[out, _]) => (vec![out, height, width, channels], [0, 3, 1, 2]),
            (Turn::None | Turn::Convolution | Turn::FirstLast | Turn::Columns { .. }, _) => {
                return (data.clone(), shape.to_vec());
            }
        };
        let stored = match self {
            Turn::Columns { .. } => shape.to_vec(),
            Turn::None | Turn::Convolution | Turn::FirstLast => perm.iter().map(|&axis| seen[axis]).collect(),
        };
        (permute_data(data, &seen, &perm), stored)
    }
}

fn permute_data(data: &Data, shape: &[usize], perm: &[usize]) -> Data {
    match data {
        Data::I8(values) => Data::I8(permute(values, shape, perm)),
        Data::U8(values) => Data::U8(permute(values, shape, perm)),
        Data::I16(values) => Data::I16(permute(values, shape, perm)),
        Data::I32(values) => Data::I32(permute(values, shape, perm)),
        Data::I64(values) => Data::I64(permute(values, shape, perm)),
        Data::F32(values) => Data::F32(permute(values, shape, perm)),
        Data::Bool(values) => Data::Bool(permute(values, shape, perm)),
    }
}

/// Elements of a row-major tensor of four dimensions with axis `i` of the result being axis `perm[i]` of `shape`; elements
/// as they are where the shape does not count them.
fn permute<T: Copy>(values: &[T], shape: &[usize], perm: &[usize]) -> Vec<T> {
    let (&[a, b, c, d], &[p, q, r, s]) = (shape, perm) else { return values.to_vec() };
    let count = [a, b, c, d].iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    if count != Some(values.len()) {
        return values.to_vec();
    }
    let strides = [b * c * d, c * d, d, 1];
    let axis = |i: usize| (0..shape[i]).map(move |index| index * strides[i]);
    let mut turned = Vec::with_capacity(values.len());
    for i in axis(p) {
        for j in axis(q) {
            for k in axis(r) {
                turned.extend(axis(s).map(|l| values[i + j + k + l]));
            }
        }
    }
    turned
}

/// The file's tensors, and which of them are in the graph already.
pub(super) struct Store<'data> {
    pub(super) file: File<'data>,
    loaded: BTreeMap<(String, Turn), WeightId>,
    copied: usize,
    limit: usize,
}

impl<'data> Store<'data> {
    pub(super) fn new(file: File<'data>, file_len: usize) -> Self {
        Self { file, loaded: BTreeMap::new(), copied: 0, limit: file_len.saturating_mul(4) }
    }

    /// The tensor of that name.
    pub(super) fn entry(&self, name: &str) -> Result<&Entry<'data>, NativeError> {
        self.file.tensors.get(name).ok_or_else(|| NativeError::MissingTensor {
            name: clip(name),
            nearest: super::error::nearest(name, self.file.tensors.keys().map(String::as_str)),
        })
    }

    /// Adds a tensor's data to the graph; once for each layout that it is read in. The copies together take at most four
    /// times the file.
    pub(super) fn load(&mut self, graph: &mut Graph, name: &str, turn: Turn) -> Result<WeightId, NativeError> {
        let key = (name.to_owned(), turn);
        if let Some(&id) = self.loaded.get(&key) {
            return Ok(id);
        }
        let entry = self.entry(name)?;
        let copied = self.copied.saturating_add(entry.bytes.len());
        if copied > self.limit {
            return Err(NativeError::Copies { limit: self.limit });
        }
        let data = turn.read(elements(name, entry)?, &entry.shape);
        self.copied = copied;
        let id = graph.add_weight(Weight { name: name.to_owned(), data });
        self.loaded.insert(key, id);
        Ok(id)
    }

    /// The scales of a tensor, if the file has them: `NAME.scale`, float32, one or a list.
    pub(super) fn scales(&self, name: &str) -> Result<Option<Vec<f32>>, NativeError> {
        let name = format!("{name}.scale");
        let Some(entry) = self.file.tensors.get(&name) else { return Ok(None) };
        check_list(&name, entry)?;
        match elements(&name, entry)? {
            Data::F32(values) => Ok(Some(values)),
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => {
                Err(NativeError::DType { name: clip(&name), expected: "F32", given: entry.dtype.to_string() })
            }
        }
    }

    /// The zero points of a tensor, if the file has them: `NAME.zero_point`, integers, one or a list.
    pub(super) fn zero_points(&self, name: &str) -> Result<Option<Vec<i32>>, NativeError> {
        let name = format!("{name}.zero_point");
        let Some(entry) = self.file.tensors.get(&name) else { return Ok(None) };
        check_list(&name, entry)?;
        match elements(&name, entry)? {
            Data::I32(values) => Ok(Some(values)),
            Data::I8(values) => Ok(Some(values.into_iter().map(i32::from).collect())),
            Data::U8(_) | Data::I16(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => {
                Err(NativeError::DType { name: clip(&name), expected: "I32 or I8", given: entry.dtype.to_string() })
            }
        }
    }
}

fn check_list(name: &str, entry: &Entry<'_>) -> Result<(), NativeError> {
    match entry.shape.len() {
        0 | 1 => Ok(()),
        _ => {
            Err(NativeError::WrongShape { name: clip(name), expected: "[] or [out]".into(), given: format!("{:?}", entry.shape) })
        }
    }
}

/// The typed elements of a tensor.
fn elements(name: &str, entry: &Entry<'_>) -> Result<Data, NativeError> {
    fn each<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
    }
    let bytes = entry.bytes;
    Ok(match entry.dtype {
        Dtype::I8 => Data::I8(each(bytes, i8::from_le_bytes)),
        Dtype::U8 => Data::U8(bytes.to_vec()),
        Dtype::I16 => Data::I16(each(bytes, i16::from_le_bytes)),
        Dtype::I32 => Data::I32(each(bytes, i32::from_le_bytes)),
        Dtype::I64 => Data::I64(each(bytes, i64::from_le_bytes)),
        Dtype::F32 => Data::F32(each(bytes, f32::from_le_bytes)),
        Dtype::BOOL => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
        other => {
            let expected = "I8, U8, I16, I32, I64, F32 or BOOL";
            return Err(NativeError::DType { name: clip(name), expected, given: other.to_string() });
        }
    })
}

/// The typed elements as little-endian bytes, and their type.
pub(super) fn bytes(data: &Data) -> (Dtype, Vec<u8>) {
    match data {
        Data::I8(values) => (Dtype::I8, values.iter().map(|value| value.to_le_bytes()[0]).collect()),
        Data::U8(values) => (Dtype::U8, values.clone()),
        Data::I16(values) => (Dtype::I16, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Data::I32(values) => (Dtype::I32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Data::I64(values) => (Dtype::I64, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Data::F32(values) => (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Data::Bool(values) => (Dtype::BOOL, values.iter().map(|&value| value.into()).collect()),
    }
}
