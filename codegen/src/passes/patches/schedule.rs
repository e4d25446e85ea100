//! The order in which a stage is computed patch by patch: which rows of which image each step makes, and from what.

use super::rows::{self, Rows};
use crate::ir::{Graph, TensorId};
use std::collections::BTreeMap;

/// Most nodes of all patches together.
const MOST: usize = 2000;

/// What a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// An image that is there as a whole before the first patch.
    Whole(TensorId),
    /// What the step of this index makes.
    Made(usize),
}

/// Makes rows of one image.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The image.
    pub(super) image: TensorId,
    /// Its rows that are made.
    pub(super) rows: Rows,
    /// What is computed of what.
    pub(super) make: Make,
}

/// How rows are made.
#[derive(Clone, Debug)]
pub(super) enum Make {
    /// A copy of rows of a value, from this row of it on, for the node of the second index.
    Slice(Value, usize, usize),
    /// The node of this index, on values for the images that it reads.
    Node(usize, Vec<(TensorId, Value)>),
}

/// All steps of a stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    /// In execution order.
    pub(super) steps: Vec<Step>,
    /// The steps that make the patches of the last image, first rows first.
    pub(super) pieces: Vec<usize>,
}

impl Schedule {
    /// The steps that compute `stage` for one patch of `cut`'s rows after the other; `None` where a patch needs no row of an image,
    /// or the patches would be too many nodes.
    pub(super) fn new(graph: &Graph, stage: &[usize], cut: TensorId, patches: usize) -> Option<Self> {
        if stage.len().checked_mul(patches)? > MOST {
            return None;
        }
        let height = graph.tensor(cut).shape.0[1];
        let mut schedule = Self::default();
        for patch in 0..patches {
            let rows = Rows { start: patch * height / patches, end: (patch + 1) * height / patches };
            let piece = schedule.patch(graph, stage, &needed(graph, stage, cut, rows)?)?;
            schedule.pieces.push(piece);
        }
        Some(schedule)
    }

    /// Adds the steps of one patch; the index of the one that makes its rows of the last image.
    fn patch(&mut self, graph: &Graph, stage: &[usize], needed: &BTreeMap<TensorId, Rows>) -> Option<usize> {
        // What has been made of an image, and which of its rows these are.
        let mut made: BTreeMap<TensorId, (usize, Rows)> = BTreeMap::new();
        let mut slices: BTreeMap<(TensorId, usize, usize), usize> = BTreeMap::new();
        for &index in stage {
            let node = &graph.nodes[index];
            let output = *node.outputs.first()?;
            let rows = *needed.get(&output)?;
            let mut reads = Vec::new();
            for image in rows::images(graph, &node.op)? {
                let height = graph.tensor(image).shape.0[1];
                let wanted = rows::needed(&node.op, rows, height)?;
                let (from, there) = match made.get(&image) {
                    Some(&(step, rows)) => (Value::Made(step), rows),
                    None => (Value::Whole(image), Rows { start: 0, end: height }),
                };
                let value = match slices.get(&(image, wanted.start, wanted.end)) {
                    _ if wanted == there => from,
                    Some(&slice) => Value::Made(slice),
                    None => {
                        let slice = self.push(image, wanted, Make::Slice(from, wanted.start - there.start, index));
                        slices.insert((image, wanted.start, wanted.end), slice);
                        Value::Made(slice)
                    }
                };
                reads.push((image, value));
            }
            let step = self.push(output, rows, Make::Node(index, reads));
            made.insert(output, (step, rows));
        }
        self.steps.len().checked_sub(1)
    }

    fn push(&mut self, image: TensorId, rows: Rows, make: Make) -> usize {
        self.steps.push(Step { image, rows, make });
        self.steps.len() - 1
    }

    /// Multiply-accumulates by those of whole nodes.
    pub(super) fn macs(&self, graph: &Graph, of_node: &[u64]) -> u64 {
        self.steps.iter().fold(0, |sum, step| match step.make {
            Make::Slice(..) => sum,
            Make::Node(index, _) => {
                // An image has a row, and all its rows take the same.
                let row = of_node[index] / graph.tensor(step.image).shape.0[1] as u64;
                sum.saturating_add(row.saturating_mul(step.rows.count() as u64))
            }
        })
    }
}

/// The rows of every image that a patch of `rows` of the last one needs.
fn needed(graph: &Graph, stage: &[usize], cut: TensorId, rows: Rows) -> Option<BTreeMap<TensorId, Rows>> {
    let mut needed = BTreeMap::from([(cut, rows)]);
    for &index in stage.iter().rev() {
        let node = &graph.nodes[index];
        let made = *needed.get(node.outputs.first()?)?;
        for image in rows::images(graph, &node.op)? {
            let rows = rows::needed(&node.op, made, graph.tensor(image).shape.0[1])?;
            needed.entry(image).and_modify(|others| *others = others.with(rows)).or_insert(rows);
        }
    }
    Some(needed)
}
