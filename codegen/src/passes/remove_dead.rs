//! Removes nodes whose outputs nobody reads.

use super::Removal;
use crate::ir::Graph;

/// Removes every node none of whose outputs is read or is an output of the graph, to a fixpoint.
pub fn remove_dead(graph: &mut Graph) -> Vec<Removal> {
    let mut needed = vec![false; graph.tensors.len()];
    for &output in &graph.outputs {
        needed[output.0 as usize] = true;
    }
    let mut live = vec![false; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        if node.outputs.iter().any(|output| needed[output.0 as usize]) {
            live[index] = true;
            for input in node.op.inputs() {
                needed[input.0 as usize] = true;
            }
        }
    }
    let mut removals = Vec::new();
    let mut live = live.into_iter();
    graph.nodes.retain(|node| {
        let keep = live.next().unwrap_or(true);
        if !keep {
            let what = format!("{} `{}`", node.op.name(), node.origin.name);
            removals.push(Removal { pass: "remove_dead", what, why: "no output depends on it" });
        }
        keep
    });
    removals
}
