//! What LiteRT's default engine computes of operators without weights: XNNPACK's arithmetic, and that of LiteRT's own kernels, mostly
//! TFLM's, for what XNNPACK does not take.

use super::{ort, unary};
use crate::ir::{Quantization, UnaryKind};
use tinybake_runtime::kernels::quantize::{self, Affine};
use tinybake_runtime::kernels::reduce::MeanReal;

/// The answers of a function for every stored input; the reason where they have not been compared with the engine's.
pub fn table(kind: UnaryKind, input: &Quantization, output: &Quantization) -> Result<[i8; 256], &'static str> {
    match kind {
        // In floats, from any scale to any.
        UnaryKind::Logistic | UnaryKind::Tanh => Ok(ort::table(|x| ort::unary(kind, x), input, output)),
        UnaryKind::LeakyRelu { alpha } => {
            Ok(leaky_relu(input, output, alpha).unwrap_or_else(|| unary::table(kind, input, output)))
        }
        UnaryKind::Relu6 => Ok(unary::rectifier_table(input, output, 0.0, 6.0)),
        UnaryKind::Relu => Ok(unary::table(kind, input, output)),
        UnaryKind::HardSwish => {
            unary::check(kind, input, output)?;
            Ok(unary::table(kind, input, output))
        }
        UnaryKind::Rescale => Ok(unary::tabulate(|x| {
            let (mut real, mut stored) = ([0.0], [0]);
            let affine = Affine { scale: input.scale(), zero_point: input.zero_point() };
            quantize::dequantize(&affine, &[x], &mut real);
            quantize::quantize_by_inverse(&inverse(output), &real, &mut stored);
            stored[0]
        })),
        UnaryKind::ReluN1To1 => Err("relu_n1_to_1 by itself has not been compared with LiteRT's: use reference tflm, or fuse it"),
    }
}

/// Both slopes have 8 fractional bits. `None` for slopes that XNNPACK leaves to LiteRT's own kernel, which is TFLM's. Source: XNNPACK
/// `microparams-init.c`, `xnn_init_qs8_lrelu_scalar_params`.
fn leaky_relu(input: &Quantization, output: &Quantization, alpha: f32) -> Option<[i8; 256]> {
    const LEAST: f32 = 1.0 / 256.0;
    let positive = input.scale() / output.scale();
    let negative = positive * alpha;
    let taken = (LEAST..=128.0).contains(&positive) && (LEAST..=128.0).contains(&negative.abs());
    let multiplier = |slope: f32| (256.0 * slope).round_ties_even() as i32;
    taken.then(|| {
        unary::tabulate(|x| {
            let value = i32::from(x) - input.zero_point();
            let slope = if value < 0 { multiplier(negative) } else { multiplier(positive) };
            let stored = ((output.zero_point() << 8) + 0x80 + value * slope) >> 8;
            stored.clamp(-128, 127) as i8
        })
    })
}

/// The parameters of a mean of `count` elements: a product and a sum in single precision, whose order recorded outputs tell. Source:
/// XNNPACK `operators/reduce-nd.c`.
pub fn mean(count: usize, input: &Quantization, output: &Quantization) -> MeanReal {
    let count = count as f32;
    let scale = input.scale() / output.scale() / count;
    MeanReal { scale, bias: output.zero_point() as f32 - input.zero_point() as f32 * count * scale }
}

/// The parameters of `quantize` from floats, with the inverse of the scale.
pub fn inverse(quantization: &Quantization) -> Affine {
    Affine { scale: 1.0 / quantization.scale(), zero_point: quantization.zero_point() }
}
