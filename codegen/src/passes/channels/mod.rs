//! Folds channels that are the same in every inference, and drops those that nobody reads.
//!
//! A channel is an index of a tensor's last axis. Four steps make a round, and rounds follow until one changes nothing:
//!
//! 1. [`relation`] says how each op relates the channels that it reads to those that it makes.
//! 2. [`reach`] bounds what each channel can hold, from inputs to outputs; a channel of one value is constant.
//!    [`identity`] turns functions that change no value that they can meet into reshapes.
//! 3. [`fold`] moves what a constant channel adds to a sum into the bias, and empties filters whose output is constant.
//! 4. [`live`] finds the channels that an output depends on, from outputs to inputs, and [`cut`] takes the others out.
//!
//! Each round leaves fewer weights that are not zero, or fewer channels, so that rounds end.

#[cfg(feature = "quantize")]
mod coupled;
mod cut;
mod fold;
mod identity;
mod live;
mod reach;
mod relation;
#[cfg(test)]
mod tests;

#[cfg(feature = "quantize")]
pub(crate) use coupled::Coupled;
#[cfg(feature = "quantize")]
pub(crate) use relation::Layer as ChannelsOfLayer;

use super::Removal;
use crate::ir::{DType, Graph, TensorId};
use crate::lower;
use crate::options::Reference;
use crate::valid;
use relation::{Relation, channels};

/// Channels of all tensors together above which the passes leave a graph as it is: far more than networks for
/// microcontrollers have, and a bound on the memory that a hostile file can ask for.
const CHANNELS: usize = 1 << 18;

/// Rounds after which to stop. Two are usual, of which the second finds nothing: what one round takes out had no part in what it
/// found elsewhere.
const ROUNDS: usize = 16;

/// Folds constant channels and drops unread ones to a fixpoint. The inputs and outputs of the graph keep all of theirs.
///
/// Graphs that are not valid, or have no kernels, stay as they are: later stages say what is wrong with them.
pub fn shrink_channels(graph: &mut Graph, reference: Reference) -> Vec<Removal> {
    let rounds = core::iter::repeat_with(|| round(graph, reference)).take(ROUNDS);
    rounds.map_while(|found| found).flatten().collect()
}

/// One round; `None` where nothing changed.
fn round(graph: &mut Graph, reference: Reference) -> Option<Vec<Removal>> {
    let total = graph.tensors.iter().fold(0usize, |sum, tensor| sum.saturating_add(channels(tensor)));
    // Bounds are those of 8-bit kernels.
    let wide = graph.nodes.iter().flat_map(|node| &node.outputs).any(|&id| graph.tensor(id).dtype == DType::I16);
    if wide || total > CHANNELS {
        return None;
    }
    let facts = valid::check(graph).ok()?;
    let program = lower::lower(graph, &facts, reference).ok()?;
    let mut relations: Vec<Relation> = graph.nodes.iter().map(|node| relation::of(graph, node)).collect();
    let ranges = reach::ranges(graph, &program, &relations);
    let mut removals = identity::collapse(graph, &program, &mut relations, &ranges);
    let mut changed = !removals.is_empty();
    for (index, relation) in relations.iter_mut().enumerate() {
        let (Relation::Layer(layer), Some(step)) = (relation, program.steps.get(index)) else { continue };
        if let Some(folded) = fold::fold(graph, &program, step, layer, &ranges) {
            removals.extend(folded.removals(&graph.nodes[index]));
            folded.apply(graph, index, layer);
            changed = true;
        }
    }
    let live = live::live(graph, &relations);
    let kept = live::kept(graph, &relations, &live);
    let (cut, dropped) = cut::cut(graph, &relations, &live, &kept);
    removals.extend(dropped);
    (changed || cut).then_some(removals)
}

/// A value for each channel of each tensor.
struct PerChannel<T>(Vec<Vec<T>>);

impl<T: Clone> PerChannel<T> {
    /// The same value everywhere.
    fn filled(graph: &Graph, value: T) -> Self {
        Self(graph.tensors.iter().map(|tensor| vec![value.clone(); channels(tensor)]).collect())
    }

    fn of(&self, id: TensorId) -> &[T] {
        &self.0[id.0 as usize]
    }

    fn of_mut(&mut self, id: TensorId) -> &mut [T] {
        &mut self.0[id.0 as usize]
    }
}
