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

    /// The task of a network on samples, and the reason why. It is a classifier if labels are class indices, or if its only output comes from one
    /// softmax or argmax over all elements; labels of a softmax may be one-hot.
    pub fn of(graph: &Graph, data: &Dataset) -> (Self, &'static str) {
        if data.labels.is_some() {
            return (Self::Classification, "the labels are class indices");
        }
        if let Some(reason) = chooses(graph) {
            return (Self::Classification, reason);
        }
        if data.targets.iter().any(Option::is_some) {
            return (Self::Regression, "the labels are target values");
        }
        match graph.outputs.len() {
            1 => (Self::Regression, "it has no softmax at the end, and no labels are given"),
            _ => (Self::Regression, "it has several outputs and no labels"),
        }
    }

    /// The task to judge by, and why: `asked`, or where nothing is asked for, [`Self::of`]. `None` where classification is asked of a network whose
    /// first output has a single element.
    pub fn resolve(asked: Option<Self>, graph: &Graph, data: &Dataset) -> Option<(Self, &'static str)> {
        let found = Self::of(graph, data);
        match asked {
            Some(task) if task != found.0 => {
                let elements = graph.outputs.first().map_or(0, |&output| graph.tensor(output).shape.elements());
                (task == Self::Regression || elements > 1).then_some((task, "it was asked for"))
            }
            _ => Some(found),
        }
    }
}

/// How the only output of a network chooses one of its elements.
fn chooses(graph: &Graph) -> Option<&'static str> {
    let &[mut id] = graph.outputs.as_slice() else { return None };
    let producers = graph.producers();
    loop {
        let tensor = graph.tensor(id);
        let elements = tensor.shape.elements();
        match graph.nodes[producers.get(id.0 as usize).copied().flatten()?].op {
            Op::Reshape { input } | Op::Quantize { input } | Op::Dequantize { input } => id = input,
            Op::Softmax { .. } if elements > 1 && tensor.shape.0.last() == Some(&elements) => {
                return Some("its only output is a softmax");
            }
            Op::ArgMax { .. } if elements == 1 => return Some("its only output is an argmax"),
            _ => return None,
        }
    }
}

/// Whether a tensor holds the index of a class.
pub(super) fn is_index(graph: &Graph, id: TensorId) -> bool {
    let tensor = graph.tensor(id);
    matches!(tensor.dtype, DType::I32 | DType::I64) && tensor.shape.elements() == 1
}
