//! Random graphs say the same through every way of running them.

mod common;

use common::random::{self, Choice, Random};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::path::PathBuf;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::ir::{Data, Graph};
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::options::{CoreClass, Passes};
use tinybake_codegen::pipeline::{Compiled, compile_graph};
use tinybake_codegen::{Optimize, Options, eval};

fn compiled(graph: &Graph, options: &Options) -> Compiled {
    compile_graph(graph.clone(), options, [0; 32]).unwrap_or_else(|problem| panic!("{problem}\n{graph}"))
}

fn inputs(graph: &Graph, seed: u64) -> Vec<Data> {
    let mut random = Random(seed);
    graph.inputs.iter().map(|&id| Data::I8(random.int8(graph.tensor(id).shape.elements()))).collect()
}

proptest! {
    #![proptest_config(Config { cases: 1500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn passes_change_no_output((choices, image) in random::choices(), seed in any::<u64>()) {
        let graph = random::graph(&choices, image);
        let with = compiled(&graph, &Options::default());
        let without = compiled(&graph, &Options { passes: Passes::None, ..Options::default() });
        let input = inputs(&graph, seed);
        prop_assert_eq!(eval::run(&with.program, &input), eval::run(&without.program, &input));
    }
}

/// Graphs drawn once from a fixed seed: they are compiled together, which shrinking could not afford.
fn drawn(count: usize) -> Vec<Graph> {
    let mut runner = TestRunner::deterministic();
    let strategy = random::choices();
    let draw = |_| {
        let (choices, image): (Vec<Choice>, [usize; 3]) = strategy.new_tree(&mut runner).expect("a tree").current();
        random::graph(&choices, image)
    };
    (0..count).map(draw).collect()
}

#[test]
fn generated_code_says_what_the_evaluator_says() {
    const SAMPLES: u64 = 4;
    let graphs = drawn(60);
    let ops: BTreeSet<&str> = graphs.iter().flat_map(|graph| graph.nodes.iter().map(|node| node.op.name())).collect();
    assert!(ops.len() >= 20, "the graphs have few kinds of operators: {ops:?}");
    let catalogue = Catalogue::builtin();
    // On the host, the portable twins of what is assembly on a core.
    for (on, core, optimize) in [
        ("host", CoreClass::Generic, Optimize::Size),
        ("host", CoreClass::Generic, Optimize::Speed),
        ("host", CoreClass::Dsp, Optimize::Speed),
        ("host", CoreClass::Armv6M, Optimize::Speed),
        ("cortex-m0plus", CoreClass::Armv6M, Optimize::Speed),
        ("cortex-m4", CoreClass::Dsp, Optimize::Speed),
        ("cortex-m55", CoreClass::Mve, Optimize::Speed),
        ("riscv32imc", CoreClass::Riscv32, Optimize::Speed),
    ] {
        let target = catalogue.find(on).expect("a core of the table");
        if let Err(missing) = measure::available(&target) {
            assert!(missing.is_missing_tool(), "{missing}");
            println!("skipped: {on}: {missing}");
            continue;
        }
        let options = Options { optimize, core, ..Options::default() };
        let compiled: Vec<Compiled> = graphs.iter().map(|graph| compiled(graph, &options)).collect();
        let over_input = compiled.iter().flat_map(|compiled| &compiled.plan.steps).filter(|planned| planned.over_input).count();
        assert!(over_input >= 5, "few outputs lie over their input: {over_input}");
        let programs: Vec<Program> = compiled.iter().map(|compiled| Program::of_plan(&compiled.plan)).collect();
        let samples: Vec<Samples> = graphs
            .iter()
            .map(|graph| {
                let sample = |seed| inputs(graph, seed).iter().flat_map(common::bytes).collect::<Vec<u8>>();
                Samples { count: SAMPLES as usize, inputs: vec![(0..SAMPLES).flat_map(sample).collect()] }
            })
            .collect();
        let batch: Vec<(&Program, &Samples)> = programs.iter().zip(&samples).collect();
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure");
        let measuring = measure::Options { size: optimize == Optimize::Size, directory, ..measure::Options::default() };
        let runs = measure::run_many(&batch, &target, &measuring).unwrap_or_else(|problem| panic!("{problem}"));
        for ((graph, compiled), run) in graphs.iter().zip(&compiled).zip(&runs) {
            let mut expected = vec![Vec::new(); graph.outputs.len()];
            for seed in 0..SAMPLES {
                let outputs = eval::run(&compiled.program, &inputs(graph, seed)).expect("inputs that fit");
                for (expected, output) in expected.iter_mut().zip(&outputs) {
                    expected.extend(common::bytes(output));
                }
            }
            assert!(expected == run.outputs, "{on} {optimize}:\n{graph}\n{}", compiled.plan);
        }
    }
}
