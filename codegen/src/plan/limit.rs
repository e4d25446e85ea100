//! Whether a plan keeps within the memory that the user allows.

use super::Plan;
use crate::diag::Diagnostics;
use crate::diag::{Explain, Place};
use crate::options::Options;

/// A limit that no plan keeps to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The `Model` struct is too large, in every way to compute it.
    #[error("the model takes {needed} bytes of RAM at the least, {} more than the {limit} allowed", needed - limit)]
    Ram {
        /// The least that was found, patch by patch or not.
        needed: usize,
        /// What is allowed.
        limit: usize,
        /// What takes most of it.
        cause: String,
    },
    /// Code and constants are too large, in every choice of kernels.
    #[error("the model takes about {needed} bytes of flash, {} more than the {limit} allowed", needed - limit)]
    Flash {
        /// Constants, and code by the cost model.
        needed: usize,
        /// What is allowed.
        limit: usize,
        /// Those of them that are constants.
        constants: usize,
    },
}

impl Explain for LimitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ram { .. } => "plan::over_max_ram",
            Self::Flash { .. } => "plan::over_max_flash",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Ram { cause, .. } => {
                format!("{cause}; no way to compute layers patch by patch keeps the limit")
            }
            Self::Flash { constants, .. } => {
                format!(
                    "{constants} bytes of them are constants: a model with fewer parameters needs less, as `tinybake prune` makes"
                )
            }
        }
    }
}

/// Checks a plan against the limits of `options`; `least` are the fewest bytes of RAM that any way to compute the model takes.
///
/// # Errors
/// A [`LimitError`] for every limit that it exceeds.
pub fn limit(plan: &Plan, least: usize, options: &Options) -> Result<(), Diagnostics> {
    let flash = plan.flash_estimate;
    let mut problems = Vec::new();
    if let Some(limit) = options.max_ram.map(|limit| limit.0).filter(|&limit| least > limit) {
        problems.push(LimitError::Ram { needed: least, limit, cause: super::fit::widest(plan) }.at(Place::default()));
    }
    if let Some(limit) = options.max_flash.map(|limit| limit.0).filter(|&limit| flash > limit) {
        problems.push(LimitError::Flash { needed: flash, limit, constants: plan.weight_bytes() }.at(Place::default()));
    }
    if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems)) }
}
