//! Ops that move elements: each is a list of source indices.

use super::Frame;
use crate::ir::movement::{around, interleaved, join, pick, slice};
use crate::ir::{Data, MirrorMode, Shape, TensorId};
use crate::prepare::movement::nearest_neighbor;

/// Indices along each axis to indices into the tensor; `None` stays.
fn combined(axes: &[Vec<Option<usize>>], shape: &Shape) -> Vec<Option<usize>> {
    let mut indices = vec![Some(0)];
    for (axis, stride) in axes.iter().zip(shape.strides()) {
        let along = |start: &Option<usize>| {
            let start = *start;
            axis.iter().map(move |index| Some(start? + (*index)? * stride))
        };
        indices = indices.iter().flat_map(along).collect();
    }
    indices
}

/// `value` is what a padded element stores: for reals, their bits.
pub(super) fn pad(data: &Data, shape: &Shape, before: &[usize], after: &[usize], value: i32) -> Data {
    let fill = match data {
        Data::I8(_) => Data::I8(vec![value as i8]),
        Data::U8(_) => Data::U8(vec![value as u8]),
        Data::I16(_) => Data::I16(vec![value as i16]),
        Data::I32(_) => Data::I32(vec![value]),
        Data::I64(_) => Data::I64(vec![value.into()]),
        Data::F32(_) => Data::F32(vec![f32::from_bits(value as u32)]),
        Data::Bool(_) => Data::Bool(vec![value != 0]),
    };
    let axes: Vec<Vec<Option<usize>>> = (0..shape.rank())
        .map(|axis| {
            let size = shape.0[axis];
            let place = |index: usize| index.checked_sub(before[axis]).filter(|&index| index < size);
            (0..before[axis] + size + after[axis]).map(place).collect()
        })
        .collect();
    let outside = data.len();
    let indices: Vec<usize> = combined(&axes, shape).into_iter().map(|index| index.unwrap_or(outside)).collect();
    pick(&join(&[data, &fill]), &indices)
}

pub(super) fn mirror_pad(data: &Data, shape: &Shape, before: &[usize], after: &[usize], mode: MirrorMode) -> Data {
    let edge = match mode {
        MirrorMode::Reflect => 0,
        MirrorMode::Symmetric => 1,
    };
    let axes: Vec<Vec<Option<usize>>> = (0..shape.rank())
        .map(|axis| {
            let (size, before, after) = (shape.0[axis] as isize, before[axis] as isize, after[axis] as isize);
            let place = |index: isize| match index {
                ..0 => -index - edge,
                _ if index >= size => 2 * (size - 1) - index + edge,
                _ => index,
            };
            (-before..size + after).map(|index| usize::try_from(place(index)).ok()).collect()
        })
        .collect();
    let indices: Vec<usize> = combined(&axes, shape).into_iter().flatten().collect();
    pick(data, &indices)
}

pub(super) fn concatenation(frame: &Frame<'_>, inputs: &[TensorId], axis: usize) -> Data {
    let parts: Vec<&Data> = inputs.iter().map(|&id| frame.data(id)).collect();
    let [outer, _] = around(frame.shape(frame.output()), axis);
    let runs: Vec<usize> = parts.iter().map(|part| part.len() / outer.max(1)).collect();
    interleaved(&parts, &runs, outer)
}

pub(super) fn pack(frame: &Frame<'_>, inputs: &[TensorId], axis: usize) -> Data {
    concatenation(frame, inputs, axis)
}

pub(super) fn split(frame: &Frame<'_>, input: TensorId, axis: usize) -> Vec<Data> {
    let shape = frame.shape(input);
    let mut begin = vec![0; shape.rank()];
    let stride = vec![1; shape.rank()];
    let mut parts = Vec::with_capacity(frame.node.outputs.len());
    for &output in &frame.node.outputs {
        let size = &frame.shape(output).0;
        parts.push(slice(frame.data(input), shape, &begin, &stride, size));
        begin[axis] += size[axis];
    }
    parts
}

pub(super) fn unpack(frame: &Frame<'_>, input: TensorId, axis: usize) -> Vec<Data> {
    let shape = frame.shape(input);
    let (mut begin, stride, mut size) = (vec![0; shape.rank()], vec![1; shape.rank()], shape.0.clone());
    size[axis] = 1;
    let mut part = |index: usize| {
        begin[axis] = index;
        slice(frame.data(input), shape, &begin, &stride, &size)
    };
    (0..frame.node.outputs.len()).map(&mut part).collect()
}

/// The pixel whose centre is nearest.
pub(super) fn nearest(
    data: &Data,
    [batch, height, width, channels]: [usize; 4],
    [_, out_height, out_width, _]: [usize; 4],
    align_corners: bool,
    half_pixel_centers: bool,
) -> Data {
    let along = |from, to| nearest_neighbor(from, to, align_corners, half_pixel_centers).unwrap_or_default();
    let (rows, columns) = (along(height, out_height), along(width, out_width));
    let mut indices = Vec::with_capacity(batch * out_height * out_width * channels);
    for n in 0..batch {
        for &row in &rows {
            for &column in &columns {
                let start = ((n * height + usize::from(row)) * width + usize::from(column)) * channels;
                indices.extend(start..start + channels);
            }
        }
    }
    pick(data, &indices)
}
