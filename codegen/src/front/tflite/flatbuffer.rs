//! Safe access to the flatbuffer encoding: tables, vectors and strings over untrusted bytes.
//!
//! Every position that a file names is checked where it is followed; a [`Vector`] that exists lies inside the file, so
//! that its accessors cannot fail. Nothing is copied, nothing recurses, and alignment does not matter.
//! Source of the layout: the FlatBuffers internals document, <https://flatbuffers.dev/internals/>.

use super::error::Error;
use core::marker::PhantomData;

/// A fixed-size little-endian number.
pub(super) trait Scalar: Sized {
    /// Bytes of one number.
    const SIZE: usize;
    /// The number at `at`; `None` where it does not lie inside `bytes`.
    fn read(bytes: &[u8], at: usize) -> Option<Self>;
}

macro_rules! scalars {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            const SIZE: usize = size_of::<$type>();
            fn read(bytes: &[u8], at: usize) -> Option<Self> {
                bytes.get(at..)?.first_chunk().map(|chunk| <$type>::from_le_bytes(*chunk))
            }
        }
    )*};
}
scalars!(u8, i8, u16, u32, i32, u64, i64, f32);

fn read<T: Scalar>(bytes: &[u8], at: usize, what: &'static str) -> Result<T, Error> {
    T::read(bytes, at).ok_or(Error::Truncated { what, offset: at, expected: T::SIZE, given: bytes.len().saturating_sub(at) })
}

/// The position that the 32-bit relative offset at `at` names; it may lie outside the file.
fn follow(bytes: &[u8], at: usize, what: &'static str) -> Result<usize, Error> {
    let relative: u32 = read(bytes, at, what)?;
    Ok(at.saturating_add(relative as usize))
}

/// A table: fields found through a vtable, any of which may be absent.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    start: usize,
    vtable: &'a [u8],
}

impl<'a> Table<'a> {
    /// The root table of a file.
    pub(super) fn root(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::at(bytes, follow(bytes, 0, "the model")?, "the model")
    }

    fn at(bytes: &'a [u8], start: usize, what: &'static str) -> Result<Self, Error> {
        let back: i32 = read(bytes, start, what)?;
        let outside = |given: usize| Error::Truncated { what, offset: start, expected: 4, given };
        let vtable = (start as i64).checked_sub(back.into()).and_then(|at| usize::try_from(at).ok()).ok_or(outside(0))?;
        let size = usize::from(read::<u16>(bytes, vtable, what)?);
        let given = bytes.len().saturating_sub(vtable);
        let fields = bytes.get(vtable..).and_then(|rest| rest.get(..size)).and_then(|table| table.get(4..));
        let vtable = fields.ok_or(Error::Truncated { what, offset: vtable, expected: size.max(4), given })?;
        Ok(Self { bytes, start, vtable })
    }

    /// Position of a field's data; `None` where the field is absent.
    fn field(&self, field: usize) -> Option<usize> {
        match u16::read(self.vtable, field.saturating_mul(2)) {
            None | Some(0) => None,
            Some(offset) => Some(self.start.saturating_add(offset.into())),
        }
    }

    /// A number; `default` where the field is absent.
    pub(super) fn scalar<T: Scalar>(&self, field: usize, default: T, what: &'static str) -> Result<T, Error> {
        self.field(field).map_or(Ok(default), |at| read(self.bytes, at, what))
    }

    /// A truth value; `default` where the field is absent.
    pub(super) fn flag(&self, field: usize, default: bool, what: &'static str) -> Result<bool, Error> {
        Ok(self.scalar(field, u8::from(default), what)? != 0)
    }

    /// Another table.
    pub(super) fn table(&self, field: usize, what: &'static str) -> Result<Option<Self>, Error> {
        let Some(at) = self.field(field) else { return Ok(None) };
        Self::at(self.bytes, follow(self.bytes, at, what)?, what).map(Some)
    }

    /// A vector of numbers; empty where the field is absent.
    pub(super) fn vector<T: Scalar>(&self, field: usize, what: &'static str) -> Result<Vector<'a, T>, Error> {
        let Some(at) = self.field(field) else { return Ok(Vector::EMPTY) };
        let start = follow(self.bytes, at, what)?;
        let expected = (read::<u32>(self.bytes, start, what)? as usize).saturating_mul(T::SIZE);
        let rest = self.bytes.get(start.saturating_add(4)..).unwrap_or_default();
        let items = rest.get(..expected).ok_or(Error::Truncated { what, offset: start, expected, given: rest.len() })?;
        Ok(Vector { items, item: PhantomData })
    }

    /// A vector of tables; empty where the field is absent.
    pub(super) fn tables(&self, field: usize, what: &'static str) -> Result<Tables<'a>, Error> {
        let offsets: Vector<'a, u32> = self.vector(field, what)?;
        let start = match self.field(field) {
            Some(at) => follow(self.bytes, at, what)?.saturating_add(4),
            None => 0,
        };
        Ok(Tables { bytes: self.bytes, start, len: offsets.len(), what })
    }

    /// A string's bytes, of any encoding; empty where the field is absent.
    pub(super) fn string(&self, field: usize, what: &'static str) -> Result<&'a [u8], Error> {
        self.vector::<u8>(field, what).map(|vector| vector.items)
    }
}

/// Numbers that lie inside the file.
#[derive(Clone, Copy)]
pub(super) struct Vector<'a, T> {
    items: &'a [u8],
    item: PhantomData<T>,
}

impl<'a, T: Scalar> Vector<'a, T> {
    const EMPTY: Self = Self { items: &[], item: PhantomData };

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.items.len() / T::SIZE
    }

    /// The number at an index; `None` past the end.
    pub(super) fn get(&self, index: usize) -> Option<T> {
        T::read(self.items, index.checked_mul(T::SIZE)?)
    }

    /// All numbers in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        self.items.chunks_exact(T::SIZE).filter_map(|item| T::read(item, 0))
    }

    /// The bytes that hold the numbers.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.items
    }
}

/// Tables that a vector names; each is checked when it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    bytes: &'a [u8],
    start: usize,
    len: usize,
    what: &'static str,
}

impl<'a> Tables<'a> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The table at an index.
    pub(super) fn get(&self, index: usize) -> Result<Table<'a>, Error> {
        if index >= self.len {
            return Err(Error::Index { what: self.what, expected: self.len, given: index as i64 });
        }
        let at = self.start.saturating_add(index.saturating_mul(4));
        Table::at(self.bytes, follow(self.bytes, at, self.what)?, self.what)
    }
}
