//! Which tensors share memory, and when each piece of memory is in use.

use crate::ir::{DType, TensorId};
use crate::lower::{Kernel, Operand, Program};

/// Memory that one or more tensors live in, one after another or as views of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// The tensors, in the order in which they are first written.
    pub tensors: Vec<TensorId>,
    /// Element type; only storages of one go into the arena.
    pub dtype: DType,
    /// Size.
    pub bytes: usize,
    /// The first moment of use: 0 before all steps, `i + 1` for step `i`.
    pub first: usize,
    /// The last moment of use, inclusive; the number of steps + 1 for what the caller reads.
    pub last: usize,
}

impl Storage {
    /// Whether both are in use at some moment.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Finds the storages of a program: views share that of what they view; an element-wise step works in place where its input
/// is read by nothing later. Ordered by first use, then by tensor.
pub fn storages(program: &Program) -> Vec<Storage> {
    let mut table = Table::new(program);
    for (index, step) in program.steps.iter().enumerate() {
        let (Some(&output), moment) = (step.writes.first(), index + 1) else { continue };
        match &step.kernel {
            Kernel::View => {
                if let Some(&Operand::Activation(input)) = step.reads.first() {
                    table.join(output, input);
                }
            }
            kernel => {
                let candidates = kernel.in_place_operands().iter().filter_map(|&operand| match step.reads.get(operand) {
                    Some(&Operand::Activation(input)) => Some((operand, input)),
                    Some(Operand::Constant(_)) | None => None,
                });
                let chosen = candidates.into_iter().find(|&(operand, input)| {
                    let others = step.reads.iter().enumerate().filter(|&(other, _)| other != operand);
                    let read_otherwise = others.into_iter().any(|(_, read)| match read {
                        Operand::Activation(id) => table.root(*id) == table.root(input),
                        Operand::Constant(_) => false,
                    });
                    !read_otherwise
                        && table.last(input) == moment
                        && program.bytes(input) == program.bytes(output)
                        && program.tensor(input).dtype == program.tensor(output).dtype
                });
                if let Some((_, input)) = chosen {
                    table.join(output, input);
                }
            }
        }
    }
    table.finish(program)
}

/// Union-find over tensors, with the moments of use of each set.
struct Table {
    parent: Vec<u32>,
    first: Vec<usize>,
    last: Vec<usize>,
    used: Vec<bool>,
}

impl Table {
    fn new(program: &Program) -> Self {
        let count = program.tensors.len();
        let mut table = Self {
            parent: (0..count as u32).collect(),
            first: vec![usize::MAX; count],
            last: vec![0; count],
            used: vec![false; count],
        };
        let mut touch = |id: TensorId, moment: usize| {
            let index = id.0 as usize;
            table.first[index] = table.first[index].min(moment);
            table.last[index] = table.last[index].max(moment);
            table.used[index] = true;
        };
        program.inputs.iter().for_each(|&id| touch(id, 0));
        for (index, step) in program.steps.iter().enumerate() {
            step.writes.iter().for_each(|&id| touch(id, index + 1));
            for read in &step.reads {
                match read {
                    Operand::Activation(id) => touch(*id, index + 1),
                    Operand::Constant(_) => {}
                }
            }
        }
        program.outputs.iter().for_each(|&id| touch(id, program.steps.len() + 1));
        table
    }

    fn root(&self, id: TensorId) -> u32 {
        let mut at = id.0;
        while self.parent[at as usize] != at {
            at = self.parent[at as usize];
        }
        at
    }

    fn last(&self, id: TensorId) -> usize {
        self.last[self.root(id) as usize]
    }

    /// Puts `tensor` into the storage of `host`.
    fn join(&mut self, tensor: TensorId, host: TensorId) {
        let (from, to) = (self.root(tensor) as usize, self.root(host) as usize);
        if from != to {
            self.parent[from] = to as u32;
            self.first[to] = self.first[to].min(self.first[from]);
            self.last[to] = self.last[to].max(self.last[from]);
        }
    }

    fn finish(self, program: &Program) -> Vec<Storage> {
        let mut by_root = std::collections::BTreeMap::<u32, Vec<TensorId>>::new();
        for index in (0..program.tensors.len() as u32).filter(|&index| self.used[index as usize]) {
            by_root.entry(self.root(TensorId(index))).or_default().push(TensorId(index));
        }
        let mut storages: Vec<Storage> = by_root
            .into_iter()
            .map(|(root, mut tensors)| {
                tensors.sort_by_key(|id| (self.first[id.0 as usize], id.0));
                Storage {
                    dtype: program.tensor(TensorId(root)).dtype,
                    bytes: program.bytes(TensorId(root)),
                    first: self.first[root as usize],
                    last: self.last[root as usize],
                    tensors,
                }
            })
            .collect();
        storages.sort_by_key(|storage| (storage.first, storage.tensors.first().copied()));
        storages
    }
}
