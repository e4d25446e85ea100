//! What a name of the file stands for, and in which order its axes are stored.

use crate::ir::{Data, Quantization, Shape, TensorId};
use std::borrow::Cow;
use std::rc::Rc;

/// A constant, in the file's order.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
    /// How integers stand for reals, where the file says so; `int8` and `int32` then.
    pub(super) quantization: Option<Quantization>,
}

impl Constant {
    /// Plain numbers.
    pub(super) fn plain(shape: Vec<usize>, data: Data) -> Self {
        Self { shape, data, quantization: None }
    }

    /// The reals; `None` for integers that stand for none.
    pub(super) fn floats(&self) -> Option<Cow<'_, [f32]>> {
        match (&self.data, &self.quantization) {
            (Data::F32(values), _) => Some(Cow::Borrowed(values)),
            (integers, Some(quantization)) => Some(Cow::Owned(reals(&integers.integers()?, &self.shape, quantization))),
            (_, None) => None,
        }
    }

    /// `int8` with every zero point subtracted from its elements; `int16` where they leave `int8`.
    pub(super) fn centered(&self) -> Self {
        let (Data::I8(values), Some(quantization)) = (&self.data, &self.quantization) else { return self.clone() };
        let inner: usize = self.shape.iter().skip(quantization.axis + 1).product();
        let count = quantization.zero_points.len().max(1);
        let zero_point = |index: usize| {
            let at = index.checked_div(inner).unwrap_or(0) % count;
            quantization.zero_points.get(at).map_or(0, |&zero_point| zero_point.clamp(-128, 127) as i16)
        };
        let wide: Vec<i16> = values.iter().enumerate().map(|(index, &value)| i16::from(value) - zero_point(index)).collect();
        let narrow: Result<Vec<i8>, _> = wide.iter().map(|&value| i8::try_from(value)).collect();
        let data = narrow.map_or(Data::I16(wide), Data::I8);
        let quantization = Quantization { zero_points: vec![0; quantization.scales.len()], ..quantization.clone() };
        Self { shape: self.shape.clone(), data, quantization: Some(quantization) }
    }

    /// Weights of a 1-D layer, whose last axis is the width, with a height of 1 before it.
    pub(super) fn with_height(mut self) -> Self {
        let at = self.shape.len().saturating_sub(1);
        self.shape.insert(at, 1);
        if let Some(quantization) = self.quantization.as_mut().filter(|quantization| quantization.axis >= at) {
            quantization.axis += 1;
        }
        self
    }

    /// The same elements with axis `k` being axis `axes[k]`, of a constant whose shape is seen as `shape`.
    pub(super) fn permuted(&self, shape: &[usize], axes: &[usize]) -> Self {
        let data = match &self.data {
            Data::I8(values) => Data::I8(permuted(values, shape, axes)),
            Data::U8(values) => Data::U8(permuted(values, shape, axes)),
            Data::I16(values) => Data::I16(permuted(values, shape, axes)),
            Data::I32(values) => Data::I32(permuted(values, shape, axes)),
            Data::I64(values) => Data::I64(permuted(values, shape, axes)),
            Data::F32(values) => Data::F32(permuted(values, shape, axes)),
            Data::Bool(values) => Data::Bool(permuted(values, shape, axes)),
        };
        let quantization = self.quantization.clone().map(|quantization| Quantization {
            axis: axes.iter().position(|&axis| axis == quantization.axis).unwrap_or(0),
            ..quantization
        });
        let shape = axes.iter().filter_map(|&axis| shape.get(axis).copied()).collect();
        Self { shape, data, quantization }
    }
}

/// `scale * (q - zero_point)`, in f32 as ONNX Runtime computes it.
fn reals(values: &[i64], shape: &[usize], quantization: &Quantization) -> Vec<f32> {
    let inner: usize = shape.iter().skip(quantization.axis + 1).product();
    let count = quantization.scales.len().max(1);
    let real = |(index, &value): (usize, &i64)| {
        let at = index.checked_div(inner).unwrap_or(0) % count;
        let zero_point = quantization.zero_points.get(at).copied().unwrap_or(0);
        (value - i64::from(zero_point)) as f32 * quantization.scales.get(at).copied().unwrap_or(1.0)
    };
    values.iter().enumerate().map(real).collect()
}

/// A tensor that the network computes.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) id: TensorId,
    /// The file's axis `k` is axis `order[k]` of the graph's tensor. Axes of the tensor that are not listed have size 1: the height of
    /// a 1-D image.
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

    /// The file's axes in the order in which they are stored.
    pub(super) fn axes(&self) -> Vec<usize> {
        let mut axes: Vec<usize> = (0..self.order.len()).collect();
        axes.sort_by_key(|&axis| self.order.get(axis));
        axes
    }

    /// Whether it is stored as an image of the graph: NHWC for NCHW, or with a height of 1 for NCW.
    pub(super) fn is_image(&self) -> bool {
        self.flat.is_none() && (self.order == IMAGE_ORDER || self.order == LINE_ORDER)
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
/// NWC for the file's NCW.
pub(super) const LINE: [usize; 3] = [0, 2, 1];
/// The order of an NCW value that is stored as NHWC with a height of 1.
pub(super) const LINE_ORDER: [usize; 3] = [0, 3, 2];

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
