//! Why samples cannot be used.

use crate::diag::Explain;
use thiserror::Error;

/// What is wrong with samples of a model's inputs.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SampleError {
    /// The bytes are not safetensors.
    #[error("not a safetensors file: {message}")]
    Syntax {
        /// The reader's message.
        message: String,
    },
    /// An input has no samples.
    #[error("there are no samples for input {index}: no tensor `{name}` or `input.{index}`")]
    Missing {
        /// Index of the input.
        index: usize,
        /// Its name.
        name: String,
        /// The tensors that are there.
        present: String,
    },
    /// Another element type.
    #[error("{given} elements, expected {expected}")]
    Type {
        /// The type expected.
        expected: &'static str,
        /// The type given.
        given: String,
    },
    /// Another shape.
    #[error("shape {given}, expected [samples, ...] with {expected} a sample")]
    Shape {
        /// The model's shape.
        expected: String,
        /// The shape given.
        given: String,
    },
    /// No samples.
    #[error("it holds no sample")]
    Empty,
    /// Another number of samples than the first input has.
    #[error("{given} samples, where the first input has {expected}")]
    Count {
        /// Samples of the first input.
        expected: usize,
        /// Samples of this tensor.
        given: usize,
    },
    /// An element that is no number.
    #[error("element {index} of sample {sample} is {value}")]
    NotFinite {
        /// The sample.
        sample: usize,
        /// The element within it.
        index: usize,
        /// What it holds.
        value: f32,
    },
    /// A label that the model has no output for.
    #[error("label {given} of sample {sample}: the model's first output has {classes} elements")]
    Label {
        /// The sample.
        sample: usize,
        /// The label.
        given: i64,
        /// Elements of the first output.
        classes: usize,
    },
    /// A tensor that is not finite on some sample.
    #[error("tensor {tensor} is not finite on some sample")]
    Diverges {
        /// The tensor's name.
        tensor: String,
    },
}

impl Explain for SampleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "samples::syntax",
            Self::Missing { .. } => "samples::missing",
            Self::Type { .. } => "samples::type",
            Self::Shape { .. } => "samples::shape",
            Self::Empty => "samples::empty",
            Self::Count { .. } => "samples::count",
            Self::NotFinite { .. } => "samples::not_finite",
            Self::Label { .. } => "samples::label",
            Self::Diverges { .. } => "samples::diverges",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Syntax { .. } => {
                "the data are a safetensors file with float32 `input.0` [samples, ...], and `labels` [samples]".into()
            }
            Self::Missing { present, .. } => format!("the file has {present}"),
            Self::Type { .. } => "store inputs as float32, as the model takes them; labels as integers (classes) or floats (target values)".into(),
            Self::Shape { .. } => {
                "store the samples as the model takes them, images as [samples, height, width, channels]".into()
            }
            Self::Empty | Self::Count { .. } => "give every input, and the labels, for the same samples, at least one".into(),
            Self::NotFinite { .. } => "leave such samples out, or mend how they were made".into(),
            Self::Label { .. } => "class labels count from 0, and are the index of the output that should be greatest; give target values of all outputs as floats".into(),
            Self::Diverges { .. } => "check that the samples are scaled as the model expects them".into(),
        }
    }
}
