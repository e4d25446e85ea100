//! The same network in both formats is the same graph, and so the same kernels.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tinybake_codegen::front::safetensors::{Layout, read, write, write_embedded};
use tinybake_codegen::front::tflite;
use tinybake_codegen::ir::{DType, Data, Graph, Op, Quantization, Shape, Tensor, TensorId};

/// A graph without names, and with tensors numbered by their first use: what remains is what is computed.
#[derive(Debug, PartialEq)]
struct Structure {
    tensors: Vec<(Shape, DType, Option<Quantization>, Option<Data>)>,
    nodes: Vec<(Op, Vec<TensorId>)>,
    inputs: Vec<TensorId>,
    outputs: Vec<TensorId>,
}

/// The structure of a graph. The scale of a bias, or of an index, follows from its op and is left out.
fn structure(graph: &Graph) -> Structure {
    let mut numbers: BTreeMap<TensorId, TensorId> = BTreeMap::new();
    let mut tensors = Vec::new();
    let mut number = |id: TensorId| {
        *numbers.entry(id).or_insert_with(|| {
            let Tensor { name: _, shape, dtype, quantization, value } = graph.tensor(id);
            let quantization = quantization.clone().filter(|_| value.is_none() || !matches!(dtype, DType::I32 | DType::I64));
            tensors.push((shape.clone(), *dtype, quantization, graph.value(id).cloned()));
            TensorId(tensors.len() as u32 - 1)
        })
    };
    let inputs = graph.inputs.iter().map(|&id| number(id)).collect();
    let mut nodes = Vec::new();
    for node in &graph.nodes {
        let mut op = node.op.clone();
        op.for_each_input(|id| *id = number(*id));
        nodes.push((op, node.outputs.iter().map(|&id| number(id)).collect()));
    }
    let outputs = graph.outputs.iter().map(|&id| number(id)).collect();
    Structure { tensors, nodes, inputs, outputs }
}

/// Reads a TensorFlow Lite model, writes it in the native format every way, and reads it again. `Err` where the first
/// reader refuses the model. A graph with a constant output must be refused by the writer, since the format has none.
fn round_trip(model: &Path) -> Result<(), String> {
    let bytes = std::fs::read(model).map_err(|problem| problem.to_string())?;
    let graph = tflite::read(&bytes, "model").map_err(|problem| problem.to_string())?;
    if graph.outputs.iter().any(|&id| graph.value(id).is_some()) {
        let refused = write(&graph, Layout::Torch).map(|_| ()).expect_err("a constant output is written");
        assert_eq!(refused.0[0].code, "native::unwritable", "{}: {refused}", model.display());
        return Ok(());
    }
    let expected = structure(&graph);
    for layout in [Layout::Torch, Layout::Tflite] {
        let written = write(&graph, layout).unwrap_or_else(|problem| panic!("{}: {problem}", model.display()));
        let again = read(&written.0, Some(&written.1), "model");
        let again = again.unwrap_or_else(|problem| panic!("{}, {layout:?}: {problem}\n{}", model.display(), written.1));
        assert!(structure(&again) == expected, "{}, {layout:?}:\n{graph}\n{again}\n{}", model.display(), written.1);
        let embedded = write_embedded(&graph, layout).unwrap_or_else(|problem| panic!("{}: {problem}", model.display()));
        let from_metadata = read(&embedded, None, "model").unwrap_or_else(|problem| panic!("{}: {problem}", model.display()));
        assert_eq!(from_metadata, again, "{}", model.display());
    }
    Ok(())
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut models: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    models.sort();
    models
        .iter()
        .flat_map(|path| if path.is_dir() { self::models(path) } else { vec![path.clone()] })
        .filter(|path| is_model(path))
        .collect()
}

fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tflite")
}

#[test]
fn conformance_cases_are_the_same_in_both_formats() {
    let cases = common::conformance();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    for case in cases {
        round_trip(&case.model).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
    }
}

#[test]
fn public_models_are_the_same_in_both_formats() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    if !root.is_dir() {
        println!("skipped: ../shared/models is not there, so no public models are tested");
        return;
    }
    let (mut same, mut refused) = (0, 0);
    for model in models(&root) {
        match round_trip(&model) {
            Ok(()) => same += 1,
            Err(problem) => {
                println!("not read: {}: {problem}", model.display());
                refused += 1;
            }
        }
    }
    println!("{same} the same, {refused} refused by the reader of TensorFlow Lite models");
    assert!(same >= 5);
}

/// The code that is generated, without the hash of the file.
fn generated(graph: Graph, name: &str) -> String {
    use tinybake_codegen::{Options, emit::Emitter, pipeline::compile_graph};
    let compiled = compile_graph(graph, &Options::default(), [0; 32]).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    Emitter::default().emit(&compiled.plan).items.to_string()
}

/// What is generated does not depend on the format: the same program but for names.
#[test]
fn the_formats_generate_the_same_kernels() {
    use tinybake_codegen::Options;
    use tinybake_codegen::pipeline::compile_graph;
    use tinybake_codegen::plan::{Plan, PlannedStep};
    for case in common::conformance().into_iter().step_by(7) {
        let compiled = case.compile(&Options::default());
        let (bytes, topology) = write(&compiled.original, Layout::Torch).expect("it writes");
        let again = read(&bytes, Some(&topology), &compiled.original.name).expect("it reads");
        let again =
            compile_graph(again, &Options::default(), [0; 32]).unwrap_or_else(|problem| panic!("{}: {problem}", case.name));
        assert_eq!(structure(&again.graph), structure(&compiled.graph), "{}", case.name);
        let facts = |plan: &Plan| (plan.arena_bytes, plan.weight_bytes(), plan.macs);
        assert_eq!(facts(&again.plan), facts(&compiled.plan), "{}", case.name);
        let steps = |plan: &Plan| {
            let step =
                |step: &PlannedStep| (step.form, step.reads.clone(), step.writes.clone(), step.in_place, step.shapes.clone());
            plan.steps.iter().map(step).collect::<Vec<_>>()
        };
        assert_eq!(steps(&again.plan), steps(&compiled.plan), "{}", case.name);
    }
}

fn example(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models").join(name);
    std::fs::read(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

fn native(name: &str) -> Graph {
    let topology = String::from_utf8(example(&format!("{name}.toml"))).expect("text");
    let bytes = example(&format!("{name}.safetensors"));
    read(&bytes, Some(&topology), "digits").unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// The flatbuffer is made of the safetensors file by a script that knows nothing of the readers here.
#[test]
fn the_digits_model_is_the_same_in_both_formats() {
    let flatbuffer = tflite::read(&example("digits.tflite"), "digits").unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(structure(&native("digits")), structure(&flatbuffer));
    assert_eq!(generated(native("digits"), "digits"), generated(flatbuffer.clone(), "digits"));
    let float = native("digits-float");
    assert!(float.tensors.iter().all(|tensor| tensor.dtype == DType::F32 && tensor.quantization.is_none()));
    let ops = |graph: &Graph| graph.nodes.iter().map(|node| node.op.name()).collect::<Vec<_>>();
    assert_eq!(ops(&float), ops(&flatbuffer));
}

/// What TensorFlow Lite Micro recorded for the flatbuffer is what the safetensors file computes.
#[test]
fn the_native_digits_model_equals_tflm() {
    use tinybake_codegen::measure::{Golden, Program};
    use tinybake_codegen::{Options, eval, pipeline::compile_graph};
    let compiled = compile_graph(native("digits"), &Options::default(), [0; 32]).unwrap_or_else(|problem| panic!("{problem}"));
    let program = Program::of_plan(&compiled.plan);
    let golden = Golden::parse(&example("digits.test.safetensors")).unwrap_or_else(|problem| panic!("{problem}"));
    let case = common::Case { name: "digits".into(), model: PathBuf::new(), golden };
    let samples = case.samples(&program);
    assert_eq!(samples.len(), 360);
    let mut outputs = Vec::new();
    for sample in &samples {
        let results = eval::run(&compiled.program, sample).unwrap_or_else(|problem| panic!("{problem}"));
        outputs.extend(results.iter().flat_map(common::bytes));
    }
    let recorded = example("digits.test.safetensors");
    let recorded = safetensors::SafeTensors::deserialize(&recorded).expect("a recording");
    assert_eq!(outputs, recorded.tensor("output.0.tflm").expect("the outputs").data());
}

/// The example embeds its images without a reader of safetensors, so that its first build is short.
#[test]
fn the_example_classifies_the_held_out_images() {
    let recorded = example("digits.test.safetensors");
    let recorded = safetensors::SafeTensors::deserialize(&recorded).expect("a recording");
    for (file, tensor) in [("images.bin", "input.0"), ("labels.bin", "labels")] {
        let embedded = example(&format!("../digits/{file}"));
        assert_eq!(embedded, recorded.tensor(tensor).expect("the tensor").data(), "{file}");
    }
}
