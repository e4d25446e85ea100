//! Moves a crop of rows and columns into the padding of the convolution before it.

use super::Removal;
use crate::ir::{Graph, Op, TensorId, Window};

/// Has each `conv2d` and `depthwise_conv2d` of stride 1 that only a `slice` of rows and columns reads make no more than that, where
/// what is cut off is made of padding. The slice is gone: it copies nothing any more.
///
/// With a stride of 1, output `i` of a padding of `p` pixels less is output `i + p`.
pub fn fuse_crops(graph: &mut Graph) -> Vec<Removal> {
    let (producers, uses) = (graph.producers(), graph.uses());
    let mut removals = Vec::new();
    for index in 0..graph.nodes.len() {
        let Some((producer, window, whole)) = cropped(graph, &graph.nodes[index].op, &producers, &uses) else { continue };
        let Some(&output) = graph.nodes[index].outputs.first() else { continue };
        let what = format!("slice behind {} `{}`", graph.nodes[producer].op.name(), graph.nodes[producer].origin.name);
        if let Op::Conv2d { window: slot, .. } | Op::DepthwiseConv2d { window: slot, .. } = &mut graph.nodes[producer].op {
            *slot = window;
        }
        graph.tensor_mut(whole).shape = graph.tensor(output).shape.clone();
        graph.nodes[index].op = Op::Reshape { input: whole };
        removals.push(Removal { pass: "fuse_crops", what, why: "what it cuts off is made of padding" });
    }
    removals
}

/// The node before a slice, its window once it makes no more than the slice takes, and the tensor between the two.
fn cropped(graph: &Graph, op: &Op, producers: &[Option<usize>], uses: &[usize]) -> Option<(usize, Window, TensorId)> {
    let Op::Slice { input, begin, stride, size } = op else { return None };
    let producer = producers.get(input.0 as usize).copied().flatten()?;
    let (Op::Conv2d { window, .. } | Op::DepthwiseConv2d { window, .. }) = &graph.nodes[producer].op else { return None };
    let dims = &graph.tensor(*input).shape.0;
    let (&[batch, height, width, channels], &[0, top, left, 0]) = (dims.as_slice(), begin.as_slice()) else { return None };
    let &[size_n, size_h, size_w, size_c] = size.as_slice() else { return None };
    let plain = stride.iter().all(|&step| step == 1) && window.stride == [1, 1];
    if !plain || uses.get(input.0 as usize) != Some(&1) || [size_n, size_c] != [batch, channels] {
        return None;
    }
    let [bottom, right] = [height.checked_sub(top + size_h)?, width.checked_sub(left + size_w)?];
    let less = |padding: [usize; 2], cut: [usize; 2]| Some([padding[0].checked_sub(cut[0])?, padding[1].checked_sub(cut[1])?]);
    let pad_before = less(window.pad_before, [top, left])?;
    let pad_after = less(window.pad_after, [bottom, right])?;
    Some((producer, Window { pad_before, pad_after, ..*window }, *input))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Activation, DType, Node, Origin, Shape, Tensor};

    /// A convolution of an image of 5x5 with a filter of 3x3 and its padding, and a slice of what it makes.
    fn graph(pad: usize, begin: usize, size: usize) -> Graph {
        let mut graph = Graph::default();
        let tensor = |dims: &[usize]| Tensor {
            name: String::new(),
            shape: Shape(dims.to_vec()),
            dtype: DType::I8,
            quantization: None,
            value: None,
        };
        let whole = 5 + 2 * pad - 2;
        let [x, filter, y, z] =
            [&[1, 5, 5, 1], &[1, 3, 3, 1], &[1, whole, whole, 1], &[1, size, size, 1]].map(|dims| graph.add_tensor(tensor(dims)));
        let (pad_before, pad_after) = ([pad; 2], [pad; 2]);
        let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], pad_before, pad_after };
        let mut add = |op: Op, output: TensorId| {
            graph.nodes.push(Node { op, outputs: vec![output], origin: Origin { index: 0, name: String::new() } });
        };
        add(Op::Conv2d { input: x, filter, bias: None, window, activation: Activation::None }, y);
        let stride = vec![1; 4];
        add(Op::Slice { input: y, begin: vec![0, begin, begin, 0], stride, size: vec![1, size, size, 1] }, z);
        (graph.inputs, graph.outputs) = (vec![x], vec![z]);
        graph
    }

    #[test]
    fn crops_of_padding_go_into_the_window() {
        let mut cropped = graph(2, 1, 5);
        assert_eq!(fuse_crops(&mut cropped).len(), 1);
        let Op::Conv2d { window, .. } = &cropped.nodes[0].op else { panic!("no convolution") };
        assert_eq!((window.pad_before, window.pad_after), ([1, 1], [1, 1]));
        assert_eq!(cropped.tensor(TensorId(2)).shape.0, [1, 5, 5, 1]);
        assert!(matches!(cropped.nodes[1].op, Op::Reshape { .. }));
    }

    #[test]
    fn crops_of_pixels_stay() {
        for (pad, begin, size) in [(0, 1, 2), (1, 2, 3), (1, 0, 3)] {
            assert!(fuse_crops(&mut graph(pad, begin, size)).is_empty(), "{pad} {begin} {size}");
        }
        let mut read_twice = graph(2, 1, 5);
        read_twice.outputs.push(TensorId(2));
        assert!(fuse_crops(&mut read_twice).is_empty());
    }
}
