//! Networks with layers that are computed patch by patch say what the whole ones say, and limits of memory are kept.

mod common;

use common::random::{self, Random};
use common::{Case, bytes};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use tinybake_codegen::ir::{
    Activation, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, Window,
};
use tinybake_codegen::options::{Bytes, Reference};
use tinybake_codegen::passes::{Patched, patches};
use tinybake_codegen::pipeline::compile_graph;
use tinybake_codegen::{CoreClass, Interface, Optimize, Options, eval, lower, valid};

/// What a graph says on inputs; `None` where no engine would take it.
fn outputs(graph: &Graph, inputs: &[Data]) -> Option<Vec<Data>> {
    let facts = valid::check(graph).unwrap_or_else(|problem| panic!("{problem}\n{graph}"));
    let program = lower::lower(graph, &facts, Reference::Tflm).ok()?;
    Some(eval::run(&program, inputs).expect("inputs that fit"))
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_graphs_say_the_same_in_patches((choices, image) in random::choices(), seed in any::<u64>()) {
        let graph = random::graph(&choices, image);
        let mut random = Random(seed);
        let inputs: Vec<Data> =
            graph.inputs.iter().map(|&id| Data::I8(random.int8(graph.tensor(id).shape.elements()))).collect();
        for candidate in patches(&graph) {
            let Patched { graph: patched, image, patches, .. } = candidate.apply(&graph).expect("a candidate of this graph");
            prop_assert_eq!(outputs(&patched, &inputs), outputs(&graph, &inputs), "{} in {} patches:\n{}", image, patches, patched);
        }
    }

    /// What a candidate says of the graph that it makes: its multiply-accumulates, and RAM that no plan of it undercuts.
    #[test]
    fn candidates_know_what_they_need((choices, image) in random::choices()) {
        let graph = random::graph(&choices, image);
        for candidate in patches(&graph).into_iter().step_by(7) {
            let Patched { graph: patched, macs, .. } = candidate.apply(&graph).expect("a candidate of this graph");
            prop_assert_eq!(patched.nodes.iter().map(|node| valid::macs(&patched, node)).sum::<u64>(), macs, "{}", patched);
            let Ok(facts) = valid::check(&patched) else { continue };
            let Ok(program) = lower::lower(&patched, &facts, Reference::Tflm) else { continue };
            for optimize in [Optimize::Size, Optimize::Speed] {
                let plan = tinybake_codegen::plan::plan(&program, &Options { optimize, ..Options::default() }, [0; 32]);
                let ram = plan.expect("a plan").ram_bytes();
                prop_assert!(candidate.bound <= ram, "{} of {} bytes: {:?}\n{}", candidate.bound, ram, candidate, patched);
            }
        }
    }
}

/// Random graphs often have layers that can be computed patch by patch: else the tests above would say nothing.
#[test]
fn random_graphs_have_patches() {
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
fn public_models_fit_less_memory_in_patches() {
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
            "{}: {before} bytes of RAM, {after} in patches; {} and {} multiply-accumulates",
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
    graphs.find(|graph| patches(graph).len() > 3).expect("one that can be computed in patches")
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

/// The fewest bytes that a refusal names are a limit that is kept, and one less is not.
fn least(graph: &Graph, options: &Options) -> usize {
    let limited = |bytes| compile_graph(graph.clone(), &Options { max_ram: Some(Bytes(bytes)), ..options.clone() }, [0; 32]);
    let text = limited(8).expect_err("too little memory").to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "takes").expect("how much it takes");
    let named: usize = words[at + 1].parse().unwrap_or_else(|_| panic!("{text}"));
    let kept = limited(named).unwrap_or_else(|problem| panic!("{named} bytes were named: {problem}"));
    assert!(kept.plan.ram_bytes() <= named);
    limited(named - 1).expect_err("less than the least");
    named
}

#[test]
fn a_refusal_names_the_least_that_is_reached() {
    for case in common::shared() {
        let Some(most) =
            [("pretrainedResnet", 35_000), ("person_detect", 35_000)].into_iter().find(|(name, _)| case.name.contains(name))
        else {
            continue;
        };
        let compiled = case.compile(&Options::default());
        let named = least(&compiled.original, &Options::default());
        println!("{}: {} bytes, {named} in patches", case.name, compiled.plan.ram_bytes());
        assert!(named < most.1, "{}: {named}", case.name);
    }
    let mut runner = TestRunner::deterministic();
    let strategy = random::choices();
    let mut found = 0;
    for _ in 0..200 {
        let (choices, image) = strategy.new_tree(&mut runner).expect("a tree").current();
        let graph = random::graph(&choices, image);
        let whole = compile_graph(graph.clone(), &Options::default(), [0; 32]).expect("a plan").plan.ram_bytes();
        if whole > 8 {
            found += usize::from(least(&graph, &Options::default()) < whole);
        }
    }
    assert!(found > 2, "{found}");
}

/// A graph with float32 at its ends, as converters make it where the interface is not quantized.
fn with_float_ends(mut graph: Graph) -> Graph {
    let end = |graph: &mut Graph, id: TensorId, name: &str| {
        let inner = graph.tensor(id).clone();
        graph.add_tensor(Tensor { name: format!("{name} {}", inner.name), dtype: DType::F32, quantization: None, ..inner })
    };
    let node = |op, output, name: &str| Node { op, outputs: vec![output], origin: Origin { index: 0, name: name.into() } };
    for index in 0..graph.inputs.len() {
        let inner = graph.inputs[index];
        let outer = end(&mut graph, inner, "float");
        graph.inputs[index] = outer;
        graph.nodes.insert(0, node(Op::Quantize { input: outer }, inner, "quantize"));
    }
    for index in 0..graph.outputs.len() {
        let inner = graph.outputs[index];
        let outer = end(&mut graph, inner, "float");
        graph.outputs[index] = outer;
        graph.nodes.push(node(Op::Dequantize { input: inner }, outer, "dequantize"));
    }
    graph
}

/// A limit of RAM works as well where the interface is float32.
#[test]
fn float_interfaces_are_computed_in_patches() {
    let case = common::shared().into_iter().find(|case| case.name.contains("pretrainedResnet"));
    let Some(case) = case else {
        println!("skipped: no shared models");
        return;
    };
    let graph = with_float_ends(case.compile(&Options::default()).original);
    let whole = compile_graph(graph.clone(), &Options::default(), [0; 32]).expect("a plan");
    let named = least(&graph, &Options::default());
    assert!(named < whole.plan.ram_bytes() * 9 / 10, "{named} of {}", whole.plan.ram_bytes());
    let limited = compile_graph(graph, &Options { max_ram: Some(Bytes(named)), ..Options::default() }, [0; 32]).expect("fits");
    let mut random = Random(7);
    for _ in 0..3 {
        let elements = whole.plan.inputs[0].elements();
        let input = Data::F32(random.int8(elements).into_iter().map(|value| f32::from(value) * 0.7 + 30.0).collect());
        let [a, b] = [&whole, &limited]
            .map(|compiled| eval::run(&compiled.program, core::slice::from_ref(&input)).expect("inputs that fit"));
        assert_eq!(a, b);
    }
}

/// Float32 inputs and outputs lie in the arena like any tensor: the model takes no more than its widest moment, and with an interface of
/// integers exactly what it takes with int8 ends.
#[test]
fn float_interfaces_share_the_arena() {
    let mut runner = TestRunner::deterministic();
    let strategy = random::choices();
    let (mut in_place, mut random) = (0, Random(3));
    for _ in 0..60 {
        let (choices, image) = strategy.new_tree(&mut runner).expect("a tree").current();
        let graph = random::graph(&choices, image);
        for reference in [Reference::Tflm, Reference::Ort] {
            let plan = |graph: &Graph, interface| {
                let options = Options { reference: Some(reference), interface, ..Options::default() };
                compile_graph(graph.clone(), &options, [0; 32])
            };
            // Not every engine takes every graph.
            let Ok(int8) = plan(&graph, Interface::Model) else { continue };
            let outer = with_float_ends(graph.clone());
            let float = plan(&outer, Interface::Model).expect("a plan");
            let dropped = plan(&outer, Interface::Int8).expect("a plan");
            assert_eq!(float.plan.fields, [], "{}", float.plan);
            assert_eq!(dropped.plan.ram_bytes(), int8.plan.ram_bytes(), "{}", dropped.plan);
            let floats = |ports: &[tinybake_codegen::plan::Port]| ports.iter().map(|port| 4 * port.elements()).sum::<usize>();
            let ends = floats(&float.plan.inputs) + floats(&float.plan.outputs);
            assert!(float.plan.ram_bytes() <= int8.plan.ram_bytes().max(ends) + ends, "{}", float.plan);
            in_place += float.plan.steps.iter().filter(|step| step.in_place.is_some() && step.step.kernel.changes_type()).count();
            // What the ends compute is what the caller would.
            let inputs: Vec<Data> = int8.plan.inputs.iter().map(|port| Data::I8(random.int8(port.elements()))).collect();
            let [a, b] = [&int8, &dropped].map(|compiled| eval::run(&compiled.program, &inputs).expect("inputs that fit"));
            assert_eq!(a, b);
        }
    }
    assert!(in_place > 20, "{in_place}");
}

/// Where a float32 input is most of the memory, the network is computed in the rest of it.
#[test]
fn a_float_input_is_quantized_in_place() {
    let case = common::digits();
    let graph = with_float_ends(case.compile(&Options::default()).original);
    let plan =
        |interface| compile_graph(graph.clone(), &Options { interface, ..Options::default() }, [0; 32]).expect("a plan").plan;
    let (float, int8) = (plan(Interface::Model), plan(Interface::Int8));
    let (input, bound) = (4 * float.inputs[0].elements(), int8.ram_bytes());
    println!("{} bytes of RAM, {bound} without floats, {input} of input", float.ram_bytes());
    assert!(float.ram_bytes() <= bound.max(input) + 4 * float.outputs[0].elements(), "{float}");
}

/// Any number of layers to compute patch by patch, in a small file: the search takes about as long and as much memory as one
/// compilation.
#[test]
fn the_search_for_patches_is_bounded() {
    let graph = chain(1500);
    let time = |options: &Options| {
        let start = std::time::Instant::now();
        let problem = compile_graph(graph.clone(), options, [0; 32]).map(|_| ()).err();
        (start.elapsed(), problem)
    };
    let (alone, problem) = time(&Options::default());
    assert_eq!(problem, None);
    let (searched, problem) = time(&Options { max_ram: Some(Bytes(8)), ..Options::default() });
    assert!(problem.is_some_and(|problem| problem.0[0].code == "plan::over_max_ram"));
    println!("{alone:?} without a limit, {searched:?} with one");
    assert!(searched < alone * 12 + std::time::Duration::from_secs(1), "{alone:?} without a limit, {searched:?} with one");
}

/// Convolutions one after the other.
fn chain(count: usize) -> Graph {
    let mut graph = Graph { name: "chain".into(), ..Graph::default() };
    let quantization = |scale| Some(Quantization::per_tensor(scale, 0));
    let tensor = |name: String, shape: &[usize], dtype, scale, value| Tensor {
        name,
        shape: Shape(shape.to_vec()),
        dtype,
        quantization: quantization(scale),
        value,
    };
    let image = |name: String| tensor(name, &[1, 16, 16, 1], DType::I8, 0.1, None);
    let filter = graph.add_weight(Weight { name: "filter".into(), data: Data::I8(vec![1; 9]) });
    let filter = graph.add_tensor(tensor("filter".into(), &[1, 3, 3, 1], DType::I8, 0.1, Some(filter)));
    let mut last = graph.add_tensor(image("input".into()));
    graph.inputs.push(last);
    for index in 0..count {
        let output = graph.add_tensor(image(format!("image {index}")));
        let window = Window::same([3, 3], [1, 1], [1, 1], [16, 16]);
        let op = Op::Conv2d { input: last, filter, bias: None, window, activation: Activation::None };
        graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index, name: format!("conv {index}") } });
        last = output;
    }
    graph.outputs.push(last);
    graph
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
