//! What a user chooses: which weights may go together, how layers are weighed against each other, and how much goes.

use super::PruneError as Error;
use core::fmt;
use core::str::FromStr;

/// What goes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pattern {
    /// Single weights.
    #[default]
    Scattered,
    /// All but `kept` of every `of` weights that follow each other in an output channel's filter: 2:4, 1:4.
    OfGroup {
        /// Weights that stay in each group; fewer than `of`.
        kept: usize,
        /// Weights of a group.
        of: usize,
    },
    /// Tiles of `outs` output channels by `ins` weights of their filters.
    Block {
        /// Output channels of a tile; at least 1.
        outs: usize,
        /// Weights of each output channel in a tile; at least 1.
        ins: usize,
    },
    /// Channels, which leave the network: it computes with smaller tensors.
    Channels,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scattered => f.write_str("scattered"),
            Self::OfGroup { kept, of } => write!(f, "{kept}:{of}"),
            Self::Block { outs, ins } => write!(f, "block:{outs}x{ins}"),
            Self::Channels => f.write_str("channels"),
        }
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let pair = |text: &str, between: char| {
            let (a, b) = text.split_once(between)?;
            Some((a.parse::<usize>().ok()?, b.parse::<usize>().ok()?))
        };
        let sizes = word.strip_prefix("block:").and_then(|sizes| pair(sizes, 'x'));
        match (word, sizes, pair(word, ':')) {
            ("scattered", ..) => Ok(Self::Scattered),
            ("channels", ..) => Ok(Self::Channels),
            (_, Some((outs @ 1..=64, ins @ 1..=64)), _) => Ok(Self::Block { outs, ins }),
            (_, _, Some((kept, of @ 2..=64))) if kept < of => Ok(Self::OfGroup { kept, of }),
            _ => Err(format!(
                "`{word}` is none of scattered, channels, KEPT:OF (as 2:4, fewer of at most 64), block:OUTSxINS (as block:1x4, sides 1 to 64)"
            )),
        }
    }
}

/// Whether layers share one order of importance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// One order for all layers; those that can spare more lose more.
    #[default]
    Global,
    /// Every layer loses the same share.
    Layer,
}

/// Steps of iterative pruning unless others are asked for, of networks that are not large.
pub const STEPS: usize = 4;

/// How a graph is pruned.
#[derive(Clone, Debug, PartialEq)]
pub struct How {
    /// What goes together.
    pub pattern: Pattern,
    /// How layers are weighed against each other.
    pub scope: Scope,
    /// The share of the prunable weights that go, from 0 to below 1: that become zero, or under [`Pattern::Channels`] are removed.
    /// [`super::Lost::prunable`] says of which layers these are. A [`Pattern::OfGroup`] has a share of its own.
    pub sparsity: f64,
    /// Names of layers (of their weights, their outputs, or as the source calls the operation) that keep all weights.
    pub keep: Vec<String>,
    /// The most steps of iterative pruning, at least 1: [`super::Pruner::prune`] says how they are used.
    pub steps: usize,
}

impl Default for How {
    fn default() -> Self {
        Self { pattern: Pattern::default(), scope: Scope::default(), sparsity: 0.0, keep: Vec::new(), steps: STEPS }
    }
}

impl How {
    /// The share of the prunable weights that goes: [`Self::sparsity`], or the pattern's own.
    ///
    /// # Errors
    /// One that is not from 0 to below 1.
    pub fn share(&self) -> Result<f64, Error> {
        match self.pattern {
            Pattern::OfGroup { kept, of } => Ok(1.0 - kept as f64 / of.max(1) as f64),
            Pattern::Scattered | Pattern::Block { .. } | Pattern::Channels if (0.0..1.0).contains(&self.sparsity) => {
                Ok(self.sparsity)
            }
            Pattern::Scattered | Pattern::Block { .. } | Pattern::Channels => Err(Error::Sparsity { given: self.sparsity }),
        }
    }
}
