//! Limits of structure: what lies just within them is accepted.

use super::*;
use crate::ir::PoolKind;

/// `count` nodes that copy the input to tensors of their own.
pub(super) fn copies(count: usize) -> Graph {
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
pub(super) fn joined(count: usize) -> Graph {
    changed(|graph| {
        graph.tensors[OUTPUT].shape = Shape(vec![1, 4, 4, 2 * count]);
        graph.nodes[0].op = Op::Concatenation { inputs: vec![TensorId(0); count], axis: 3, activation: Activation::None };
    })
}

/// `reads` convolutions with one filter, of 1 MiB with the bias; what they make is never looked at.
pub(super) fn shared_filter(reads: usize) -> Graph {
    changed(|graph| {
        *data(graph, 0) = Data::I8(vec![0; (1 << 20) - 12]);
        graph.nodes = vec![graph.nodes[0].clone(); reads];
    })
}

/// Five convolutions of 4000 output rows, each of 2^20 products.
pub(super) fn busy() -> Graph {
    changed(|graph| {
        graph.tensors[INPUT].shape = Shape(vec![1, 4000, 256, 1]);
        graph.tensors[FILTER].shape = Shape(vec![16, 1, 256, 1]);
        *data(graph, 0) = Data::I8(vec![0; 4096]);
        *data(graph, 1) = Data::I32(vec![0; 16]);
        graph.tensors[2].shape = Shape(vec![16]);
        graph.tensors[OUTPUT].shape = Shape(vec![1, 4000, 256, 16]);
        if let Op::Conv2d { window, .. } = &mut graph.nodes[0].op {
            *window = Window::same([1, 256], [1, 1], [1, 1], [4000, 256]);
        }
        let again = |index| {
            let output = graph.add_tensor(graph.tensors[OUTPUT].clone());
            Node { outputs: vec![output], origin: Origin { index, name: "conv".into() }, ..graph.nodes[0].clone() }
        };
        graph.nodes = (0..5).map(again).collect();
        graph.outputs = graph.nodes[4].outputs.clone();
    })
}

/// A pool of 55,921 outputs over 357,640 pixels each: 20,000,000,000 steps, its reads included.
fn just_enough_work() -> Graph {
    changed(|graph| {
        let (made, kernel) = (55_921, 357_640);
        graph.tensors[INPUT].shape = Shape(vec![1, made + kernel - 1, 1, 1]);
        graph.tensors[OUTPUT].shape = Shape(vec![1, made, 1, 1]);
        let window = Window::valid([kernel, 1], [1, 1], [1, 1]);
        graph.nodes[0].op = Op::Pool2d { kind: PoolKind::Max, input: TensorId(0), window, activation: Activation::None };
    })
}

/// The convolution, with a tensor of no element.
fn with_nothing() -> (Graph, TensorId) {
    let mut graph = conv();
    let empty = Tensor { name: "empty".into(), shape: Shape(vec![0]), ..graph.tensors[INPUT].clone() };
    let id = graph.add_tensor(empty);
    (graph, id)
}

/// A copy of as many bytes as a tensor may have.
fn largest_tensor() -> Graph {
    let mut graph = copies(1);
    let output = graph.outputs[0].0 as usize;
    for tensor in [INPUT, output] {
        graph.tensors[tensor].shape = Shape(vec![16, 1 << 20]);
    }
    graph
}

/// The shape of a constant of no element.
fn nothing_stored() -> Graph {
    changed(|graph| {
        graph.tensors[2].shape = Shape(vec![0]);
        *data(graph, 1) = Data::I32(vec![]);
        graph.tensors[OUTPUT] = Tensor { dtype: DType::I32, shape: Shape(vec![1]), ..graph.tensors[OUTPUT].clone() };
        graph.nodes[0].op = Op::Shape { input: TensorId(2) };
    })
}

/// What lies just within each bound is accepted.
#[test]
fn the_edges_are_accepted() {
    let accepted = [
        conv(),
        copies(2048),
        joined(8190),
        just_enough_work(),
        largest_tensor(),
        with_nothing().0,
        nothing_stored(),
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

/// Sizes are checked of whatever is in use, also of inputs and outputs that nothing reads.
#[test]
fn what_nothing_reads_is_checked() {
    let code = |change: fn(&mut Graph, TensorId)| {
        let (mut graph, empty) = with_nothing();
        change(&mut graph, empty);
        let problems = check(&graph).expect_err("an empty tensor");
        let place = Place { tensor: Some("empty".into()), ..Place::default() };
        assert_eq!((problems.0.len(), &problems.0[0].place), (1, &place), "{problems}");
        problems.0[0].code
    };
    assert_eq!(code(|graph, empty| graph.inputs.push(empty)), "valid::empty_tensor");
    assert_eq!(code(|graph, empty| graph.nodes[0].outputs.push(empty)), "valid::empty_tensor");
}
