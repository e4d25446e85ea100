//! What can be wrong with a TensorFlow Lite file.

use crate::diag::{Diagnostic, Explain, Place};
use thiserror::Error;

/// The result of a step that may find one thing wrong, with its place as far as the step knows it.
pub(super) type Outcome<T> = Result<T, Box<Diagnostic>>;

/// One thing wrong with a file. `expected` and `given` are in the unit that the message states.
#[derive(Clone, Debug, PartialEq, Error)]
pub(super) enum Error {
    #[error("{what} needs {expected} bytes and the file has {given} more")]
    Truncated { what: &'static str, offset: usize, expected: usize, given: usize },
    #[error("not a TensorFlow Lite file: bytes 4 to 8 are {given:?}, not \"TFL3\"")]
    Identifier { given: String },
    #[error("schema version {given}; only version {expected} exists")]
    Version { expected: u32, given: u32 },
    #[error("the file holds no network: its list of subgraphs is empty")]
    NoSubgraph,
    #[error("{given} {what}; the limit is {expected}")]
    TooMany { what: &'static str, expected: usize, given: usize },
    #[error("names, constants and operand lists come to more than {expected} bytes, in a file of {given}")]
    Budget { expected: usize, given: usize },
    #[error("{what} has index {given}, of {expected}")]
    Index { what: &'static str, expected: usize, given: i64 },
    #[error("element type {given} is not supported")]
    ElementType { given: String },
    #[error("axis {axis} of shape {given:?} has no fixed size")]
    Dynamic { axis: usize, given: Vec<i32> },
    #[error("its shape is open in the file and does not follow from its operands: {reason}")]
    Open { reason: String },
    #[error("{given} elements; the limit for one tensor is {expected}")]
    TooLarge { expected: usize, given: usize },
    #[error("its shape and type need {expected} bytes of data, and its buffer has {given}")]
    BufferSize { expected: usize, given: usize },
    #[error("its data, {size} bytes at {offset}, lies outside the file of {given} bytes")]
    BufferOutside { offset: u64, size: u64, given: usize },
    #[error("its data is in another file")]
    External,
    #[error("compiled for an NPU: custom operator {operator:?} holds commands of {compiler}")]
    Compiled { operator: String, compiler: &'static str },
    #[error(
        "compressed by TensorFlow Lite Micro's tool: its metadata has COMPRESSION_METADATA, so that weights are indices into tables"
    )]
    Compressed,
    #[error("{what}, which is compressed, does not hold what its kind of compression needs")]
    Decode { what: &'static str },
    #[error("it is quantized block-wise or in a custom way")]
    QuantizationKind,
    #[error("{given} scales for an axis {axis} of {expected}")]
    ScaleCount { axis: i32, expected: usize, given: usize },
    #[error("scale {given} is not a finite positive number")]
    Scale { given: f32 },
    #[error("{given} zero points for {expected} scales")]
    ZeroPointCount { expected: usize, given: usize },
    #[error("zero point {given} is out of the range of its type")]
    ZeroPoint { given: i64 },
    #[error("{operator} is not supported")]
    Operator { operator: String },
    #[error("{what} is not supported")]
    Form { what: &'static str },
    #[error("operand {operand} is missing: {given} operands")]
    Operand { operand: &'static str, given: usize },
    #[error("{given} outputs; there must be {expected}")]
    Outputs { expected: &'static str, given: usize },
    #[error("operand {operand} is computed by the network; it must be constant")]
    NotConstant { operand: &'static str },
    #[error("operand {operand} holds {given}; it must hold integers")]
    NotIntegers { operand: &'static str, given: &'static str },
    #[error("operand {operand} has {given} elements; there must be {expected}")]
    OperandLength { operand: &'static str, expected: usize, given: usize },
    #[error("a tensor of {given} dimensions; there must be {expected}")]
    Rank { expected: &'static str, given: usize },
    #[error("axis {given} of a tensor of {expected} dimensions")]
    Axis { expected: usize, given: i64 },
    #[error("options of kind {given}; the operator's own are kind {expected}")]
    Options { expected: u8, given: u8 },
    #[error("{field} is {given}; it must be {expected}")]
    Value { field: &'static str, expected: &'static str, given: i64 },
}

const DAMAGED: &str = "the file is damaged or was cut short: copy or convert it again";
const REQUANTIZE: &str = "convert the model again with full integer quantization (int8 activations, int8 weights per channel)";
const FIXED: &str = "convert the model with a fixed input shape, such as keras.Input(shape=..., batch_size=1)";
const BEFORE_COMPRESSION: &str = "give the model from before compression: equal weights are found and stored as a table anyway";
const SCALE: &str = "the converter saw only zeros, or no numbers, in this tensor: convert the model again with representative \
                     samples that reach it, or remove what makes it";
const SUPPORTED: &str = "replace it in the model by supported operators (the README lists them) and convert again";

impl Explain for Error {
    fn code(&self) -> &'static str {
        match self {
            Error::Truncated { .. } => "tflite::truncated",
            Error::Identifier { .. } => "tflite::identifier",
            Error::Version { .. } => "tflite::version",
            Error::NoSubgraph => "tflite::no_subgraph",
            Error::TooMany { .. } => "tflite::too_many",
            Error::Budget { .. } => "tflite::budget",
            Error::Index { .. } => "tflite::index",
            Error::ElementType { .. } => "tflite::element_type",
            Error::Dynamic { .. } => "tflite::dynamic",
            Error::Open { .. } => "tflite::open",
            Error::TooLarge { .. } => "tflite::too_large",
            Error::BufferSize { .. } => "tflite::buffer_size",
            Error::BufferOutside { .. } => "tflite::buffer_outside",
            Error::External => "tflite::external",
            Error::Compiled { .. } => "tflite::compiled",
            Error::Compressed => "tflite::compressed",
            Error::Decode { .. } => "tflite::decode",
            Error::QuantizationKind => "tflite::quantization_kind",
            Error::ScaleCount { .. } => "tflite::scale_count",
            Error::Scale { .. } => "tflite::scale",
            Error::ZeroPointCount { .. } => "tflite::zero_point_count",
            Error::ZeroPoint { .. } => "tflite::zero_point",
            Error::Operator { .. } => "tflite::operator",
            Error::Form { .. } => "tflite::form",
            Error::Operand { .. } => "tflite::operand",
            Error::Outputs { .. } => "tflite::outputs",
            Error::NotConstant { .. } => "tflite::not_constant",
            Error::NotIntegers { .. } => "tflite::not_integers",
            Error::OperandLength { .. } => "tflite::operand_length",
            Error::Rank { .. } => "tflite::rank",
            Error::Axis { .. } => "tflite::axis",
            Error::Options { .. } => "tflite::options",
            Error::Value { .. } => "tflite::value",
        }
    }

    fn help(&self) -> String {
        match self {
            Error::Identifier { given } => identifier_help(given),
            Error::Version { .. } => "convert the model again with a TensorFlow of 2017 or later".into(),
            Error::NoSubgraph => "convert the model again, and check that the converter was given a function with outputs".into(),
            Error::TooMany { .. } | Error::TooLarge { .. } => {
                "such a network does not fit a microcontroller: make it smaller".into()
            }
            Error::Budget { .. } => "the file's tables name the same bytes again and again: convert the model again".into(),
            Error::ElementType { .. } | Error::QuantizationKind => REQUANTIZE.into(),
            Error::Dynamic { .. } | Error::Open { .. } => FIXED.into(),
            Error::Scale { given: 0.0 } => SCALE.into(),
            Error::External => "convert the model with its weights inside the file".into(),
            Error::Compiled { .. } => {
                "give the .tflite file from before that compiler: the quantized one that it was given".into()
            }
            Error::Compressed => BEFORE_COMPRESSION.into(),
            Error::Operator { operator } => operator_help(operator),
            Error::Form { .. } => SUPPORTED.into(),
            Error::NotConstant { .. } => format!("{FIXED}, so that the converter computes the operand"),
            Error::Truncated { .. }
            | Error::Index { .. }
            | Error::BufferSize { .. }
            | Error::BufferOutside { .. }
            | Error::ScaleCount { .. }
            | Error::Scale { .. }
            | Error::ZeroPointCount { .. }
            | Error::ZeroPoint { .. }
            | Error::Decode { .. }
            | Error::Operand { .. }
            | Error::Outputs { .. }
            | Error::NotIntegers { .. }
            | Error::OperandLength { .. }
            | Error::Rank { .. }
            | Error::Axis { .. }
            | Error::Options { .. }
            | Error::Value { .. } => DAMAGED.into(),
        }
    }
}

/// What a file that is not TensorFlow Lite probably is.
fn identifier_help(given: &str) -> String {
    match given {
        "ion " => "this is a Git LFS pointer, not the model: run `git lfs pull`".into(),
        "" => "the file is empty or was cut short: copy or convert it again".into(),
        _ => "give the .tflite file that TensorFlow's converter wrote; a .safetensors file must be named so".into(),
    }
}

/// What to do instead of an operator that is not supported.
fn operator_help(operator: &str) -> String {
    match operator {
        "VAR_HANDLE" | "READ_VARIABLE" | "ASSIGN_VARIABLE" | "CALL_ONCE" => {
            "streaming models keep state in variables, which are not supported yet: export the model without streaming".into()
        }
        "IF" | "WHILE" | "CALL" => {
            "networks with control flow are not supported: export a model without branches or loops".into()
        }
        "custom operator \"TFLM_DECODE\"" => BEFORE_COMPRESSION.into(),
        _ if operator.starts_with("custom operator \"Flex") => {
            "it is an operator of TensorFlow itself: convert the model again without `SELECT_TF_OPS`, and replace what the converter \
             then refuses"
                .into()
        }
        "custom operator \"TFLite_Detection_PostProcess\"" => {
            "convert the model without it, up to the boxes and scores, and choose among the boxes in the application".into()
        }
        "ARG_MIN" => "negate the values in training and use ARG_MAX, or take the least in the application".into(),
        _ => SUPPORTED.into(),
    }
}

impl From<Error> for Box<Diagnostic> {
    fn from(error: Error) -> Self {
        let offset = if let Error::Truncated { offset, .. } = &error { Some(*offset) } else { None };
        Box::new(error.at(Place { offset, ..Place::default() }))
    }
}
