//! Reductions over axes, softmax, and the index of the greatest element.

use crate::ir::movement::walk;
use crate::ir::{DType, Data, ReduceKind, Shape};

pub(super) fn reduce(kind: ReduceKind, values: &[f32], shape: &Shape, axes: &[usize]) -> Vec<f32> {
    let strides: Vec<isize> = shape.strides().into_iter().map(|stride| stride as isize).collect();
    let side = |reduced: bool| -> (Vec<usize>, Vec<isize>) {
        (0..shape.rank()).filter(|axis| axes.contains(axis) == reduced).map(|axis| (shape.0[axis], strides[axis])).unzip()
    };
    let ((kept, kept_steps), (gone, gone_steps)) = (side(false), side(true));
    let inside = walk(&gone, &gone_steps, 0);
    let one = |start: usize| {
        let reads = inside.iter().map(|&offset| values[start + offset]);
        match kind {
            ReduceKind::Mean => (reads.map(f64::from).sum::<f64>() / inside.len().max(1) as f64) as f32,
            ReduceKind::Max => reads.fold(f32::NEG_INFINITY, f32::max),
        }
    };
    walk(&kept, &kept_steps, 0).into_iter().map(one).collect()
}

pub(super) fn softmax(values: &[f32], shape: &Shape, beta: f32) -> Vec<f32> {
    let depth = shape.0.last().copied().unwrap_or(1).max(1);
    let mut made = Vec::with_capacity(values.len());
    for row in values.chunks(depth) {
        let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = row.iter().map(|&value| ((value - greatest) * beta).exp()).collect();
        let sum: f32 = powers.iter().sum();
        made.extend(powers.iter().map(|power| power / sum));
    }
    made
}

/// The first of the greatest, along `axis`.
pub(super) fn arg_max(values: &[f32], shape: &Shape, axis: usize, dtype: DType) -> Data {
    let size = shape.0[axis];
    let inner: usize = shape.0[axis + 1..].iter().product();
    let outer = values.len() / (size * inner).max(1);
    let mut found = Vec::with_capacity(outer * inner);
    for start in 0..outer {
        for column in 0..inner {
            let at = |index: usize| values[(start * size + index) * inner + column];
            found.push((1..size).fold(0, |best, index| if at(index) > at(best) { index } else { best }));
        }
    }
    match dtype {
        DType::I64 => Data::I64(found.into_iter().map(|index| index as i64).collect()),
        DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::F32 | DType::Bool => {
            Data::I32(found.into_iter().map(|index| index as i32).collect())
        }
    }
}
