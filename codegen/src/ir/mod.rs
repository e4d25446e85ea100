//! The graph that every stage works on.
//!
//! Laws, which [`crate::valid`] checks and every pass keeps:
//!
//! 1. A tensor is an input of the graph, a constant (it has a `value`), or the output of exactly one node; never two of these.
//! 2. Nodes stand in execution order: a node reads only inputs, constants, and outputs of earlier nodes.
//! 3. Shapes are static, row-major; images are `[1, height, width, channels]` (NHWC) where a window
//!    moves over them; no dimension is zero.
//! 4. A tensor of dtype `I8` or `I16` that an arithmetic op touches has a quantization; activations have one scale, constants
//!    have one or as many as their quantized axis is long. `real = scale * (q - zero_point)`.
//! 5. Convolution filters are `[out, kernel_h, kernel_w, in / groups]`, depthwise filters `[1, kernel_h, kernel_w, out]`,
//!    fully connected filters `[out, in]`, transposed convolution filters `[out, kernel_h, kernel_w, in]`.
//! 6. A fused activation and an output quantization belong to the node that makes the tensor.

mod infer;
mod layer;
pub(crate) mod movement;
mod op;
mod quantization;
mod tensor;
mod text;

pub use infer::{MAX_ELEMENTS, MAX_RANK, ShapeError, infer};
pub use layer::{Layer, LayerMut};
pub use op::{Activation, BinaryKind, MirrorMode, Op, PoolKind, ReduceKind, ResizeMode, UnaryKind, Window};
pub use quantization::Quantization;
pub(crate) use tensor::half;
pub use tensor::{DType, Data, Shape, Tensor, Weight};

use std::sync::Arc;

/// Names a tensor of one [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub u32);

/// Names constant data of one [`Graph`]; tensors that are equal to the byte may share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightId(pub u32);

/// Where in the source model a node came from, for diagnostics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of the operator in the source model.
    pub index: usize,
    /// The source's name of the operator, or of its first output.
    pub name: String,
}

/// One operation and the tensors that it makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The tensors written, in the order of the op's definition. One, except for `split` and `unpack`.
    pub outputs: Vec<TensorId>,
    /// Where it came from.
    pub origin: Origin,
}

/// A network: tensors, constants, and nodes in execution order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The model's name: the source file's stem.
    pub name: String,
    /// All tensors; [`TensorId`] indexes them.
    pub tensors: Vec<Tensor>,
    /// Constant data; [`WeightId`] indexes it. Copies of a graph share it until they change it.
    pub weights: Vec<Arc<Weight>>,
    /// Nodes in execution order.
    pub nodes: Vec<Node>,
    /// The tensors that the caller fills, in the model's order.
    pub inputs: Vec<TensorId>,
    /// The tensors that the caller reads, in the model's order.
    pub outputs: Vec<TensorId>,
    /// Whether the source adds products in floats, in no order that it states, so that no single way to round is the right one.
    pub sums_in_floats: bool,
    /// Where the source has operators on integers that add the output's zero point before they round: how far stored values are
    /// below the source's.
    pub zero_points_first: Option<i32>,
}

impl Graph {
    /// The tensor that `id` names.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0 as usize]
    }

    /// The tensor that `id` names, to change.
    pub fn tensor_mut(&mut self, id: TensorId) -> &mut Tensor {
        &mut self.tensors[id.0 as usize]
    }

    /// The constant data of a tensor; `None` for an activation.
    pub fn value(&self, id: TensorId) -> Option<&Data> {
        self.tensor(id).value.map(|weight| &self.weights[weight.0 as usize].data)
    }

    /// Whether a convolution multiplies each pixel, all of its channels, by a matrix: the first dimensions are then rows.
    pub fn is_matrix_product(&self, input: TensorId, filter: TensorId, window: &Window) -> bool {
        let depth = |id: TensorId| self.tensor(id).shape.0.last().copied();
        let unpadded = window.pad_before == [0, 0] && window.pad_after == [0, 0];
        window.kernel == [1, 1] && window.stride == [1, 1] && unpadded && depth(filter) == depth(input)
    }

    /// The floats of a constant; empty for anything else.
    pub fn floats(&self, id: TensorId) -> &[f32] {
        match self.value(id) {
            Some(Data::F32(values)) => values,
            _ => &[],
        }
    }

    /// The floats of a constant, to change; empty for anything else.
    pub fn floats_mut(&mut self, id: TensorId) -> &mut [f32] {
        let weight = self.tensor(id).value.and_then(|weight| self.weights.get_mut(weight.0 as usize));
        match weight.map(|weight| &mut Arc::make_mut(weight).data) {
            Some(Data::F32(values)) => values,
            _ => &mut [],
        }
    }

    /// Adds a tensor and names it.
    pub fn add_tensor(&mut self, tensor: Tensor) -> TensorId {
        self.tensors.push(tensor);
        TensorId(self.tensors.len() as u32 - 1)
    }

    /// Adds constant data and names it.
    pub fn add_weight(&mut self, weight: impl Into<Arc<Weight>>) -> WeightId {
        self.weights.push(weight.into());
        WeightId(self.weights.len() as u32 - 1)
    }

    /// Index of the node that makes each tensor; `None` for inputs and constants.
    pub fn producers(&self) -> Vec<Option<usize>> {
        let mut producers = vec![None; self.tensors.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for &output in &node.outputs {
                producers[output.0 as usize] = Some(index);
            }
        }
        producers
    }

    /// How often each tensor is read by nodes, plus one for each time that it is an output of the graph.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.tensors.len()];
        for node in &self.nodes {
            for input in node.op.inputs() {
                uses[input.0 as usize] += 1;
            }
        }
        for &output in &self.outputs {
            uses[output.0 as usize] += 1;
        }
        uses
    }
}
