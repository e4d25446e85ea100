//! What ONNX Runtime computes in f32 between dequantization and quantization, where there are as few stored values as 256 or as
//! 65,536 pairs of them: tables, and which fixed-point kernels give the same answers.

use super::steps::{self, Sums};
use super::unary::{affine, tabulate};
use crate::ir::{Activation, Quantization, UnaryKind};
use tinybake_runtime::kernels::binary::BinaryOp;
use tinybake_runtime::kernels::quantize::Affine;
use tinybake_runtime::kernels::reals::{self, RealAdd, RealMul, RealProduct, RealSum};
use tinybake_runtime::kernels::reduce::Mean;
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// Least and greatest stored value of an output under an activation.
pub fn activation_range(activation: Activation, scale: f32, zero_point: i32) -> (i8, i8) {
    let whole = Clamp { zero_point, min: i8::MIN, max: i8::MAX };
    let stored = |real: f32| reals::nearest(real / scale, &whole);
    match activation {
        Activation::None => (i8::MIN, i8::MAX),
        Activation::Relu => (stored(0.0), i8::MAX),
        Activation::Relu6 => (stored(0.0), stored(6.0)),
        Activation::ReluN1To1 => (stored(-1.0), stored(1.0)),
        Activation::Clamp { min, max } => (min.clamp(-128, 127) as i8, max.clamp(-128, 127) as i8),
    }
}

fn clamp(output: &Quantization, activation: Activation) -> Clamp {
    let (min, max) = activation_range(activation, output.scale(), output.zero_point());
    Clamp { zero_point: output.zero_point(), min, max }
}

/// The nearest integer, half to even, plus the zero point, within the range.
pub fn nearest(scaled: f64, clamp: &Clamp) -> i8 {
    let stored = (scaled.round_ties_even() as i32).saturating_add(clamp.zero_point);
    stored.max(clamp.min.into()).min(clamp.max.into()) as i8
}

/// The answers of `function` on reals, for every stored input.
pub fn table(function: impl Fn(f32) -> f32, input: &Quantization, output: &Quantization) -> [i8; 256] {
    let whole = clamp(output, Activation::None);
    tabulate(|x| {
        let real = input.scale() * (i32::from(x) - input.zero_point()) as f32;
        reals::nearest(function(real) / output.scale(), &whole)
    })
}

/// An element-wise function of a real. Sigmoid and the hyperbolic tangent are rounded from `f64`; ONNX Runtime's polynomials are
/// within some units in the last place of that.
pub fn unary(kind: UnaryKind, x: f32) -> f32 {
    match kind {
        UnaryKind::Logistic => (1.0 / (1.0 + (-f64::from(x)).exp())) as f32,
        UnaryKind::Tanh => f64::from(x).tanh() as f32,
        UnaryKind::Relu => x.max(0.0),
        UnaryKind::Relu6 => x.clamp(0.0, 6.0),
        UnaryKind::ReluN1To1 => x.clamp(-1.0, 1.0),
        UnaryKind::LeakyRelu { alpha } => {
            if x >= 0.0 {
                x
            } else {
                alpha * x
            }
        }
        UnaryKind::Rescale => x,
        UnaryKind::HardSwish => x * (x * (1.0 / 6.0) + 0.5).clamp(0.0, 1.0),
    }
}

/// The parameters of a sum (`sign` 1) or difference (-1).
pub fn add(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation, sign: f32) -> RealAdd {
    let b = affine(b);
    let b = Affine { scale: sign * b.scale, ..b };
    RealAdd { a: affine(a), b, output_scale: output.scale(), clamp: clamp(output, activation) }
}

/// The parameters of a product.
pub fn mul(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation) -> RealMul {
    RealMul { a: affine(a), b: affine(b), output_scale: output.scale(), clamp: clamp(output, activation) }
}

/// The parameters of a sum that is rounded after the zero point is added, with stored values `below` those of the source.
pub fn sum(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation, below: i32) -> RealSum {
    let [of_a, of_b] = [a, b].map(|operand| operand.scale() / output.scale());
    let [zero_a, zero_b, zero] = [a, b, output].map(|given| given.zero_point().saturating_add(below) as f32);
    let Clamp { zero_point: _, min, max } = clamp(output, activation);
    let fixed = zero - of_a.mul_add(zero_a, of_b * zero_b);
    let fused = RealSum { scales: [of_a, of_b], fixed, below, fused: true, range: [min, max] };
    let plain = RealSum { fused: false, ..fused };
    if equal(&plain, &fused) { plain } else { fused }
}

/// The parameters of a product that is rounded after the zero point is added, with stored values `below` those of the source.
pub fn product(a: &Quantization, b: &Quantization, output: &Quantization, activation: Activation, below: i32) -> RealProduct {
    let Clamp { zero_point, min, max } = clamp(output, activation);
    RealProduct {
        zero_points: [a.zero_point(), b.zero_point()],
        scale: a.scale() * b.scale() / output.scale(),
        added: zero_point.saturating_add(below) as f32,
        below,
        range: [min, max],
    }
}

/// How near to a half a mean of `count` elements is, in steps of the output, where single precision could round it otherwise than
/// exactly, however it adds them.
pub fn mean_doubt(count: usize, input: &Quantization, output: &Quantization) -> f32 {
    /// Beyond that a sum of stored integers is not exact in single precision.
    const MOST: usize = 1 << 16;
    if count > MOST {
        return 1.0;
    }
    // Each product and each sum is rounded once, the mean three times, and once with the zero point; the exact sum's mean as often.
    let scale = f64::from(input.scale()) / f64::from(output.scale());
    let reach = 255.0 * scale * (count as f64 + 8.0) + 1024.0;
    (reach * f64::from(f32::EPSILON)) as f32
}

/// Whether no mean of `count` elements is so near to a half that single precision could round it otherwise than exactly.
pub fn mean_is_clear(count: usize, input: &Quantization, output: &Quantization) -> bool {
    /// Sums that are looked at: windows of more than 256 pixels are computed in floats.
    const MOST: i32 = 1 << 16;
    let Ok(count) = i32::try_from(count) else { return false };
    let end = |stored: i32| (stored - input.zero_point()).saturating_mul(count);
    let (least, greatest) = (end(-128), end(127));
    if greatest.saturating_sub(least) > MOST {
        return false;
    }
    let scale = f64::from(input.scale()) / f64::from(output.scale());
    let error = f64::from(mean_doubt(count as usize, input, output));
    (least..=greatest).all(|sum| {
        let mean = f64::from(sum) * scale / f64::from(count);
        (mean - mean.floor() - 0.5).abs() > error
    })
}

/// The parameters of a mean of `count` elements that is rounded to the nearest, half to even; `None` where fixed point rounds otherwise.
pub fn mean(count: usize, input: &Quantization, output: &Quantization) -> Option<Mean> {
    let scale = f64::from(input.scale()) / (count as f64 * f64::from(output.scale()));
    let whole = clamp(output, Activation::None);
    let rule = |sum: i32| nearest(f64::from(sum) * scale, &whole);
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let end = |stored: i32| (stored - input.zero_point()).saturating_mul(count);
    let sums = Sums { min: end(-128), max: end(127) };
    let found = steps::multiplier(rule, &whole, sums, 0, scale);
    let offset = input.zero_point().wrapping_mul(count);
    let multiplier = Multiplier { multiplier: found?, shift: 0 };
    Some(Mean { offset, multiplier, output_zero_point: output.zero_point() })
}

/// `a` where it is not negative, `a * b` elsewhere.
pub fn prelu(a: &Quantization, b: &Quantization, output: &Quantization) -> impl BinaryOp {
    struct Slope(RealMul, [i8; 256]);
    impl BinaryOp for Slope {
        fn apply(&self, a: i8, b: i8) -> i8 {
            match i32::from(a) < self.0.a.zero_point {
                true => self.0.apply(a, b),
                false => self.1[usize::from(a as u8)],
            }
        }
    }
    Slope(mul(a, b, output, Activation::None), table(|x| x, a, output))
}

/// Whether two functions answer the same for all pairs of stored values.
pub fn equal(one: &impl BinaryOp, other: &impl BinaryOp) -> bool {
    let all = || i8::MIN..=i8::MAX;
    all().all(|a| all().all(|b| one.apply(a, b) == other.apply(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinybake_runtime::kernels::Dims;
    use tinybake_runtime::kernels::average_pool_reals::{AveragePoolReals, Order, average_pool_reals};

    /// Means that are not in doubt are those that are added in floats, in every order, zero points before or after rounding.
    #[test]
    fn means_out_of_doubt_are_those_of_floats() {
        let mut state = 7_u64;
        let mut random = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        let mut sure = 0;
        for round in 0..400 {
            let (height, width) = (1 + random(9) as u16, 1 + random(9) as u16);
            let count = usize::from(height) * usize::from(width);
            let scale = (1 + random(1000)) as f32 * 1e-3;
            // Every other time, means lie on halves.
            let output_scale = if round % 2 == 0 { scale } else { (1 + random(1000)) as f32 * 7e-4 };
            let zero_point = random(256) as i32 - 128;
            let affine = |scale: f32| Quantization::per_tensor(scale, zero_point);
            let pool = AveragePoolReals {
                input: Dims { height, width, channels: 64 },
                output: Dims { height: 1, width: 1, channels: 64 },
                kernel: [height, width],
                stride: [1, 1],
                pad: [0, 0],
                real: Affine { scale, zero_point },
                output_scale,
                added: 0.0,
                doubt: mean_doubt(count, &affine(scale), &affine(output_scale)),
                order: [Order::RowByRow, Order::ColumnSums, Order::FourLanes][round % 3],
                clamp: Clamp { zero_point, min: -128, max: 127 },
            };
            let input: Vec<i8> = (0..count * 64).map(|_| random(256) as u8 as i8).collect();
            let run = |pool: AveragePoolReals| {
                let mut output = [0; 64];
                average_pool_reals(&pool, &input, &mut output);
                output
            };
            let first = AveragePoolReals { added: zero_point as f32, clamp: Clamp { zero_point: 0, ..pool.clamp }, ..pool };
            for pool in [pool, first] {
                assert_eq!(run(pool), run(AveragePoolReals { doubt: 1.0, ..pool }), "{pool:?}");
                sure += usize::from(pool.doubt < 0.01);
            }
        }
        assert!(sure > 400, "{sure}");
    }
}
