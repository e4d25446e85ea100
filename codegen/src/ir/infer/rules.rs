//! What several ops ask of shapes.

use super::ShapeError;
use crate::ir::{Shape, Window};

/// Ends in the shapes `made`, where each declared one equals its own.
pub(super) fn settle(declared: &[Option<Shape>], made: &[Vec<usize>]) -> Result<Vec<Shape>, ShapeError> {
    count("outputs", made.len(), declared.len())?;
    made.iter()
        .zip(declared)
        .map(|(made, declared)| {
            let made = Shape(made.clone());
            match declared {
                Some(given) if *given != made => Err(ShapeError::Declared { expected: made, given: given.clone() }),
                _ => made.check().map(|()| made),
            }
        })
        .collect()
}

/// As [`settle`] for one output that may also be declared otherwise, as `fits` allows.
pub(super) fn settle_if(
    declared: &[Option<Shape>],
    made: Vec<usize>,
    fits: impl Fn(&[usize]) -> bool,
) -> Result<Vec<Shape>, ShapeError> {
    match declared {
        [Some(given)] if fits(&given.0) => settle(declared, std::slice::from_ref(&given.0)),
        _ => settle(declared, &[made]),
    }
}

pub(super) fn reduced(declared: &[Option<Shape>], dims: &[usize], axes: &[usize]) -> Result<Vec<Shape>, ShapeError> {
    axes.iter().try_for_each(|&axis| check_axis(axis, dims))?;
    if !axes.is_sorted_by(|a, b| a < b) {
        return Err(ShapeError::Axes { what: "axes are not sorted and distinct:", given: axes.to_vec(), rank: dims.len() });
    }
    let kept: Vec<usize> = dims.iter().enumerate().map(|(axis, &dim)| if axes.contains(&axis) { 1 } else { dim }).collect();
    let dropped = dims.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &dim)| dim).collect();
    settle_if(declared, dropped, |given| given == kept)
}

pub(super) fn padded(
    dims: &[usize],
    before: &[usize],
    after: &[usize],
    limit: impl Fn(usize) -> usize,
) -> Result<Vec<usize>, ShapeError> {
    count("paddings before", dims.len(), before.len())?;
    count("paddings after", dims.len(), after.len())?;
    let mut made = Vec::with_capacity(dims.len());
    for (axis, ((&dim, &before), &after)) in dims.iter().zip(before).zip(after).enumerate() {
        let (limit, given) = (limit(dim), before.max(after));
        if given > limit {
            return Err(ShapeError::Mirror { axis, limit, given });
        }
        made.push(dim.saturating_add(before).saturating_add(after));
    }
    Ok(made)
}

pub(super) fn split(declared: &[Option<Shape>], dims: &[usize], axis: usize) -> Result<Vec<Shape>, ShapeError> {
    let whole = dims[axis];
    let with = |part: usize| {
        let mut made = dims.to_vec();
        made[axis] = part;
        made
    };
    let stated: Option<Vec<usize>> = declared.iter().map(|given| given.as_ref()?.0.get(axis).copied()).collect();
    match stated.filter(|parts| parts.iter().fold(0usize, |sum, &part| sum.saturating_add(part)) == whole) {
        Some(parts) => settle(declared, &parts.into_iter().map(with).collect::<Vec<_>>()),
        None => {
            multiple("the axis that is split, by the number of outputs", whole, declared.len())?;
            settle(declared, &vec![with(whole / declared.len()); declared.len()])
        }
    }
}

pub(super) fn check_slice(dims: &[usize], begin: &[usize], stride: &[isize], size: &[usize]) -> Result<(), ShapeError> {
    count("begins", dims.len(), begin.len())?;
    count("strides", dims.len(), stride.len())?;
    count("sizes", dims.len(), size.len())?;
    for (axis, &dim) in dims.iter().enumerate() {
        let (begin, stride, size) = (begin[axis], stride[axis], size[axis]);
        let steps = isize::try_from(size).ok().and_then(|size| stride.checked_mul(size.checked_sub(1)?));
        let last = steps.and_then(|steps| begin.checked_add_signed(steps));
        if begin >= dim || size == 0 || stride == 0 || last.is_none_or(|last| last >= dim) {
            return Err(ShapeError::Slice { axis, begin, stride, size, dim });
        }
    }
    Ok(())
}

/// Whether `given` is `dims` without some of its ones.
pub(super) fn drops_ones(dims: &[usize], given: &[usize]) -> bool {
    let mut rest = given.iter().peekable();
    dims.iter().all(|dim| rest.next_if_eq(&dim).is_some() || *dim == 1) && rest.next().is_none()
}

/// The numpy broadcast of two shapes.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, ShapeError> {
    let rank = a.len().max(b.len());
    let at = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    (0..rank)
        .map(|axis| match (at(a, axis), at(b, axis)) {
            (a, b) if a == b || b == 1 => Ok(a),
            (1, b) => Ok(b),
            _ => Err(ShapeError::Broadcast { a: Shape(a.to_vec()), b: Shape(b.to_vec()) }),
        })
        .collect()
}

pub(super) fn slide(window: &Window, image: [usize; 2]) -> Result<[usize; 2], ShapeError> {
    let error = ShapeError::Window { window: *window, image };
    if window.stride.contains(&0) || window.dilation.contains(&0) {
        return Err(error);
    }
    window.output(image).ok_or(error)
}

/// The smallest image that the window takes to `[height, width]`; `None` where the padding covers it whole.
pub(super) fn unslide(window: &Window, image: [usize; 2]) -> Option<[usize; 2]> {
    let mut size = [0; 2];
    for axis in 0..2 {
        let effective = window.kernel[axis].checked_sub(1)?.checked_mul(window.dilation[axis])?.checked_add(1)?;
        let covered = image[axis].checked_sub(1)?.checked_mul(window.stride[axis])?.checked_add(effective)?;
        let padding = window.pad_before[axis].checked_add(window.pad_after[axis])?;
        size[axis] = covered.checked_sub(padding).filter(|&size| size > 0)?;
    }
    Some(size)
}

pub(super) fn kernel(window: &Window, filter: [usize; 2]) -> Result<(), ShapeError> {
    same("the window's height", filter[0], window.kernel[0])?;
    same("the window's width", filter[1], window.kernel[1])
}

pub(super) fn check_bias(bias: Option<&[usize]>, out: usize) -> Result<(), ShapeError> {
    match bias {
        Some(&[given]) => same("the number of biases", out, given),
        Some(other) => Err(rank("bias", 1, other)),
        None => Ok(()),
    }
}

pub(super) fn image(what: &'static str, dims: &[usize]) -> Result<[usize; 4], ShapeError> {
    dims.try_into().map_err(|_| rank(what, 4, dims))
}

pub(super) fn rank(what: &'static str, expected: usize, dims: &[usize]) -> ShapeError {
    ShapeError::Rank { what, expected, given: dims.len() }
}

pub(super) fn product(dims: &[usize]) -> usize {
    dims.iter().fold(1, |product: usize, &dim| product.saturating_mul(dim))
}

pub(super) fn first<'a>(what: &'static str, shape: Option<&'a [usize]>) -> Result<&'a [usize], ShapeError> {
    shape.ok_or(ShapeError::Count { what, expected: 1, given: 0 })
}

pub(super) fn equal(expected: &[usize], given: &[usize]) -> Result<(), ShapeError> {
    count("dimensions", expected.len(), given.len())?;
    expected.iter().zip(given).try_for_each(|(&expected, &given)| same("a dimension", expected, given))
}

pub(super) fn same(what: &'static str, expected: usize, given: usize) -> Result<(), ShapeError> {
    if expected == given { Ok(()) } else { Err(ShapeError::Size { what, expected, given }) }
}

pub(super) fn count(what: &'static str, expected: usize, given: usize) -> Result<(), ShapeError> {
    if expected == given { Ok(()) } else { Err(ShapeError::Count { what, expected, given }) }
}

pub(super) fn multiple(what: &'static str, given: usize, of: usize) -> Result<(), ShapeError> {
    if of > 0 && given > 0 && given.is_multiple_of(of) { Ok(()) } else { Err(ShapeError::Multiple { what, of, given }) }
}

pub(super) fn check_axis(axis: usize, dims: &[usize]) -> Result<(), ShapeError> {
    if axis < dims.len() { Ok(()) } else { Err(ShapeError::Axis { axis, rank: dims.len() }) }
}
