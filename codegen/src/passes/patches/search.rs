//! The search for patches that keep a limit of RAM.

use super::{Candidate, Patched, patches};
use crate::ir::Graph;
use std::collections::BTreeMap;

/// Nodes of all graphs together that one part of the search plans. Each takes about as long as it does in any other compilation.
const NODES: usize = 6000;

/// What the search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// A plan within the limit.
    Fits(T),
    /// The fewest bytes of RAM that a plan needs; `None` where nothing can be computed patch by patch.
    Least(Option<usize>),
}

/// Finds a plan of at most `limit` bytes: the first in the order of multiply-accumulates, or, where that takes too long, in the order
/// of what they need at least. `plan` says how many bytes a graph needs; `None` where it has no plan.
///
/// The fewest bytes that are told are a limit that the search keeps.
pub fn search<T>(graph: &Graph, limit: usize, mut plan: impl FnMut(Patched) -> Option<(usize, T)>) -> Found<T> {
    let candidates = patches(graph);
    let mut known: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    let mut look = |index: usize, left: &mut usize| -> Option<(Option<usize>, Option<T>)> {
        let candidate: &Candidate = &candidates[index];
        let nodes = graph.nodes.len() + candidate.patches;
        *left = left.checked_sub(nodes)?;
        if let Some(&bytes) = known.get(&index) {
            return Some((bytes, None));
        }
        let planned = candidate.apply(graph).and_then(&mut plan);
        let bytes = planned.as_ref().map(|(bytes, _)| *bytes);
        known.insert(index, bytes);
        Some((bytes, planned.filter(|(bytes, _)| *bytes <= limit).map(|(_, plan)| plan)))
    };
    let mut left = NODES;
    for index in (0..candidates.len()).filter(|&index| candidates[index].bound <= limit) {
        match look(index, &mut left) {
            Some((_, Some(fits))) => return Found::Fits(fits),
            Some((_, None)) => {}
            None => break,
        }
    }
    // Those that can be best first, until none of the rest can be better.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&index| (candidates[index].bound, index));
    let (mut left, mut least) = (NODES, None);
    for index in order {
        if least.is_some_and(|least| candidates[index].bound >= least) {
            break;
        }
        match look(index, &mut left) {
            Some((_, Some(fits))) => return Found::Fits(fits),
            Some((Some(bytes), None)) => least = Some(least.map_or(bytes, |least: usize| least.min(bytes))),
            Some((None, None)) => {}
            None => break,
        }
    }
    Found::Least(least)
}
