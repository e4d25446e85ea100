//! Why training cannot begin or go on.

use thiserror::Error;
use tinybake_codegen::diag::Explain;

/// What is wrong with a network, its data, or what was asked for.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TrainError {
    /// An op without a gradient.
    #[error("it cannot be trained through: {why}")]
    Untrainable {
        /// Why.
        why: &'static str,
    },
    /// A network without outputs.
    #[error("the network has no output")]
    NoOutput,
    /// A constant of an int8 network that is no weight.
    #[error("tensor {tensor} is neither int8 nor the int32 bias of a layer")]
    Constant {
        /// Its name.
        tensor: String,
    },
    /// A network of integers where floats are trained.
    #[error("tensor {tensor} is {given}: only networks in float32 can be trained in floats")]
    NotFloat {
        /// Its name.
        tensor: String,
        /// Its type.
        given: &'static str,
    },
    /// A name that no activation has.
    #[error("{model} has no activation named `{name}`")]
    NoTensor {
        /// The model.
        model: String,
        /// The name.
        name: String,
    },
    /// Teacher and student tell other classes apart.
    #[error("the teacher has {teacher} classes, the student {student}")]
    Classes {
        /// Elements of the teacher's output.
        teacher: usize,
        /// Elements of the student's output.
        student: usize,
    },
    /// Two tensors that cannot be compared.
    #[error("`{student}` of the student has shape {given}, `{teacher}` of the teacher {other}")]
    Match {
        /// The student's tensor.
        student: String,
        /// The teacher's tensor.
        teacher: String,
        /// The student's shape.
        given: String,
        /// The teacher's shape.
        other: String,
    },
    /// Samples without labels.
    #[error("there are no labels: no tensor `labels` or `y`")]
    NoLabels,
    /// Fewer samples than a split needs.
    #[error("{samples} samples cannot be split: {validation} for validation, {training} for training")]
    Split {
        /// Samples.
        samples: usize,
        /// Those for validation.
        validation: usize,
        /// Those for training.
        training: usize,
    },
    /// A topology whose weights have no shapes.
    #[error("{what}")]
    Topology {
        /// What is wrong.
        what: String,
    },
    /// A number that was given on the command line.
    #[error("{what}")]
    Setting {
        /// What is wrong.
        what: String,
    },
    /// A checkpoint of another run.
    #[error("the checkpoint is of another run: {what}")]
    OtherRun {
        /// What differs.
        what: &'static str,
    },
    /// A checkpoint that cannot be read.
    #[error("not a checkpoint: {what}")]
    Checkpoint {
        /// What is wrong.
        what: String,
    },
    /// A checkpoint that is not there.
    #[error("there is no checkpoint to resume from")]
    NoCheckpoint,
    /// Inputs that do not fit a graph that was made for them.
    #[error("the quantized network cannot be run: {what}")]
    Run {
        /// What is wrong.
        what: String,
    },
    /// A loss that is no number.
    #[error("the loss of epoch {epoch} is not finite")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
}

impl Explain for TrainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Untrainable { .. } => "train::untrainable",
            Self::NoOutput => "train::no_output",
            Self::Constant { .. } => "train::constant",
            Self::NotFloat { .. } => "train::not_float",
            Self::NoTensor { .. } => "train::no_tensor",
            Self::Classes { .. } => "train::classes",
            Self::Match { .. } => "train::match",
            Self::NoLabels => "train::no_labels",
            Self::Split { .. } => "train::split",
            Self::Topology { .. } => "train::topology",
            Self::Setting { .. } => "train::setting",
            Self::OtherRun { .. } => "train::other_run",
            Self::Checkpoint { .. } => "train::checkpoint",
            Self::NoCheckpoint => "train::no_checkpoint",
            Self::Run { .. } => "train::run",
            Self::Diverged { .. } => "train::diverged",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Untrainable { .. } => "train the part of the network before it, or express it by other operators".into(),
            Self::NoOutput => "name the outputs in the topology".into(),
            Self::Constant { .. } => "train the float model with `--qat`; it is quantized on the way".into(),
            Self::NotFloat { .. } => "give the float model that it was made of; `--qat` takes a student in int8".into(),
            Self::NoTensor { .. } => "`tinybake inspect` lists the tensors; `--match STUDENT=TEACHER` takes their names".into(),
            Self::Classes { .. } => "the teacher's first output and the student's must have as many elements".into(),
            Self::Match { .. } => "match tensors of one shape, or images of one height and width".into(),
            Self::NoLabels => "add integers `labels` [samples], the class index of each sample".into(),
            Self::Split { .. } => {
                "give more samples, another `--validation`, or samples of their own with `--validation-data`".into()
            }
            Self::Topology { .. } => {
                "state the shape of each weight and bias: weights = { tensor = \"conv1.weight\", shape = [8, 1, 3, 3] }".into()
            }
            Self::Setting { .. } => "`--help` describes the options".into(),
            Self::OtherRun { .. } => "resume with the options and files that the run began with, or leave `--resume` out".into(),
            Self::Checkpoint { .. } => "delete it, and train without `--resume`".into(),
            Self::NoCheckpoint => "train without `--resume`; checkpoints are written at the end of each epoch".into(),
            Self::Run { .. } => "this is a fault of tinybake, not of the model; please report it with the model".into(),
            Self::Diverged { .. } => "lower `--learning-rate`, and check that inputs are scaled to about -1 to 1".into(),
        }
    }
}
