//! What a name of the file stands for, and in which order its axes are stored.

use crate::ir::{Data, Shape, TensorId};
use std::rc::Rc;

/// A constant, in the file's order.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

impl Constant {
    /// The floats; `None` for integers.
    pub(super) fn floats(&self) -> Option<&[f32]> {
        match &self.data {
            Data::F32(values) => Some(values),
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_) => None,
        }
    }
}

/// A tensor that the network computes.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) id: TensorId,
    /// The file's axis `k` is axis `order[k]` of the graph's tensor.
    pub(super) order: Vec<usize>,
    /// For rows that were flattened in the order of the graph: what was flattened.
    pub(super) flat: Option<Box<Value>>,
}

impl Value {
    pub(super) fn plain(id: TensorId, rank: usize) -> Self {
        Self { id, order: (0..rank).collect(), flat: None }
    }

    pub(super) fn ordered(id: TensorId, order: Vec<usize>) -> Self {
        Self { id, order, flat: None }
    }

    /// The file's shape.
    pub(super) fn shape(&self, stored: &Shape) -> Vec<usize> {
        self.order.iter().map(|&axis| stored.0.get(axis).copied().unwrap_or(1)).collect()
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Constant(Rc<Constant>),
    Computed(Value),
    /// Made by a node that is already told to be wrong.
    Wrong,
}

/// Whether `order` leaves elements where they are, since only axes of size 1 move.
pub(super) fn moves_nothing(order: &[usize], stored: &Shape) -> bool {
    order.iter().filter(|&&axis| stored.0.get(axis) != Some(&1)).is_sorted()
}

/// NHWC for the file's NCHW: the file's axis of each stored one.
pub(super) const IMAGE: [usize; 4] = [0, 2, 3, 1];
/// The order of a value that is stored as NHWC.
pub(super) const IMAGE_ORDER: [usize; 4] = [0, 3, 1, 2];

/// The elements of `values`, of shape `shape`, with axis `k` of the result being axis `axes[k]`.
pub(super) fn permuted<T: Copy>(values: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
    let strides = Shape(shape.to_vec()).strides();
    let mut indices = vec![0usize];
    for &axis in axes {
        let (size, stride) = (shape.get(axis).copied().unwrap_or(1), strides.get(axis).copied().unwrap_or(0));
        indices = indices.iter().flat_map(|&start| (0..size).map(move |index| start + index * stride)).collect();
    }
    indices.into_iter().filter_map(|index| values.get(index).copied()).collect()
}
