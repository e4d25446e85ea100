//! Typed views of the tables of a TensorFlow Lite file. A view's fields are read when it is made; those that are vectors
//! lie inside the file. Field numbers: TensorFlow's `lite/schema/schema.fbs`, in the order of declaration.

use super::error::Error;
use super::flatbuffer::{Table, Tables, Vector};

/// The only version of the schema there has been since 2017.
pub(super) const VERSION: u32 = 3;

/// A whole file.
pub(super) struct Model<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) operator_codes: Tables<'a>,
    pub(super) subgraphs: Tables<'a>,
    pub(super) buffers: Tables<'a>,
    pub(super) metadata: Tables<'a>,
}

impl<'a> Model<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let identifier = bytes.get(4..).unwrap_or_default();
        let identifier = identifier.get(..4).unwrap_or(identifier);
        if identifier != b"TFL3" {
            return Err(Error::Identifier { given: String::from_utf8_lossy(identifier).into_owned() });
        }
        let table = Table::root(bytes)?;
        let version = table.scalar(0, 0u32, "the schema version")?;
        if version != VERSION {
            return Err(Error::Version { expected: VERSION, given: version });
        }
        Ok(Self {
            bytes,
            operator_codes: table.tables(1, "the operator code")?,
            subgraphs: table.tables(2, "the subgraph")?,
            buffers: table.tables(4, "the buffer")?,
            metadata: table.tables(6, "the metadata")?,
        })
    }
}

/// One network of a file.
pub(super) struct SubGraph<'a> {
    pub(super) tensors: Tables<'a>,
    pub(super) inputs: Vector<'a, i32>,
    pub(super) outputs: Vector<'a, i32>,
    pub(super) operators: Tables<'a>,
}

impl<'a> SubGraph<'a> {
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            tensors: table.tables(0, "the tensor")?,
            inputs: table.vector(1, "the list of inputs")?,
            outputs: table.vector(2, "the list of outputs")?,
            operators: table.tables(3, "the operator")?,
        })
    }
}

/// A tensor. `signature` is `shape` with -1 where the size is not fixed; empty where all are.
pub(super) struct Tensor<'a> {
    pub(super) shape: Vector<'a, i32>,
    pub(super) signature: Vector<'a, i32>,
    pub(super) element_type: u8,
    pub(super) buffer: u32,
    pub(super) external_buffer: u32,
    pub(super) name: &'a [u8],
    pub(super) quantization: Option<QuantizationParameters<'a>>,
    pub(super) sparsity: Option<Sparsity<'a>>,
}

impl<'a> Tensor<'a> {
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            shape: table.vector(0, "the shape")?,
            signature: table.vector(7, "the shape signature")?,
            element_type: table.scalar(1, 0, "the element type")?,
            buffer: table.scalar(2, 0, "the buffer index")?,
            external_buffer: table.scalar(10, 0, "the external buffer")?,
            name: Self::name(table)?,
            quantization: match table.table(4, "the quantization")? {
                Some(table) => Some(QuantizationParameters::read(&table)?),
                None => None,
            },
            sparsity: match table.table(6, "the sparsity")? {
                Some(table) => Some(Sparsity::read(&table)?),
                None => None,
            },
        })
    }

    pub(super) fn name(table: &Table<'a>) -> Result<&'a [u8], Error> {
        table.string(3, "the tensor's name")
    }
}

/// How a constant that is stored sparse is traversed, level by level.
pub(super) struct Sparsity<'a> {
    pub(super) traversal_order: Vector<'a, i32>,
    pub(super) block_map: Vector<'a, i32>,
    pub(super) levels: Tables<'a>,
}

impl<'a> Sparsity<'a> {
    fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            traversal_order: table.vector(0, "the traversal order")?,
            block_map: table.vector(1, "the block map")?,
            levels: table.tables(2, "the dimension's metadata")?,
        })
    }
}

/// One level of a sparse constant: `size` indices, or those that `indices` lists between two of `segments`.
pub(super) enum Level<'a> {
    Dense(i32),
    Sparse { segments: Indices<'a>, indices: Indices<'a> },
}

/// Unsigned or signed integers of the width that the file chose.
pub(super) enum Indices<'a> {
    I32(Vector<'a, i32>),
    U16(Vector<'a, u16>),
    U8(Vector<'a, u8>),
}

impl<'a> Level<'a> {
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        match table.scalar(0, 0i8, "the format of a dimension")? {
            0 => Ok(Self::Dense(table.scalar(1, 0, "the size of a dimension")?)),
            1 => Ok(Self::Sparse { segments: Indices::read(table, 2)?, indices: Indices::read(table, 4)? }),
            given => {
                let (field, expected) = ("the format of a dimension", "0 (dense) or 1 (sparse)");
                Err(Error::Value { field, expected, given: given.into() })
            }
        }
    }
}

impl<'a> Indices<'a> {
    /// The union whose kind is field `field`, and whose table is the next one.
    fn read(table: &Table<'a>, field: usize) -> Result<Self, Error> {
        let what = "the indices of a sparse dimension";
        let missing = Error::Value { field: what, expected: "of 32, 16 or 8 bits", given: 0 };
        let values = table.table(field + 1, what)?.ok_or(missing)?;
        match table.scalar(field, 0u8, what)? {
            1 => Ok(Self::I32(values.vector(0, what)?)),
            2 => Ok(Self::U16(values.vector(0, what)?)),
            3 => Ok(Self::U8(values.vector(0, what)?)),
            given => Err(Error::Value { field: what, expected: "of 32, 16 or 8 bits", given: given.into() }),
        }
    }

    /// The index at a place; `None` past the end, and for a negative one.
    pub(super) fn get(&self, place: usize) -> Option<usize> {
        match self {
            Self::I32(values) => usize::try_from(values.get(place)?).ok(),
            Self::U16(values) => values.get(place).map(usize::from),
            Self::U8(values) => values.get(place).map(usize::from),
        }
    }
}

/// How the integers of a tensor stand for reals; `details` other than 0 replaces all else.
pub(super) struct QuantizationParameters<'a> {
    pub(super) scales: Vector<'a, f32>,
    pub(super) zero_points: Vector<'a, i64>,
    pub(super) details: u8,
    pub(super) axis: i32,
}

impl<'a> QuantizationParameters<'a> {
    fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            scales: table.vector(2, "the scales")?,
            zero_points: table.vector(3, "the zero points")?,
            details: table.scalar(4, 0, "the kind of quantization")?,
            axis: table.scalar(6, 0, "the quantized axis")?,
        })
    }
}

/// Constant data: inside the flatbuffer, or at `offset` of the file where that is above 1 (files of more than 2 GB).
pub(super) struct Buffer<'a> {
    pub(super) data: Vector<'a, u8>,
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl<'a> Buffer<'a> {
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            data: table.vector(0, "the data")?,
            offset: table.scalar(1, 0, "the data's offset")?,
            size: table.scalar(2, 0, "the data's size")?,
        })
    }
}

/// Which operator a call means.
pub(super) struct OperatorCode<'a> {
    pub(super) builtin: i32,
    pub(super) custom: &'a [u8],
}

impl<'a> OperatorCode<'a> {
    /// The code is the greater of the old one-byte field and the new one, whichever of them the writer filled in.
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        let old: i8 = table.scalar(0, 0, "the operator code")?;
        let new: i32 = table.scalar(3, 0, "the operator code")?;
        Ok(Self { builtin: new.max(old.into()), custom: table.string(1, "the operator's name")? })
    }
}

/// One call of an operator. Operands of -1 are absent.
pub(super) struct Operator<'a> {
    pub(super) code: u32,
    pub(super) inputs: Vector<'a, i32>,
    pub(super) outputs: Vector<'a, i32>,
    pub(super) options_kind: u8,
    pub(super) options: Option<Table<'a>>,
}

impl<'a> Operator<'a> {
    pub(super) fn read(table: &Table<'a>) -> Result<Self, Error> {
        Ok(Self {
            code: table.scalar(0, 0, "the operator code index")?,
            inputs: table.vector(1, "the list of operands")?,
            outputs: table.vector(2, "the list of outputs")?,
            options_kind: table.scalar(3, 0, "the kind of options")?,
            options: table.table(4, "the options")?,
        })
    }
}
