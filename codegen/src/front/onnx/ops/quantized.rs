//! Quantization in either form of ONNX: `QuantizeLinear` and `DequantizeLinear` around operators on reals (QDQ), and operators
//! on integers (QOperator), which are read as the same operators on reals between the two.
//!
//! `uint8` becomes `int8`: zero points are 128 less, and so are stored values.

use super::saturation::{self, Layout};
use super::{Builder, Call, Error, Known, Made, elementwise, layer, movement, reduction, window};
use crate::front::onnx::value::{Constant, Value};
use crate::ir::{BinaryKind, DType, Data, Op, Quantization, UnaryKind};

/// ONNX's number of the type `uint8`.
const UINT8: i64 = 2;

/// How an operand stands for reals.
struct Parameters {
    quantization: Quantization,
    unsigned: bool,
}

/// Reads a scale and a zero point. Where the latter is left out, it is 0 and of the type of the integers, which are `unsigned` or not.
/// Several scales run along `axis`.
fn parameters(
    builder: &Builder<'_, '_>,
    call: &Call<'_, '_>,
    [scale, zero]: [usize; 2],
    axis: usize,
    unsigned: bool,
) -> Result<Parameters, Error> {
    let scales = builder.floats(call, scale, "the scale")?.1;
    if let Some(&given) = scales.iter().find(|scale| !(scale.is_finite() && **scale >= 0.0)) {
        return Err(Error::Value { what: "the scale", expected: "positive and finite", given: given.to_string() });
    }
    let zero = builder.optional(call, zero, "the zero point")?;
    let (zero_points, unsigned) = match zero.as_deref().map(|constant| &constant.data) {
        None => (vec![0; scales.len()], unsigned),
        Some(Data::I8(values)) => (values.iter().map(|&value| value.into()).collect(), false),
        Some(Data::U8(values)) => (values.iter().map(|&value| value.into()).collect(), true),
        Some(Data::I32(values)) => (values.clone(), false),
        Some(Data::I16(_)) => return Err(Error::SixteenBits { given: "int16" }),
        Some(other) => return Err(Error::ElementType { given: other.dtype().name() }),
    };
    let mut zero_points: Vec<i32> = zero_points;
    if zero_points.len() != scales.len() || scales.is_empty() {
        let given = format!("{} for {} scales", zero_points.len(), scales.len());
        return Err(Error::Value { what: "the zero points", expected: "one for each scale", given });
    }
    if unsigned {
        zero_points.iter_mut().for_each(|zero_point| *zero_point -= 128);
    }
    let axis = if scales.len() == 1 { 0 } else { axis };
    Ok(Parameters { quantization: Quantization { scales, zero_points, axis }, unsigned })
}

/// The quantization of an activation: one scale, above zero.
fn of_activation(Parameters { quantization, unsigned: _ }: &Parameters) -> Result<&Quantization, Error> {
    match *quantization.scales.as_slice() {
        [0.0] => Err(Error::Unsupported { what: "an activation with scale 0".into() }),
        [_] => Ok(quantization),
        _ => Err(Error::Unsupported { what: "an activation with a scale for each channel".into() }),
    }
}

/// Whether an operand's integers are `uint8` in the file.
fn is_unsigned(builder: &Builder<'_, '_>, call: &Call<'_, '_>, operand: usize) -> bool {
    match builder.known(call, operand) {
        Some(Known::Constant(constant)) => matches!(constant.data, Data::U8(_)),
        Some(Known::Computed(value)) => builder.graph.tensor(value.id).dtype == DType::U8 || builder.unsigned.contains(&value.id),
        Some(Known::Wrong) | None => false,
    }
}

/// Channels of scale 0, which are dead, hold zeros at scale 1.
fn without_zero_scales(mut data: Data, shape: &[usize], mut quantization: Quantization) -> (Data, Quantization) {
    if !quantization.scales.contains(&0.0) {
        return (data, quantization);
    }
    let inner: usize = shape.iter().skip(quantization.axis + 1).product();
    let inner = if quantization.is_per_tensor() { usize::MAX } else { inner };
    let channel = |index: usize| index.checked_div(inner).unwrap_or(0) % quantization.scales.len();
    let dead = |index: usize| quantization.scales[channel(index)] == 0.0;
    let zero = |index: usize| quantization.zero_points[channel(index)];
    match &mut data {
        Data::I8(values) => {
            values.iter_mut().enumerate().filter(|(index, _)| dead(*index)).for_each(|(index, value)| *value = zero(index) as i8);
        }
        Data::I32(values) => {
            values.iter_mut().enumerate().filter(|(index, _)| dead(*index)).for_each(|(index, value)| *value = zero(index));
        }
        Data::U8(_) | Data::I16(_) | Data::I64(_) | Data::F32(_) | Data::Bool(_) => {}
    }
    quantization.scales.iter_mut().filter(|scale| **scale == 0.0).for_each(|scale| *scale = 1.0);
    (data, quantization)
}

/// A constant of integers that stand for reals, as `int8` or `int32`.
fn constant(given: &Constant, Parameters { quantization, unsigned: _ }: Parameters) -> Result<Constant, Error> {
    let (data, quantization) = match &given.data {
        Data::I8(values) => (Data::I8(values.clone()), quantization),
        Data::I32(values) => (Data::I32(values.clone()), quantization),
        Data::U8(values) => {
            let zero_points = quantization.zero_points.iter().map(|&zero_point| zero_point.clamp(-128, 127)).collect();
            let values = values.iter().map(|&value| (i32::from(value) - 128) as i8).collect();
            (Data::I8(values), Quantization { zero_points, ..quantization })
        }
        other => return Err(Error::ElementType { given: other.dtype().name() }),
    };
    let along = given.shape.get(quantization.axis).copied().unwrap_or(1);
    if quantization.scales.len() != 1 && quantization.scales.len() != along {
        let given = format!("{} along an axis of {along}", quantization.scales.len());
        return Err(Error::Value { what: "the scales", expected: "one, or one for each index of the axis", given });
    }
    let (data, quantization) = without_zero_scales(data, &given.shape, quantization);
    Ok(Constant { shape: given.shape.clone(), data, quantization: Some(quantization) })
}

/// The axis that several scales run along.
fn axis(call: &Call<'_, '_>, rank: usize) -> Result<usize, Error> {
    if call.attributes.integer("block_size", 0) != 0 {
        return Err(Error::Unsupported { what: "quantization in blocks".into() });
    }
    Ok(super::axis(call.attributes.integer("axis", 1), rank.max(2)).unwrap_or(1))
}

pub(super) fn quantize_linear(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    // The type where neither a zero point nor `output_dtype` says one.
    let unsigned = matches!(call.attributes.integer("output_dtype", 0), 0 | UINT8);
    if let Some(Known::Constant(given)) = builder.known(call, 0) {
        let parameters = parameters(builder, call, [1, 2], axis(call, given.shape.len())?, unsigned)?;
        let reals = given.floats().ok_or(Error::ElementType { given: given.data.dtype().name() })?;
        let quantization = &parameters.quantization;
        let inner: usize = given.shape.iter().skip(quantization.axis + 1).product();
        let offset = if parameters.unsigned { 128 } else { 0 };
        let stored = |(index, &real): (usize, &f32)| {
            let at = index.checked_div(inner).unwrap_or(0) % quantization.scales.len();
            let rounded = (real / quantization.scales[at]).round_ties_even() as i32;
            rounded.saturating_add(quantization.zero_points[at]).clamp(-128, 127) + offset
        };
        let stored = reals.iter().enumerate().map(stored);
        let data = match parameters.unsigned {
            true => Data::U8(stored.map(|value| value as u8).collect()),
            false => Data::I8(stored.map(|value| value as i8).collect()),
        };
        builder.charge(data.len())?;
        return Ok(vec![Known::Constant(Constant::plain(given.shape.clone(), data).into())]);
    }
    let value = builder.computed(call, 0, "the operand")?;
    let parameters = parameters(builder, call, [1, 2], axis(call, value.order.len())?, unsigned)?;
    quantized(builder, call, &value, &parameters)
}

/// What an operator on reals has made, as integers.
fn quantized(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, value: &Value, given: &Parameters) -> Made {
    let quantization = of_activation(given)?;
    let mut quantize = |value: &Value| -> Result<Value, Error> {
        let id = builder.quantize(call, value.id, quantization, given.unsigned)?;
        Ok(Value::ordered(id, value.order.clone()))
    };
    let made = match &value.flat {
        None => quantize(value)?,
        Some(image) => {
            let image = quantize(image)?;
            reflattened(builder, call, value, image)?
        }
    };
    Ok(vec![Known::Computed(made)])
}

/// Rows that are a flattened image, of another tensor of that image.
fn reflattened(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, rows: &Value, image: Value) -> Result<Value, Error> {
    let dims = builder.shape(rows.id).0.clone();
    let id = builder.add(call, Op::Reshape { input: image.id }, Some(dims))?;
    Ok(Value { id, order: rows.order.clone(), flat: Some(Box::new(image)) })
}

pub(super) fn dequantize_linear(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    Ok(vec![real(builder, call, [0, 1, 2], None)?])
}

/// The reals of an operand with its scale and zero point, which are at `at`; several scales run along `along`, where it is given.
fn real(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, at: [usize; 3], along: Option<usize>) -> Result<Known, Error> {
    let [operand, scale, zero] = at;
    match builder.known(call, operand).cloned() {
        Some(Known::Constant(given)) => {
            let along = along.map_or_else(|| axis(call, given.shape.len()), Ok)?;
            let parameters = parameters(builder, call, [scale, zero], along, is_unsigned(builder, call, operand))?;
            builder.charge(given.data.len().saturating_mul(given.data.dtype().size()))?;
            constant(&given, parameters).map(|constant| Known::Constant(constant.into()))
        }
        Some(Known::Computed(value)) => {
            let parameters = parameters(builder, call, [scale, zero], along.unwrap_or(1), is_unsigned(builder, call, operand))?;
            let made = match &value.flat {
                None => dequantized(builder, call, &value, &parameters)?,
                Some(image) => {
                    let image = dequantized(builder, call, image, &parameters)?;
                    reflattened(builder, call, &value, image)?
                }
            };
            Ok(Known::Computed(made))
        }
        Some(Known::Wrong) | None => Err(Error::Missing { index: operand, what: "the operand" }),
    }
}

fn dequantized(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, value: &Value, given: &Parameters) -> Result<Value, Error> {
    let (quantization, unsigned) = (of_activation(given)?, &given.unsigned);
    let dtype = builder.graph.tensor(value.id).dtype;
    let stored = match dtype {
        DType::U8 => true,
        DType::I8 => builder.unsigned.contains(&value.id),
        DType::I16 | DType::I32 | DType::I64 | DType::F32 | DType::Bool => {
            return Err(Error::ElementType { given: dtype.name() });
        }
    };
    if stored != *unsigned {
        let given = if *unsigned { "uint8" } else { "int8" };
        return Err(Error::Value { what: "the type of the zero point", expected: "that of the operand", given: given.into() });
    }
    let id = builder.signed(call, value.id, quantization)?;
    let tensor = builder.graph.tensor_mut(id);
    match &tensor.quantization {
        None => tensor.quantization = Some(quantization.clone()),
        Some(known) if known != quantization => {
            let given = format!("{} and {}", quantization.scale(), quantization.zero_point());
            return Err(Error::Value {
                what: "the scale and zero point",
                expected: "those that the tensor was made with",
                given,
            });
        }
        Some(_) => {}
    }
    let made = builder.add(call, Op::Dequantize { input: id }, None)?;
    Ok(Value::ordered(made, value.order.clone()))
}

/// A call of an operator on reals, as a part of one on integers.
fn on_reals<'n, 'a>(call: &Call<'n, 'a>, kind: &'n str, inputs: Vec<(Known, usize)>) -> Call<'n, 'a> {
    let names = inputs.iter().map(|&(_, at)| call.name(at)).collect();
    let inputs = inputs.into_iter().map(|(known, _)| Some(known)).collect();
    Call { kind, inputs, names, outputs: call.outputs.clone(), attributes: call.attributes, origin: call.origin.clone() }
}

/// The integers of what a call on reals has made, with the scale and zero point at `at`, of the type of the first operand where the
/// zero point is left out.
fn back(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, made: Vec<Known>, at: [usize; 2]) -> Made {
    let Some(Known::Computed(value)) = made.first() else { return Err(Error::Malformed { what: "a node without outputs" }) };
    let parameters = parameters(builder, call, at, 0, is_unsigned(builder, call, 0))?;
    quantized(builder, call, value, &parameters)
}

/// A bias of `int32`, whose scale is the product of the input's, the weights' and `factor`.
fn bias(
    builder: &Builder<'_, '_>,
    call: &Call<'_, '_>,
    at: usize,
    [input, weights]: [usize; 2],
    factor: f32,
) -> Result<Option<(Known, usize)>, Error> {
    let Some(given) = builder.optional(call, at, "the bias")? else { return Ok(None) };
    let Data::I32(_) = &given.data else { return Err(Error::ElementType { given: given.data.dtype().name() }) };
    let (input, weights) = (builder.floats(call, input, "the scale")?.1, builder.floats(call, weights, "the scale")?.1);
    let input = input.first().copied().unwrap_or(1.0);
    let scales: Vec<f32> = weights.iter().map(|&scale| scale * factor * input).collect();
    let axis = given.shape.len().saturating_sub(1);
    let quantization = Quantization { zero_points: vec![0; scales.len()], scales, axis };
    let (data, quantization) = without_zero_scales(given.data.clone(), &given.shape, quantization);
    let constant = Constant { shape: given.shape.clone(), data, quantization: Some(quantization) };
    Ok(Some((Known::Constant(constant.into()), at)))
}

pub(super) fn conv(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    builder.graph.sums_in_floats = false;
    saturation::note(builder, call, Layout::Filters);
    let mut inputs = vec![(real(builder, call, [0, 1, 2], None)?, 0), (real(builder, call, [3, 4, 5], Some(0))?, 3)];
    inputs.extend(bias(builder, call, 8, [1, 4], 1.0)?);
    let made = layer::conv(builder, &on_reals(call, "Conv", inputs))?;
    back(builder, call, made, [6, 7])
}

pub(super) fn mat_mul(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    builder.graph.sums_in_floats = false;
    saturation::note(builder, call, Layout::Columns);
    let inputs = vec![(real(builder, call, [0, 1, 2], None)?, 0), (real(builder, call, [3, 4, 5], Some(1))?, 3)];
    let made = layer::mat_mul(builder, &on_reals(call, "MatMul", inputs))?;
    back(builder, call, made, [6, 7])
}

/// A scale of weights whose product with the input's is `alpha * input * weight`, rounded in the order in which ONNX Runtime multiplies
/// (`contrib_ops/cpu/quantization/quant_gemm.cc`), where there is one.
fn times_alpha(alpha: f32, input: f32, weight: f32) -> f32 {
    let product = alpha * input * weight;
    let near = if alpha == 1.0 { weight } else { product / input };
    [near, near.next_up(), near.next_down()].into_iter().find(|scale| scale * input == product).unwrap_or(near)
}

pub(super) fn gemm(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    builder.graph.sums_in_floats = false;
    let along = if call.attributes.integer("transB", 0) != 0 { 0 } else { 1 };
    saturation::note(builder, call, if along == 0 { Layout::Rows } else { Layout::Columns });
    let mut inputs = vec![(real(builder, call, [0, 1, 2], None)?, 0), (real(builder, call, [3, 4, 5], Some(along))?, 3)];
    // The bias is a sum of products, which `alpha` multiplies with the others.
    inputs.extend(bias(builder, call, 6, [1, 4], call.attributes.float("alpha", 1.0))?);
    let (alpha, input) = (call.attributes.float("alpha", 1.0), builder.floats(call, 1, "the scale")?.1);
    let input = input.first().copied().unwrap_or(1.0);
    let made = layer::gemm_with(builder, &on_reals(call, "Gemm", inputs), |scale| times_alpha(alpha, input, scale))?;
    match builder.known(call, 7) {
        Some(_) => back(builder, call, made, [7, 8]),
        None => Ok(made),
    }
}

/// Notes that zero points are added before rounding, to values of the type of the zero point at `at`.
fn zero_point_first(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, at: [usize; 2]) -> Result<(), Error> {
    let unsigned = parameters(builder, call, at, 0, is_unsigned(builder, call, 0))?.unsigned;
    builder.graph.zero_points_first = Some(if unsigned { 128 } else { 0 });
    Ok(())
}

pub(super) fn binary(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, kind: BinaryKind) -> Made {
    let inputs = vec![(real(builder, call, [0, 1, 2], None)?, 0), (real(builder, call, [3, 4, 5], None)?, 3)];
    zero_point_first(builder, call, [6, 7])?;
    let kind = if kind == BinaryKind::Add { "Add" } else { "Mul" };
    let made = elementwise::binary(builder, &on_reals(call, kind, inputs))?;
    back(builder, call, made, [6, 7])
}

pub(super) fn concat(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>) -> Made {
    if call.inputs.len() < 5 || call.inputs.len() % 3 != 2 {
        return Err(Error::Missing { index: call.inputs.len(), what: "an operand, its scale or its zero point" });
    }
    let operands = (2..call.inputs.len()).step_by(3);
    let inputs = operands.map(|at| Ok((real(builder, call, [at, at + 1, at + 2], None)?, at))).collect::<Result<_, Error>>()?;
    let made = movement::concat(builder, &on_reals(call, "Concat", inputs))?;
    back(builder, call, made, [0, 1])
}

/// A function of one operand: `kind` in ONNX's operators on reals.
pub(super) fn unary(builder: &mut Builder<'_, '_>, call: &Call<'_, '_>, kind: &'static str) -> Made {
    if call.attributes.integer("channels_last", 0) != 0 {
        return Err(Error::Unsupported { what: "channels_last".into() });
    }
    let inputs = vec![(real(builder, call, [0, 1, 2], None)?, 0)];
    if kind.ends_with("AveragePool") {
        zero_point_first(builder, call, [3, 4])?;
    }
    let inner = on_reals(call, kind, inputs);
    let made = match kind {
        "AveragePool" => window::pool(builder, &inner)?,
        "GlobalAveragePool" => window::global_pool(builder, &inner)?,
        "Softmax" => reduction::softmax(builder, &inner)?,
        "Sigmoid" => elementwise::unary(builder, &inner, UnaryKind::Logistic)?,
        _ => elementwise::unary(builder, &inner, UnaryKind::LeakyRelu { alpha: call.attributes.float("alpha", 0.01) })?,
    };
    back(builder, call, made, [3, 4])
}
