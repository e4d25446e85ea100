//! Element-wise functions of two tensors: multipliers, broadcasts, and tables where one operand is one constant.

use super::movement::{Axis, merge, outermost, signed_strides};
use super::multiplier::{activation_range, quantize_multiplier, xnnpack_activation_range};
use super::unary::tabulate;
use crate::ir::{Activation, BinaryKind, Quantization, Shape};
use tinybake_runtime::kernels::binary::{Add, BinaryOp, Broadcast, Mul, Sub, XnnAdd, XnnMul};
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// Zero point and range of an output under reference `xnnpack`.
fn xnn_clamp(output: &Quantization, activation: Activation) -> Clamp {
    let (min, max) = xnnpack_activation_range(activation, output.scale(), output.zero_point());
    Clamp { zero_point: output.zero_point(), min, max }
}

/// Zero point and range of an output under reference `tflm`.
fn clamp(output: &Quantization, activation: Activation) -> Clamp {
    let (min, max) = activation_range(activation, output.scale(), output.zero_point());
    Clamp { zero_point: output.zero_point(), min, max }
}

/// Multipliers of `a`, `b` and the output of a sum or difference. Source: TFLM `micro/kernels/add_common.cc`,
/// `CalculateOpDataAdd`; `sub_common.cc` is written in f32, but its recorded outputs are those of the same f64 quotients.
fn sum_multipliers(a: &Quantization, b: &Quantization, output: &Quantization) -> [f64; 3] {
    let [a, b, output] = [a, b, output].map(|quantization| f64::from(quantization.scale()));
    let twice = 2.0 * a.max(b);
    [a / twice, b / twice, twice / (f64::from(1 << 20) * output)]
}

/// Why TensorFlow Lite Micro has no int8 kernel for `kind` with these quantizations; `Ok` where it has.
pub fn check(kind: BinaryKind, a: &Quantization, b: &Quantization, output: &Quantization) -> Result<(), &'static str> {
    match kind {
        BinaryKind::Add | BinaryKind::Sub => {
            let accepted = sum_multipliers(a, b, output).iter().all(|&multiplier| multiplier > 0.0 && multiplier < 1.0);
            if accepted { Ok(()) } else { Err("add and sub need an output scale above 2^-19 of the larger input scale") }
        }
        BinaryKind::Mul | BinaryKind::Maximum | BinaryKind::Minimum => Ok(()),
    }
}

/// The parameters of `add`.
pub fn add(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation) -> Add {
    let [a_multiplier, b_multiplier, output_multiplier] = sum_multipliers(a, b, output).map(quantize_multiplier);
    Add {
        a_zero_point: a.zero_point(),
        b_zero_point: b.zero_point(),
        a: a_multiplier,
        b: b_multiplier,
        output: output_multiplier,
        clamp: clamp(output, activation),
    }
}

/// The parameters of `sub`.
pub fn sub(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation) -> Sub {
    let [a_multiplier, b_multiplier, output_multiplier] = sum_multipliers(a, b, output).map(quantize_multiplier);
    Sub {
        a_zero_point: a.zero_point(),
        b_zero_point: b.zero_point(),
        a: a_multiplier,
        b: b_multiplier,
        output: output_multiplier,
        clamp: clamp(output, activation),
    }
}

/// The parameters of `mul`. Source: TFLM `micro/kernels/mul_common.cc`, `CalculateOpDataMul`.
pub fn mul(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation) -> Mul {
    let real: f64 = f64::from(a.scale()) * f64::from(b.scale()) / f64::from(output.scale());
    let multiplier: Multiplier = quantize_multiplier(real);
    Mul { a_zero_point: a.zero_point(), b_zero_point: b.zero_point(), output: multiplier, clamp: clamp(output, activation) }
}

/// The parameters of `add` (`negate` false) and `sub` as XNNPACK computes them; `None` where it refuses: both scales must
/// be `2^-10` to `2^8` of the output's. Source: XNNPACK `microparams-init.c`, `xnn_init_qs8_add_minmax_scalar_params`.
pub fn xnn_add(
    a: &Quantization,
    b: &Quantization,
    output: &Quantization,
    activation: Activation,
    negate: bool,
) -> Option<XnnAdd> {
    let accepted = 1.0 / 1024.0..256.0;
    let (a_scale, b_scale) = (a.scale() / output.scale(), b.scale() / output.scale());
    if !accepted.contains(&a_scale) || !accepted.contains(&b_scale) {
        return None;
    }
    let exponent = (a_scale.max(b_scale).to_bits() >> 23) as i32 - 127;
    let shift = u8::try_from(20 - exponent).ok()?;
    let scaled = |scale: f32| (scale * f32::from(shift).exp2()).round_ties_even() as i32;
    let a_multiplier = scaled(a_scale);
    let b_multiplier = if negate { -scaled(b_scale) } else { scaled(b_scale) };
    let zero = |multiplier: i32, quantization: &Quantization| multiplier.wrapping_mul(quantization.zero_point());
    let bias = (1i32 << (shift - 1)).wrapping_sub(zero(a_multiplier, a)).wrapping_sub(zero(b_multiplier, b));
    Some(XnnAdd { bias, a_multiplier, b_multiplier, shift, clamp: xnn_clamp(output, activation) })
}

/// The parameters of `mul` as XNNPACK computes it; `None` where it refuses: the product of the input scales must be
/// `2^-16` to `2^8` of the output's. Source: XNNPACK `microparams-init.c`, `xnn_init_qs8_mul_minmax_scalar_params`.
pub fn xnn_mul(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation) -> Option<XnnMul> {
    let scale = a.scale() * b.scale() / output.scale();
    let accepted = (1.0 / 65536.0..256.0).contains(&scale);
    accepted.then(|| XnnMul {
        a_zero_point: a.zero_point(),
        b_zero_point: b.zero_point(),
        scale,
        clamp: xnn_clamp(output, activation),
    })
}

/// The table of `op` over `a`, with `b` the same stored value everywhere.
pub fn table_of_a(op: &impl BinaryOp, b: i8) -> [i8; 256] {
    tabulate(|a| op.apply(a, b))
}

/// The table of `op` over `b`, with `a` the same stored value everywhere.
pub fn table_of_b(op: &impl BinaryOp, a: i8) -> [i8; 256] {
    tabulate(|b| op.apply(a, b))
}

/// The shape that two shapes broadcast to, as numpy's; `None` where they do not.
pub fn broadcast_shape(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let dims = (0..rank).map(|axis| match (extended(a, rank, axis), extended(b, rank, axis)) {
        (a, b) if a == b => Some(a),
        (1, b) => Some(b),
        (a, 1) => Some(a),
        _ => None,
    });
    dims.collect::<Option<Vec<_>>>().map(Shape)
}

/// Whether two shapes differ in leading ones at most, so that elements meet in order.
pub fn same_elements(a: &Shape, b: &Shape) -> bool {
    a.0.iter().skip_while(|&&dim| dim == 1).eq(b.0.iter().skip_while(|&&dim| dim == 1))
}

/// Dimension `axis` of a shape that is led by ones up to `rank`.
fn extended(shape: &Shape, rank: usize, axis: usize) -> usize {
    (axis + shape.rank()).checked_sub(rank).and_then(|axis| shape.0.get(axis)).copied().unwrap_or(1)
}

/// The loops over the output of two operands of these shapes; `None` where they do not broadcast, or need more than four
/// loops after neighbouring axes are merged. Equal shapes need none of this: the kernels `elementwise*` serve them.
pub fn broadcast(a: &Shape, b: &Shape) -> Option<Broadcast> {
    let shape = broadcast_shape(a, b)?;
    let rank = shape.rank();
    let (a_strides, b_strides) = (signed_strides(a)?, signed_strides(b)?);
    signed_strides(&shape)?;
    let stride = |operand: &Shape, strides: &[isize], axis: usize| match extended(operand, rank, axis) {
        1 => 0,
        _ => (axis + operand.rank()).checked_sub(rank).and_then(|axis| strides.get(axis)).copied().unwrap_or(0),
    };
    let axes =
        (0..rank).map(|axis| Axis { count: shape.0[axis], steps: [stride(a, &a_strides, axis), stride(b, &b_strides, axis)] });
    let axes = outermost::<2, 4>(merge(axes.collect()))?;
    let mut result = Broadcast { dims: [1; 4], a_strides: [0; 4], b_strides: [0; 4] };
    for (axis, Axis { count, steps: [a, b] }) in axes.into_iter().enumerate() {
        result.dims[axis] = u32::try_from(count).ok()?;
        result.a_strides[axis] = u32::try_from(a).ok()?;
        result.b_strides[axis] = u32::try_from(b).ok()?;
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape(dims.to_vec())
    }

    #[test]
    fn broadcasts_merge_neighbouring_axes() {
        let per_channel = broadcast(&shape(&[1, 4, 5, 3]), &shape(&[3])).unwrap();
        assert_eq!(per_channel, Broadcast { dims: [1, 1, 20, 3], a_strides: [0, 0, 3, 1], b_strides: [0, 0, 0, 1] });
        let equal = broadcast(&shape(&[2, 4, 5]), &shape(&[2, 4, 5])).unwrap();
        assert_eq!((equal.dims, equal.a_strides, equal.b_strides), ([1, 1, 1, 40], [0, 0, 0, 1], [0, 0, 0, 1]));
        assert_eq!(broadcast(&shape(&[2, 3]), &shape(&[3, 3])), None);
        assert_eq!(broadcast(&shape(&[1 << 30, 1]), &shape(&[1, 1 << 30])), None);
    }

    /// An element recorded from TFLM, where quotients in f32 would give 78.
    #[test]
    fn sub_divides_in_f64() {
        let quantization = Quantization::per_tensor;
        let (a, b) = (quantization(0.040_724_527, -92), quantization(0.116_560_176, -22));
        assert_eq!(sub(&a, &b, &quantization(0.114_757_45, 64), Activation::None).apply(29, 6), 79);
    }

    #[test]
    fn sums_that_tflm_aborts_on_are_refused() {
        let quantization = |scale| Quantization::per_tensor(scale, 0);
        let (one, tiny) = (quantization(1.0), quantization(1e-6));
        assert!(check(BinaryKind::Add, &one, &one, &one).is_ok());
        assert!(check(BinaryKind::Add, &one, &one, &tiny).is_err());
        assert!(check(BinaryKind::Mul, &one, &one, &tiny).is_ok());
    }
}
