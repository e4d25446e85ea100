//! What can be wrong with a safetensors file and its topology.

use crate::diag::Explain;
use crate::ir::ShapeError;
use std::fmt::Write as _;

/// A problem of a model in the native format. Lines and columns are those of the topology, from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant's message says what its fields are")]
pub enum NativeError {
    /// The file is no safetensors file, or is cut short.
    #[error("the safetensors file cannot be read: {reason}")]
    Header { reason: String },
    /// The header alone is larger than any small network's.
    #[error("the safetensors header takes {given} bytes, more than {limit}")]
    HeaderTooLarge { given: u64, limit: usize },
    /// Neither metadata nor a file beside has a topology.
    #[error("the file has weights and no topology")]
    NoTopology,
    /// The topology alone is larger than any small network's.
    #[error("the topology takes {given} bytes, more than {limit}")]
    TopologyTooLarge { given: usize, limit: usize },
    /// The topology is no TOML.
    #[error("the topology is no valid TOML at line {line}, column {column}: {reason}")]
    Toml { line: usize, column: usize, reason: String },
    /// The TOML is no topology.
    #[error("the topology at line {line}, column {column}: {reason}")]
    Schema { line: usize, column: usize, reason: String, hint: String },
    /// A version that this reader does not know.
    #[error("the topology at line {line}, column {column} has format {given}, expected {expected}")]
    Format { line: usize, column: usize, expected: i64, given: String },
    /// An op key that names no operation.
    #[error("the topology at line {line}, column {column} has an unknown operator `{given}`")]
    UnknownOp { line: usize, column: usize, given: String, hint: String },
    /// Several inputs or outputs of ops share a name.
    #[error("the name `{name}` is given to two tensors")]
    Duplicate { name: String },
    /// An input that nothing defines.
    #[error("there is no tensor `{name}`: no input, no operator's output, and not in the file")]
    Undefined { name: String, nearest: Option<String> },
    /// An input that a later op, or the op itself, makes.
    #[error("`{name}` is read before it is made, by operator {made_by}")]
    OutOfOrder { name: String, made_by: usize },
    /// A tensor that the file does not have.
    #[error("the file has no tensor `{name}`")]
    MissingTensor { name: String, nearest: Option<String> },
    /// A tensor of the file with another shape than the op needs.
    #[error("tensor `{name}` has shape {given}, expected {expected}")]
    WrongShape { name: String, expected: String, given: String },
    /// Shapes that do not fit around an op.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An element type without a counterpart.
    #[error("tensor `{name}` has elements of type {given}, expected {expected}")]
    DType { name: String, expected: &'static str, given: String },
    /// An integer constant without a scale.
    #[error("tensor `{name}` has integer elements and no scale")]
    NoScale { name: String },
    /// An activation whose quantization nothing implies.
    #[error("the quantization of `{name}` is not implied by the operator and is not given")]
    NoQuantization { name: String },
    /// A quantization that stands for no reals.
    #[error("the quantization of `{name}` {reason}")]
    Quantization { name: String, reason: String },
    /// An axis outside its tensor.
    #[error("axis {given} is outside a tensor of {rank} dimensions")]
    Axis { given: i64, rank: usize },
    /// The columns of a fully connected layer after an image, in an unknown order.
    #[error("`{name}` multiplies a flattened image of [height, width, channels] {image:?} and does not say in which order")]
    FlattenOrder { name: String, image: [usize; 3] },
    /// An order of columns where there is no image.
    #[error("`flatten` is given and the input is no flattened image with as many elements as `{name}` has columns, {columns}")]
    NoImage { name: String, columns: usize },
    /// The topology reads the same weights in so many layouts that the copies outgrow the file.
    #[error("the topology reads tensors in so many layouts that the copies take more than {limit} bytes")]
    Copies { limit: usize },
    /// The topology has no op, or names no output.
    #[error("the topology has no {what}")]
    Empty { what: &'static str },
    /// A padding between two integers.
    #[error("the padding's value {given} is no integer of 32 bits")]
    PadValue { given: f64 },
    /// A graph that the format cannot hold.
    #[error("the graph cannot be written: {reason}")]
    Unwritable { reason: String },
}

impl Explain for NativeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Header { .. } => "native::header",
            Self::HeaderTooLarge { .. } => "native::header_too_large",
            Self::NoTopology => "native::no_topology",
            Self::TopologyTooLarge { .. } => "native::topology_too_large",
            Self::Toml { .. } => "native::toml",
            Self::Schema { .. } => "native::schema",
            Self::Format { .. } => "native::format",
            Self::UnknownOp { .. } => "native::unknown_op",
            Self::Duplicate { .. } => "native::duplicate",
            Self::Undefined { .. } => "native::undefined",
            Self::OutOfOrder { .. } => "native::out_of_order",
            Self::MissingTensor { .. } => "native::missing_tensor",
            Self::WrongShape { .. } => "native::wrong_shape",
            Self::Shape(_) => "native::shape",
            Self::DType { .. } => "native::dtype",
            Self::NoScale { .. } => "native::no_scale",
            Self::NoQuantization { .. } => "native::no_quantization",
            Self::Quantization { .. } => "native::quantization",
            Self::Axis { .. } => "native::axis",
            Self::FlattenOrder { .. } => "native::flatten_order",
            Self::NoImage { .. } => "native::no_image",
            Self::Copies { .. } => "native::copies",
            Self::Empty { .. } => "native::empty",
            Self::PadValue { .. } => "native::pad_value",
            Self::Unwritable { .. } => "native::unwritable",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Header { .. } => {
                "write the file again with `safetensors.torch.save_file` or `safetensors.numpy.save_file`".into()
            }
            Self::HeaderTooLarge { .. } => {
                "the file may not be a safetensors file, or holds more tensors than a small network has".into()
            }
            Self::NoTopology => {
                "put NAME.toml beside NAME.safetensors, or the same text in the file's metadata as `tinybake.topology`; \
                it starts with `format = 1`"
                    .into()
            }
            Self::TopologyTooLarge { .. } => "store long lists of scales as tensors `NAME.scale` in the safetensors file".into(),
            Self::Toml { .. } => {
                "correct the TOML at that place; strings are quoted, tables start with [[input]] or [[op]]".into()
            }
            Self::Schema { hint, .. } => hint.clone(),
            Self::Format { expected, .. } => format!("write `format = {expected}` on the first line, or use a newer tinybake"),
            Self::UnknownOp { hint, .. } => hint.clone(),
            Self::Duplicate { .. } => "give each input and each output of an operator a name of its own".into(),
            Self::Undefined { nearest, .. } | Self::MissingTensor { nearest, .. } => match nearest {
                Some(name) => format!("did you mean `{name}`?"),
                None => "inputs are named as [[input]], as an earlier operator's output, or as a tensor of the file".into(),
            },
            Self::OutOfOrder { .. } => "list the operators in the order in which they run; loops are not supported".into(),
            Self::WrongShape { .. } => {
                "check the tensor's name, `groups`, and that `layout` says how the weights are stored".into()
            }
            Self::Shape(ShapeError::Undeclared) => "give it: `output = { name = \"...\", shape = [...] }`".into(),
            Self::Shape(_) => {
                "check the shapes of the input and the weights, and the operator's attributes; images are NHWC".into()
            }
            Self::DType { .. } => "convert the tensor before saving it, as by `.float()` in PyTorch".into(),
            Self::NoScale { name } => format!(
                "store its scales as `{name}.scale` (float32, one or one for each output channel), or write \
                 `{{ tensor = \"{name}\", quantization = {{ scale = ... }} }}`"
            ),
            Self::NoQuantization { .. } => {
                "write `quantization = { scale = ..., zero_point = ... }` in the operator's output".into()
            }
            Self::Quantization { .. } => "scales are finite and positive; there is one, or one for each output channel".into(),
            Self::Axis { .. } => "axes count from 0 in NHWC order; -1 is the last".into(),
            Self::FlattenOrder { .. } => {
                "write `flatten = \"chw\"` where the weights were trained behind PyTorch's Flatten of NCHW images, \
                `flatten = \"hwc\"` where the columns already are in NHWC order"
                    .into()
            }
            Self::NoImage { .. } => "remove `flatten`, or feed the operator from a reshape of an image".into(),
            Self::Copies { .. } => "store the weights once for each operator".into(),
            Self::Empty { .. } => "a topology has at least one [[input]] and one [[op]]".into(),
            Self::PadValue { .. } => {
                "it is the stored integer, as the input's zero point, which it is where it is not given".into()
            }
            Self::Unwritable { .. } => "this is a limit of the format's writer; generate from the graph directly".into(),
        }
    }
}

/// At most this many characters of a name or message from the file are shown.
const SHOWN: usize = 120;

/// `text`, shortened in the middle of a hostile length.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => {
            let mut clipped = String::from(&text[..end]);
            let _ = write!(clipped, "... ({} bytes)", text.len());
            clipped
        }
        None => text.to_owned(),
    }
}

/// The candidate that `name` was most likely meant to be.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    crate::nearest::nearest(name, candidates).into_iter().next()
}
