//! Networks whose first layers are computed in bands of rows say what the whole ones say, and limits of memory are kept.

mod common;

use common::random::{self, Random};
use common::{Case, bytes};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use tinybake_codegen::ir::{Data, Graph};
use tinybake_codegen::options::{Bytes, Reference};
use tinybake_codegen::passes::{Patched, patches};
use tinybake_codegen::pipeline::compile_graph;
use tinybake_codegen::{CoreClass, Optimize, Options, eval, lower, valid};

/// What a graph says on inputs; `None` where no engine would take it.
fn outputs(graph: &Graph, inputs: &[Data]) -> Option<Vec<Data>> {
    let facts = valid::check(graph).unwrap_or_else(|problem| panic!("{problem}\n{graph}"));
    let program = lower::lower(graph, &facts, Reference::Tflm).ok()?;
    Some(eval::run(&program, inputs).expect("inputs that fit"))
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_graphs_say_the_same_in_bands((choices, image) in random::choices(), seed in any::<u64>()) {
        let graph = random::graph(&choices, image);
        let mut random = Random(seed);
        let inputs: Vec<Data> =
            graph.inputs.iter().map(|&id| Data::I8(random.int8(graph.tensor(id).shape.elements()))).collect();
        for Patched { graph: patched, image, bands, .. } in patches(&graph) {
            prop_assert_eq!(outputs(&patched, &inputs), outputs(&graph, &inputs), "{} in {} bands:\n{}", image, bands, patched);
        }
    }
}

/// Random graphs often have what can be computed in bands: else the test above would say nothing.
#[test]
fn random_graphs_have_bands() {
    let mut runner = TestRunner::deterministic();
    let strategy = random::choices();
    let count = |runner: &mut TestRunner| {
        let (choices, image) = strategy.new_tree(runner).expect("a tree").current();
        patches(&random::graph(&choices, image)).len()
    };
    let counts: Vec<usize> = (0..200).map(|_| count(&mut runner)).collect();
    let some = counts.iter().filter(|&&count| count > 0).count();
    assert!(some >= 30 && counts.iter().sum::<usize>() >= 150, "{counts:?}");
}

/// Public models, and what they take of RAM for size: a limit that whole images exceed.
#[test]
fn public_models_fit_less_memory_in_bands() {
    let limit = |case: &Case| {
        [("pretrainedResnet", 26_000), ("person_detect", 26_000)].into_iter().find(|(name, _)| case.name.contains(name))
    };
    for case in common::shared() {
        let Some((_, limit)) = limit(&case) else { continue };
        let options = Options { optimize: Optimize::Size, ..Options::default() };
        let whole = case.compile(&options);
        let limited = case.compile(&Options { max_ram: Some(Bytes(limit)), ..options });
        let (before, after) = (whole.plan.ram_bytes(), limited.plan.ram_bytes());
        println!(
            "{}: {before} bytes of RAM, {after} in bands; {} and {} multiply-accumulates",
            case.name, whole.plan.macs, limited.plan.macs
        );
        assert!(before > limit && after <= limit, "{}: {before}, {after}", case.name);
        assert_eq!(limited.removals.iter().filter(|removal| removal.pass == "patches").count(), 1);
        for inputs in case.samples(&tinybake_codegen::measure::Program::of_plan(&whole.plan)).iter().take(4) {
            let [whole, limited] =
                [&whole, &limited].map(|compiled| eval::run(&compiled.program, inputs).expect("inputs that fit"));
            assert_eq!(
                whole.iter().map(bytes).collect::<Vec<_>>(),
                limited.iter().map(bytes).collect::<Vec<_>>(),
                "{}",
                case.name
            );
        }
    }
}

/// An image, a convolution to many channels and one back to few.
fn wide() -> Graph {
    let mut runner = TestRunner::deterministic();
    let strategy = random::choices();
    let mut graphs = core::iter::repeat_with(|| {
        let (choices, image) = strategy.new_tree(&mut runner).expect("a tree").current();
        random::graph(&choices, image)
    });
    graphs.find(|graph| patches(graph).len() > 3).expect("one that can be computed in bands")
}

#[test]
fn what_cannot_fit_is_refused_with_what_it_needs() {
    let graph = wide();
    let told = |options: Options| {
        let problem = compile_graph(graph.clone(), &options, [0; 32]).expect_err("too little memory");
        (problem.0[0].code, problem.to_string())
    };
    let (code, text) = told(Options { max_ram: Some(Bytes(8)), ..Options::default() });
    assert!(code == "plan::over_max_ram" && text.contains("more than the 8 allowed"), "{text}");
    let (code, text) = told(Options { max_flash: Some(Bytes(8)), ..Options::default() });
    assert!(code == "plan::over_max_flash" && text.contains("more than the 8 allowed"), "{text}");
}

/// A limit of flash between what code for speed and code for size take is kept, with code that is not that for size.
#[test]
fn less_flash_takes_more_instructions() {
    let case = common::digits();
    let options = Options { optimize: Optimize::Speed, core: CoreClass::Dsp, ..Options::default() };
    let [speed, size] =
        [Optimize::Speed, Optimize::Size].map(|optimize| case.compile(&Options { optimize, ..options.clone() }).plan);
    assert!(speed.flash_estimate > size.flash_estimate);
    let limit = Bytes((speed.flash_estimate + size.flash_estimate) / 2);
    let limited = case.compile(&Options { max_flash: Some(limit), ..options }).plan;
    assert!(limited.flash_estimate <= limit.0, "{} of {limit}", limited.flash_estimate);
    let forms = |plan: &tinybake_codegen::plan::Plan| plan.steps.iter().map(|planned| planned.form.kind()).collect::<Vec<_>>();
    assert!(forms(&limited) != forms(&speed));
}
