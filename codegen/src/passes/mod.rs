//! Rewrites of the graph, in order. Every one is lossless: for every input, every output bit is unchanged.
//!
//! | pass | after it |
//! |---|---|
//! | `remove_dead` | every node's output is read, or is an output of the graph |
//! | `fold_constants` | no node reads constants only |
//! | `integer_moves` | no floats are moved between a `dequantize` and a `quantize` |
//! | `remove_identities` | no node copies its input unchanged; what only changes a shape is a `reshape` |
//! | `fuse_activations` | no clamp stands alone behind a node that can clamp |
//! | `fuse_pads` | no pad of zero points stands alone before a convolution |
//! | `fuse_crops` | no convolution of stride 1 makes pixels of padding that a slice behind it drops |
//! | `shrink_channels` | no table leaves all that can reach it as it is; no layer has weights on channels that are the same in every inference, but under padding; every channel is read, or tied to one that is |
//!
//! Where the interface is to be of integers, `integer_interface` takes out what converts inputs and outputs.
//!
//! Where RAM is limited, `search` looks for layers to compute patch by patch (`patches`).
//!
//! Once the graph is lowered, `compose_tables` works on the program: no table reads what a table alone writes for it.

mod channels;
mod compose_tables;
mod fold_constants;
mod fuse_activations;
mod fuse_crops;
mod fuse_pads;
mod integer_moves;
mod interface;
mod patches;
mod remove_dead;
mod remove_identities;

pub use channels::shrink_channels;
#[cfg(feature = "quantize")]
pub(crate) use channels::{ChannelsOfLayer, Coupled};
pub use compose_tables::compose_tables;
pub use fold_constants::fold_constants;
pub use fuse_activations::fuse_activations;
pub use fuse_crops::fuse_crops;
pub use fuse_pads::fuse_pads;
pub use integer_moves::integer_moves;
pub use interface::{InterfaceError, integer_interface};
pub use patches::{Candidate, Found, Patched, patches, search};
pub use remove_dead::remove_dead;
pub use remove_identities::remove_identities;

use crate::ir::Graph;
use crate::options::{Passes, Reference};

/// What a pass took out or changed, for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The pass.
    pub pass: &'static str,
    /// What was removed.
    pub what: String,
    /// Why no output bit changes.
    pub why: &'static str,
}

/// Runs the passes that `passes` names; dead nodes, constant nodes and moves of floats always go, since generation has no code for
/// some of them.
pub fn run(graph: &mut Graph, reference: Reference, passes: Passes) -> Vec<Removal> {
    let mut removals = remove_dead(graph);
    removals.extend(fold_constants(graph, reference));
    removals.extend(integer_moves(graph));
    match passes {
        Passes::None => {}
        Passes::All => {
            removals.extend(remove_identities(graph));
            removals.extend(fuse_activations(graph, reference));
            removals.extend(fuse_pads(graph));
            removals.extend(fuse_crops(graph));
            removals.extend(remove_dead(graph));
            removals.extend(shrink_channels(graph, reference));
        }
    }
    removals.extend(remove_dead(graph));
    removals
}
