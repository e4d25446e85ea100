//! Graphs without their constant and unread channels say what the whole ones say.

mod common;

use common::random::{self, Random};
use common::{Case, bytes};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use tinybake_codegen::ir::{Data, Graph, TensorId};
use tinybake_codegen::options::{Passes, Reference};
use tinybake_codegen::passes::{Removal, shrink_channels};
use tinybake_codegen::pipeline::Compiled;
use tinybake_codegen::{Options, eval, lower, valid};

/// What a graph says on inputs; `None` where no engine would take it.
fn outputs(graph: &Graph, reference: Reference, inputs: &[Data]) -> Option<Vec<Data>> {
    let facts = valid::check(graph).unwrap_or_else(|problem| panic!("{problem}\n{graph}"));
    let program = lower::lower(graph, &facts, reference).ok()?;
    Some(eval::run(&program, inputs).expect("inputs that fit"))
}

/// Multiply-accumulates of one inference.
fn macs(graph: &Graph) -> u64 {
    graph.nodes.iter().map(|node| valid::macs(graph, node)).sum()
}

/// Elements of all constants that nodes read.
fn parameters(graph: &Graph) -> usize {
    let read: BTreeSet<TensorId> = graph.nodes.iter().flat_map(|node| node.op.inputs()).collect();
    read.iter().filter_map(|&id| graph.value(id)).map(Data::len).sum()
}

/// Inputs of extremes, and random ones.
fn inputs(graph: &Graph, seed: u64) -> Vec<Vec<Data>> {
    let mut random = Random(seed);
    let fill = |make: &mut dyn FnMut(usize) -> Vec<i8>| -> Vec<Data> {
        graph.inputs.iter().map(|&id| Data::I8(make(graph.tensor(id).shape.elements()))).collect()
    };
    let extremes = [-128, 127].map(|value| fill(&mut |count| vec![value; count]));
    extremes.into_iter().chain([fill(&mut |count| random.int8(count))]).collect()
}

/// The graph after the pass, and what it removed.
fn shrunk(graph: &Graph, reference: Reference) -> (Graph, Vec<Removal>) {
    let mut shrunk = graph.clone();
    let removals = shrink_channels(&mut shrunk, reference);
    assert!(shrink_channels(&mut shrunk.clone(), reference).is_empty(), "a second run finds more:\n{graph}");
    assert!(macs(&shrunk) <= macs(graph), "{graph}\n{shrunk}");
    let ports = |graph: &Graph| graph.inputs.iter().chain(&graph.outputs).map(|&id| graph.tensor(id).clone()).collect::<Vec<_>>();
    assert_eq!(ports(graph), ports(&shrunk));
    (shrunk, removals)
}

proptest! {
    #![proptest_config(Config { cases: 1000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_graphs_say_the_same((choices, image) in random::choices(), seed in any::<u64>()) {
        let graph = random::graph(&choices, image);
        for reference in [Reference::Tflm, Reference::Xnnpack] {
            let (shrunk, _) = shrunk(&graph, reference);
            for input in inputs(&graph, seed) {
                prop_assert_eq!(outputs(&shrunk, reference, &input), outputs(&graph, reference, &input), "{}\n{}", graph, shrunk);
            }
        }
    }
}

/// The random graphs have something to shrink.
#[test]
fn many_random_graphs_shrink() {
    let mut runner = TestRunner::deterministic();
    let (mut folded, mut dropped) = (0, 0);
    for _ in 0..200 {
        let (choices, image) = random::choices().new_tree(&mut runner).expect("a tree").current();
        let (_, removals) = shrunk(&random::graph(&choices, image), Reference::Tflm);
        let by = |pass| usize::from(removals.iter().any(|removal| removal.pass == pass));
        folded += by("fold_constant_channels");
        dropped += by("drop_unread_channels");
    }
    assert!(folded >= 30 && dropped >= 30, "only {folded} of 200 graphs fold channels, and {dropped} drop some");
}

/// Multiply-accumulates and parameters of the public models, before and after.
#[test]
fn public_models_shrink_and_say_the_same() {
    for case in common::shared() {
        let without = case.compile(&Options { passes: Passes::None, ..Options::default() });
        let with = case.compile(&Options::default());
        let [before, after] = [&without.graph, &with.graph].map(|graph| (macs(graph), parameters(graph)));
        println!("{}: {} -> {} MACs, {} -> {} parameters", case.name, before.0, after.0, before.1, after.1);
        for removal in &with.removals {
            println!("  {}: {}: {}", removal.pass, removal.what, removal.why);
        }
        same_on_random_inputs(&case, &with, &without);
        if case.name == "mlperf-tiny/vww_96_int8" {
            // What its makers pruned: half of the products, and six of seven weights.
            assert!(before.0 == 7_489_664 && after.0 <= 3_733_073, "{} MACs", after.0);
            assert!(after.1 <= 32_000, "{} parameters", after.1);
        }
    }
}

fn same_on_random_inputs(case: &Case, with: &Compiled, without: &Compiled) {
    let mut random = Random(7);
    for sample in case.samples(&tinybake_codegen::measure::Program::of_plan(&without.plan)).into_iter().take(1) {
        let noise: Vec<Data> = sample
            .iter()
            .map(|data| match data {
                Data::I8(values) => Data::I8(random.int8(values.len())),
                other => other.clone(),
            })
            .collect();
        let [a, b] = [with, without].map(|compiled| eval::run(&compiled.program, &noise).expect("inputs that fit"));
        let [a, b] = [a, b].map(|outputs| outputs.iter().map(bytes).collect::<Vec<_>>());
        assert!(a == b, "{}: outputs differ", case.name);
    }
}
