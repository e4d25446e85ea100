//! Which tensors are images, or hold one flattened: behind those, PyTorch's columns stand in another order.

use crate::ir::{Graph, Op, TensorId};
use std::collections::BTreeMap;

/// Height, width and channels of the image in each tensor that holds one.
#[derive(Debug, Default)]
pub(super) struct Images(BTreeMap<TensorId, [usize; 3]>);

impl Images {
    /// The image in a tensor.
    pub(super) fn get(&self, id: TensorId) -> Option<[usize; 3]> {
        self.0.get(&id).copied()
    }

    /// Notes an input of the network.
    pub(super) fn input(&mut self, graph: &Graph, id: TensorId) {
        if let [1, height, width, channels] = graph.tensor(id).shape.0[..] {
            self.0.insert(id, [height, width, channels]);
        }
    }

    /// Notes what an op makes: an image, or, from an op that leaves each element in its place, that of its input.
    pub(super) fn node(&mut self, graph: &Graph, op: &Op, outputs: &[TensorId]) {
        for &id in outputs {
            self.input(graph, id);
            let from = match op {
                Op::Reshape { input } | Op::Unary { kind: _, input } | Op::Quantize { input } | Op::Dequantize { input } => input,
                Op::Conv2d { .. }
                | Op::DepthwiseConv2d { .. }
                | Op::TransposeConv { .. }
                | Op::FullyConnected { .. }
                | Op::Binary { .. }
                | Op::Prelu { .. }
                | Op::Pool2d { .. }
                | Op::Reduce { .. }
                | Op::Softmax { .. }
                | Op::ArgMax { .. }
                | Op::Pad { .. }
                | Op::MirrorPad { .. }
                | Op::Concatenation { .. }
                | Op::Split { .. }
                | Op::Slice { .. }
                | Op::Transpose { .. }
                | Op::Pack { .. }
                | Op::Unpack { .. }
                | Op::Shape { .. }
                | Op::Resize { .. } => continue,
            };
            if let Some(image) = self.get(*from) {
                self.0.entry(id).or_insert(image);
            }
        }
    }
}
