//! Windows over images, and pools.

use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::builder::Image;
use crate::front::onnx::value::Value;
use crate::ir::{Activation, Op, PoolKind, ReduceKind, Window};

/// An attribute of one number for each side of an image; that of a 1-D one has none for the height, which is `default`.
pub(super) fn sides(
    call: &Call<'_, '_>,
    name: &'static str,
    lines: bool,
    least: i64,
    default: usize,
) -> Result<[usize; 2], Error> {
    match lines {
        true => call.attributes.sizes(name, least, default).map(|[width]| [default, width]),
        false => call.attributes.sizes(name, least, default),
    }
}

/// The paddings before and after.
pub(super) fn pads(call: &Call<'_, '_>, lines: bool) -> Result<[[usize; 2]; 2], Error> {
    if lines {
        return call.attributes.sizes("pads", 0, 0).map(|[left, right]| [[0, left], [0, right]]);
    }
    call.attributes.sizes("pads", 0, 0).map(|[top, left, bottom, right]| [[top, left], [bottom, right]])
}

/// Strides, dilations and paddings of a node; `lines` where its images are 1-D.
pub(super) fn window(call: &Call<'_, '_>, lines: bool, kernel: [usize; 2], image: [usize; 2]) -> Result<Window, Error> {
    let attributes = call.attributes;
    let (stride, dilation) = (sides(call, "strides", lines, 1, 1)?, sides(call, "dilations", lines, 1, 1)?);
    let [pad_before, pad_after] = pads(call, lines)?;
    let explicit = Window { kernel, stride, dilation, pad_before, pad_after };
    match attributes.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" | "" => Ok(explicit),
        "VALID" => Ok(Window::valid(kernel, stride, dilation)),
        "SAME_UPPER" => Ok(Window::same(kernel, stride, dilation, image)),
        "SAME_LOWER" => {
            let same = Window::same(kernel, stride, dilation, image);
            Ok(Window { pad_before: same.pad_after, pad_after: same.pad_before, ..same })
        }
        other => Err(Error::Value { what: "auto_pad", expected: "NOTSET, VALID or SAME_*", given: other.into() }),
    }
}

pub(super) fn pool(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    if call.outputs.len() > 1 {
        return Err(Error::Unsupported { what: "a pool that tells indices".into() });
    }
    let Image { id: mut input, dims: [_, height, width, _], order } = builder.image(&value, "a pool")?;
    let lines = value.order.len() == 3;
    if call.attributes.integers("kernel_shape").is_none_or(<[i64]>::is_empty) {
        return Err(Error::Value { what: "kernel_shape", expected: "given", given: "absent".into() });
    }
    let kernel = sides(call, "kernel_shape", lines, 1, 1)?;
    let mut window = window(call, lines, kernel, [height, width])?;
    if window.dilation != [1, 1] {
        return Err(Error::Unsupported { what: "a dilated pool".into() });
    }
    let kind = if call.kind == "MaxPool" { PoolKind::Max } else { PoolKind::Average };
    let padded = window.pad_before != [0, 0] || window.pad_after != [0, 0];
    if kind == PoolKind::Average && padded && call.attributes.integer("count_include_pad", 0) != 0 {
        let (before, after) = (window.pad_before, window.pad_after);
        let op = Op::Pad { input, before: vec![0, before[0], before[1], 0], after: vec![0, after[0], after[1], 0], value: 0 };
        input = builder.add(call, op, None)?;
        window = Window::valid(kernel, window.stride, [1, 1]);
    }
    if call.attributes.integer("ceil_mode", 0) != 0 {
        for (axis, size) in [height, width].into_iter().enumerate() {
            let covered = (size + window.pad_before[axis] + window.pad_after[axis]).saturating_sub(kernel[axis]);
            if covered % window.stride[axis].max(1) != 0 {
                return Err(Error::Unsupported { what: "ceil_mode where it makes a difference".into() });
            }
        }
    }
    let made = builder.add(call, Op::Pool2d { kind, input, window, activation: Activation::None }, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

pub(super) fn global_pool(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let Image { id: input, dims: [batch, _, _, channels], order } = builder.image(&value, "a global pool")?;
    let kind = if call.kind == "GlobalMaxPool" { ReduceKind::Max } else { ReduceKind::Mean };
    let made = builder.add(call, Op::Reduce { kind, input, axes: vec![1, 2] }, Some(vec![batch, 1, 1, channels]))?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}
