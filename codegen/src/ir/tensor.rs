//! Tensors: names, shapes, element types, and constant data.

use super::{Quantization, WeightId};

/// Element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// Quantized activations and weights.
    I8,
    /// Quantized values of older converters, at the edges only.
    U8,
    /// Quantized activations of wider range.
    I16,
    /// Biases and indices.
    I32,
    /// Indices and biases of 16-bit layers.
    I64,
    /// Reals, at the edges and in float models.
    F32,
    /// Truth values.
    Bool,
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::I8 | DType::U8 | DType::Bool => 1,
            DType::I16 => 2,
            DType::I32 | DType::F32 => 4,
            DType::I64 => 8,
        }
    }

    /// The name used in text forms, diagnostics and topologies.
    pub fn name(self) -> &'static str {
        match self {
            DType::I8 => "int8",
            DType::U8 => "uint8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::F32 => "float32",
            DType::Bool => "bool",
        }
    }
}

/// Dimensions, outermost first; empty for a scalar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// Number of elements; saturates, so that a hostile shape is seen as too large and not as small.
    pub fn elements(&self) -> usize {
        self.0.iter().fold(1usize, |product, &dim| product.saturating_mul(dim))
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Distance in elements between neighbours along each axis, row-major.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.0.len()];
        for axis in (1..self.0.len()).rev() {
            strides[axis - 1] = strides[axis] * self.0[axis];
        }
        strides
    }
}

impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// What is known of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The source's name; may be empty and need not be unique.
    pub name: String,
    /// Dimensions.
    pub shape: Shape,
    /// Element type.
    pub dtype: DType,
    /// How integers stand for reals; absent for indices, floats and shapes.
    pub quantization: Option<Quantization>,
    /// Its constant data; `None` for an activation.
    pub value: Option<WeightId>,
}

/// Elements of a constant, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `int8`
    I8(Vec<i8>),
    /// `uint8`
    U8(Vec<u8>),
    /// `int16`
    I16(Vec<i16>),
    /// `int32`
    I32(Vec<i32>),
    /// `int64`
    I64(Vec<i64>),
    /// `float32`
    F32(Vec<f32>),
    /// `bool`
    Bool(Vec<bool>),
}

impl Data {
    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        match self {
            Data::I8(_) => DType::I8,
            Data::U8(_) => DType::U8,
            Data::I16(_) => DType::I16,
            Data::I32(_) => DType::I32,
            Data::I64(_) => DType::I64,
            Data::F32(_) => DType::F32,
            Data::Bool(_) => DType::Bool,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::I8(values) => values.len(),
            Data::U8(values) => values.len(),
            Data::I16(values) => values.len(),
            Data::I32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::F32(values) => values.len(),
            Data::Bool(values) => values.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as `int8`; `None` where they are of another type.
    pub fn as_i8(&self) -> Option<&[i8]> {
        match self {
            Data::I8(values) => Some(values),
            _ => None,
        }
    }

    /// The elements as `int32`; `None` where they are of another type.
    pub fn as_i32(&self) -> Option<&[i32]> {
        match self {
            Data::I32(values) => Some(values),
            _ => None,
        }
    }

    /// Integer elements of any width as `i64`, for shapes, axes and paddings; `None` for floats.
    pub fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Data::I8(values) => Some(values.iter().map(|&v| v.into()).collect()),
            Data::U8(values) => Some(values.iter().map(|&v| v.into()).collect()),
            Data::I16(values) => Some(values.iter().map(|&v| v.into()).collect()),
            Data::I32(values) => Some(values.iter().map(|&v| v.into()).collect()),
            Data::I64(values) => Some(values.clone()),
            Data::Bool(values) => Some(values.iter().map(|&v| v.into()).collect()),
            Data::F32(_) => None,
        }
    }
}

/// Constant data with the name it had in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// The source's name of the tensor.
    pub name: String,
    /// Its elements, row-major.
    pub data: Data,
}

/// The value of an IEEE 754 binary16.
pub(crate) fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1.0 + fraction) * 2f32.powi(exponent - 15),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}
