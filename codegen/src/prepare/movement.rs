//! Ops that move elements: transposes, slices, strips, pads, resizes. Shapes to loops, with neighbouring axes merged.
//!
//! Every function returns `None` where the arguments contradict the shapes, a number exceeds the kernel's integers, or
//! more loops are needed than the kernel has.

use crate::ir::{MirrorMode, Quantization, Shape};
use tinybake_runtime::kernels::copy::StridedCopy;
use tinybake_runtime::kernels::mirror_pad::MirrorPad;
use tinybake_runtime::kernels::resize::{Resize, Tap};

/// A loop: how often, and how far each of `N` tensors moves per step, in elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis<const N: usize> {
    pub(super) count: usize,
    pub(super) steps: [isize; N],
}

/// Drops loops of one step, and makes one loop of two where the outer moves every tensor as far as all of the inner.
pub(super) fn merge<const N: usize>(axes: Vec<Axis<N>>) -> Vec<Axis<N>> {
    let mut merged: Vec<Axis<N>> = Vec::with_capacity(axes.len());
    for inner in axes.into_iter().filter(|axis| axis.count != 1) {
        let continues = |outer: &Axis<N>| {
            outer.steps.iter().zip(&inner.steps).all(|(&outer, &step)| Some(outer) == step.checked_mul(inner.count as isize))
        };
        match merged.last_mut().filter(|outer| continues(outer)) {
            Some(outer) => *outer = Axis { count: outer.count.saturating_mul(inner.count), steps: inner.steps },
            None => merged.push(inner),
        }
    }
    merged
}

/// Exactly `M` loops, led by loops of one step.
pub(super) fn outermost<const N: usize, const M: usize>(axes: Vec<Axis<N>>) -> Option<[Axis<N>; M]> {
    let unused = M.checked_sub(axes.len())?;
    let mut loops = [Axis { count: 1, steps: [0; N] }; M];
    loops[unused..].copy_from_slice(&axes);
    Some(loops)
}

/// A copy over `axes` (steps of the input, steps of the output) from the two offsets.
fn strided_copy(axes: Vec<Axis<2>>, input_offset: usize, output_offset: usize) -> Option<StridedCopy> {
    let mut result = StridedCopy {
        dims: [1; 5],
        input_strides: [0; 5],
        output_strides: [0; 5],
        input_offset: u32::try_from(input_offset).ok()?,
        output_offset: u32::try_from(output_offset).ok()?,
    };
    // Counts fit so that byte positions, products of counts and strides, fit in 32 bits on the device.
    for (axis, Axis { count, steps: [input, output] }) in outermost::<2, 5>(merge(axes))?.into_iter().enumerate() {
        result.dims[axis] = u32::try_from(count).ok()?;
        result.input_strides[axis] = i32::try_from(input).ok()?;
        result.output_strides[axis] = i32::try_from(output).ok()?;
    }
    Some(result)
}

/// Loops over `dims` with these strides on either side.
fn loops(dims: &[usize], input: impl IntoIterator<Item = isize>, output: impl IntoIterator<Item = isize>) -> Vec<Axis<2>> {
    dims.iter().zip(input).zip(output).map(|((&count, input), output)| Axis { count, steps: [input, output] }).collect()
}

/// Row-major strides; `None` for a shape of more elements than the kernels can step over, or of none.
pub(super) fn signed_strides(shape: &Shape) -> Option<Vec<isize>> {
    let elements = i32::try_from(shape.elements()).ok().filter(|&elements| elements > 0);
    elements.map(|_| shape.strides().into_iter().map(|stride| stride as isize).collect())
}

/// `transpose`: axis `i` of the output is axis `perm[i]` of the input.
pub fn transpose(input: &Shape, perm: &[usize]) -> Option<StridedCopy> {
    let mut sorted = perm.to_vec();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..input.rank()) {
        return None;
    }
    let strides = signed_strides(input)?;
    let output = Shape(perm.iter().map(|&axis| input.0[axis]).collect());
    let steps: Vec<isize> = perm.iter().map(|&axis| strides[axis]).collect();
    strided_copy(loops(&output.0, steps, signed_strides(&output)?), 0, 0)
}

/// `slice` and `strided_slice`: along each axis `size` elements from `begin`, `stride` apart (negative: backwards).
pub fn slice(input: &Shape, begin: &[usize], stride: &[isize], size: &[usize]) -> Option<StridedCopy> {
    let rank = input.rank();
    if begin.len() != rank || stride.len() != rank || size.len() != rank {
        return None;
    }
    for axis in 0..rank {
        let last = (size[axis] as isize).checked_sub(1)?.checked_mul(stride[axis])?.checked_add(begin[axis] as isize)?;
        if begin[axis] >= input.0[axis] || !(0..input.0[axis] as isize).contains(&last) {
            return None;
        }
    }
    let strides = signed_strides(input)?;
    let offset = begin.iter().zip(&strides).map(|(&begin, &stride)| begin * stride as usize).sum();
    let steps: Vec<isize> = strides.iter().zip(stride).map(|(&step, &stride)| step.saturating_mul(stride)).collect();
    strided_copy(loops(size, steps, signed_strides(&Shape(size.to_vec()))?), offset, 0)
}

/// The dimensions of a shape before, at and after an axis, as three products.
fn around(shape: &Shape, axis: usize) -> Option<[usize; 3]> {
    let size = *shape.0.get(axis)?;
    let product = |dims: &[usize]| dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    Some([product(&shape.0[..axis])?, size, product(&shape.0[axis + 1..])?])
}

/// Loops over a strip of `size` along `axis` of `whole`, contiguous on the other side.
fn strip(whole: &Shape, axis: usize, start: usize, size: usize) -> Option<([usize; 2], [isize; 2], usize)> {
    let [outer, all, inner] = around(whole, axis)?;
    if start.checked_add(size)? > all {
        return None;
    }
    let run = size.checked_mul(inner)?;
    Some(([outer, run], [isize::try_from(all.checked_mul(inner)?).ok()?, 1], start.checked_mul(inner)?))
}

/// One output of `split` (elements `start..start + size` along `axis`) or of `unpack` (`size` 1), contiguous.
pub fn split(input: &Shape, axis: usize, start: usize, size: usize) -> Option<StridedCopy> {
    let (dims, steps, offset) = strip(input, axis, start, size)?;
    strided_copy(loops(&dims, steps, [dims[1] as isize, 1]), offset, 0)
}

/// One input of `concatenation` (which becomes elements `start..start + size` along `axis` of the output) or of `pack`
/// (`size` 1; `output` is the stacked shape). Nothing is rescaled: see [`check_concatenation`].
pub fn concatenation(output: &Shape, axis: usize, start: usize, size: usize) -> Option<StridedCopy> {
    let (dims, steps, offset) = strip(output, axis, start, size)?;
    strided_copy(loops(&dims, [dims[1] as isize, 1], steps), 0, offset)
}

/// Why TensorFlow Lite Micro has no int8 `concatenation` of this input into this output; `Ok` where it has. Source: TFLM
/// `micro/kernels/concatenation.cc`, `ConcatenationPrepare`.
pub fn check_concatenation(input: &Quantization, output: &Quantization) -> Result<(), &'static str> {
    if input.scale() == output.scale() && input.zero_point() == output.zero_point() {
        Ok(())
    } else {
        Err("concatenation needs the same quantization for its inputs and its output")
    }
}

/// The copy of the input into the middle of a `pad`, whose output is filled first.
pub fn pad(input: &Shape, before: &[usize], after: &[usize]) -> Option<StridedCopy> {
    if before.len() != input.rank() || after.len() != input.rank() {
        return None;
    }
    let dims = input.0.iter().zip(before).zip(after).map(|((&dim, &before), &after)| dim.checked_add(before)?.checked_add(after));
    let output = Shape(dims.collect::<Option<_>>()?);
    let strides = signed_strides(&output)?;
    let offset = before.iter().zip(&strides).map(|(&before, &stride)| before.saturating_mul(stride as usize)).sum();
    strided_copy(loops(&input.0, signed_strides(input)?, strides), 0, offset)
}

/// `mirror_pad`: neighbouring axes without padding become one. `None` also where a padding is larger than the mirror.
pub fn mirror_pad(input: &Shape, before: &[usize], after: &[usize], mode: MirrorMode) -> Option<MirrorPad> {
    let edge = match mode {
        MirrorMode::Reflect => 1,
        MirrorMode::Symmetric => 0,
    };
    if before.len() != input.rank() || after.len() != input.rank() {
        return None;
    }
    let mut axes: Vec<[usize; 3]> = Vec::new();
    for ((&dim, &before), &after) in input.0.iter().zip(before).zip(after) {
        if before.max(after).checked_add(edge)? > dim.max(edge) {
            return None;
        }
        match axes.last_mut() {
            Some([size, 0, 0]) if before == 0 && after == 0 => *size = size.checked_mul(dim)?,
            _ => axes.push([dim, before, after]),
        }
    }
    let unused = 4usize.checked_sub(axes.len())?;
    let mut result = MirrorPad { dims: [1; 4], before: [0; 4], after: [0; 4], edge: edge as u32 };
    for (axis, [dim, before, after]) in axes.into_iter().enumerate() {
        result.dims[unused + axis] = u32::try_from(dim).ok()?;
        result.before[unused + axis] = u32::try_from(before).ok()?;
        result.after[unused + axis] = u32::try_from(after).ok()?;
    }
    Some(result)
}

/// The parameters of either resize for an input `[1, height, width, channels]`.
pub fn resize(input: &Shape) -> Option<Resize> {
    let &[_, _, width, channels] = input.0.as_slice() else { return None };
    Some(Resize { input_width: u32::try_from(width).ok()?, channels: u32::try_from(channels).ok()? })
}

/// The input index for each output index along one axis of `resize_nearest_neighbor`. Source: TFLM
/// `reference/resize_nearest_neighbor.h`, `GetNearestNeighbor`, in single precision.
pub fn nearest_neighbor(input: usize, output: usize, align_corners: bool, half_pixel_centers: bool) -> Option<Vec<u16>> {
    let last = u16::try_from(input.checked_sub(1)?).ok()?;
    u16::try_from(output).ok()?;
    let scale = if align_corners && output > 1 { (input - 1) as f32 / (output - 1) as f32 } else { input as f32 / output as f32 };
    let offset = if half_pixel_centers { 0.5 } else { 0.0 };
    let nearest = |index: usize| {
        let position = (index as f32 + offset) * scale;
        let position = if align_corners { position.round() } else { position.floor() };
        (position.max(0.0) as u16).min(last)
    };
    Some((0..output).map(nearest).collect())
}

/// The two input indices and the weight for each output index along one axis of `resize_bilinear`. `None` where TFLM's
/// rounded scale runs past the input (enlargements of more than about 60 times). Source: TFLM
/// `reference/resize_bilinear.h`, `ResizeBilinearInteger`.
pub fn bilinear(input: usize, output: usize, align_corners: bool, half_pixel_centers: bool) -> Option<Vec<Tap>> {
    let (input, output) = (i32::from(u16::try_from(input).ok()?), i32::from(u16::try_from(output).ok()?));
    let (from, to) = if align_corners && output > 1 { (input - 1, output - 1) } else { (input, output) };
    let scale = i64::from(1024 * from + to / 2).checked_div(i64::from(to))?;
    let tap = |index: i32| {
        let centre = if half_pixel_centers { scale / 2 - 512 } else { 0 };
        let position = i64::from(index) * scale + centre;
        let lower = (position / 1024).max(0);
        let upper = ((position + 1023) / 1024).min(i64::from(input) - 1);
        let inside = lower < i64::from(input) && upper >= 0;
        let fraction = i16::try_from(position - 1024 * lower).ok()?;
        inside.then_some(Tap { lower: u16::try_from(lower).ok()?, upper: u16::try_from(upper).ok()?, fraction })
    };
    (0..output).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinybake_runtime::kernels::copy::copy;

    fn shape(dims: &[usize]) -> Shape {
        Shape(dims.to_vec())
    }

    /// Runs the kernel over an input whose element at index `i` is `i`.
    fn indices(params: &StridedCopy, input: usize, output: usize) -> Vec<usize> {
        let input: Vec<usize> = (0..input).collect();
        let mut result = vec![usize::MAX; output];
        copy(params, &input, &mut result);
        result
    }

    #[test]
    fn neighbouring_axes_merge() {
        let whole = transpose(&shape(&[2, 3, 4, 5]), &[0, 1, 2, 3]).unwrap();
        assert_eq!((whole.dims, whole.input_strides[4], whole.output_strides[4]), ([1, 1, 1, 1, 120], 1, 1));
        let swapped = transpose(&shape(&[1, 2, 3, 4, 5, 6]), &[0, 3, 4, 5, 1, 2]).unwrap();
        assert_eq!((swapped.dims, swapped.input_strides), ([1, 1, 1, 120, 6], [0, 0, 0, 1, 120]));
    }

    #[test]
    fn transpose_reads_the_permuted_index() {
        let params = transpose(&shape(&[2, 3, 4]), &[2, 0, 1]).unwrap();
        let given = indices(&params, 24, 24);
        let expected = (0..4).flat_map(|k| (0..2).flat_map(move |i| (0..3).map(move |j| i * 12 + j * 4 + k)));
        assert!(given.into_iter().eq(expected));
    }

    #[test]
    fn slice_steps_backwards() {
        let params = slice(&shape(&[3, 5]), &[2, 4], &[-1, -2], &[2, 3]).unwrap();
        assert_eq!(indices(&params, 15, 6), [14, 12, 10, 9, 7, 5]);
    }

    #[test]
    fn arguments_that_contradict_the_shape_are_refused() {
        let input = shape(&[3, 5]);
        assert_eq!(transpose(&input, &[0, 0]), None);
        assert_eq!(transpose(&input, &[0, 1, 2]), None);
        assert_eq!(slice(&input, &[0, 3], &[1, 1], &[3, 3]), None);
        assert_eq!(slice(&input, &[0, 0], &[1, -1], &[3, 2]), None);
        assert_eq!(slice(&input, &[0, 0], &[1, isize::MAX], &[3, usize::MAX]), None);
        assert_eq!(split(&input, 1, 4, 2), None);
        assert_eq!(concatenation(&input, 2, 0, 1), None);
        assert_eq!(pad(&input, &[usize::MAX, 0], &[1, 0]), None);
        assert_eq!(pad(&input, &[1 << 40, 1 << 40], &[1, 0]), None);
        assert_eq!(mirror_pad(&input, &[3, 0], &[0, 0], MirrorMode::Reflect), None);
        assert_eq!(mirror_pad(&input, &[4, 0], &[0, 0], MirrorMode::Symmetric), None);
        assert_eq!(transpose(&shape(&[1 << 20, 1 << 20, 1 << 40]), &[2, 1, 0]), None);
    }

    #[test]
    fn bilinear_refuses_what_runs_past_the_input() {
        assert_eq!(bilinear(3, 198, false, false), None);
        assert!(bilinear(3, 99, false, false).is_some());
        assert_eq!(bilinear(0, 4, false, true), None);
    }
}
