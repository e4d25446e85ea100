//! What cannot be evaluated in floats.

use crate::diag::{Diagnostics, Explain, Place};
use crate::ir::{Activation, DType, Graph, Node, Op, TensorId};
use thiserror::Error;

/// A graph or inputs that the float evaluator does not take.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FloatError {
    /// More or fewer inputs than the model has.
    #[error("{given} inputs given, {expected} expected")]
    Count {
        /// Inputs of the model.
        expected: usize,
        /// Inputs given.
        given: usize,
    },
    /// Another dtype or number of elements.
    #[error("input {index} is {given}, expected {expected}")]
    Input {
        /// Index of the input.
        index: usize,
        /// Dtype and elements of the model.
        expected: String,
        /// Dtype and elements given.
        given: String,
    },
    /// An op that computes with integers.
    #[error("it computes with tensor {tensor}, which is {given}, where the others are float32")]
    Integer {
        /// The tensor's name.
        tensor: String,
        /// Its dtype.
        given: &'static str,
    },
    /// A clamp on stored integers.
    #[error("its activation clamps stored integers, which a float model does not have")]
    Clamp,
    /// A constant quantized per channel.
    #[error("tensor {tensor} is quantized per channel; only whole tensors can be turned to floats")]
    PerChannel {
        /// The tensor's name.
        tensor: String,
    },
}

impl Explain for FloatError {
    fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "float::count",
            Self::Input { .. } => "float::input",
            Self::Integer { .. } => "float::integer",
            Self::Clamp => "float::clamp",
            Self::PerChannel { .. } => "float::per_channel",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Count { .. } | Self::Input { .. } => "give the inputs that `tinybake inspect` lists".into(),
            Self::Integer { .. } | Self::Clamp | Self::PerChannel { .. } => {
                "export the model wholly in float32, without quantization; or use it as a quantized model".into()
            }
        }
    }
}

/// Names every node that does not compute with floats alone.
pub(super) fn check(graph: &Graph) -> Result<(), Diagnostics> {
    let place = |node: &Node| Place { op: Some((node.origin.clone(), node.op.name())), ..Place::default() };
    let problems: Vec<_> =
        graph.nodes.iter().filter_map(|node| problem(graph, node).map(|error| error.at(place(node)))).collect();
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}

fn problem(graph: &Graph, node: &Node) -> Option<FloatError> {
    let real = |id: TensorId| {
        let tensor = graph.tensor(id);
        (tensor.dtype != DType::F32).then(|| FloatError::Integer { tensor: tensor.name.clone(), given: tensor.dtype.name() })
    };
    // Integer weights with float activations are what converters call dynamic range quantization.
    let stored = |id: TensorId| {
        let tensor = graph.tensor(id);
        tensor.dtype == DType::I8 && tensor.value.is_some() && tensor.quantization.is_some()
    };
    let all = |ids: &[TensorId]| ids.iter().find_map(|&id| real(id));
    let clamp = |activation: &Activation| matches!(activation, Activation::Clamp { .. }).then_some(FloatError::Clamp);
    match &node.op {
        Op::Conv2d { input, filter, bias, window: _, activation }
        | Op::DepthwiseConv2d { input, filter, bias, window: _, activation }
        | Op::TransposeConv { input, filter, bias, window: _, activation }
        | Op::FullyConnected { input, filter, bias, activation } => {
            let weights = || if stored(*filter) { None } else { real(*filter) };
            let bias = || bias.and_then(real);
            real(*input).or_else(weights).or_else(bias).or_else(|| all(&node.outputs)).or_else(|| clamp(activation))
        }
        Op::Binary { activation, .. } | Op::Pool2d { activation, .. } => {
            all(&node.op.inputs()).or_else(|| all(&node.outputs)).or_else(|| clamp(activation))
        }
        Op::Unary { .. } | Op::Prelu { .. } | Op::Reduce { .. } | Op::Softmax { .. } => {
            all(&node.op.inputs()).or_else(|| all(&node.outputs))
        }
        Op::ArgMax { input, axis: _ } => real(*input),
        Op::Resize { input, .. } => real(*input),
        Op::Concatenation { inputs, axis: _, activation } => same(graph, inputs).or_else(|| clamp(activation)),
        Op::Pack { inputs, axis: _ } => same(graph, inputs),
        Op::Quantize { input } | Op::Dequantize { input } => {
            let tensor = graph.tensor(*input);
            let whole = tensor.quantization.as_ref().is_none_or(|quantization| quantization.is_per_tensor());
            (!whole).then(|| FloatError::PerChannel { tensor: tensor.name.clone() })
        }
        Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Unpack { .. }
        | Op::Shape { .. } => None,
    }
}

/// Tensors that are joined have one dtype.
fn same(graph: &Graph, inputs: &[TensorId]) -> Option<FloatError> {
    let first = graph.tensor(*inputs.first()?).dtype;
    let other = inputs.iter().map(|&id| graph.tensor(id)).find(|tensor| tensor.dtype != first)?;
    Some(FloatError::Integer { tensor: other.name.clone(), given: other.dtype.name() })
}
