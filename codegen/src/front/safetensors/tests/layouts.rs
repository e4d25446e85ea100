//! PyTorch's layouts, on tensors whose elements say where they stood.

use super::{Data, Op, counting, one};
use crate::ir::{Graph, Quantization, Shape, TensorId};

const OUTPUT: &str = "output = { name = \"y\", quantization = { scale = 1.0, zero_point = 0 } }";

fn filter(graph: &Graph) -> TensorId {
    match graph.nodes[graph.nodes.len() - 1].op {
        Op::Conv2d { filter, .. } | Op::DepthwiseConv2d { filter, .. } | Op::TransposeConv { filter, .. } => filter,
        Op::FullyConnected { filter, .. } => filter,
        ref other => panic!("{other:?} has no filter"),
    }
}

/// The elements of a tensor of that shape, whose element at `[i, j, k, l]` is what `at` says.
fn filled(shape: [usize; 4], at: impl Fn([usize; 4]) -> usize) -> Data {
    let [a, b, c, d] = shape;
    let mut values = Vec::new();
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                values.extend((0..d).map(|l| at([i, j, k, l]) as i8));
            }
        }
    }
    Data::I8(values)
}

#[test]
fn convolutions_go_from_oihw_to_ohwi() {
    let op = format!("conv2d = {{ input = \"x\", weights = \"w\" }}\n{OUTPUT}");
    let scale = ("w.scale", &[2][..], Data::F32(vec![0.25, 0.5]));
    let graph = one(&[1, 5, 6, 3], &op, "torch", &[("w", &[2, 3, 4, 5], counting(120)), scale]).expect("it reads");
    let filter = filter(&graph);
    assert_eq!(graph.tensor(filter).shape, Shape(vec![2, 4, 5, 3]));
    let expected = filled([2, 4, 5, 3], |[o, h, w, i]| ((o * 3 + i) * 4 + h) * 5 + w);
    assert_eq!(graph.value(filter), Some(&expected));
    let quantization = Quantization { scales: vec![0.25, 0.5], zero_points: vec![0, 0], axis: 0 };
    assert_eq!(graph.tensor(filter).quantization, Some(quantization));
}

#[test]
fn depthwise_filters_put_channels_last_and_keep_scales_per_channel() {
    let op = format!("depthwise_conv2d = {{ input = \"x\", weights = \"w\" }}\n{OUTPUT}");
    let scale = ("w.scale", &[4][..], Data::F32(vec![1.0, 2.0, 3.0, 4.0]));
    let graph = one(&[1, 5, 6, 2], &op, "torch", &[("w", &[4, 1, 2, 3], counting(24)), scale]).expect("it reads");
    let filter = filter(&graph);
    assert_eq!(graph.tensor(filter).shape, Shape(vec![1, 2, 3, 4]));
    assert_eq!(graph.value(filter), Some(&filled([1, 2, 3, 4], |[_, h, w, c]| (c * 2 + h) * 3 + w)));
    assert_eq!(graph.tensor(filter).quantization.as_ref().map(|quantization| quantization.axis), Some(3));
}

#[test]
fn transposed_convolutions_go_from_iohw_to_ohwi() {
    let op = format!("transpose_conv = {{ input = \"x\", weights = \"w\", stride = 2 }}\n{OUTPUT}");
    let scale = ("w.scale", &[][..], Data::F32(vec![1.0]));
    let graph = one(&[1, 4, 5, 3], &op, "torch", &[("w", &[3, 2, 3, 3], counting(54)), scale]).expect("it reads");
    let filter = filter(&graph);
    assert_eq!(graph.tensor(filter).shape, Shape(vec![2, 3, 3, 3]));
    assert_eq!(graph.value(filter), Some(&filled([2, 3, 3, 3], |[o, h, w, i]| ((i * 2 + o) * 3 + h) * 3 + w)));
    // PyTorch: (in - 1) * stride + kernel.
    assert_eq!(graph.tensor(graph.outputs[0]).shape, Shape(vec![1, 9, 11, 2]));
}

#[test]
fn a_transposed_convolution_that_pads_the_same_multiplies_the_size() {
    let op = format!("transpose_conv = {{ input = \"x\", weights = \"w\", stride = 2, padding = \"same\" }}\n{OUTPUT}");
    let scale = ("w.scale", &[][..], Data::F32(vec![1.0]));
    let graph = one(&[1, 4, 5, 3], &op, "tflite", &[("w", &[2, 3, 3, 3], counting(54)), scale]).expect("it reads");
    assert_eq!(graph.tensor(graph.outputs[0]).shape, Shape(vec![1, 8, 10, 2]));
}

#[test]
fn columns_behind_a_flattened_image_go_from_chw_to_hwc() {
    let reshape = "reshape = { input = \"x\" }\noutput = { name = \"flat\", shape = [1, -1] }\n[[op]]\n";
    let tensors = [("w", &[2, 24][..], counting(48)), ("w.scale", &[2][..], Data::F32(vec![1.0, 2.0]))];
    let read = |flatten: &str, layout: &str| {
        let op = format!("{reshape}fully_connected = {{ input = \"flat\", weights = \"w\"{flatten} }}\n{OUTPUT}");
        one(&[1, 2, 3, 4], &op, layout, &tensors)
    };
    let turned = filled([2, 2, 3, 4], |[o, h, w, c]| o * 24 + (c * 2 + h) * 3 + w);
    let graph = read(", flatten = \"chw\"", "torch").expect("it reads");
    assert_eq!(graph.tensor(filter(&graph)).shape, Shape(vec![2, 24]));
    assert_eq!(graph.value(filter(&graph)), Some(&turned));
    let graph = read(", flatten = \"hwc\"", "torch").expect("it reads");
    assert_eq!(graph.value(filter(&graph)), Some(&counting(48)));
    let graph = read("", "tflite").expect("it reads");
    assert_eq!(graph.value(filter(&graph)), Some(&counting(48)));
    assert_eq!(read("", "torch").expect_err("the order is unknown").0[0].code, "native::flatten_order");
}

#[test]
fn an_order_of_columns_without_an_image_is_refused() {
    let op = format!("fully_connected = {{ input = \"x\", weights = \"w\", flatten = \"chw\" }}\n{OUTPUT}");
    let tensors = [("w", &[2, 24][..], counting(48)), ("w.scale", &[2][..], Data::F32(vec![1.0, 2.0]))];
    assert_eq!(one(&[1, 24], &op, "torch", &tensors).expect_err("no image").0[0].code, "native::no_image");
}

#[test]
fn weights_read_by_two_ops_are_one_constant() {
    let conv = |input: &str, output: &str| {
        format!(
            "conv2d = {{ input = \"{input}\", weights = \"w\", padding = \"same\" }}\n\
             output = {{ name = \"{output}\", quantization = {{ scale = 1, zero_point = 0 }} }}\n"
        )
    };
    let op = format!("{}[[op]]\n{}", conv("x", "y"), conv("y", "z"));
    let tensors = [("w", &[2, 2, 3, 3][..], counting(36)), ("w.scale", &[2][..], Data::F32(vec![1.0, 2.0]))];
    let graph = one(&[1, 5, 6, 2], &op, "torch", &tensors).expect("it reads");
    assert_eq!(graph.weights.len(), 1);
    assert_eq!(graph.tensors.len(), 4);
}
