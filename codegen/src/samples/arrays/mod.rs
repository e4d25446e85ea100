//! The named arrays of a data set: a safetensors file, or what numpy writes, `.npz` and `.npy`. The first bytes tell which; the name of the file
//! does not count. Bytes are not trusted: an array is checked against its file before memory is taken for it.

mod npy;
mod npz;
#[cfg(test)]
mod tests;

use super::SampleError as Error;
use crate::diag::{Diagnostics, Explain, Place};
use safetensors::{Dtype, SafeTensors};
use std::borrow::Cow;

/// One array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array<'a> {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Its elements, little-endian, the last axis fastest.
    pub(super) data: Cow<'a, [u8]>,
}

/// A file of arrays.
pub(super) enum Arrays<'a> {
    Safetensors(SafeTensors<'a>),
    Npz(npz::Archive<'a>),
    /// One array, the samples of the first input.
    Npy(&'a [u8]),
}

/// The name of the array of a `.npy` file.
const ALONE: &str = "input.0";

impl<'a> Arrays<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// A file that is damaged, or that names, hides or shares arrays so that what is in it cannot be told.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Diagnostics> {
        if bytes.starts_with(b"PK") {
            return npz::Archive::open(bytes).map(Self::Npz);
        }
        if bytes.starts_with(npy::MAGIC) {
            return Ok(Self::Npy(bytes));
        }
        match SafeTensors::deserialize(bytes) {
            Ok(file) => Ok(Self::Safetensors(file)),
            Err(error) => Err(Error::Syntax { message: error.to_string() }.at(Place::default()).into()),
        }
    }

    /// The names of all arrays, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = match self {
            Self::Safetensors(file) => file.names(),
            Self::Npz(file) => file.names().collect(),
            Self::Npy(_) => vec![ALONE],
        };
        names.sort_unstable();
        names
    }

    /// Reads an array, where there is one of that name.
    ///
    /// # Errors
    /// An array that cannot be read, or that is larger than its file can honestly hold.
    pub(super) fn get(&mut self, name: &str) -> Result<Option<Array<'a>>, Error> {
        match self {
            Self::Safetensors(file) => Ok(file.tensor(name).ok().map(|view| Array {
                dtype: view.dtype(),
                shape: view.shape().to_vec(),
                data: Cow::Borrowed(view.data()),
            })),
            Self::Npz(file) => file.read(name),
            Self::Npy(bytes) if name == ALONE => npy::read(*bytes, bytes.len() as u64).map(Some),
            Self::Npy(_) => Ok(None),
        }
    }
}
