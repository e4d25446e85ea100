//! Why a model cannot be quantized.

use crate::diag::Explain;
use thiserror::Error;

/// What keeps a graph from being quantized.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum QuantizeError {
    /// A model that is quantized already, or in part.
    #[error("this model is quantized already: tensor {tensor} is {given}")]
    NotFloat {
        /// The tensor's name.
        tensor: String,
        /// Its dtype.
        given: &'static str,
    },
    /// Weights that the network computes.
    #[error("tensor {tensor} is computed by the network, where weights must be constant")]
    Weights {
        /// The tensor's name.
        tensor: String,
    },
    /// A range is stated for an input that the model does not have.
    #[error("there is no input `{name}` to state a range of")]
    UnknownInput {
        /// The name given.
        name: String,
        /// The inputs that there are.
        present: String,
    },
    /// A range that is empty or not finite.
    #[error("the range of input `{name}` is {low}..{high}")]
    Range {
        /// The input.
        name: String,
        /// The lower end.
        low: f32,
        /// The upper end.
        high: f32,
    },
    /// A classifier was asked for, and there is nothing to choose among.
    #[error("the first output has one element, which is no choice among classes")]
    NoClasses,
    /// Equalization was asked for, and no two layers allow it.
    #[error("no layer can be equalized with the next one")]
    NothingToEqualize,
}

impl Explain for QuantizeError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFloat { .. } => "quantize::not_float",
            Self::Weights { .. } => "quantize::weights",
            Self::UnknownInput { .. } => "quantize::unknown_input",
            Self::Range { .. } => "quantize::range",
            Self::NoClasses => "quantize::no_classes",
            Self::NothingToEqualize => "quantize::nothing_to_equalize",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::NotFloat { .. } => "a quantized model needs no quantization: `tinybake generate` takes it as it is".into(),
            Self::Weights { .. } => "export the model with its weights as constants".into(),
            Self::UnknownInput { present, .. } => format!("the model has {present}"),
            Self::Range { .. } => "state finite ends, the lower one first".into(),
            Self::NoClasses => "use `--task regression`".into(),
            Self::NothingToEqualize => "leave `--equalize` to `auto`".into(),
        }
    }
}
