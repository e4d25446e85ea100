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

#[test]
fn an_open_batch_becomes_one() {
    let graph = read(&model(port("x", 1, &[0, 4]), &[], node("Relu", &["x"], &[])), "test").unwrap();
    assert_eq!(graph.tensor(graph.inputs[0]).shape.0, [1, 4]);
    assert_eq!(graph.name, "test");
}
