//! Bytes that a network needs at least, patch by patch or not: what is in use at one moment, before anything is laid out. A plan
//! needs as much or more, so that what is above a limit here need not be planned.

use super::schedule::{Make, Schedule, Value};
use crate::ir::{Graph, Node, Op, TensorId};

/// Memory in use beside that of a stage.
#[derive(Default)]
pub(super) struct Beside {
    /// Bytes that some node before or after the stage needs at least.
    around: usize,
    /// The roots that are there before the stage and read after it, whole images that it reads among them.
    through: Vec<bool>,
    /// Bytes of those.
    bytes: usize,
}

/// When the memory of every tensor is in use. A moment is an index of a node plus 1; 0 is before all.
pub(super) struct Live {
    /// The tensor whose memory each one is a view of: mostly itself.
    root: Vec<usize>,
    /// Bytes of each root that is in use at all.
    bytes: Vec<usize>,
    first: Vec<usize>,
    last: Vec<usize>,
    /// The most that all nodes before each one need, and after each one.
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Live {
    pub(super) fn new(graph: &Graph) -> Self {
        let count = graph.tensors.len();
        let mut live = Self {
            root: (0..count).collect(),
            bytes: vec![0; count],
            first: vec![usize::MAX; count],
            last: vec![0; count],
            before: Vec::new(),
            after: Vec::new(),
        };
        graph.inputs.iter().for_each(|&id| live.touch(graph, id, 0));
        for (index, node) in graph.nodes.iter().enumerate() {
            if let (Op::Reshape { input }, [output]) = (&node.op, node.outputs.as_slice()) {
                live.root[output.0 as usize] = live.root[input.0 as usize];
            }
            let outputs = node.outputs.iter().copied();
            node.op.inputs().into_iter().chain(outputs).for_each(|id| live.touch(graph, id, index + 1));
        }
        graph.outputs.iter().for_each(|&id| live.touch(graph, id, graph.nodes.len() + 1));
        let needs = live.needs(graph);
        live.before = needs.iter().scan(0, |most, &need| Some(core::mem::replace(most, need.max(*most)))).collect();
        live.after = needs.iter().rev().scan(0, |most, &need| Some(core::mem::replace(most, need.max(*most)))).collect();
        live.after.reverse();
        live
    }

    fn touch(&mut self, graph: &Graph, id: TensorId, moment: usize) {
        let tensor = graph.tensor(id);
        if tensor.value.is_some() {
            return;
        }
        let root = self.root[id.0 as usize];
        let bytes = tensor.shape.elements().saturating_mul(tensor.dtype.size()).next_multiple_of(4);
        self.bytes[root] = self.bytes[root].max(bytes);
        self.first[root] = self.first[root].min(moment);
        self.last[root] = self.last[root].max(moment);
    }

    /// Bytes that each node needs at least.
    fn needs(&self, graph: &Graph) -> Vec<usize> {
        let mut change = vec![0isize; graph.nodes.len() + 3];
        for (root, &bytes) in self.bytes.iter().enumerate().filter(|(_, bytes)| **bytes > 0) {
            change[self.first[root]] += bytes as isize;
            change[self.last[root] + 1] -= bytes as isize;
        }
        let mut sum = change[0];
        let need = |(index, node): (usize, &Node)| {
            sum += change[index + 1];
            (sum.max(0) as usize).saturating_sub(self.saved(index, node))
        };
        graph.nodes.iter().enumerate().map(need).collect()
    }

    /// Bytes by which a node's output can lie over an input that nothing reads later.
    fn saved(&self, index: usize, node: &Node) -> usize {
        let root = |id: TensorId| self.root[id.0 as usize];
        let made = node.outputs.iter().map(|&id| self.bytes[root(id)]).sum::<usize>();
        let inputs = node.op.inputs().into_iter().map(root);
        let dying = inputs.filter(|&input| self.bytes[input] > 0 && self.last[input] == index + 1);
        if copies(&node.op) { 0 } else { dying.map(|input| self.bytes[input].min(made)).max().unwrap_or(0) }
    }

    /// What there is beside `stage`.
    pub(super) fn beside(&self, graph: &Graph, stage: &[usize]) -> Beside {
        let (Some(&first), Some(&last)) = (stage.first(), stage.last()) else { return Beside::default() };
        let mut inside = vec![false; self.bytes.len()];
        stage.iter().flat_map(|&index| &graph.nodes[index].outputs).for_each(|id| inside[id.0 as usize] = true);
        let through = |root: usize| self.first[root] <= last && self.last[root] > last + 1 && !inside[root];
        let through: Vec<bool> = (0..self.bytes.len()).map(|root| self.bytes[root] > 0 && through(root)).collect();
        let bytes = self.bytes.iter().zip(&through).filter(|(_, through)| **through).map(|(bytes, _)| bytes).sum();
        Beside { around: self.before[first].max(self.after[last]), through, bytes }
    }

    /// Bytes that a graph with a stage computed by `schedule` needs at least.
    pub(super) fn patched(&self, graph: &Graph, beside: &Beside, cut: TensorId, schedule: &Schedule) -> usize {
        beside.around.max(beside.bytes + self.stage(graph, cut, schedule, &beside.through))
    }

    /// Bytes that the steps of a schedule need at least, without those of `through`.
    fn stage(&self, graph: &Graph, cut: TensorId, schedule: &Schedule, through: &[bool]) -> usize {
        let count = schedule.steps.len();
        let row = |id: TensorId| {
            let tensor = graph.tensor(id);
            tensor.shape.elements() / tensor.shape.0[1].max(1) * tensor.dtype.size()
        };
        let bytes: Vec<usize> =
            schedule.steps.iter().map(|step| (row(step.image) * step.rows.count()).next_multiple_of(4)).collect();
        // The last step that reads each value: the concatenation, of index `count`, reads the patches.
        let (mut last, mut whole) = (vec![0; count], std::collections::BTreeMap::new());
        for (index, step) in schedule.steps.iter().enumerate() {
            let mut read = |value| match value {
                Value::Made(step) => last[step] = index,
                Value::Whole(id) => {
                    whole.insert(self.root[id.0 as usize], index);
                }
            };
            match &step.make {
                Make::Slice(from, ..) => read(*from),
                Make::Node(_, reads) => reads.iter().for_each(|&(_, value)| read(value)),
            }
        }
        schedule.pieces.iter().for_each(|&piece| last[piece] = count);
        let mut ends = vec![0; count + 1];
        let mut sum = 0;
        for (&root, &last) in whole.iter().filter(|(root, _)| !through[**root]) {
            sum += self.bytes[root];
            ends[last] += self.bytes[root];
        }
        let mut most = 0;
        for (index, step) in schedule.steps.iter().enumerate() {
            sum += bytes[index];
            ends[last[index]] += bytes[index];
            let saved = match &step.make {
                Make::Slice(..) => 0,
                Make::Node(node, reads) => {
                    let size = |&(_, value): &(TensorId, Value)| match value {
                        Value::Made(step) if last[step] == index => bytes[step],
                        Value::Whole(id) if whole.get(&self.root[id.0 as usize]) == Some(&index) => {
                            self.bytes[self.root[id.0 as usize]]
                        }
                        Value::Made(_) | Value::Whole(_) => 0,
                    };
                    let dying = reads.iter().map(size).max().unwrap_or(0);
                    if copies(&graph.nodes[*node].op) { 0 } else { dying.min(bytes[index]) }
                }
            };
            most = most.max(sum - saved);
            sum -= ends[index];
        }
        most.max(sum + self.bytes[self.root[cut.0 as usize]])
    }
}

/// Whether an op's output lies apart from all that it reads.
fn copies(op: &Op) -> bool {
    matches!(op, Op::Concatenation { .. } | Op::Pack { .. } | Op::Slice { .. })
}
