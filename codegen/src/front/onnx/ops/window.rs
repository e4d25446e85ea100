//! Windows over images, and pools.

use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::value::{IMAGE, IMAGE_ORDER, Value};
use crate::ir::{Activation, Op, PoolKind, ReduceKind, Window};

/// Strides, dilations and paddings of a node.
pub(super) fn window(call: &Call<'_, '_>, kernel: [usize; 2], image: [usize; 2]) -> Result<Window, Error> {
    let attributes = call.attributes;
    let (stride, dilation) = (attributes.sizes("strides", 1, 1)?, attributes.sizes("dilations", 1, 1)?);
    let [top, left, bottom, right] = attributes.sizes("pads", 0, 0)?;
    let explicit = Window { kernel, stride, dilation, pad_before: [top, left], pad_after: [bottom, right] };
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
    if value.order.len() != 4 {
        return Err(Error::Unsupported { what: format!("a pool of {} axes", value.order.len()) });
    }
    if call.outputs.len() > 1 {
        return Err(Error::Unsupported { what: "a pool that tells indices".into() });
    }
    let kernel: [usize; 2] = call.attributes.sizes("kernel_shape", 1, 0)?;
    if kernel.contains(&0) {
        return Err(Error::Value { what: "kernel_shape", expected: "given", given: "absent".into() });
    }
    let mut input = builder.arrange(&value, &IMAGE)?;
    let [_, height, width, _] = *builder.shape(input).0.as_slice() else {
        return Err(Error::Malformed { what: "an image without four axes" });
    };
    let mut window = window(call, kernel, [height, width])?;
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
    Ok(vec![Known::Computed(Value::ordered(made, IMAGE_ORDER.to_vec()))])
}

pub(super) fn global_pool(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    if value.order.len() != 4 {
        return Err(Error::Unsupported { what: format!("a global pool of {} axes", value.order.len()) });
    }
    let input = builder.arrange(&value, &IMAGE)?;
    let [batch, _, _, channels] = *builder.shape(input).0.as_slice() else {
        return Err(Error::Malformed { what: "an image without four axes" });
    };
    let kind = if call.kind == "GlobalMaxPool" { ReduceKind::Max } else { ReduceKind::Mean };
    let made = builder.add(call, Op::Reduce { kind, input, axes: vec![1, 2] }, Some(vec![batch, 1, 1, channels]))?;
    Ok(vec![Known::Computed(Value::ordered(made, IMAGE_ORDER.to_vec()))])
}
