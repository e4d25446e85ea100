//! Whether a network is a classifier: whether its answer is the greatest element of its output, or all of its outputs.

use crate::ir::{DType, Graph, Op, TensorId};
use crate::samples::Dataset;

/// The answer of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The class with the greatest element of the first output. Other outputs count by their error.
    Classification,
    /// All elements of all outputs: regression, several labels, features, reconstructions.
    Regression,
}

impl Task {
    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }

    /// The task of a network on samples, and the reason why. It is a classifier if labels are class indices, or without labels, if its only
    /// output comes from one softmax or argmax over all elements.
    pub fn of(graph: &Graph, data: &Dataset) -> (Self, &'static str) {
        if data.labels.is_some() {
            return (Self::Classification, "the labels are class indices");
        }
        if data.targets.iter().any(Option::is_some) {
            return (Self::Regression, "the labels are target values");
        }
        let &[output] = graph.outputs.as_slice() else { return (Self::Regression, "it has several outputs and no labels") };
        let producers = graph.producers();
        let mut id = output;
        loop {
            let tensor = graph.tensor(id);
            match producers.get(id.0 as usize).copied().flatten().map(|node| &graph.nodes[node].op) {
                Some(&(Op::Reshape { input } | Op::Quantize { input } | Op::Dequantize { input })) => id = input,
                Some(Op::Softmax { .. })
                    if tensor.shape.elements() > 1 && tensor.shape.0.last() == Some(&tensor.shape.elements()) =>
                {
                    return (Self::Classification, "its only output is a softmax");
                }
                Some(Op::ArgMax { .. }) if tensor.shape.elements() == 1 => {
                    return (Self::Classification, "its only output is an argmax");
                }
                _ => return (Self::Regression, "it has no softmax at the end, and no labels are given"),
            }
        }
    }
}

/// Whether a tensor holds the index of a class.
pub(super) fn is_index(graph: &Graph, id: TensorId) -> bool {
    let tensor = graph.tensor(id);
    matches!(tensor.dtype, DType::I32 | DType::I64) && tensor.shape.elements() == 1
}
