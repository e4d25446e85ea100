//! An input for every variant of [`ValidError`], and the edges of what is accepted.

use super::*;
use crate::ir::{
    Activation, DType, Data, Op, Origin, PoolKind, Quantization, Shape, Tensor, TensorId, UnaryKind, Weight, WeightId, Window,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Lists every variant: a new one does not compile until it is named here, and fails the test until an input provokes it.
macro_rules! variants {
    ($($name:ident),* $(,)?) => {
        const VARIANTS: &[&str] = &[$(stringify!($name)),*];

        fn variant(error: &ValidError) -> &'static str {
            match error {
                $(ValidError::$name { .. } => stringify!($name),)*
            }
        }
    };
}

variants!(
    ReadBeforeWrite,
    WrittenTwice,
    NoSuchTensor,
    ConstantSize,
    EmptyTensor,
    TooLarge,
    TooManyNodes,
    TooManyOperands,
    TooManyReads,
    TooMuchWork,
    Shape,
    Batch,
    FloatModel,
    PartlyQuantized,
    Unsigned,
    DType,
    Unquantized,
    Scale,
    ZeroPoint,
    ScaleCount,
    NotConstant,
    AccumulatorOverflow,
    Multiplier,
    Unsupported,
    NoPorts,
);

const INPUT: usize = 0;
const FILTER: usize = 1;
const OUTPUT: usize = 3;

/// `x` [1, 4, 4, 2] by `w` [3, 2, 2, 2] and `b` [3] to `y` [1, 3, 3, 3], all weights 1.
fn conv() -> Graph {
    let mut graph = Graph::default();
    let mut tensor = |name: &str, shape: &[usize], dtype, scale, value: Option<u32>| {
        let (shape, quantization) = (Shape(shape.to_vec()), Some(Quantization::per_tensor(scale, 0)));
        graph.tensors.push(Tensor { name: name.into(), shape, dtype, quantization, value: value.map(WeightId) });
    };
    tensor("x", &[1, 4, 4, 2], DType::I8, 0.5, None);
    tensor("w", &[3, 2, 2, 2], DType::I8, 0.25, Some(0));
    tensor("b", &[3], DType::I32, 0.125, Some(1));
    tensor("y", &[1, 3, 3, 3], DType::I8, 1.0, None);
    graph.add_weight(Weight { name: "w".into(), data: Data::I8(vec![1; 24]) });
    graph.add_weight(Weight { name: "b".into(), data: Data::I32(vec![0; 3]) });
    let [input, filter, bias, output] = [0, 1, 2, 3].map(TensorId);
    let window = Window::valid([2, 2], [1, 1], [1, 1]);
    let op = Op::Conv2d { input, filter, bias: Some(bias), window, activation: Activation::None };
    graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: "conv".into() } });
    (graph.inputs, graph.outputs) = (vec![input], vec![output]);
    graph
}

/// The graph after a change.
fn changed(change: impl FnOnce(&mut Graph)) -> Graph {
    let mut graph = conv();
    change(&mut graph);
    graph
}

fn quantization(graph: &mut Graph, tensor: usize) -> &mut Quantization {
    graph.tensors[tensor].quantization.as_mut().expect("a quantization")
}

fn data(graph: &mut Graph, weight: usize) -> &mut Data {
    &mut Arc::make_mut(&mut graph.weights[weight]).data
}

/// A graph whose source adds products in floats.
fn in_floats(graph: Graph) -> Graph {
    Graph { sums_in_floats: true, ..graph }
}

/// The convolution, and a function of its output in floats.
fn partly() -> Graph {
    changed(|graph| {
        let mut last = TensorId(OUTPUT as u32);
        let ops: [fn(TensorId) -> Op; 2] = [|input| Op::Dequantize { input }, |input| Op::Unary { kind: UnaryKind::Tanh, input }];
        for (index, op) in ops.into_iter().enumerate() {
            let real = Tensor { dtype: DType::F32, quantization: None, ..graph.tensors[OUTPUT].clone() };
            let output = graph.add_tensor(real);
            graph.nodes.push(Node {
                op: op(last),
                outputs: vec![output],
                origin: Origin { index: index + 1, name: "real".into() },
            });
            last = output;
        }
        graph.outputs = vec![last];
    })
}

/// A bias of the first channel.
fn biased(bias: i32) -> Graph {
    changed(|graph| *data(graph, 1) = Data::I32(vec![bias, 0, 0]))
}

/// `count` nodes that copy the input to tensors of their own.
fn copies(count: usize) -> Graph {
    changed(|graph| {
        graph.nodes.clear();
        for index in 0..count {
            let output = graph.add_tensor(graph.tensors[INPUT].clone());
            let op = Op::Reshape { input: TensorId(0) };
            graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index, name: "copy".into() } });
            graph.outputs = vec![output];
        }
    })
}

/// A concatenation of the input with itself, `count` times, whose output has no element too many.
fn joined(count: usize) -> Graph {
    changed(|graph| {
        graph.tensors[OUTPUT].shape = Shape(vec![1, 4, 4, 2 * count]);
        graph.nodes[0].op = Op::Concatenation { inputs: vec![TensorId(0); count], axis: 3, activation: Activation::None };
    })
}

/// `reads` convolutions with one filter, of 1 MiB with the bias; what they make is never looked at.
fn shared_filter(reads: usize) -> Graph {
    changed(|graph| {
        *data(graph, 0) = Data::I8(vec![0; (1 << 20) - 12]);
        graph.nodes = vec![graph.nodes[0].clone(); reads];
    })
}

/// A convolution of so many output rows, each of 2^20 products and one output of 16 channels.
fn work(rows: usize) -> Graph {
    changed(|graph| {
        graph.tensors[INPUT].shape = Shape(vec![1, rows, 256, 1]);
        graph.tensors[FILTER].shape = Shape(vec![16, 1, 256, 1]);
        *data(graph, 0) = Data::I8(vec![0; 4096]);
        *data(graph, 1) = Data::I32(vec![0; 16]);
        graph.tensors[2].shape = Shape(vec![16]);
        graph.tensors[OUTPUT].shape = Shape(vec![1, rows, 256, 16]);
        let window = Window::same([1, 256], [1, 1], [1, 1], [rows, 256]);
        if let Op::Conv2d { window: given, .. } = &mut graph.nodes[0].op {
            *given = window;
        }
    })
}

/// Every error with an input that provokes it, and nothing else first.
fn provoked() -> Vec<(Graph, ValidError)> {
    let name = |name: &str| name.to_string();
    let busy = {
        let mut graph = work(4000);
        graph.nodes = (0..5)
            .map(|index| {
                let output = graph.add_tensor(graph.tensors[OUTPUT].clone());
                Node { outputs: vec![output], origin: Origin { index, name: "conv".into() }, ..graph.nodes[0].clone() }
            })
            .collect();
        graph.outputs = graph.nodes[4].outputs.clone();
        graph
    };
    let given = busy.nodes.iter().map(|node| super::work(&busy, node)).sum();
    let mut wrong_shape = conv();
    wrong_shape.tensors[OUTPUT].shape = Shape(vec![1, 3, 3, 4]);
    let declared = [Some(wrong_shape.tensors[OUTPUT].shape.clone())];
    let shape_error = crate::ir::infer(&wrong_shape.nodes[0].op, &wrong_shape, &declared).expect_err("another shape").to_string();
    let factor = f64::from(1e20f32) * f64::from(0.25f32) / f64::from(1e-5f32);
    vec![
        (changed(|graph| graph.nodes.clear()), ValidError::ReadBeforeWrite { tensor: name("y") }),
        (changed(|graph| graph.inputs[0] = TensorId(2)), ValidError::WrittenTwice { tensor: name("b") }),
        (
            changed(|graph| {
                graph.inputs = vec![graph.add_tensor(graph.tensors[INPUT].clone())];
            }),
            ValidError::ReadBeforeWrite { tensor: name("x") },
        ),
        (changed(|graph| graph.inputs.push(TensorId(3))), ValidError::WrittenTwice { tensor: name("y") }),
        (changed(|graph| graph.inputs.push(TensorId(4))), ValidError::NoSuchTensor { index: 4, count: 4 }),
        (changed(|graph| graph.nodes[0].outputs[0] = TensorId(9)), ValidError::NoSuchTensor { index: 9, count: 4 }),
        (
            changed(|graph| *data(graph, 0) = Data::I8(vec![1; 23])),
            ValidError::ConstantSize { tensor: name("w"), shape: name("[3, 2, 2, 2]"), expected: 24, given: 23 },
        ),
        (
            changed(|graph| graph.tensors[INPUT].shape = Shape(vec![1, 0, 4, 2])),
            ValidError::EmptyTensor { tensor: name("x"), shape: name("[1, 0, 4, 2]") },
        ),
        (
            changed(|graph| graph.tensors[INPUT].shape = Shape(vec![1, 4096, 4096, 2])),
            ValidError::TooLarge { tensor: name("x"), shape: name("[1, 4096, 4096, 2]"), bytes: 32 << 20, limit: 16 << 20 },
        ),
        (copies(2049), ValidError::TooManyNodes { given: 2049, limit: 2048 }),
        (joined(8191), ValidError::TooManyOperands { given: 8193, limit: 8192 }),
        (shared_filter(9), ValidError::TooManyReads { given: 9 << 20, limit: 8 << 20 }),
        (busy, ValidError::TooMuchWork { given, limit: 20_000_000_000 }),
        (wrong_shape, ValidError::Shape(shape_error)),
        (
            changed(|graph| {
                graph.tensors[INPUT].shape.0[0] = 2;
                graph.tensors[OUTPUT].shape.0[0] = 2;
            }),
            ValidError::Batch { tensor: name("x"), shape: name("[2, 4, 4, 2]"), batch: 2 },
        ),
        (changed(|graph| graph.tensors[INPUT].dtype = DType::F32), ValidError::FloatModel { tensor: name("x") }),
        (partly(), ValidError::PartlyQuantized { count: 1, operators: name("tanh (operator 2)") }),
        (changed(|graph| graph.tensors[INPUT].dtype = DType::U8), ValidError::Unsigned { tensor: name("x") }),
        (
            changed(|graph| graph.tensors[INPUT].dtype = DType::I32),
            ValidError::DType { tensor: name("x"), expected: "int8 or int16", given: "int32" },
        ),
        (changed(|graph| graph.tensors[INPUT].quantization = None), ValidError::Unquantized { tensor: name("x") }),
        (changed(|graph| graph.tensors[FILTER].quantization = None), ValidError::Unquantized { tensor: name("w") }),
        (changed(|graph| quantization(graph, OUTPUT).scales = vec![0.0]), ValidError::Scale { tensor: name("y"), scale: 0.0 }),
        (
            changed(|graph| quantization(graph, INPUT).scales = vec![f32::INFINITY]),
            ValidError::Scale { tensor: name("x"), scale: f32::INFINITY },
        ),
        (
            changed(|graph| quantization(graph, FILTER).zero_points = vec![3]),
            ValidError::ZeroPoint { tensor: name("w"), expected: "0", given: 3 },
        ),
        (
            changed(|graph| quantization(graph, OUTPUT).zero_points = vec![128]),
            ValidError::ZeroPoint { tensor: name("y"), expected: "-128 to 127", given: 128 },
        ),
        (
            changed(|graph| {
                let filter = quantization(graph, FILTER);
                (filter.scales, filter.zero_points) = (vec![0.25; 2], vec![0; 2]);
            }),
            ValidError::ScaleCount { tensor: name("w"), expected: name("1 or 3"), given: 2 },
        ),
        (
            changed(|graph| {
                let input = quantization(graph, INPUT);
                (input.scales, input.zero_points) = (vec![0.25; 2], vec![0; 2]);
            }),
            ValidError::ScaleCount { tensor: name("x"), expected: name("1"), given: 2 },
        ),
        (
            changed(|graph| {
                graph.tensors[FILTER].value = None;
                graph.inputs.push(TensorId(1));
            }),
            ValidError::NotConstant { tensor: name("w") },
        ),
        // Eight products of at most 127, and of at least -128.
        (in_floats(biased(i32::MAX - 1015)), ValidError::AccumulatorOverflow { channel: 0, reached: 1 << 31 }),
        (in_floats(biased(i32::MIN + 1023)), ValidError::AccumulatorOverflow { channel: 0, reached: -(1 << 31) - 1 }),
        (
            changed(|graph| {
                quantization(graph, INPUT).scales = vec![1e20];
                quantization(graph, OUTPUT).scales = vec![1e-5];
            }),
            ValidError::Multiplier { factor, reference: "the reference" },
        ),
        (
            changed(|graph| {
                graph.tensors[OUTPUT].shape = graph.tensors[INPUT].shape.clone();
                graph.nodes[0].op = Op::Softmax { input: TensorId(0), beta: -1.0 };
            }),
            ValidError::Unsupported("beta is -1, expected a positive finite number".into()),
        ),
        (changed(|graph| graph.inputs.clear()), ValidError::NoPorts("input")),
        (changed(|graph| graph.outputs.clear()), ValidError::NoPorts("output")),
    ]
}

#[test]
fn every_error_has_an_input_that_provokes_it() {
    let mut seen = BTreeSet::new();
    for (graph, error) in provoked() {
        let Diagnostics(problems) = check(&graph).expect_err(variant(&error));
        assert_eq!((problems[0].code, problems[0].message.as_str()), (error.code(), error.to_string().as_str()));
        assert!(!problems[0].help.is_empty(), "{error}");
        seen.insert(variant(&error));
    }
    assert_eq!(seen, VARIANTS.iter().copied().collect(), "errors that no input here provokes");
}

/// What lies just within each bound is accepted.
#[test]
fn the_edges_are_accepted() {
    let accepted = [
        conv(),
        copies(2048),
        joined(8190),
        in_floats(biased(i32::MAX - 1016)),
        in_floats(biased(i32::MIN + 1024)),
        // Sums of integers wrap.
        biased(i32::MAX - 1015),
        biased(i32::MIN + 1023),
        changed(|graph| quantization(graph, OUTPUT).zero_points = vec![127]),
        changed(|graph| quantization(graph, INPUT).zero_points = vec![-128]),
        changed(|graph| {
            let filter = quantization(graph, FILTER);
            (filter.scales, filter.zero_points) = (vec![0.25; 3], vec![0; 3]);
        }),
    ];
    for graph in accepted {
        check(&graph).unwrap_or_else(|problems| panic!("{problems}"));
    }
    // Eight reads are within the bound; that the shapes do not go together is found later.
    let problems = check(&shared_filter(8)).expect_err("wrong shapes");
    assert_ne!(problems.0[0].code, "valid::too_many_reads");
}

/// Accumulators are bounded by the actual weights, the range of the input, its zero point and the bias.
#[test]
fn accumulators_are_bounded_exactly() {
    let sums = |graph: &Graph| check(graph).unwrap_or_else(|problems| panic!("{problems}")).accumulators.remove(0);
    let range = |min, max| AccumulatorRange { min, max };
    assert_eq!(sums(&biased(10)), [range(10 - 8 * 128, 10 + 8 * 127), range(-8 * 128, 8 * 127), range(-8 * 128, 8 * 127)]);
    let shifted = changed(|graph| {
        quantization(graph, INPUT).zero_points = vec![-28];
        *data(graph, 0) = Data::I8((0..24).map(|index| if index < 8 { 2 } else { -1 }).collect());
    });
    // Values less the zero point are -100 to 155.
    assert_eq!(sums(&shifted), [range(-1600, 2480), range(-1240, 800), range(-1240, 800)]);
    // Of a depthwise layer, channels are the last axis.
    let depthwise = changed(|graph| {
        graph.tensors[FILTER].shape = Shape(vec![1, 2, 2, 2]);
        *data(graph, 0) = Data::I8(vec![1, 10, 1, 10, 1, 10, 1, 10]);
        graph.tensors[2].shape = Shape(vec![2]);
        *data(graph, 1) = Data::I32(vec![0, 5]);
        graph.tensors[OUTPUT].shape = Shape(vec![1, 3, 3, 2]);
        let window = Window::valid([2, 2], [1, 1], [1, 1]);
        let (input, filter, bias) = (TensorId(0), TensorId(1), Some(TensorId(2)));
        graph.nodes[0].op = Op::DepthwiseConv2d { input, filter, bias, window, activation: Activation::None };
    });
    assert_eq!(sums(&depthwise), [range(-512, 508), range(5 - 5120, 5 + 5080)]);
}

/// What clamps and movement tell of the values of a tensor.
#[test]
fn ranges_follow_clamps_and_movement() {
    let last = |graph: &Graph| {
        let facts = check(graph).unwrap_or_else(|problems| panic!("{problems}"));
        facts.ranges[graph.outputs[0].0 as usize]
    };
    let relu = |activation| {
        changed(|graph| {
            quantization(graph, OUTPUT).zero_points = vec![-20];
            if let Op::Conv2d { activation: given, .. } = &mut graph.nodes[0].op {
                *given = activation;
            }
        })
    };
    assert_eq!(last(&relu(Activation::None)), Range::INT8);
    assert_eq!(last(&relu(Activation::Relu)), Range { min: -20, max: 127 });
    assert_eq!(last(&relu(Activation::Relu6)), Range { min: -20, max: -14 });
    // A pool, a pad and a concatenation of what is clamped.
    let after = |op: Op, shape: &[usize]| {
        let mut graph = relu(Activation::Relu6);
        let output = graph.add_tensor(Tensor { shape: Shape(shape.to_vec()), ..graph.tensors[OUTPUT].clone() });
        graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 1, name: "after".into() } });
        graph.outputs = vec![output];
        last(&graph)
    };
    let window = Window::valid([2, 2], [1, 1], [1, 1]);
    let pool = Op::Pool2d { kind: PoolKind::Max, input: TensorId(3), window, activation: Activation::None };
    assert_eq!(after(pool, &[1, 2, 2, 3]), Range { min: -20, max: -14 });
    let (before, behind) = (vec![0, 1, 0, 0], vec![0; 4]);
    let pad = Op::Pad { input: TensorId(3), before, after: behind, value: 7 };
    assert_eq!(after(pad, &[1, 4, 3, 3]), Range { min: -20, max: 7 });
    let join = Op::Concatenation { inputs: vec![TensorId(3), TensorId(3)], axis: 3, activation: Activation::None };
    assert_eq!(after(join, &[1, 3, 3, 6]), Range { min: -20, max: -14 });
}
