//! The reader on small networks written by hand.

mod layouts;
mod mistakes;
mod operators;

use super::{Layout, read, write, write_embedded};
use crate::diag::Diagnostics;
use crate::ir::{Activation, DType, Data, Graph, Op, Quantization, Shape, Window};
use safetensors::tensor::{Dtype, TensorView};

/// A safetensors file of tensors given as `(name, shape, data)`.
fn file(tensors: &[(&str, &[usize], Data)]) -> Vec<u8> {
    let stored: Vec<(Dtype, Vec<u8>)> = tensors.iter().map(|(_, _, data)| super::weights::bytes(data)).collect();
    let views = tensors
        .iter()
        .zip(&stored)
        .map(|((name, shape, _), (dtype, bytes))| (*name, TensorView::new(*dtype, shape.to_vec(), bytes).expect("a view")));
    safetensors::serialize(views, None).expect("a file")
}

/// Reads a network of one input `x` and one op.
fn one(shape: &[usize], op: &str, layout: &str, tensors: &[(&str, &[usize], Data)]) -> Result<Graph, Diagnostics> {
    let text = format!(
        "format = 1\nlayout = \"{layout}\"\n[[input]]\nname = \"x\"\nshape = {shape:?}\n\
         quantization = {{ scale = 0.5, zero_point = -3 }}\n[[op]]\n{op}\n"
    );
    read(&file(tensors), Some(&text), "one")
}

fn counting(count: usize) -> Data {
    Data::I8((0..count).map(|value| value as i8).collect())
}

fn example() -> (Vec<u8>, String) {
    let text = include_str!("../format.md");
    let toml = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
    let bytes = file(&[
        ("conv1.weight", &[4, 1, 3, 3], counting(36)),
        ("conv1.weight.scale", &[4], Data::F32(vec![0.1, 0.2, 0.3, 0.4])),
        ("conv1.bias", &[4], Data::I32(vec![1, 2, 3, 4])),
        ("fc.weight", &[10, 64], counting(640)),
        ("fc.weight.scale", &[1], Data::F32(vec![0.05])),
        ("fc.bias", &[10], Data::I32(vec![0; 10])),
    ]);
    (bytes, toml.to_owned())
}

#[test]
fn the_documented_example_reads() {
    let (bytes, toml) = example();
    let graph = read(&bytes, Some(&toml), "digits").expect("the example is right");
    assert_eq!(graph.name, "digits");
    let names: Vec<_> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["conv2d", "max_pool2d", "reshape", "fully_connected", "softmax"]);
    let shapes: Vec<_> = graph.nodes.iter().map(|node| graph.tensor(node.outputs[0]).shape.0.clone()).collect();
    assert_eq!(shapes, [vec![1, 8, 8, 4], vec![1, 4, 4, 4], vec![1, 64], vec![1, 10], vec![1, 10]]);
    let Op::Conv2d { input, filter, bias: Some(bias), window, activation } = graph.nodes[0].op else { panic!("a conv2d") };
    assert_eq!(graph.inputs, [input]);
    assert_eq!(graph.tensor(input).dtype, DType::I8);
    assert_eq!(graph.tensor(input).quantization, Some(Quantization::per_tensor(0.0627, -128)));
    assert_eq!(window, Window::same([3, 3], [1, 1], [1, 1], [8, 8]));
    assert_eq!(activation, Activation::Relu);
    assert_eq!(graph.tensor(filter).shape, Shape(vec![4, 3, 3, 1]));
    let scales = Quantization { scales: vec![0.1, 0.2, 0.3, 0.4], zero_points: vec![0; 4], axis: 0 };
    assert_eq!(graph.tensor(filter).quantization, Some(scales));
    assert_eq!(graph.value(bias), Some(&Data::I32(vec![1, 2, 3, 4])));
    let quantizations: Vec<_> =
        graph.nodes[1..].iter().map(|node| graph.tensor(node.outputs[0]).quantization.clone().expect("a quantization")).collect();
    let expected = [(0.021, -128), (0.021, -128), (0.15, 4), (0.00390625, -128)];
    assert_eq!(quantizations, expected.map(|(scale, zero_point)| Quantization::per_tensor(scale, zero_point)));
    assert_eq!(graph.outputs, graph.nodes[4].outputs);
}

#[test]
fn the_topology_may_be_embedded_and_the_file_beside_wins() {
    let (bytes, toml) = example();
    let graph = read(&bytes, Some(&toml), "digits").expect("the example is right");
    let embedded = write_embedded(&graph, Layout::Torch).expect("it writes");
    assert_eq!(embedded, write_embedded(&graph, Layout::Torch).expect("it writes"));
    let again = read(&embedded, None, "digits").expect("it reads");
    assert_eq!(again.nodes.len(), 5);
    let (_, beside) = write(&graph, Layout::Torch).expect("it writes");
    let shorter = beside.split("\n[[op]]\nmax_pool2d").next().expect("a head").replace("\"scores\"", "\"conv1\"");
    assert_eq!(read(&embedded, Some(&shorter), "digits").expect("it reads").nodes.len(), 1);
}

#[test]
fn a_float_model_reads_into_floats() {
    let text = "format = 1\nlayout = \"torch\"\n[[input]]\nname = \"x\"\nshape = [1, 3]\n[[op]]\n\
                fully_connected = { input = \"x\", weights = \"w\" }\noutput = { name = \"y\" }\n";
    let graph = read(&file(&[("w", &[2, 3], Data::F32(vec![1.0; 6]))]), Some(text), "float").expect("it reads");
    assert!(graph.tensors.iter().all(|tensor| tensor.dtype == DType::F32 && tensor.quantization.is_none()));
    assert_eq!(graph.tensor(graph.outputs[0]).shape, Shape(vec![1, 2]));
}
