//! Layers with weights.

use super::window::window;
use super::{Builder, Call, Error, Known, Made};
use crate::front::onnx::builder::Image;
use crate::front::onnx::value::{Constant, Value};
use crate::ir::{Activation, Data, Op, Quantization, TensorId};
use std::sync::Arc;

/// A bias of one number a channel.
pub(super) fn bias(
    builder: &mut Builder<'_, '_>,
    call: &Call<'_, '_>,
    index: usize,
    channels: usize,
) -> Result<Option<TensorId>, Error> {
    if builder.known(call, index).is_none() {
        return Ok(None);
    }
    let what = "the bias";
    let given = builder.optional(call, index, what)?.ok_or(Error::Missing { index, what })?;
    let mut bias = Constant::plain(given.shape.clone(), given.data.clone());
    if let (Data::I32(_), Some(quantization)) = (&given.data, &given.quantization) {
        bias.quantization = Some(Quantization { axis: 0, ..quantization.clone() });
    } else {
        bias.data = Data::F32(given.floats().ok_or(Error::ElementType { given: given.data.dtype().name() })?.into_owned());
    }
    if bias.data.len() == 1 {
        match &mut bias.data {
            Data::F32(values) => *values = vec![values[0]; channels],
            Data::I32(values) => *values = vec![values[0]; channels],
            Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I64(_) | Data::Bool(_) => {}
        }
    }
    let shape = &given.shape;
    if bias.data.len() != channels || shape.last().is_some_and(|&last| last != channels && last != 1) {
        return Err(Error::Value { what: "the bias's shape", expected: "[channels]", given: format!("{shape:?}") });
    }
    builder.of_constant(call.name(index), vec![channels], bias).map(Some)
}

/// Reals, or the scales of their integers, multiplied by `times`.
fn scale(data: &mut Data, quantization: &mut Option<Quantization>, times: impl Fn(f32) -> f32) {
    match (data, quantization) {
        (Data::F32(values), _) => values.iter_mut().for_each(|value| *value = times(*value)),
        (_, Some(quantization)) => quantization.scales.iter_mut().for_each(|scale| *scale = times(*scale)),
        (_, None) => {}
    }
}

/// Weights `[out, in / groups, kh, kw]`; without `kh` where images are 1-D.
pub(super) fn conv(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let Image { id: input, dims: [_, height, width, channels], order } = builder.image(&value, "a convolution")?;
    let (weights, lines) = filters(builder, call, &value)?;
    let shape = weights.shape.clone();
    let &[out, depth, kernel_h, kernel_w] = shape.as_slice() else { return Err(Error::Malformed { what: "a filter" }) };
    let groups = usize::try_from(call.attributes.integer("group", 1)).unwrap_or(0);
    if groups == 0 || depth == 0 || Some(channels) != depth.checked_mul(groups) || out % groups != 0 {
        let given = format!("{groups}, with {channels} channels and weights {shape:?}");
        return Err(Error::Value { what: "group", expected: "what parts the channels", given });
    }
    let window = window(call, lines, [kernel_h, kernel_w], [height, width])?;
    let bias = bias(builder, call, 2, out)?;
    let name = call.name(1);
    let op = if depth == 1 && groups > 1 {
        let filter = builder.of_constant(name, vec![1, kernel_h, kernel_w, out], weights.permuted(&shape, &[1, 2, 3, 0]))?;
        Op::DepthwiseConv2d { input, filter, bias, window, activation: Activation::None }
    } else {
        let filter = builder.of_constant(name, vec![out, kernel_h, kernel_w, depth], weights.permuted(&shape, &[0, 2, 3, 1]))?;
        Op::Conv2d { input, filter, bias, window, activation: Activation::None }
    };
    let made = builder.add(call, op, None)?;
    Ok(vec![Known::Computed(Value::ordered(made, order))])
}

/// The weights of a layer of images, with a height of 1 where those are 1-D, and whether they are.
pub(super) fn filters(builder: &Builder<'_, '_>, call: &Call<'_, '_>, value: &Value) -> Result<(Constant, bool), Error> {
    let weights = builder.weights(call, 1)?;
    match (weights.shape.len(), value.order.len()) {
        (4, 4) => Ok((weights, false)),
        (3, 3) => Ok((weights.with_height(), true)),
        (given, axes) => {
            Err(Error::Unsupported { what: format!("{} with weights of {given} axes for images of {axes}", call.kind) })
        }
    }
}

/// `alpha * A * B + beta * C`, with constant `B` and `C`.
pub(super) fn gemm(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let alpha = call.attributes.float("alpha", 1.0);
    gemm_with(builder, call, |scale| scale * alpha)
}

/// [`gemm`], where `alpha` is what `times_alpha` multiplies weights or their scales by.
pub(super) fn gemm_with(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, times_alpha: impl Fn(f32) -> f32) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    let mut weights = builder.weights(call, 1)?;
    let shape = weights.shape.clone();
    let (&[first, second], 2) = (shape.as_slice(), value.order.len()) else {
        return Err(Error::Unsupported { what: "a product of other than two axes".into() });
    };
    if call.attributes.integer("transA", 0) != 0 {
        return Err(Error::Unsupported { what: "transA".into() });
    }
    scale(&mut weights.data, &mut weights.quantization, times_alpha);
    let (out, depth) = if call.attributes.integer("transB", 0) != 0 { (first, second) } else { (second, first) };
    if call.attributes.integer("transB", 0) == 0 {
        weights = weights.permuted(&shape, &[1, 0]);
    }
    let added = bias(builder, call, 2, out)?;
    let beta = call.attributes.float("beta", 1.0);
    if let Some(added) = added
        && beta != 1.0
    {
        let tensor = builder.graph.tensor_mut(added);
        let (weight, mut quantization) = (tensor.value, tensor.quantization.take());
        if let Some(weight) = weight.and_then(|weight| builder.graph.weights.get_mut(weight.0 as usize)) {
            scale(&mut Arc::make_mut(weight).data, &mut quantization, |value| value * beta);
        }
        builder.graph.tensor_mut(added).quantization = quantization;
    }
    dense(builder, call, &value, weights, [out, depth], added)
}

/// A product of rows with constant weights `[in, out]`.
pub(super) fn mat_mul(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    let value = builder.computed(call, 0, "the input")?;
    if !matches!(builder.known(call, 1), Some(Known::Constant(_))) {
        return Err(Error::NotConstant { what: "the second operand" });
    }
    let weights = builder.weights(call, 1)?;
    let shape = weights.shape.clone();
    let &[depth, out] = shape.as_slice() else {
        return Err(Error::Unsupported { what: format!("weights of {} axes", shape.len()) });
    };
    dense(builder, call, &value, weights.permuted(&shape, &[1, 0]), [out, depth], None)
}

/// Rows times weights `[out, depth]`. Rows that are flattened images stay in the order of the graph: the weights' columns move instead.
fn dense(
    builder: &mut Builder<'_, '_>,
    call: &Call<'_, '_>,
    value: &Value,
    mut weights: Constant,
    [out, depth]: [usize; 2],
    bias: Option<TensorId>,
) -> Made {
    let mut dims = builder.dims(value);
    if dims.len() < 2 || dims.last() != Some(&depth) {
        return Err(Error::Value {
            what: "the rows' shape",
            expected: "[..., in]",
            given: format!("{dims:?} for {depth} inputs"),
        });
    }
    let input = match value.flat.as_deref() {
        Some(image) if builder.dims(image).first() == Some(&1) => {
            let logical = builder.dims(image);
            let shape: Vec<usize> = core::iter::once(out).chain(logical).collect();
            let axes: Vec<usize> = core::iter::once(0).chain(image.axes().iter().map(|axis| axis + 1)).collect();
            weights = weights.permuted(&shape, &axes);
            value.id
        }
        Some(_) | None => builder.plain(value)?,
    };
    let name = call.name(1);
    let filter = builder.of_constant(name, vec![out, depth], weights)?;
    if let Some(last) = dims.last_mut() {
        *last = out;
    }
    let rank = dims.len();
    let op = Op::FullyConnected { input, filter, bias, activation: Activation::None };
    let made = builder.add(call, op, Some(dims))?;
    Ok(vec![Known::Computed(Value::plain(made, rank))])
}
