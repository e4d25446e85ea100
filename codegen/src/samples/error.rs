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
    /// A zip archive that is damaged, or no archive of arrays.
    #[error("not an npz file: {message}")]
    Archive {
        /// What is wrong.
        message: String,
    },
    /// An array of numpy that cannot be read.
    #[error("the numpy array cannot be read: {message}")]
    Array {
        /// What is wrong.
        message: String,
    },
    /// An entry of an archive that lies over another.
    #[error("not an npz file: its bytes are those of entry `{other}` too")]
    Shared {
        /// The other entry.
        other: String,
    },
    /// An entry of an archive whose size is impossible.
    #[error("not an npz file: its size is {size} bytes, which its {packed} packed bytes cannot unpack to")]
    Size {
        /// The size that the archive states.
        size: u64,
        /// The packed bytes.
        packed: u64,
    },
    /// Arrays that are far larger than their archive.
    #[error("it unpacks to {size} bytes, where {left} are left of what an archive of this size may have")]
    Unpacked {
        /// Bytes of this array.
        size: u64,
        /// Bytes that may still be unpacked.
        left: u64,
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
            Self::Archive { .. } | Self::Shared { .. } | Self::Size { .. } => "samples::npz",
            Self::Array { .. } => "samples::npy",
            Self::Unpacked { .. } => "samples::unpacked",
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
                "the data are a safetensors or npz file with float32 `input.0` [samples, ...], and `labels` [samples]".into()
            }
            Self::Archive { .. } | Self::Shared { .. } | Self::Size { .. } => {
                "write it with numpy.savez or numpy.savez_compressed, float32 `x` and integer `y`; above 4 GB, write safetensors".into()
            }
            Self::Array { .. } => {
                "store inputs as float32 and labels as integers: numpy.savez(file, x=x.astype(\"float32\"), y=y)".into()
            }
            Self::Unpacked { .. } => "store the arrays without compression: numpy.savez, not numpy.savez_compressed".into(),
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
