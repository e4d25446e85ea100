//! Constants that are stored sparse, made dense. Source: TFLite `internal/utils/sparsity_format_converter.cc`, `Populate`.

use super::budget::{self, Budget};
use super::data::Storage;
use super::error::Error;
use super::schema::{Level, Sparsity};
use crate::ir::movement::pick;
use crate::ir::{Data, Shape};

/// The walk over the levels of one constant, which are its axes and then the axes of its blocks, in the order of traversal.
struct Walk<'a> {
    levels: Vec<Level<'a>>,
    /// The axis of each level, and the size of the block where the level goes over one.
    axes: Vec<(usize, Option<usize>)>,
    dims: &'a [usize],
    strides: Vec<usize>,
    /// For each element of the constant, the stored one; that behind the last is a zero.
    sources: Vec<usize>,
    /// Elements stored, and those met so far.
    count: usize,
    met: usize,
    /// Steps that may still be taken.
    steps: usize,
}

const FAULT: Error = Error::Value { field: "an index of a sparse constant", expected: "inside the tensor", given: 0 };

/// The elements of a constant of `shape`, of which `bytes` holds those that are stored.
pub(super) fn dense(
    bytes: &[u8],
    sparsity: &Sparsity<'_>,
    storage: Storage,
    shape: &Shape,
    budget: &mut Budget,
) -> Result<Data, Error> {
    let size = storage.bytes(2) / 2;
    let count = bytes.len().checked_div(size).ok_or(Error::Form { what: "a sparse constant of int4" })?;
    if shape.elements() > budget::ELEMENTS {
        return Err(Error::TooLarge { expected: budget::ELEMENTS, given: shape.elements() });
    }
    // What is stored, its place, and the whole.
    budget.charge(shape.elements().saturating_mul(storage.dtype().size().saturating_add(1)))?;
    budget.charge(count.saturating_mul(storage.dtype().size()))?;
    let rank = shape.rank();
    let depth = sparsity.levels.len();
    Budget::limit("dimensions of a sparse constant", depth, 2 * budget::RANK)?;
    if depth < rank {
        return Err(FAULT);
    }
    let levels = (0..depth).map(|level| Level::read(&sparsity.levels.get(level)?)).collect::<Result<Vec<_>, _>>()?;
    let axes = (0..depth).map(|level| axis(sparsity, &levels, level, rank)).collect::<Option<Vec<_>>>().ok_or(FAULT)?;
    let steps = shape.elements().saturating_add(count).saturating_mul(2 + depth);
    let (dims, strides) = (shape.0.as_slice(), shape.strides());
    let mut walk = Walk { levels, axes, dims, strides, sources: vec![count; shape.elements()], count, met: 0, steps };
    walk.level(0, 0, &mut vec![0; rank])?;
    let mut stored = bytes.get(..count.saturating_mul(size)).unwrap_or_default().to_vec();
    stored.resize(stored.len().saturating_add(size), 0);
    Ok(pick(&storage.decode(&stored, count + 1), &walk.sources))
}

/// The axis that a level goes over, and the size of its block; `None` where the file names one that there is not.
fn axis(sparsity: &Sparsity<'_>, levels: &[Level<'_>], level: usize, rank: usize) -> Option<(usize, Option<usize>)> {
    let given = usize::try_from(sparsity.traversal_order.get(level)?).ok()?;
    match given.checked_sub(rank) {
        None => Some((given, None)),
        Some(block) => {
            let axis = usize::try_from(sparsity.block_map.get(block)?).ok().filter(|&axis| axis < rank)?;
            match levels.get(level)? {
                Level::Dense(size) => Some((axis, Some(usize::try_from(*size).ok()?))),
                Level::Sparse { .. } => None,
            }
        }
    }
}

impl Walk<'_> {
    /// Goes over one level, below `parent`, the number of the place in the level above.
    fn level(&mut self, level: usize, parent: usize, at: &mut Vec<usize>) -> Result<(), Error> {
        self.steps = self.steps.checked_sub(1).ok_or(FAULT)?;
        let Some(&(axis, block)) = self.axes.get(level) else { return self.element(at) };
        let above = *at.get(axis).ok_or(FAULT)?;
        let range = match self.levels.get(level).ok_or(FAULT)? {
            Level::Dense(size) => {
                let size = usize::try_from(*size).map_err(|_| FAULT)?;
                (parent.saturating_mul(size), size)
            }
            Level::Sparse { segments, indices: _ } => {
                let first = segments.get(parent).ok_or(FAULT)?;
                let end = segments.get(parent.saturating_add(1)).ok_or(FAULT)?;
                (first, end.checked_sub(first).ok_or(FAULT)?)
            }
        };
        for step in 0..range.1 {
            let place = range.0.saturating_add(step);
            let index = match self.levels.get(level).ok_or(FAULT)? {
                Level::Dense(_) => step,
                Level::Sparse { segments: _, indices } => indices.get(place).ok_or(FAULT)?,
            };
            if let Some(slot) = at.get_mut(axis) {
                *slot = block.map_or(index, |size| above.saturating_mul(size).saturating_add(index));
            }
            self.level(level + 1, place, at)?;
        }
        if let Some(slot) = at.get_mut(axis) {
            *slot = above;
        }
        Ok(())
    }

    /// The next stored element stands at `at`.
    fn element(&mut self, at: &[usize]) -> Result<(), Error> {
        if self.met >= self.count || at.iter().zip(self.dims).any(|(at, dim)| at >= dim) {
            return Err(FAULT);
        }
        let place = at.iter().zip(&self.strides).fold(0usize, |sum, (at, stride)| sum.saturating_add(at * stride));
        *self.sources.get_mut(place).ok_or(FAULT)? = self.met;
        self.met += 1;
        Ok(())
    }
}
