//! Transposed convolutions.

use super::layer::{bias, filters};
use super::window::{pads, sides};
use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::builder::Image;
use crate::front::onnx::value::{Constant, Value};
use crate::ir::{Activation, Data, Op, Window};

/// Weights `[in, out / groups, kh, kw]`; without `kh` where images are 1-D. The graph has no groups and no dilations: weights between
/// groups and between taps are zeros there.
pub(super) fn conv_transpose(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let Image { id: input, dims: [batch, height, width, channels], order } = builder.image(&value, "a transposed convolution")?;
    let (weights, lines) = filters(builder, call, &value)?;
    let shape = weights.shape.clone();
    let &[depth, columns, kernel_h, kernel_w] = shape.as_slice() else { return Err(Error::Malformed { what: "a filter" }) };
    let groups = usize::try_from(call.attributes.integer("group", 1)).unwrap_or(0);
    if groups == 0 || channels != depth || channels % groups != 0 {
        let given = format!("{groups}, with {channels} channels and weights {shape:?}");
        return Err(Error::Value { what: "group", expected: "what parts the channels", given });
    }
    let dilation = sides(call, "dilations", lines, 1, 1)?;
    let taps = [kernel_h, kernel_w];
    let spread = |axis: usize| taps[axis].saturating_sub(1).saturating_mul(dilation[axis]).saturating_add(1);
    let kernel = [spread(0), spread(1)];
    let (window, size) = window(call, lines, kernel, [height, width])?;
    let Some(out) = columns.checked_mul(groups) else { return Err(Error::Malformed { what: "a filter" }) };
    let filter = match groups == 1 && dilation == [1, 1] {
        true => weights.permuted(&shape, &[1, 2, 3, 0]),
        false => dense(builder, &weights, groups, dilation, [out, kernel[0], kernel[1], depth])?,
    };
    let bias = bias(builder, call, 2, out)?;
    let filter = builder.of_constant(call.name(1), vec![out, kernel[0], kernel[1], depth], filter)?;
    let op = Op::TransposeConv { input, filter, bias, window, activation: Activation::None };
    let made = builder.add(call, op, Some(vec![batch, size[0], size[1], out]))?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

/// Strides and paddings, and the size of the image that is made: `stride * (in - 1) + output_padding + kernel - pads`.
fn window(call: &Call<'_, '_>, lines: bool, kernel: [usize; 2], image: [usize; 2]) -> Result<(Window, [usize; 2]), Error> {
    if !matches!(call.attributes.text("auto_pad").unwrap_or("NOTSET"), "NOTSET" | "VALID" | "") {
        return Err(Error::Unsupported { what: "auto_pad of a transposed convolution".into() });
    }
    let stride = sides(call, "strides", lines, 1, 1)?;
    let extra = sides(call, "output_padding", lines, 0, 0)?;
    let [mut before, mut after] = pads(call, lines)?;
    let wanted = match call.attributes.integers("output_shape").is_none_or(<[i64]>::is_empty) {
        true => None,
        false => Some(sides(call, "output_shape", lines, 1, 1)?),
    };
    let mut size = [0; 2];
    for axis in 0..2 {
        let whole = stride[axis].saturating_mul(image[axis].saturating_sub(1)).saturating_add(extra[axis]);
        let whole = whole.saturating_add(kernel[axis]);
        if let Some(wanted) = wanted {
            // What is too much is cut off, the odd pixel first.
            let cut = whole.saturating_sub(wanted[axis]);
            (before[axis], after[axis]) = (cut - cut / 2, cut / 2);
        }
        let left = whole.checked_sub(before[axis] + after[axis]).filter(|&left| left > 0);
        let given = || format!("{before:?} and {after:?} around an image of {image:?}");
        size[axis] = left.ok_or_else(|| Error::Value { what: "pads", expected: "less than the image", given: given() })?;
        if wanted.is_some_and(|wanted| wanted[axis] != size[axis]) || extra[axis] >= stride[axis].saturating_add(after[axis]) {
            return Err(Error::Unsupported {
                what: "a transposed convolution that makes a larger image than its taps reach".into(),
            });
        }
        // The graph's image is the smallest but for the rows that are added: those are cut off less.
        after[axis] = after[axis].saturating_sub(extra[axis]);
    }
    Ok((Window { kernel, stride, dilation: [1, 1], pad_before: before, pad_after: after }, size))
}

/// The weights `[in, out / groups, kh, kw]` as `[out, kernel rows, kernel columns, in]`, with zeros between groups and between taps.
fn dense(
    builder: &mut Builder<'_, '_>,
    weights: &Constant,
    groups: usize,
    dilation: [usize; 2],
    shape: [usize; 4],
) -> Result<Constant, Error> {
    let quantization = match weights.quantization.clone() {
        Some(mut quantization) if !quantization.is_per_tensor() => {
            if quantization.axis != 1 {
                return Err(Error::Unsupported {
                    what: "weights with scales along another axis than that of the outputs".into(),
                });
            }
            (quantization.scales, quantization.zero_points) =
                (quantization.scales.repeat(groups), quantization.zero_points.repeat(groups));
            quantization.axis = 0;
            Some(quantization)
        }
        other => other,
    };
    let elements = shape.iter().fold(1usize, |product, &dim| product.saturating_mul(dim));
    let large = |_| Error::Unsupported {
        what: format!(
            "a transposed convolution of {groups} groups, dilated by {dilation:?}: its dense form has {elements} weights"
        ),
    };
    builder.charge(elements.saturating_mul(weights.data.dtype().size())).map_err(large)?;
    fn spread<T: Copy + Default>(values: &[T], from: &[usize], groups: usize, dilation: [usize; 2], to: [usize; 4]) -> Vec<T> {
        let (&[depth, columns, kernel_h, kernel_w], [_, rows, width, _]) = (from, to) else { return Vec::new() };
        let mut made = vec![T::default(); to.iter().product()];
        let mut values = values.iter();
        for input in 0..depth {
            let first = input / (depth / groups) * columns;
            for (output, y, x) in (0..columns)
                .flat_map(|column| (0..kernel_h).flat_map(move |y| (0..kernel_w).map(move |x| (first + column, y, x))))
            {
                let at = ((output * rows + y * dilation[0]) * width + x * dilation[1]) * depth + input;
                if let (Some(slot), Some(&value)) = (made.get_mut(at), values.next()) {
                    *slot = value;
                }
            }
        }
        made
    }
    let from = weights.shape.as_slice();
    let data = match &weights.data {
        Data::F32(values) => Data::F32(spread(values, from, groups, dilation, shape)),
        Data::I8(values) => Data::I8(spread(values, from, groups, dilation, shape)),
        Data::I16(values) => Data::I16(spread(values, from, groups, dilation, shape)),
        other => return Err(Error::ElementType { given: other.dtype().name() }),
    };
    Ok(Constant { shape: shape.to_vec(), data, quantization })
}
