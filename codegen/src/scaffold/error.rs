//! What can be wrong with a wish for a project.

use crate::diag::Explain;
use crate::plan::{Region, with_stack};
use std::path::PathBuf;

/// Why there is no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaffoldError {
    /// No template knows the board.
    #[error("there is no template for `{board}`")]
    NoTemplate {
        /// The board or core.
        board: String,
        /// Those that have one.
        present: Vec<String>,
    },
    /// An emulated machine is named instead of a core that it emulates.
    #[error("`{machine}` is an emulated machine, not a core")]
    Machine {
        /// The machine.
        machine: String,
        /// The cores that it runs.
        cores: Vec<String>,
    },
    /// The folder's name, or the name given, cannot be a crate's.
    #[error("`{name}` cannot be the name of a crate: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder exists and is not empty, or is no folder.
    #[error("there is something already")]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// A path given for tinybake is not its checkout.
    #[error("this is no checkout of tinybake: it has no `Cargo.toml` of the package `tinybake`")]
    NoCheckout {
        /// The path.
        folder: PathBuf,
    },
    /// Beside the model, a firmware needs more than the board has left.
    #[error(
        "it does not fit the {region} of `{board}`: {needed} bytes needed{} and {spare} for the firmware around it, \
         {available} available, {} too many", with_stack(*region, *stack), needed + spare - available
    )]
    TooLarge {
        /// The region.
        region: Region,
        /// The board's name.
        board: String,
        /// Bytes that the model takes.
        needed: u64,
        /// Those of them that are stack, where the region is RAM.
        stack: u64,
        /// Bytes that the program around it takes at least.
        spare: u64,
        /// Bytes that the board has.
        available: u64,
        /// Boards with a template that have enough, those with least first.
        alternatives: Vec<String>,
    },
}

impl Explain for ScaffoldError {
    fn code(&self) -> &'static str {
        match self {
            ScaffoldError::NoTemplate { .. } => "new::no_template",
            ScaffoldError::Machine { .. } => "new::machine",
            ScaffoldError::Name { .. } => "new::name",
            ScaffoldError::Occupied { .. } => "new::occupied",
            ScaffoldError::NoCheckout { .. } => "new::no_checkout",
            ScaffoldError::TooLarge { .. } => "new::does_not_fit",
        }
    }

    fn help(&self) -> String {
        match self {
            ScaffoldError::NoTemplate { present, .. } => format!(
                "there are templates for {}; a table given with --boards-file can add `firmware` to a board of these HALs",
                present.join(", ")
            ),
            ScaffoldError::Machine { cores, .. } => format!("name the core that it runs: {}", cores.join(" or ")),
            ScaffoldError::Name { .. } => "give the project another name with --name, of letters, digits, `-` and `_`".into(),
            ScaffoldError::Occupied { .. } => "name a folder that does not exist yet, or an empty one".into(),
            ScaffoldError::NoCheckout { .. } => {
                "give the folder of a checkout, or leave the option out for the published version".into()
            }
            ScaffoldError::TooLarge { alternatives, .. } => {
                let smaller =
                    "a network with fewer parameters or smaller feature maps needs less; `tinybake inspect` shows where they are";
                match alternatives.as_slice() {
                    [] => format!("{smaller}; no board with a template has enough"),
                    boards => format!("{smaller}; boards with enough: {}", boards.join(", ")),
                }
            }
        }
    }
}
