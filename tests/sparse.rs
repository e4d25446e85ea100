//! Kernels that skip weights that are zero say what the evaluator says, which has the plain ones: on this computer, where they are
//! portable loops, and on emulated cores, where they are assembly.

mod common;

use common::random::Random;
use std::path::PathBuf;
use tinybake_codegen::boards::Catalogue;
use tinybake_codegen::ir::{
    Activation, DType, Data, Graph, Node, Op, Origin, Quantization, Shape, Tensor, TensorId, Weight, Window, infer,
};
use tinybake_codegen::measure::{self, Program, Samples};
use tinybake_codegen::options::{CoreClass, FormKind};
use tinybake_codegen::pipeline::{Compiled, compile_graph};
use tinybake_codegen::{Optimize, Options, eval};

/// Images of this many samples, of which the first two are of extremes.
const SAMPLES: usize = 4;

fn constant(graph: &mut Graph, shape: Vec<usize>, data: Data, quantization: Option<Quantization>) -> TensorId {
    let name = format!("constant{}", graph.tensors.len());
    let dtype = data.dtype();
    let value = Some(graph.add_weight(Weight { name: name.clone(), data }));
    graph.add_tensor(Tensor { name, shape: Shape(shape), dtype, quantization, value })
}

/// Weights of which about `left` of 16 are not zero; some channels have none, some have only the greatest there are, and some have
/// long gaps.
fn weights(random: &mut Random, channels: usize, size: usize, left: u64) -> Vec<i8> {
    let mut weights = Vec::with_capacity(channels * size);
    for channel in 0..channels {
        let kind = if channel == 0 { 0 } else { random.next() % 6 };
        let left = [left, left, left, left, 0, 1][kind as usize];
        weights.extend((0..size).map(|_| {
            let weight = (random.next() as i8).max(-127);
            match (random.next() % 16 < left, channel % 3) {
                (false, _) => 0,
                (true, 0) => 127 * weight.signum(),
                (true, _) => weight,
            }
        }));
    }
    weights
}

/// A graph of one convolution.
fn layer(random: &mut Random) -> Graph {
    let mut graph = Graph { name: "layer".into(), ..Graph::default() };
    let below = |random: &mut Random, end: u64| (random.next() % end) as usize;
    let image = [1, 2 + below(random, 7), 2 + below(random, 7), 1 + below(random, 40)];
    let pointwise = below(random, 2) == 0;
    let kernel = if pointwise { [1, 1] } else { [1 + below(random, 3), 1 + below(random, 3)] };
    let stride = if pointwise { [1, 1] } else { [1 + below(random, 2), 1 + below(random, 2)] };
    let window = if below(random, 2) == 0 {
        Window::same(kernel, stride, [1, 1], [image[1], image[2]])
    } else {
        Window::valid(kernel.map(|taps| taps.min(2)), stride, [1, 1])
    };
    let (channels, zero_points) = (1 + below(random, 9), [below(random, 256) as i32 - 128, below(random, 256) as i32 - 128]);
    let tensor = |name: &str, shape: Vec<usize>, scale: f32, zero_point: i32| Tensor {
        name: name.into(),
        shape: Shape(shape),
        dtype: DType::I8,
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        value: None,
    };
    let input = graph.add_tensor(tensor("input", image.to_vec(), 0.05, zero_points[0]));
    let size = window.kernel[0] * window.kernel[1] * image[3];
    let left = [2, 4, 8, 10][below(random, 4)];
    let weights = Data::I8(weights(random, channels, size, left));
    let scales = Quantization {
        scales: (0..channels).map(|_| 0.002 + below(random, 50) as f32 / 9000.0).collect(),
        zero_points: vec![0; channels],
        axis: 0,
    };
    let filter = constant(&mut graph, vec![channels, window.kernel[0], window.kernel[1], image[3]], weights, Some(scales));
    let bias = Data::I32((0..channels).map(|_| below(random, 9000) as i32 - 4500).collect());
    let bias = Some(constant(&mut graph, vec![channels], bias, None));
    let activation = [Activation::None, Activation::Relu, Activation::Relu6][below(random, 3)];
    let op = Op::Conv2d { input, filter, bias, window, activation };
    let shape = infer(&op, &graph, &[None]).expect("a convolution").remove(0);
    let output = graph.add_tensor(tensor("output", shape.0, 0.02 + size as f32 / 900.0, zero_points[1]));
    graph.inputs.push(input);
    graph.outputs.push(output);
    graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: "layer".into() } });
    graph
}

/// Layers that have the form on the core, compiled.
fn layers(core: CoreClass, form: FormKind, optimize: Optimize) -> Vec<Compiled> {
    let mut random = Random(7);
    let options = Options { optimize, core, form: Some(form), ..Options::default() };
    let layers = (0..150).map(|_| layer(&mut random));
    let compiled = layers
        .map(|graph| compile_graph(graph.clone(), &options, [0; 32]).unwrap_or_else(|problem| panic!("{problem}\n{graph}")));
    compiled.filter(|compiled| compiled.plan.steps.iter().any(|planned| planned.form.kind() == form)).collect()
}

fn images(compiled: &Compiled, random: &mut Random) -> Vec<Vec<i8>> {
    let count = compiled.plan.inputs[0].elements();
    let extreme = (0..count).map(|_| if random.next().is_multiple_of(2) { -128 } else { 127 }).collect();
    let mut images = vec![vec![-128; count], extreme];
    images.resize_with(SAMPLES, || random.int8(count));
    images
}

fn equal(on: &str, core: CoreClass, form: FormKind, optimize: Optimize) {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find(on).expect("a core of the table");
    if let Err(missing) = measure::available(&target) {
        assert!(missing.is_missing_tool(), "{missing}");
        println!("skipped: {on}: {missing}");
        return;
    }
    let layers = layers(core, form, optimize);
    assert!(layers.len() >= 40, "{on}: only {} layers are {form}", layers.len());
    let mut random = Random(3);
    let images: Vec<Vec<Vec<i8>>> = layers.iter().map(|compiled| images(compiled, &mut random)).collect();
    let programs: Vec<Program> = layers.iter().map(|compiled| Program::of_plan(&compiled.plan)).collect();
    let samples: Vec<Samples> = images
        .iter()
        .map(|images| Samples { count: SAMPLES, inputs: vec![images.concat().iter().map(|&x| x as u8).collect()] })
        .collect();
    let batch: Vec<(&Program, &Samples)> = programs.iter().zip(&samples).collect();
    let measuring = measure::Options {
        size: optimize == Optimize::Size,
        directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("measure"),
        ..measure::Options::default()
    };
    if on != "host" {
        let programs: Vec<&Program> = programs.iter().collect();
        let found = measure::breaches(&programs, &target, &measuring).unwrap_or_else(|problem| panic!("{on}: {problem}"));
        assert!(found.none(false), "{on}, {form}: {found:#?}");
    }
    let runs = measure::run_many(&batch, &target, &measuring).unwrap_or_else(|problem| panic!("{on}: {problem}"));
    let (mut varied, mut deepest) = (0, 0);
    for ((compiled, images), run) in layers.iter().zip(&images).zip(&runs) {
        let mut expected = Vec::new();
        for image in images {
            let outputs = eval::run(&compiled.program, &[Data::I8(image.clone())]).expect("inputs that fit");
            expected.extend(outputs[0].as_i8().expect("int8").iter().map(|&y| y as u8));
        }
        varied += usize::from(expected.iter().any(|&y| y != expected[0]));
        assert_eq!(run.outputs[0], expected, "{on}, {core:?}, {form}:\n{}", compiled.graph);
        let lent = compiled.plan.steps.iter().map(|planned| planned.lent_bytes()).max().unwrap_or(0);
        deepest = deepest.max(run.stack_bytes.unwrap_or(0).saturating_sub(lent as u64));
        assert!(run.stack_bytes <= run.stack_bound_bytes, "{on}, {form}: {:?} of {:?}", run.stack_bytes, run.stack_bound_bytes);
    }
    println!("{on}, {form}: {} layers are equal; {deepest} bytes of stack beyond what is lent", layers.len());
    assert!(2 * varied > layers.len(), "outputs say little: {varied} of {}", layers.len());
}

#[test]
fn lanes_over_weights_that_are_not_zero() {
    for (on, core) in [("cortex-m0plus", CoreClass::Armv6M), ("cortex-m4", CoreClass::Dsp), ("riscv32imc", CoreClass::Riscv32)] {
        equal("host", core, FormKind::SparseLanes, Optimize::Speed);
        equal(on, core, FormKind::SparseLanes, Optimize::Speed);
    }
}

#[test]
fn pairs_of_weights_that_are_not_zero() {
    for on in ["host", "cortex-m4"] {
        equal(on, CoreClass::Dsp, FormKind::SparsePairs, Optimize::Speed);
    }
}

#[test]
fn weights_that_are_not_zero() {
    for (on, core) in [("cortex-m0plus", CoreClass::Armv6M), ("cortex-m4", CoreClass::Dsp), ("riscv32imc", CoreClass::Riscv32)] {
        equal(on, core, FormKind::Sparse, Optimize::Size);
    }
}
