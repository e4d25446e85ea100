//! What can be wrong with a graph that a reader has accepted.

use crate::diag::Explain;
use thiserror::Error;

/// A law of the IR, or a limit of the engine, that a graph breaks.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ValidError {
    /// A node reads a tensor that nothing before it makes.
    #[error("reads tensor {tensor} before anything has written it")]
    ReadBeforeWrite {
        /// The tensor's name.
        tensor: String,
    },
    /// Two makers of one tensor.
    #[error("writes tensor {tensor}, which is already an input, a constant or another operator's output")]
    WrittenTwice {
        /// The tensor's name.
        tensor: String,
    },
    /// An id outside the graph.
    #[error("refers to tensor {index} of a model with {count}")]
    NoSuchTensor {
        /// The index given.
        index: u32,
        /// How many there are.
        count: usize,
    },
    /// A constant whose data does not fill its shape.
    #[error("constant {tensor} holds {given} elements where its shape {shape} has {expected}")]
    ConstantSize {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: String,
        /// Elements of the shape.
        expected: usize,
        /// Elements present.
        given: usize,
    },
    /// A tensor of no element.
    #[error("tensor {tensor} has shape {shape}, which holds no element")]
    EmptyTensor {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: String,
    },
    /// A tensor larger than any board's memory.
    #[error("tensor {tensor} has shape {shape}: {bytes} bytes, more than the {limit} bytes that any supported board could hold")]
    TooLarge {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: String,
        /// Its bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More nodes than the compiler takes.
    #[error("the model has {given} operators; at most {limit} are supported")]
    TooManyNodes {
        /// How many there are.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// More operands of all nodes together than the compiler takes.
    #[error("the model's operators have {given} operands; at most {limit} are supported")]
    TooManyOperands {
        /// Operands and outputs of all nodes.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// Constants that so many nodes read again that compiling them would take minutes.
    #[error("the model's operators read {given} bytes of constants, most of them again and again; at most {limit} are supported")]
    TooManyReads {
        /// Bytes read by all nodes.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// Work that no microcontroller could finish.
    #[error("the model's operators take {given} elementary steps for one inference; at most {limit} are supported")]
    TooMuchWork {
        /// Multiply-accumulates and moved elements.
        given: u64,
        /// The limit.
        limit: u64,
    },
    /// The op's shapes do not go together.
    #[error("{0}")]
    Shape(String),
    /// Several images where a kernel computes one.
    #[error("tensor {tensor} holds a batch of {batch} (shape {shape}), and this operator computes one image at a time")]
    Batch {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: String,
        /// Its first dimension.
        batch: usize,
    },
    /// A float network.
    #[error("this is a float32 model: it computes with tensor {tensor}")]
    FloatModel {
        /// The tensor's name.
        tensor: String,
    },
    /// A network some of whose operators the converter has left in floats.
    #[error("this model is quantized in part: {count} of its operators compute with float32: {operators}")]
    PartlyQuantized {
        /// How many they are.
        count: usize,
        /// Some of them.
        operators: String,
    },
    /// A network of the old scheme of 8 bits without a sign.
    #[error("this is a uint8 model: it computes with tensor {tensor}")]
    Unsigned {
        /// The tensor's name.
        tensor: String,
    },
    /// A dtype that the op has no kernel for.
    #[error("tensor {tensor} is {given} where {expected} is supported")]
    DType {
        /// The tensor's name.
        tensor: String,
        /// The dtypes supported.
        expected: &'static str,
        /// The dtype given.
        given: &'static str,
    },
    /// No scale.
    #[error("tensor {tensor} has no quantization")]
    Unquantized {
        /// The tensor's name.
        tensor: String,
    },
    /// A scale that is no positive finite number.
    #[error("tensor {tensor} has scale {scale}, which is not a positive finite number")]
    Scale {
        /// The tensor's name.
        tensor: String,
        /// The scale.
        scale: f32,
    },
    /// A zero point outside its dtype.
    #[error("tensor {tensor} has zero point {given}, expected {expected}")]
    ZeroPoint {
        /// The tensor's name.
        tensor: String,
        /// The range or value expected.
        expected: &'static str,
        /// The zero point.
        given: i32,
    },
    /// As many scales as the axis is long.
    #[error("tensor {tensor} has {given} scales where {expected} are expected")]
    ScaleCount {
        /// The tensor's name.
        tensor: String,
        /// One, or the channels.
        expected: String,
        /// The number given.
        given: usize,
    },
    /// Weights that are computed.
    #[error("tensor {tensor} must be a constant")]
    NotConstant {
        /// The tensor's name.
        tensor: String,
    },
    /// A sum of floats that an `int32` cannot hold.
    #[error(
        "output channel {channel} can reach accumulator {reached}, outside int32, and ONNX Runtime adds this layer in floats, which do not wrap"
    )]
    AccumulatorOverflow {
        /// The output channel.
        channel: usize,
        /// The extreme that is reached.
        reached: i64,
    },
    /// A multiplier outside of what the reference's fixed-point arithmetic can carry.
    #[error("the scales of its tensors give factor {factor:e}, outside of what {reference} computes with")]
    Multiplier {
        /// The factor.
        factor: f64,
        /// The reference.
        reference: &'static str,
    },
    /// An attribute that no kernel takes.
    #[error("{0}")]
    Unsupported(String),
    /// No result.
    #[error("the model has no {0}")]
    NoPorts(&'static str),
}

/// How this project quantizes.
const QUANTIZE: &str = "`tinybake quantize MODEL --data SAMPLES.safetensors -o OUT.safetensors`";
/// How TensorFlow's converter does.
const CONVERT: &str = "the converter's full integer quantization (a representative dataset, and int8 inputs and outputs)";

impl Explain for ValidError {
    fn code(&self) -> &'static str {
        match self {
            Self::ReadBeforeWrite { .. } => "valid::read_before_write",
            Self::WrittenTwice { .. } => "valid::written_twice",
            Self::NoSuchTensor { .. } => "valid::no_such_tensor",
            Self::ConstantSize { .. } => "valid::constant_size",
            Self::EmptyTensor { .. } => "valid::empty_tensor",
            Self::TooLarge { .. } => "valid::too_large",
            Self::TooManyNodes { .. } => "valid::too_many_operators",
            Self::TooManyOperands { .. } => "valid::too_many_operands",
            Self::TooManyReads { .. } => "valid::too_many_reads",
            Self::TooMuchWork { .. } => "valid::too_much_work",
            Self::Shape(_) => "valid::shape",
            Self::Batch { .. } => "valid::batch",
            Self::FloatModel { .. } => "valid::float_model",
            Self::PartlyQuantized { .. } => "valid::partly_quantized",
            Self::Unsigned { .. } => "valid::uint8_model",
            Self::DType { .. } => "valid::dtype",
            Self::Unquantized { .. } => "valid::unquantized",
            Self::Scale { .. } => "valid::scale",
            Self::ZeroPoint { .. } => "valid::zero_point",
            Self::ScaleCount { .. } => "valid::scale_count",
            Self::NotConstant { .. } => "valid::not_constant",
            Self::AccumulatorOverflow { .. } => "valid::accumulator_overflow",
            Self::Multiplier { .. } => "valid::multiplier",
            Self::Unsupported(_) => "valid::unsupported",
            Self::NoPorts(_) => "valid::no_ports",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::ReadBeforeWrite { .. } | Self::WrittenTwice { .. } | Self::NoSuchTensor { .. } => {
                "the file is damaged or was edited; export the model again".into()
            }
            Self::ConstantSize { .. } | Self::Shape(_) => {
                "the shapes in the file contradict each other; export the model again with a fixed batch of 1".into()
            }
            Self::Batch { .. } => {
                "export the model with a fixed batch of 1 and run it once for each sample; where the network itself makes the batch (a \
                 reshape, TimeDistributed), apply the layer to each image on its own"
                    .into()
            }
            Self::EmptyTensor { .. } => "every dimension must be at least 1; export with a fixed batch of 1".into(),
            Self::TooLarge { .. } | Self::TooMuchWork { .. } => "use a smaller input or a smaller network".into(),
            Self::TooManyNodes { .. } | Self::TooManyOperands { .. } | Self::TooManyReads { .. } => "this is not a network for a microcontroller; use a smaller one".into(),
            Self::FloatModel { .. } => format!("quantize the model to int8 first: {QUANTIZE}, or {CONVERT}"),
            Self::PartlyQuantized { .. } => {
                format!("take the float32 model that it was made of, and quantize all of it: {QUANTIZE}, or {CONVERT}")
            }
            Self::Unsigned { .. } => {
                format!("take the float32 model that it was made of, and quantize it to int8: {QUANTIZE}, or {CONVERT}")
            }
            Self::DType { expected, .. } => {
                format!("convert the model again with full integer quantization, in which this tensor is {expected}")
            }
            Self::Unquantized { .. } | Self::Scale { .. } | Self::ZeroPoint { .. } | Self::ScaleCount { .. } => {
                "export the model with full integer quantization: int8 per-tensor activations and symmetric int8 weights".into()
            }
            Self::NotConstant { .. } => "weights, biases and slopes must be stored in the model".into(),
            Self::AccumulatorOverflow { .. } => {
                "its bias is far too large for its scale: quantize the layer again, or with quant_format=QuantFormat.QOperator, whose sums are of integers"
                    .into()
            }
            Self::Multiplier { .. } => "check the layer's scales; they are far from those of a working quantization".into(),
            Self::Unsupported(_) => "replace the operator or open an issue with the model".into(),
            Self::NoPorts(_) => "a network needs at least one input and one output tensor".into(),
        }
    }
}
