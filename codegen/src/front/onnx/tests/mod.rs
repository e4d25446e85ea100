//! Files with mistakes, and what is said of them.

use crate::front::onnx::read;

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut made = vec![number << 3 | 2];
    let count = bytes.len();
    if count >= 0x80 {
        made.push(count as u8 | 0x80);
    }
    made.push(if count >= 0x80 { (count >> 7) as u8 } else { count as u8 });
    made.extend(bytes);
    made
}

/// A field of a number below 128.
fn number(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

/// A port; sizes of 0 are open.
fn port(name: &str, data_type: u8, dims: &[u8]) -> Vec<u8> {
    let dims = dims.iter().flat_map(|&dim| field(1, &if dim == 0 { field(2, b"n") } else { number(1, dim) })).collect::<Vec<_>>();
    let kind = [number(1, data_type), field(2, &dims)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &kind))].concat()
}

fn node(kind: &str, inputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut made: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
    made.extend(field(2, b"y"));
    made.extend(field(4, kind.as_bytes()));
    made.extend(attributes.iter().flat_map(|attribute| field(5, attribute)));
    made
}

/// A tensor of `dims` whose raw bytes are given.
fn tensor(name: &str, data_type: u8, dims: &[u8], raw: &[u8]) -> Vec<u8> {
    let mut made: Vec<u8> = dims.iter().flat_map(|&dim| number(1, dim)).collect();
    made.extend(number(2, data_type));
    made.extend(field(8, name.as_bytes()));
    made.extend(field(9, raw));
    made
}

fn model(input: Vec<u8>, tensors: &[Vec<u8>], node: Vec<u8>) -> Vec<u8> {
    let mut graph = [field(11, &input), field(1, &node), field(12, &field(1, b"y"))].concat();
    graph.extend(tensors.iter().flat_map(|tensor| field(5, tensor)));
    [field(7, &graph), field(8, &number(2, 17))].concat()
}

/// The code of the first problem.
fn code(bytes: &[u8]) -> &'static str {
    match read(bytes, "test") {
        Ok(graph) => panic!("it is read:\n{graph}"),
        Err(problems) => problems.0[0].code,
    }
}

#[test]
fn mistakes_are_named() {
    let row = || port("x", 1, &[1, 4]);
    let floats = |count: usize| vec![0u8; 4 * count];
    let cases = [
        (b"\x3a\x05".to_vec(), "onnx::truncated"),
        (vec![0x3f, 0], "onnx::malformed"),
        (b"version https://git-lfs.github.com/spec/v1".to_vec(), "onnx::pointer"),
        (number(1, 8), "onnx::no_graph"),
        (model(row(), &[], node("Loop", &["x"], &[])), "onnx::operator"),
        (model(port("x", 3, &[1, 4]), &[], node("Relu", &["x"], &[])), "onnx::element_type"),
        (model(port("x", 1, &[1, 0]), &[], node("Relu", &["x"], &[])), "onnx::dynamic"),
        (model(field(1, b"x"), &[], node("Relu", &["x"], &[])), "onnx::element_type"),
        (model(row(), &[tensor("w", 1, &[4, 2], &floats(7))], node("MatMul", &["x", "w"], &[])), "onnx::data_size"),
        (
            model(row(), &[[tensor("w", 1, &[4, 2], &[]), number(14, 1)].concat()], node("MatMul", &["x", "w"], &[])),
            "onnx::external",
        ),
        (model(row(), &[], node("Add", &["x", "z"], &[])), "onnx::unknown"),
        (model(row(), &[], node("MatMul", &["x", "x"], &[])), "onnx::not_constant"),
        (model(row(), &[], node("PRelu", &["x"], &[])), "onnx::missing"),
        (model(row(), &[tensor("w", 1, &[3, 2], &floats(6))], node("MatMul", &["x", "w"], &[])), "onnx::value"),
        (model(row(), &[tensor("b", 1, &[3], &floats(3))], node("Add", &["x", "b"], &[])), "onnx::shape"),
        (model(row(), &[tensor("s", 7, &[1], &[9, 0, 0, 0, 0, 0, 0, 0])], node("Reshape", &["x", "s"], &[])), "onnx::shape"),
        (model(row(), &[], node("Softmax", &["x"], &[[field(1, b"axis"), number(3, 5)].concat()])), "onnx::value"),
        (model(row(), &[tensor("y", 1, &[1], &floats(1))], node("Relu", &["x"], &[])), "onnx::duplicate"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(code(&bytes), expected);
    }
}

/// A model of `x`, `[1, 4]`, whose nodes are given as operator, operands and result, and whose output is `y`.
fn nodes(nodes: &[(&str, &[&str], &str)]) -> Vec<u8> {
    let mut graph = [field(11, &port("x", 1, &[1, 4])), field(12, &field(1, b"y"))].concat();
    graph.extend(nodes.iter().flat_map(|(kind, inputs, output)| field(1, &named(kind, inputs, output))));
    [field(7, &graph), field(8, &number(2, 17))].concat()
}

#[test]
fn nodes_are_sorted() {
    let sorted: [(&str, &[&str], &str); 4] =
        [("Relu", &["x"], "a"), ("Tanh", &["a"], "b"), ("Sigmoid", &["a"], "c"), ("Add", &["b", "c"], "y")];
    let ops = |bytes: &[u8]| -> Vec<(usize, &'static str)> {
        let graph = read(bytes, "test").unwrap();
        graph.nodes.iter().map(|node| (node.origin.index, node.op.name())).collect()
    };
    assert_eq!(ops(&nodes(&sorted)), [(0, "relu"), (1, "tanh"), (2, "logistic"), (3, "add")]);
    let reversed: Vec<_> = sorted.into_iter().rev().collect();
    // Operators keep the index that they have in the file.
    assert_eq!(ops(&nodes(&reversed)), [(3, "relu"), (1, "logistic"), (2, "tanh"), (0, "add")]);
}

#[test]
fn cycles_are_named() {
    let cycle: [(&str, &[&str], &str); 4] =
        [("Relu", &["x"], "a"), ("Add", &["a", "c"], "b"), ("Tanh", &["b"], "c"), ("Sigmoid", &["c"], "y")];
    let problems = read(&nodes(&cycle), "test").unwrap_err();
    assert_eq!((problems.0.len(), problems.0[0].code), (1, "onnx::cycle"));
    assert!(problems.0[0].message.contains("`c`, `b`"), "{problems}");
    // A node that reads its own result, and one behind a cycle.
    assert_eq!(code(&nodes(&[("Add", &["x", "y"], "y")])), "onnx::cycle");
    assert_eq!(code(&nodes(&[("Relu", &["b"], "y"), ("Add", &["x", "b"], "b")])), "onnx::cycle");
}

#[test]
fn lines_are_images_of_height_1() {
    let kernel = |size: u8| [field(1, b"kernel_shape"), number(8, size)].concat();
    let graph = |dims: &[u8], kernel: &[Vec<u8>]| {
        super::read_all(&model(port("x", 1, dims), &[], node("MaxPool", &["x"], kernel)), "test")
    };
    let super::Read { graph: made, turned, .. } = graph(&[1, 3, 8], &[kernel(2)]).unwrap();
    assert_eq!((turned.inputs, turned.outputs), (vec![true], vec![true]));
    assert_eq!(made.tensor(made.inputs[0]).shape.0, [1, 8, 3]);
    assert_eq!(made.tensor(made.outputs[0]).shape.0, [1, 7, 3]);
    assert_eq!(super::Turned::channels_first(&[1, 7, 3]), [1, 3, 7]);
    for dims in [&[1, 3][..], &[1, 3, 4, 5, 6]] {
        assert_eq!(graph(dims, &[kernel(2)]).unwrap_err().0[0].code, "onnx::unsupported");
    }
}

#[test]
fn sixteen_bits_are_refused_by_name() {
    let zero = |data_type: u8| tensor("z", data_type, &[], &[0, 0]);
    for data_type in [4, 5] {
        let quantize =
            model(port("x", 1, &[1, 4]), &[scale("s", 0.1), zero(data_type)], node("QuantizeLinear", &["x", "s", "z"], &[]));
        assert_eq!(code(&quantize), "onnx::sixteen_bits");
        assert_eq!(code(&model(port("x", data_type, &[1, 4]), &[], node("Relu", &["x"], &[]))), "onnx::sixteen_bits");
    }
}

/// One float.
fn scale(name: &str, value: f32) -> Vec<u8> {
    tensor(name, 1, &[], &value.to_le_bytes())
}

#[test]
fn mistakes_of_quantization_are_named() {
    let row = |data_type| port("x", data_type, &[1, 4]);
    let zero = |data_type, value: u8| tensor("z", data_type, &[], &[value]);
    let quantize = || node("QuantizeLinear", &["x", "s", "z"], &[]);
    let dequantize = || node("DequantizeLinear", &["x", "s", "z"], &[]);
    let scales = |values: &[f32]| {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensor("s", 1, &[values.len() as u8], &raw)
    };
    let leaky = |at: &str| node("QLinearLeakyRelu", &["x", "s", "z", at, "z"], &[]);
    let cases = [
        (model(row(1), &[], node("DynamicQuantizeLinear", &["x"], &[])), "onnx::dynamic_quantization"),
        (model(row(3), &[], node("MatMulInteger", &["x", "x"], &[])), "onnx::dynamic_quantization"),
        (model(row(1), &[scale("s", 0.0), zero(3, 0)], quantize()), "onnx::unsupported"),
        (model(row(1), &[scale("s", f32::NAN), zero(3, 0)], quantize()), "onnx::value"),
        (model(row(1), &[scales(&[0.1, 0.2]), tensor("z", 3, &[2], &[0, 0])], quantize()), "onnx::unsupported"),
        (model(row(1), &[scales(&[0.1, 0.2]), tensor("z", 3, &[1], &[0])], quantize()), "onnx::value"),
        (model(row(2), &[scale("s", 0.1), zero(3, 0)], dequantize()), "onnx::value"),
        (model(row(1), &[scale("s", 0.1), zero(3, 0)], dequantize()), "onnx::element_type"),
        (model(row(3), &[scale("s", 0.1), zero(3, 0)], node("QLinearConv", &["x", "s", "z"], &[])), "onnx::missing"),
        (model(row(3), &[scale("s", 0.1), zero(3, 0)], leaky("t")), "onnx::unknown"),
        (model(row(3), &[scale("s", 0.1), zero(3, 0)], node("Relu", &["x"], &[])), "onnx::element_type"),
    ];
    for (index, (bytes, expected)) in cases.into_iter().enumerate() {
        assert_eq!(code(&bytes), expected, "case {index}");
    }
    let graph = read(&model(row(3), &[scale("s", 0.1), zero(3, 0)], leaky("s")), "test").unwrap();
    assert_eq!(graph.nodes.len(), 1, "{graph}");
}

#[test]
fn what_is_not_quantized_is_named() {
    // Reals between two quantized tensors, of which only one operator's result is quantized.
    let parts = |middle: &[u8]| {
        let quantized = named("QuantizeLinear", &["x", "s", "z"], "q");
        let real = named("DequantizeLinear", &["q", "s", "z"], "r");
        let mut graph = [field(11, &port("x", 1, &[1, 4])), field(12, &field(1, b"y"))].concat();
        graph.extend([quantized, real, middle.to_vec()].iter().flat_map(|node| field(1, node)));
        graph.extend([scale("s", 0.1), tensor("z", 3, &[], &[0])].iter().flat_map(|tensor| field(5, tensor)));
        [field(7, &graph), field(8, &number(2, 17))].concat()
    };
    assert_eq!(code(&parts(&named("Sigmoid", &["r"], "y"))), "onnx::unquantized");
    assert!(read(&parts(&named("Softmax", &["r"], "y")), "test").is_ok());
    assert!(read(&parts(&named("Identity", &["r"], "y")), "test").is_ok());
}

/// Two inputs `a` and `b` of int8, dequantized to `p` and `q` with scales of 0.1 and `other`, and `nodes` that make `y`.
fn two_inputs(other: f32, nodes: &[Vec<u8>]) -> Vec<u8> {
    let ports = [field(11, &port("a", 3, &[1, 4])), field(11, &port("b", 3, &[1, 4])), field(12, &field(1, b"y"))];
    let mut graph = ports.concat();
    let dequantized = [named("DequantizeLinear", &["a", "s", "z"], "p"), named("DequantizeLinear", &["b", "t", "z"], "q")];
    graph.extend(dequantized.iter().chain(nodes).flat_map(|node| field(1, node)));
    let half = tensor("h", 1, &[], &0.25f32.to_le_bytes());
    let ends = tensor("e", 7, &[4], &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].repeat(2));
    let constants = [scale("s", 0.1), scale("t", other), tensor("z", 3, &[], &[0]), half, ends];
    graph.extend(constants.iter().flat_map(|tensor| field(5, tensor)));
    [field(7, &graph), field(8, &number(2, 17))].concat()
}

#[test]
fn operands_keep_their_own_scales() {
    let concat = || [named("Concat", &["p", "q"], "y"), field(5, &[field(1, b"axis"), number(3, 1)].concat())].concat();
    // Those are moved as floats.
    let graph = read(&two_inputs(0.2, &[concat()]), "test").unwrap();
    let dequantized = graph.nodes.iter().filter(|node| matches!(node.op, crate::ir::Op::Dequantize { .. }));
    assert_eq!(dequantized.count(), 2, "{graph}");
    for result in [named("Max", &["p", "q"], "y"), named("Min", &["p", "q"], "y")] {
        assert_eq!(code(&two_inputs(0.2, core::slice::from_ref(&result))), "onnx::unquantized");
        assert!(read(&two_inputs(0.1, &[result]), "test").is_ok());
    }
    // 0.25 lies between the integers of scale 0.1.
    for result in [named("Pad", &["p", "e", "h"], "y"), named("Max", &["p", "h"], "y"), named("Clip", &["p", "h"], "y")] {
        assert_eq!(code(&two_inputs(0.1, &[result])), "onnx::unquantized");
    }
    for result in [named("Pad", &["p", "e"], "y"), named("Relu", &["p"], "y")] {
        assert!(read(&two_inputs(0.1, &[result]), "test").is_ok());
    }
}

#[test]
fn what_follows_from_a_problem_is_not_told_again() {
    let nodes = [named("Max", &["p", "q"], "m"), named("Relu", &["m"], "n"), named("Sigmoid", &["n"], "y")];
    let problems = read(&two_inputs(0.2, &nodes), "test").unwrap_err().0;
    assert_eq!(problems.len(), 1, "{problems:?}");
}

fn named(kind: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let mut made: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
    made.extend(field(2, output.as_bytes()));
    made.extend(field(4, kind.as_bytes()));
    made
}

#[test]
fn halves_become_floats() {
    let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x0001, 0x7bff].iter().flat_map(|half| half.to_le_bytes()).collect();
    let bytes = model(port("x", 1, &[1, 4]), &[tensor("w", 10, &[4], &halves)], node("Add", &["x", "w"], &[]));
    let graph = read(&bytes, "test").unwrap();
    let values = graph.weights.iter().find_map(|weight| match &weight.data {
        crate::ir::Data::F32(values) => Some(values.clone()),
        _ => None,
    });
    assert_eq!(values, Some(vec![1.0, -2.0, 2f32.powi(-24), 65504.0]));
}

#[test]
fn an_open_batch_becomes_one() {
    let graph = read(&model(port("x", 1, &[0, 4]), &[], node("Relu", &["x"], &[])), "test").unwrap();
    assert_eq!(graph.tensor(graph.inputs[0]).shape.0, [1, 4]);
    assert_eq!(graph.name, "test");
}

#[test]
fn a_batch_is_refused_where_a_window_needs_one_image() {
    let pool = |batch: u8| {
        let kernel = [field(1, b"kernel_shape"), number(8, 2), number(8, 2), vec![0xa0, 1, 7]].concat();
        let node = node("MaxPool", &["x"], &[kernel]);
        let graph = read(&model(port("x", 1, &[batch, 1, 4, 4]), &[], node), "test").unwrap();
        crate::valid::batch(&graph)
    };
    assert_eq!(pool(1), Ok(()));
    let problems = pool(2).expect_err("two images");
    assert_eq!(problems.0[0].code, "valid::batch", "{problems}");
}

#[test]
fn layers_whose_products_saturate_in_onnx_runtime_are_told() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/onnx_quantized");
    let saturating = |name: &str| -> Vec<String> {
        let bytes = std::fs::read(folder.join(format!("{name}.onnx"))).unwrap();
        super::read_all(&bytes, name).unwrap().saturating.into_iter().map(|layer| layer.name).collect()
    };
    assert_eq!(saturating("integers_uint8"), ["conv", "gemm"]);
    // Small weights, activations of int8, weights of uint8, and products of floats.
    for name in ["integers_reduced_uint8", "integers_int8", "conv_qop_uint8", "conv_qdq_uint8_channels"] {
        assert_eq!(saturating(name), [""; 0], "{name}");
    }
}
