//! Which activations must share a quantization, and which have one that is not theirs to choose.
//!
//! TensorFlow Lite Micro moves, pools and compares stored integers without rescaling them, so what goes in and what comes out have
//! one quantization; softmax and logistic have 1/256 and -128, tanh 1/128 and 0, and all three 1/32768 and 0 in 16 bits. Where something of a fixed quantization
//! meets others in one tensor, a `quantize` is put between.

use super::Activations;
use crate::ir::{BinaryKind, DType, Graph, Node, Op, PoolKind, Quantization, ReduceKind, Tensor, TensorId, UnaryKind};

/// Groups of activations; a tensor that is alone is its own group.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    parent: Vec<usize>,
    fixed: Vec<Option<Quantization>>,
}

impl Groups {
    /// The group of a tensor: one of its members.
    pub(super) fn of(&self, id: TensorId) -> TensorId {
        TensorId(self.root(id.0 as usize) as u32)
    }

    /// The quantization that a tensor has whatever it holds.
    pub(super) fn fixed(&self, id: TensorId) -> Option<&Quantization> {
        self.fixed[self.root(id.0 as usize)].as_ref()
    }

    fn root(&self, mut index: usize) -> usize {
        while self.parent[index] != index {
            index = self.parent[index];
        }
        index
    }

    fn join(&mut self, a: TensorId, b: TensorId) {
        let (a, b) = (self.root(a.0 as usize), self.root(b.0 as usize));
        if a != b {
            self.parent[b] = a;
            let fixed = self.fixed[b].take();
            self.fixed[a] = self.fixed[a].take().or(fixed);
        }
    }

    fn add(&mut self) {
        self.parent.push(self.parent.len());
        self.fixed.push(None);
    }
}

/// How an op's tensors hang together.
enum Tie {
    /// Each has its own quantization.
    Free,
    /// Input and outputs share one.
    Same,
    /// Several inputs and the output share one.
    Joined,
    /// The output has this one.
    Fixed(Quantization),
}

fn tie(op: &Op, activations: Activations) -> Tie {
    let fixed = |scale: f32, zero_point: i32| match activations {
        Activations::Int8 => Tie::Fixed(Quantization::per_tensor(scale, zero_point)),
        Activations::Int16 => Tie::Fixed(Quantization::per_tensor(1.0 / 32768.0, 0)),
    };
    match op {
        Op::Conv2d { .. } | Op::DepthwiseConv2d { .. } | Op::TransposeConv { .. } | Op::FullyConnected { .. } => Tie::Free,
        Op::Binary { kind, .. } => match kind {
            BinaryKind::Add | BinaryKind::Sub | BinaryKind::Mul => Tie::Free,
            BinaryKind::Maximum | BinaryKind::Minimum => Tie::Joined,
        },
        Op::Unary { kind, input: _ } => match kind {
            UnaryKind::Logistic => fixed(1.0 / 256.0, -128),
            UnaryKind::Tanh => fixed(1.0 / 128.0, 0),
            // TFLM's relu6 limits stored integers and does not rescale.
            UnaryKind::Relu6 => Tie::Same,
            UnaryKind::Relu
            | UnaryKind::ReluN1To1
            | UnaryKind::LeakyRelu { alpha: _ }
            | UnaryKind::HardSwish
            | UnaryKind::Rescale => Tie::Free,
        },
        Op::Prelu { .. } => Tie::Free,
        Op::Pool2d { kind: PoolKind::Average | PoolKind::Max, .. } => Tie::Same,
        Op::Reduce { kind, .. } => match kind {
            ReduceKind::Mean => Tie::Free,
            ReduceKind::Max => Tie::Same,
        },
        Op::Softmax { .. } => fixed(1.0 / 256.0, -128),
        Op::Concatenation { .. } | Op::Pack { .. } => Tie::Joined,
        Op::Pad { .. }
        | Op::MirrorPad { .. }
        | Op::Split { .. }
        | Op::Slice { .. }
        | Op::Transpose { .. }
        | Op::Reshape { .. }
        | Op::Unpack { .. }
        | Op::Resize { .. } => Tie::Same,
        Op::ArgMax { .. } | Op::Shape { .. } | Op::Quantize { .. } | Op::Dequantize { .. } => Tie::Free,
    }
}

/// The groups of a graph's float activations. Where a fixed quantization meets others, `graph` gets a `quantize` node of a tensor of
/// its own, which stands for the same reals.
pub(super) fn groups(graph: &mut Graph, activations: Activations) -> Groups {
    let mut groups = Groups { parent: (0..graph.tensors.len()).collect(), fixed: vec![None; graph.tensors.len()] };
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for mut node in core::mem::take(&mut graph.nodes) {
        match tie(&node.op, activations) {
            Tie::Free => {}
            Tie::Fixed(quantization) => {
                if let Some(&output) = node.outputs.first() {
                    let root = groups.root(output.0 as usize);
                    groups.fixed[root] = Some(quantization);
                }
            }
            Tie::Same => {
                if let Some(&input) = node.op.inputs().first() {
                    node.outputs.iter().for_each(|&output| groups.join(input, output));
                }
            }
            Tie::Joined => {
                let Some(&output) = node.outputs.first() else { continue };
                let origin = node.origin.clone();
                node.op.for_each_input(|input| {
                    if groups.fixed(*input).is_some() {
                        let Tensor { name, shape, dtype: _, quantization: _, value: _ } = graph.tensor(*input).clone();
                        let name = format!("{name}.rescaled");
                        let copy = graph.add_tensor(Tensor { name, shape, dtype: DType::F32, quantization: None, value: None });
                        groups.add();
                        nodes.push(Node { op: Op::Quantize { input: *input }, outputs: vec![copy], origin: origin.clone() });
                        *input = copy;
                    }
                    groups.join(output, *input);
                });
            }
        }
        nodes.push(node);
    }
    graph.nodes = nodes;
    groups
}
