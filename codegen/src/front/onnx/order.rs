//! The order in which nodes are read: each one after those that make its operands.

use super::error::{Error, Problem};
use super::ops::word;
use super::schema::Node;
use crate::ir::Origin;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Indices of `nodes` such that each stands after the nodes whose outputs it reads. A file that is in such an order keeps it; of
/// others, the first node that can be read comes first. Names for which `known` holds are made by no node.
///
/// A node that cannot be read is given back like one without operands: reading it again tells what is wrong with it.
///
/// # Errors
/// [`Error::Cycle`], at a node on a cycle.
pub(super) fn order(nodes: &[&[u8]], known: impl Fn(&str) -> bool) -> Result<Vec<usize>, Problem> {
    let nodes: Vec<Node<'_>> = nodes.iter().map(|message| Node::read(message).unwrap_or_default()).collect();
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for output in node.outputs.iter().filter(|output| !output.is_empty() && !known(output)) {
            makers.entry(output).or_insert(index);
        }
    }
    // How many operands of each node are not made yet, and which nodes read what each one makes.
    let mut missing = vec![0usize; nodes.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for &maker in node.inputs.iter().filter_map(|input| makers.get(input)) {
            missing[index] += 1;
            readers[maker].push(index);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..nodes.len()).filter(|&index| missing[index] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for &reader in &readers[index] {
            missing[reader] -= 1;
            if missing[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    match missing.iter().position(|&count| count > 0) {
        None => Ok(order),
        Some(stuck) => Err(cycle(&nodes, &makers, &missing, stuck)),
    }
}

/// Names a cycle that node `stuck` is on or waits for: from one node to the maker of an operand of it that is missing too.
fn cycle(nodes: &[Node<'_>], makers: &BTreeMap<&str, usize>, missing: &[usize], stuck: usize) -> Problem {
    /// Tensors of a cycle that are named.
    const NAMED: usize = 8;
    let mut path: Vec<(usize, &str)> = vec![(stuck, "")];
    let mut seen = vec![None; nodes.len()];
    while let Some(&(index, _)) = path.last() {
        if let Some(first) = seen[index].replace(path.len() - 1) {
            path.drain(..=first);
            break;
        }
        let makers = nodes[index].inputs.iter().filter_map(|&name| Some((*makers.get(name)?, name)));
        match makers.into_iter().find(|&(maker, _)| missing[maker] > 0) {
            Some(next) => path.push(next),
            None => break,
        }
    }
    let index = path.last().map_or(stuck, |&(index, _)| index);
    let names: Vec<String> = path.iter().take(NAMED).map(|(_, name)| format!("`{name}`")).collect();
    let more = if path.len() > NAMED { ", ..." } else { "" };
    let node = &nodes[index];
    let name = if node.name.is_empty() { node.outputs.first().copied().unwrap_or_default() } else { node.name };
    let mut problem = Problem::from(Error::Cycle { names: format!("{}{more}", names.join(", ")) });
    problem.place.op = Some((Origin { index, name: name.into() }, word(node.kind)));
    problem
}
