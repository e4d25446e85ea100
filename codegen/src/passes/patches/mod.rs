//! Patch-based inference: layers of a network are computed for one band of rows (a patch) of their last feature map after the other,
//! so that no whole feature map between them is ever in memory. Rows that two patches need are computed for both. Lossless: every
//! element is the same sum of the same products.
//!
//! Source of the idea: Lin et al., "MCUNetV2: Memory-Efficient Patch-based Inference for Tiny Deep Learning", 2021.

mod bound;
mod rewrite;
mod rows;
mod schedule;
mod search;

pub use search::{Found, search};

use crate::ir::{DType, Graph, Node, Shape, TensorId};
use crate::valid;
use bound::Live;
use rewrite::rewrite;
use schedule::Schedule;

/// Numbers of patches that are tried.
const PATCHES: [usize; 7] = [2, 3, 4, 6, 8, 12, 16];

/// Most steps of all schedules that are looked at: a model is untrusted, and may have any number of images.
const STEPS: usize = 300_000;

/// One way to compute layers patch by patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The feature map that the patches make up.
    pub cut: TensorId,
    /// Number of patches.
    pub patches: usize,
    /// Multiply-accumulates of the whole network.
    pub macs: u64,
    /// Bytes of RAM that the network needs at least.
    pub bound: usize,
}

/// A graph with layers that are computed patch by patch.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The graph.
    pub graph: Graph,
    /// The feature map that the patches make up.
    pub image: String,
    /// Nodes of the original graph that are computed patch by patch.
    pub nodes: usize,
    /// Number of patches.
    pub patches: usize,
    /// Multiply-accumulates of the graph.
    pub macs: u64,
}

/// All ways to compute layers patch by patch, those of fewest multiply-accumulates first. They are small: [`Candidate::apply`] makes
/// the graph of one.
pub fn patches(graph: &Graph) -> Vec<Candidate> {
    let (live, stages) = (Live::new(graph), Stages::new(graph));
    let macs: Vec<u64> = graph.nodes.iter().map(|node| valid::macs(graph, node)).collect();
    let all = macs.iter().fold(0u64, |sum, &macs| sum.saturating_add(macs));
    let (mut found, mut steps) = (Vec::new(), STEPS);
    'search: for (last, node) in graph.nodes.iter().enumerate() {
        let &[cut] = node.outputs.as_slice() else { continue };
        let Some(stage) = stages.stage(last) else { continue };
        let alone = stage.iter().fold(0u64, |sum, &index| sum.saturating_add(macs[index]));
        let beside = live.beside(graph, &stage);
        let Shape(dims) = &graph.tensor(cut).shape;
        for patches in PATCHES.into_iter().filter(|&patches| patches <= dims[1]) {
            let Some(schedule) = Schedule::new(graph, &stage, cut, patches) else { continue };
            let Some(left) = steps.checked_sub(schedule.steps.len()) else { break 'search };
            steps = left;
            let macs = all.saturating_sub(alone).saturating_add(schedule.macs(graph, &macs));
            found.push(Candidate { cut, patches, macs, bound: live.patched(graph, &beside, cut, &schedule) });
        }
    }
    found.sort_by_key(|candidate| (candidate.macs, candidate.patches));
    found
}

impl Candidate {
    /// The graph that computes layers so; `None` for a candidate of another graph.
    pub fn apply(&self, graph: &Graph) -> Option<Patched> {
        let last = graph.nodes.iter().position(|node| node.outputs.as_slice() == [self.cut])?;
        let stage = Stages::new(graph).stage(last)?;
        let schedule = Schedule::new(graph, &stage, self.cut, self.patches)?;
        Some(Patched {
            graph: rewrite(graph, &stage, self.cut, &schedule)?,
            image: graph.tensor(self.cut).name.clone(),
            nodes: stage.len(),
            patches: self.patches,
            macs: self.macs,
        })
    }
}

/// The nodes that can be computed patch by patch.
struct Stages<'a> {
    graph: &'a Graph,
    /// How often each tensor is read.
    uses: Vec<usize>,
    /// The images that each node reads, where rows of its output can be computed from rows of them.
    images: Vec<Option<Vec<TensorId>>>,
}

impl<'a> Stages<'a> {
    fn new(graph: &'a Graph) -> Self {
        // There are no slices of float tensors.
        let quantized = |images: &Vec<TensorId>| images.iter().all(|&id| graph.tensor(id).dtype != DType::F32);
        let images = |node: &Node| match node.outputs.as_slice() {
            &[output] if rows::is_image(graph, output) => rows::images(graph, &node.op).filter(quantized),
            _ => None,
        };
        Self { graph, uses: graph.uses(), images: graph.nodes.iter().map(images).collect() }
    }

    /// Indices of nodes, at least two, of which `last` is the last and the only one that others read. What else they read is made
    /// as a whole before.
    fn stage(&self, last: usize) -> Option<Vec<usize>> {
        let graph = self.graph;
        // How often nodes of the stage read each tensor.
        let mut read = vec![0; graph.tensors.len()];
        let mut stage = Vec::new();
        for index in (0..=last).rev() {
            let (&[output], Some(images)) = (graph.nodes[index].outputs.as_slice(), &self.images[index]) else { continue };
            let within = read[output.0 as usize];
            let alone = if index == last { !graph.outputs.contains(&output) } else { within == self.uses[output.0 as usize] };
            if alone && (index == last || within > 0) {
                images.iter().for_each(|id| read[id.0 as usize] += 1);
                stage.push(index);
            } else if index == last {
                return None;
            }
        }
        stage.reverse();
        (stage.len() >= 2 && stage.last() == Some(&last)).then_some(stage)
    }
}

#[cfg(test)]
mod tests;
