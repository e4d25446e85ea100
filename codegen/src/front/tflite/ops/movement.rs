//! Operators that move elements without changing them, and resizing.

use super::{Call, axis, kind, single};
use crate::front::tflite::budget;
use crate::front::tflite::error::{Error, Outcome};
use crate::ir::{MirrorMode, Op, ResizeMode, Shape, TensorId};

/// Operand 1 holds the paddings; operand 2 of `PADV2` the value, which is else the real zero (TFLM `pad_common.cc`).
pub(super) fn pad(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let output = call.output()?;
    let (before, after) = paddings(call, input)?;
    let value = match call.operand(2) {
        Some(index) => call.reader.stored(index, "constant_values")?,
        None => call.reader.graph.tensor(output).quantization.as_ref().map_or(0, |quantization| quantization.zero_point()),
    };
    Ok(Op::Pad { input, before, after, value })
}

/// `MirrorPadOptions`: mode. Operand 1 holds the paddings.
pub(super) fn mirror_pad(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let (before, after) = paddings(call, input)?;
    let mode = match call.options(kind::MIRROR_PAD)?.byte(0, "mode")? {
        0 => MirrorMode::Reflect,
        1 => MirrorMode::Symmetric,
        given => return Err(Error::Value { field: "mode", expected: "0 (reflect) or 1 (symmetric)", given: given.into() }.into()),
    };
    Ok(Op::MirrorPad { input, before, after, mode })
}

/// Paddings before and after each axis, from an operand of shape `[rank, 2]`.
fn paddings(call: &mut Call<'_, '_>, input: TensorId) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let values = call.integers(1, "paddings")?;
    let expected = call.rank(input).saturating_mul(2);
    if values.len() != expected {
        return Err(Error::OperandLength { operand: "paddings", expected, given: values.len() });
    }
    let mut pairs = (Vec::new(), Vec::new());
    for &[before, after] in values.as_chunks().0 {
        pairs.0.push(padding(before)?);
        pairs.1.push(padding(after)?);
    }
    Ok(pairs)
}

fn padding(given: i64) -> Result<usize, Error> {
    let size = u32::try_from(given).ok().and_then(|size| usize::try_from(size).ok());
    size.ok_or(Error::Value { field: "a padding", expected: "a count of 32 bits", given })
}

/// `ConcatenationOptions`: axis, activation.
pub(super) fn concatenation(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let inputs = call.inputs("input")?;
    let output = call.output()?;
    let options = call.options(kind::CONCATENATION)?;
    let axis = axis(options.int(0, 0, "axis")?.into(), call.rank(output))?;
    Ok(Op::Concatenation { inputs, axis, activation: options.activation(1)? })
}

/// `SPLIT` (axis, input) and `SPLIT_V` (input, sizes, axis); the outputs' shapes tell the sizes.
pub(super) fn split(call: &mut Call<'_, '_>, input: usize, axis_operand: usize) -> Outcome<Op> {
    let input = call.input(input, "input")?;
    let given = single(&call.integers(axis_operand, "axis")?, "axis")?;
    Ok(Op::Split { input, axis: axis(given, call.rank(input))? })
}

/// Operand 1 holds the permutation.
pub(super) fn transpose(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let rank = call.rank(input);
    let given = call.integers(1, "perm")?;
    if given.len() != rank {
        return Err(Error::OperandLength { operand: "perm", expected: rank, given: given.len() }.into());
    }
    let perm = given.into_iter().map(|given| axis(given, rank)).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = perm.iter().enumerate().find(|(at, axis)| perm.iter().take(*at).any(|other| other == *axis)) {
        return Err(Error::Value { field: "perm", expected: "each axis once", given: *twice.1 as i64 }.into());
    }
    Ok(Op::Transpose { input, perm })
}

/// `PackOptions`: values_count, axis (of the output).
pub(super) fn pack(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let inputs = call.inputs("input")?;
    let output = call.output()?;
    let given = call.options(kind::PACK)?.int(1, 0, "axis")?;
    Ok(Op::Pack { inputs, axis: axis(given.into(), call.rank(output))? })
}

/// `UnpackOptions`: num, axis (of the input).
pub(super) fn unpack(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let given = call.options(kind::UNPACK)?.int(1, 0, "axis")?;
    Ok(Op::Unpack { input, axis: axis(given.into(), call.rank(input))? })
}

/// Operand 1, or `ReshapeOptions`: new_shape; -1 in it stands for what is left over. The output of a file that leaves nothing open
/// has that shape anyway.
pub(super) fn reshape(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let given = match call.operand(1) {
        Some(_) => call.integers(1, "shape").ok(),
        None => None,
    };
    call.stated = given.and_then(|given| filled(&given, call.shape(input).elements()));
    Ok(Op::Reshape { input })
}

/// A shape of `elements`, one size of which may be -1; `None` where there is no such shape.
fn filled(given: &[i64], elements: usize) -> Option<Shape> {
    let open = |&&size: &&i64| size == -1;
    let rest = given.iter().filter(|size| !open(size)).map(|&size| usize::try_from(size).ok());
    let rest = rest.collect::<Option<Vec<_>>>()?.into_iter().fold(1usize, |product, size| product.saturating_mul(size));
    let size = |&size: &i64| if size == -1 { elements.checked_div(rest) } else { usize::try_from(size).ok() };
    (given.len() <= budget::RANK && given.iter().filter(open).count() <= 1)
        .then(|| given.iter().map(size).collect::<Option<Vec<_>>>().map(Shape))
        .flatten()
}

/// `SqueezeOptions`: squeeze_dims; all axes of size 1 where there are none. Only outputs that are open need them.
pub(super) fn squeeze(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let dims = call.shape(input).0.clone();
    let given = call.options(kind::SQUEEZE).and_then(|options| options.ints(0, "squeeze_dims"));
    let axes = |given: Vec<i32>| given.iter().map(|&given| axis(given.into(), dims.len())).collect::<Result<Vec<_>, _>>();
    if let Ok(axes) = given.and_then(axes) {
        let gone = |&(at, &dim): &(usize, &usize)| if axes.is_empty() { dim == 1 } else { axes.contains(&at) };
        call.stated = Some(Shape(dims.iter().enumerate().filter(|pair| !gone(pair)).map(|(_, &dim)| dim).collect()));
    }
    Ok(Op::Reshape { input })
}

/// Operand 1 holds the axis of the output that is new.
pub(super) fn expand_dims(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let mut dims = call.shape(input).0.clone();
    if let Ok(given) = call.integers(1, "axis").and_then(|given| single(&given, "axis")) {
        dims.insert(axis(given, dims.len() + 1)?, 1);
        call.stated = Some(Shape(dims));
    }
    Ok(Op::Reshape { input })
}

/// `ResizeNearestNeighborOptions`: align_corners, half_pixel_centers; `ResizeBilinearOptions`: the same after two
/// deprecated fields. Operand 1 states the size, which the output of a file that leaves nothing
/// open has anyway.
pub(super) fn resize(call: &mut Call<'_, '_>, mode: ResizeMode) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let (options, first) = match mode {
        ResizeMode::NearestNeighbor => (call.options(kind::RESIZE_NEAREST_NEIGHBOR)?, 0),
        ResizeMode::Bilinear => (call.options(kind::RESIZE_BILINEAR)?, 2),
    };
    let align_corners = options.flag(first, "align_corners")?;
    let half_pixel_centers = options.flag(first + 1, "half_pixel_centers")?;
    if let (Ok(size), &[batch, _, _, channels]) = (call.integers(1, "size"), call.shape(input).0.as_slice()) {
        let size: Vec<usize> = size.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
        call.stated = <[usize; 2]>::try_from(size).ok().map(|[height, width]| Shape(vec![batch, height, width, channels]));
    }
    Ok(Op::Resize { mode, input, align_corners, half_pixel_centers })
}
