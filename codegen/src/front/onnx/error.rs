//! What can be wrong with an ONNX file.

use crate::diag::{Diagnostic, Explain, Place};
use crate::ir::ShapeError;
use thiserror::Error;

/// A diagnostic, boxed to keep results small.
pub(super) type Problem = Box<Diagnostic>;

/// One thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Error)]
pub(super) enum Error {
    #[error("the file ends inside a message")]
    Truncated,
    #[error("it is not ONNX: {what}")]
    Malformed { what: &'static str },
    #[error("it is a pointer of Git LFS, not the model")]
    Pointer,
    #[error("the file holds no network")]
    NoGraph,
    #[error("{given} {what}; the limit is {expected}")]
    TooMany { what: &'static str, expected: usize, given: usize },
    #[error("constants come to more than {expected} bytes, in a file of {given}")]
    Budget { expected: usize, given: usize },
    #[error("operator {operator} is not supported")]
    Operator { operator: String },
    #[error("{operator} is part of dynamic quantization, whose scales are computed in every inference")]
    Dynamically { operator: String },
    #[error("it computes in floats between quantized tensors: {what}")]
    Unquantized { what: &'static str },
    #[error("{what} is not supported")]
    Unsupported { what: String },
    #[error(
        "elements of type {given}; only float32, and int8 and uint8 between quantization and dequantization, are computed with"
    )]
    ElementType { given: &'static str },
    #[error("its shape is {given:?}, where every size but the first must be fixed")]
    Dynamic { given: Vec<i64> },
    #[error("its shape is not told")]
    NoShape,
    #[error("its shape and type need {expected} elements, and it holds {given}")]
    DataSize { expected: usize, given: usize },
    #[error("its data is in another file")]
    External,
    #[error("it reads `{name}`, which is no input, constant or result of a node")]
    Unknown { name: String },
    #[error("its operands depend on its own result: {names} form a cycle")]
    Cycle { names: String },
    #[error(
        "tensors of {given}: ONNX Runtime adds products of 16-bit values in float32, whose rounding no integer kernel repeats"
    )]
    SixteenBits { given: &'static str },
    #[error("it makes `{name}`, which is there already")]
    Duplicate { name: String },
    #[error("input {index} ({what}) is missing")]
    Missing { index: usize, what: &'static str },
    #[error("{what} is computed by the network; it must be constant")]
    NotConstant { what: &'static str },
    #[error("{what} is {given}; it must be {expected}")]
    Value { what: &'static str, expected: &'static str, given: String },
    #[error("{0}")]
    Shape(ShapeError),
    #[error("output `{name}` is the same in every inference")]
    ConstantOutput { name: String },
}

impl From<ShapeError> for Error {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}

impl Explain for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "onnx::truncated",
            Self::Malformed { .. } => "onnx::malformed",
            Self::Pointer => "onnx::pointer",
            Self::NoGraph => "onnx::no_graph",
            Self::TooMany { .. } => "onnx::too_many",
            Self::Budget { .. } => "onnx::budget",
            Self::Operator { .. } => "onnx::operator",
            Self::Dynamically { .. } => "onnx::dynamic_quantization",
            Self::Unquantized { .. } => "onnx::unquantized",
            Self::Unsupported { .. } => "onnx::unsupported",
            Self::ElementType { .. } => "onnx::element_type",
            Self::Dynamic { .. } => "onnx::dynamic",
            Self::NoShape => "onnx::no_shape",
            Self::DataSize { .. } => "onnx::data_size",
            Self::External => "onnx::external",
            Self::Unknown { .. } => "onnx::unknown",
            Self::Cycle { .. } => "onnx::cycle",
            Self::SixteenBits { .. } => "onnx::sixteen_bits",
            Self::Duplicate { .. } => "onnx::duplicate",
            Self::Missing { .. } => "onnx::missing",
            Self::NotConstant { .. } => "onnx::not_constant",
            Self::Value { .. } => "onnx::value",
            Self::Shape(_) => "onnx::shape",
            Self::ConstantOutput { .. } => "onnx::constant_output",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Pointer => "run `git lfs pull`".into(),
            Self::NoGraph | Self::Malformed { .. } => "give a file that an exporter of ONNX wrote".into(),
            Self::Truncated
            | Self::DataSize { .. }
            | Self::Unknown { .. }
            | Self::Cycle { .. }
            | Self::Duplicate { .. }
            | Self::Missing { .. }
            | Self::Value { .. }
            | Self::Shape(_) => "the file is damaged or contradicts itself: export it again".into(),
            Self::TooMany { .. } | Self::Budget { .. } => "such a network does not fit a microcontroller: make it smaller".into(),
            Self::Operator { .. } | Self::Unsupported { .. } => {
                "replace it by supported operators (the README lists them) and export again".into()
            }
            Self::ElementType { .. } => {
                "export the model in float32, or quantize it to int8 or uint8 with `onnxruntime.quantization.quantize_static`"
                    .into()
            }
            Self::SixteenBits { .. } => {
                "quantize activations to 8 bits (`activation_type=QuantType.QInt8` or `QUInt8`); int16 activations with int8 weights \
                 are read from .tflite files"
                    .into()
            }
            Self::Dynamically { .. } => {
                "quantize the float model statically: `onnxruntime.quantization.quantize_static` with a calibration data reader"
                    .into()
            }
            Self::Unquantized { .. } => {
                "quantize this operator too (`op_types_to_quantize`, `nodes_to_exclude`), or quantize the float model with \
                 `tinybake quantize`"
                    .into()
            }
            Self::Dynamic { .. } | Self::NoShape => {
                "export with fixed sizes: `torch.onnx.export(model, torch.zeros(1, 3, 96, 96), ...)` without dynamic axes".into()
            }
            Self::External => "export with the weights inside the file: `external_data=False`".into(),
            Self::NotConstant { .. } => "export with fixed sizes and constant folding, so that the exporter computes it".into(),
            Self::ConstantOutput { .. } => "take such outputs out of the network".into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Box::new(error.at(Place::default()))
    }
}
