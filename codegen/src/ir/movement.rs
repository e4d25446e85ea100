//! Moves of elements as lists of source indices, for constants and for evaluation on the host.

use super::{Data, Shape};

/// The indices `offset + i0 * steps[0] + i1 * steps[1] + ...` of a row-major walk over `dims`.
pub(crate) fn walk(dims: &[usize], steps: &[isize], offset: usize) -> Vec<usize> {
    let mut indices = vec![offset as isize];
    for (&dim, &step) in dims.iter().zip(steps) {
        indices = indices.iter().flat_map(|&start| (0..dim as isize).map(move |index| start + index * step)).collect();
    }
    indices.into_iter().map(|index| index as usize).collect()
}

fn steps(shape: &Shape) -> Vec<isize> {
    shape.strides().into_iter().map(|stride| stride as isize).collect()
}

/// The elements of `data` at `indices`.
pub(crate) fn pick(data: &Data, indices: &[usize]) -> Data {
    fn each<T: Copy>(values: &[T], indices: &[usize]) -> Vec<T> {
        indices.iter().filter_map(|&index| values.get(index).copied()).collect()
    }
    match data {
        Data::I8(values) => Data::I8(each(values, indices)),
        Data::U8(values) => Data::U8(each(values, indices)),
        Data::I16(values) => Data::I16(each(values, indices)),
        Data::I32(values) => Data::I32(each(values, indices)),
        Data::I64(values) => Data::I64(each(values, indices)),
        Data::F32(values) => Data::F32(each(values, indices)),
        Data::Bool(values) => Data::Bool(each(values, indices)),
    }
}

/// Several lists of one dtype behind each other; those of another dtype are left out.
pub(crate) fn join(parts: &[&Data]) -> Data {
    let Some((first, rest)) = parts.split_first() else { return Data::F32(Vec::new()) };
    let mut joined = (*first).clone();
    for part in rest {
        match (&mut joined, part) {
            (Data::I8(to), Data::I8(from)) => to.extend(from),
            (Data::U8(to), Data::U8(from)) => to.extend(from),
            (Data::I16(to), Data::I16(from)) => to.extend(from),
            (Data::I32(to), Data::I32(from)) => to.extend(from),
            (Data::I64(to), Data::I64(from)) => to.extend(from),
            (Data::F32(to), Data::F32(from)) => to.extend(from),
            (Data::Bool(to), Data::Bool(from)) => to.extend(from),
            _ => {}
        }
    }
    joined
}

pub(crate) fn transpose(data: &Data, shape: &Shape, perm: &[usize]) -> Data {
    let strides = steps(shape);
    let (dims, steps): (Vec<usize>, Vec<isize>) = perm.iter().map(|&axis| (shape.0[axis], strides[axis])).unzip();
    pick(data, &walk(&dims, &steps, 0))
}

pub(crate) fn slice(data: &Data, shape: &Shape, begin: &[usize], stride: &[isize], size: &[usize]) -> Data {
    let strides = steps(shape);
    let offset = begin.iter().zip(&strides).map(|(&begin, &stride)| begin * stride as usize).sum();
    let steps: Vec<isize> = strides.iter().zip(stride).map(|(&stride, &step)| stride * step).collect();
    pick(data, &walk(size, &steps, offset))
}

/// The dimensions before an axis and behind it, as two products.
pub(crate) fn around(shape: &Shape, axis: usize) -> [usize; 2] {
    [shape.0.iter().take(axis).product(), shape.0.iter().skip(axis + 1).product()]
}

/// Parts laid beside each other: part `j` has `runs[j]` neighbouring elements in each of `outer` rows.
pub(crate) fn interleaved(parts: &[&Data], runs: &[usize], outer: usize) -> Data {
    let starts: Vec<usize> = parts
        .iter()
        .scan(0, |end, part| {
            let start = *end;
            *end += part.len();
            Some(start)
        })
        .collect();
    let row = |row: usize| starts.iter().zip(runs).flat_map(move |(&start, &run)| start + row * run..start + (row + 1) * run);
    let indices: Vec<usize> = (0..outer).flat_map(row).collect();
    pick(&join(parts), &indices)
}
