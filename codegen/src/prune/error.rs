//! Why a network cannot be pruned as it is asked for.

use crate::diag::Explain;
use thiserror::Error;

/// What keeps a graph from being pruned.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PruneError {
    /// No share of a whole that leaves something.
    #[error("a sparsity of {given}")]
    Sparsity {
        /// The share.
        given: f64,
    },
    /// A name that no layer has.
    #[error("there is no layer `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// Names of layers.
        present: String,
    },
    /// No layer has weights that could go.
    #[error("no layer can be pruned")]
    Nothing,
    /// More than can go.
    #[error("a sparsity of {wanted:.3} is out of reach: {most:.3} of the prunable weights is the most")]
    TooMuch {
        /// The share asked for.
        wanted: f64,
        /// The greatest share.
        most: f64,
    },
    /// Fitting that takes too much memory.
    #[error("fitting the layers for their sensitivities takes {needed} bytes of memory, more than {limit}")]
    Memory {
        /// Bytes of the matrices of all layers.
        needed: usize,
        /// The most that they may take.
        limit: usize,
    },
    /// A network judged as a classifier whose output has a single element.
    #[error("the first output has a single element, so the model is not a classifier")]
    NoClasses,
    /// A model that does not fit, whatever goes.
    #[error("{wanted} bytes of flash are out of reach: at least {least}, at a sparsity of {sparsity:.3}")]
    Flash {
        /// The bytes there are.
        wanted: u64,
        /// The fewest that the model takes.
        least: u64,
        /// The sparsity at which it takes them.
        sparsity: f64,
    },
    /// A model that needs more RAM than there is, whatever goes.
    #[error("{wanted} bytes of RAM are out of reach: RAM + stack take at least {least}")]
    Ram {
        /// The bytes there are.
        wanted: u64,
        /// The fewest that the model takes.
        least: u64,
    },
}

impl Explain for PruneError {
    fn code(&self) -> &'static str {
        match self {
            Self::Sparsity { .. } => "prune::sparsity",
            Self::Unknown { .. } => "prune::unknown",
            Self::Nothing => "prune::nothing",
            Self::TooMuch { .. } => "prune::too_much",
            Self::Memory { .. } => "prune::memory",
            Self::NoClasses => "prune::no_classes",
            Self::Flash { .. } => "prune::flash",
            Self::Ram { .. } => "prune::ram",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Sparsity { .. } => "give the share of the prunable weights, from 0 to below 1: 0.5 leaves half of them".into(),
            Self::Unknown { present, .. } => format!("the layers are {present}"),
            Self::Nothing => {
                "weights of convolutions and fully connected layers can be pruned, and channels between two of them; leave out `--keep`"
                    .into()
            }
            Self::TooMuch { .. } => "ask for less, keep fewer layers whole, or take the pattern `scattered`".into(),
            Self::Memory { .. } => "give `--refit off`: sensitivities are then those of the layers without fitting".into(),
            Self::NoClasses => "leave out `--task`, or give `--task regression`".into(),
            Self::Flash { .. } => "take the pattern `channels`, a larger board, or a smaller network".into(),
            Self::Ram { .. } => "only the pattern `channels` makes activations smaller; smaller inputs also help".into(),
        }
    }
}
