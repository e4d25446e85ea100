//! An input for every variant of [`ValidError`], and where diagnostics point.

use super::bounds::{busy, copies, joined, shared_filter};
use super::*;
use crate::ir::UnaryKind;
use std::collections::BTreeSet;

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

/// Every error with an input that provokes it, and nothing else first.
fn provoked() -> Vec<(Graph, ValidError)> {
    let name = |name: &str| name.to_string();
    let busy = busy();
    let given = busy.nodes.iter().map(|node| super::super::work(&busy, node)).sum();
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

/// Every node with a problem is told of, by its index, kind and name.
#[test]
fn diagnostics_point_at_operators() {
    let twice = |change: fn(&mut Graph)| {
        changed(|graph| {
            graph.nodes = [1, 4]
                .map(|index| Node { origin: Origin { index, ..graph.nodes[0].origin.clone() }, ..graph.nodes[0].clone() })
                .into();
            let output = graph.add_tensor(graph.tensors[OUTPUT].clone());
            graph.nodes[1].outputs = vec![output];
            change(graph);
        })
    };
    type Change = fn(&mut Graph);
    let broken: [(Change, &str); 5] = [
        (|graph| graph.tensors[INPUT].shape.0[3] = 3, "valid::shape"),
        (|graph| graph.tensors[INPUT].dtype = DType::I32, "valid::dtype"),
        (|graph| graph.tensors[INPUT].quantization = None, "valid::unquantized"),
        (|graph| graph.inputs = vec![graph.add_tensor(graph.tensors[INPUT].clone())], "valid::read_before_write"),
        (
            |graph| {
                graph.sums_in_floats = true;
                *data(graph, 1) = Data::I32(vec![i32::MAX, 0, 0]);
            },
            "valid::accumulator_overflow",
        ),
    ];
    for (change, code) in broken {
        let problems = check(&twice(change)).expect_err(code);
        let told: Vec<_> = problems.0.iter().map(|problem| (problem.code, problem.place.to_string())).collect();
        assert_eq!(told, [1, 4].map(|index| (code, format!("operator {index} (conv2d `conv`)"))));
    }
}
