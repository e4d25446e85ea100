//! Checks a plan by replaying it on a map of who owns each byte. It shares no code with the planner: it knows no lifetimes,
//! only what each step reads and writes and where.

use super::replay::{self, Row};
use super::{Place, Plan, PlannedStep};
use crate::ir::TensorId;
use crate::lower::{Kernel, Operand};
use core::ops::Range;
use std::collections::BTreeMap;
use thiserror::Error;

/// A plan in which a step would read what another has overwritten.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PlanError {
    /// Bytes that belong to another tensor by the time they are read.
    #[error("step {step} ({op}) reads tensor %{tensor} after part of its memory was overwritten")]
    Overwritten {
        /// Index of the step.
        step: usize,
        /// The op's name.
        op: &'static str,
        /// The tensor.
        tensor: u32,
    },
    /// A step that would write what it still reads.
    #[error("step {step} ({op}) writes over memory that it reads")]
    ReadWhileWritten {
        /// Index of the step.
        step: usize,
        /// The op's name.
        op: &'static str,
    },
    /// A tensor outside the arena.
    #[error("step {step} ({op}) places a tensor outside the arena")]
    Outside {
        /// Index of the step.
        step: usize,
        /// The op's name.
        op: &'static str,
    },
    /// An output that is gone when the caller reads it.
    #[error("output {index} is overwritten before the caller reads it")]
    OutputLost {
        /// Index of the output.
        index: usize,
    },
    /// Two inputs in one place.
    #[error("input {index} shares memory with another input")]
    InputsShare {
        /// Index of the input.
        index: usize,
    },
}

/// Bytes and fields, each with the value it holds; values are numbered from 1 as they are made. The arena is kept as runs
/// of bytes with one value, since a damaged model may ask for thousands of megabytes.
struct Memory {
    bytes: usize,
    /// End and value of each run, by its start; what no run covers has never been written.
    runs: BTreeMap<usize, (usize, u32)>,
    fields: Vec<u32>,
    next: u32,
}

impl Memory {
    /// Fills a place with a new value and returns its number; `None` outside the memory.
    fn write(&mut self, place: Place) -> Option<u32> {
        self.next += 1;
        let value = self.next;
        self.fill(place, value).then_some(value)
    }

    fn fill(&mut self, place: Place, value: u32) -> bool {
        match place {
            Place::Arena { offset, bytes } => {
                let end = offset.saturating_add(bytes);
                if end > self.bytes {
                    return false;
                }
                self.cut(offset);
                self.cut(end);
                let covered: Vec<usize> = self.runs.range(offset..end).map(|(&start, _)| start).collect();
                for start in covered {
                    self.runs.remove(&start);
                }
                if bytes > 0 {
                    self.runs.insert(offset, (end, value));
                }
            }
            Place::Field { index } => match self.fields.get_mut(index) {
                Some(field) => *field = value,
                None => return false,
            },
        }
        true
    }

    /// Makes no run reach across `at`.
    fn cut(&mut self, at: usize) {
        if let Some((_, run)) = self.runs.range_mut(..at).next_back()
            && run.0 > at
        {
            let rest = *run;
            run.0 = at;
            self.runs.insert(at, rest);
        }
    }

    fn holds(&self, place: Place, value: u32) -> bool {
        match place {
            Place::Arena { offset, bytes } => {
                let end = offset.saturating_add(bytes);
                let first = self.runs.range(..=offset).next_back().map_or(offset, |(&start, _)| start);
                let mut at = offset;
                for (&start, &(run_end, owner)) in self.runs.range(first..end) {
                    if start > at || (owner != value && run_end > at) {
                        return false;
                    }
                    at = at.max(run_end);
                }
                end <= self.bytes && at >= end
            }
            Place::Field { index } => self.fields.get(index) == Some(&value),
        }
    }
}

/// Replays the plan.
///
/// # Errors
/// The first step that would read or write wrongly.
pub fn check(plan: &Plan) -> Result<(), PlanError> {
    let mut memory = Memory { bytes: plan.arena_bytes, runs: BTreeMap::new(), fields: vec![0; plan.fields.len()], next: 0 };
    let mut values = BTreeMap::<TensorId, u32>::new();
    for (index, port) in plan.inputs.iter().enumerate() {
        let value = memory.write(port.place).ok_or(PlanError::InputsShare { index })?;
        values.insert(port.id, value);
    }
    if let Some(index) = plan.inputs.iter().position(|port| !memory.holds(port.place, values[&port.id])) {
        return Err(PlanError::InputsShare { index });
    }
    for (index, planned) in plan.steps.iter().enumerate() {
        let op = planned.step.op;
        for (operand, place) in planned.step.reads.iter().zip(&planned.reads) {
            let (Operand::Activation(id), Some(place)) = (operand, place) else { continue };
            if !values.get(id).is_some_and(|&value| memory.holds(*place, value)) {
                return Err(PlanError::Overwritten { step: index, op, tensor: id.0 });
            }
        }
        if planned.lies_over_input() {
            let made =
                if planned.by_channels { by_channels(&mut memory, planned) } else { over_input(&mut memory, planned, &values) };
            let value = made.ok_or(PlanError::ReadWhileWritten { step: index, op })?;
            values.extend(planned.step.writes.first().map(|&id| (id, value)));
            continue;
        }
        let view = match planned.step.kernel {
            Kernel::View => planned.step.reads.first().and_then(|read| match read {
                Operand::Activation(id) => values.get(id).copied(),
                Operand::Constant(_) => None,
            }),
            _ => None,
        };
        for (id, &place) in planned.step.writes.iter().zip(&planned.writes) {
            let value = match view {
                Some(value) => value,
                None => {
                    let clash = planned.reads.iter().enumerate().any(|(operand, read)| {
                        read.is_some_and(|read| read.intersects(place) && !takes_over(planned, operand, read, place))
                    });
                    if clash {
                        return Err(PlanError::ReadWhileWritten { step: index, op });
                    }
                    memory.write(place).ok_or(PlanError::Outside { step: index, op })?
                }
            };
            if !memory.holds(place, value) {
                return Err(PlanError::Outside { step: index, op });
            }
            values.insert(*id, value);
        }
        let lost = planned.step.writes.iter().zip(&planned.writes).any(|(id, &place)| !memory.holds(place, values[id]));
        if lost {
            return Err(PlanError::ReadWhileWritten { step: index, op });
        }
    }
    match plan.outputs.iter().position(|port| !values.get(&port.id).is_some_and(|&value| memory.holds(port.place, value))) {
        Some(index) => Err(PlanError::OutputLost { index }),
        None => Ok(()),
    }
}

/// Whether a step works in place of an operand: element by element, and in the same bytes or, where it changes the type, from the same
/// one on.
fn takes_over(planned: &PlannedStep, operand: usize, read: Place, write: Place) -> bool {
    let kernel = &planned.step.kernel;
    let elementwise = read == write && kernel.in_place_operands().contains(&operand);
    planned.in_place == Some(operand) && (elementwise || (kernel.changes_type() && read.begins_with(write)))
}

/// Replays a step whose output lies over its input, row by row, as the runtime orders them: from the first where the output
/// begins below the input, from the last where it begins above. The number of the new value; `None` where a row would read
/// what has been written over, or where the runtime would refuse.
fn over_input(memory: &mut Memory, planned: &PlannedStep, values: &BTreeMap<TensorId, u32>) -> Option<u32> {
    let (&[Operand::Activation(id)], &[Some(read)], &[write]) =
        (planned.step.reads.as_slice(), planned.reads.as_slice(), planned.writes.as_slice())
    else {
        return None;
    };
    let (Place::Arena { offset: from, bytes: read_bytes }, Place::Arena { offset: to, bytes: written_bytes }) = (read, write)
    else {
        return None;
    };
    let (&old, mut rows) = (values.get(&id)?, replay::rows(&planned.step.kernel)?);
    if rows.last().map(|row| row.writes.end) != Some(written_bytes) {
        return None;
    }
    if to >= from {
        rows.reverse();
    }
    memory.next += 1;
    let new = memory.next;
    for row in rows {
        let part = |base: usize, range: &Range<usize>| Place::Arena { offset: base + range.start, bytes: range.len() };
        let writes = part(to, &row.writes);
        let whole = row.reads.iter().all(|range| {
            let reads = part(from, range);
            range.end <= read_bytes && memory.holds(reads, old) && !reads.intersects(writes)
        });
        if !whole || !memory.fill(writes, new) {
            return None;
        }
    }
    memory.holds(write, new).then_some(new)
}

/// Replays a step whose output begins where its input does, and which makes channel after channel: input rows of a channel are
/// copied when a row of outputs first depends on them. Where pixels have as many elements in both images, the places of a
/// channel are its own, and what holds for one holds for all. The number of the new value, and `None`, as of [`over_input`].
fn by_channels(memory: &mut Memory, planned: &PlannedStep) -> Option<u32> {
    let (&[Operand::Activation(_)], &[Some(read)], &[write]) =
        (planned.step.reads.as_slice(), planned.reads.as_slice(), planned.writes.as_slice())
    else {
        return None;
    };
    let (Place::Arena { offset: from, bytes: read_bytes }, Place::Arena { offset: to, bytes: written_bytes }) = (read, write)
    else {
        return None;
    };
    let (channels, rows) = (replay::channels(&planned.step.kernel)?, replay::rows(&planned.step.kernel)?);
    if from != to || rows.last().map(|row| row.writes.end) != Some(written_bytes) {
        return None;
    }
    // Whether each pixel still holds the input of the channel.
    let pixels = read_bytes.max(written_bytes).checked_div(channels)?;
    let mut old = vec![true; pixels];
    let mut copied = 0;
    for Row { reads, writes } in rows {
        let end = reads.last().map_or(copied, |row| row.end);
        if end > read_bytes || writes.end > pixels * channels {
            return None;
        }
        // Rows of outputs depend on rows that follow those of the row before, or are copied already.
        let end = (end / channels).max(copied);
        if old[copied..end].contains(&false) {
            return None;
        }
        copied = end;
        old[writes.start / channels..writes.end / channels].fill(false);
    }
    memory.write(write)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs say the same as a map of every byte.
    #[test]
    fn runs_equal_a_map_of_bytes() {
        let mut memory = Memory { bytes: 24, runs: BTreeMap::new(), fields: Vec::new(), next: 0 };
        let mut map = [0u32; 24];
        let mut random = 1u32;
        for _ in 0..2000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (offset, bytes) = ((random >> 8) as usize % 26, (random >> 16) as usize % 9);
            let place = Place::Arena { offset, bytes };
            let written = memory.write(place);
            assert_eq!(written.is_some(), offset + bytes <= 24);
            if let Some(value) = written {
                map[offset..offset + bytes].fill(value);
            }
            for at in 0..24 {
                for length in 1..=24 - at {
                    let value = map[at];
                    let expected = value != 0 && map[at..at + length].iter().all(|&owner| owner == value);
                    assert_eq!(memory.holds(Place::Arena { offset: at, bytes: length }, value.max(1)), expected && value != 0);
                }
            }
        }
    }
}
