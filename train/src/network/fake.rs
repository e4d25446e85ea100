//! Fake quantization of activations: the reals that the int8 network's values stand for, and the gradient straight through.

use burn_tensor::Tensor as Values;
use tinybake_codegen::ir::{DType, Tensor};

/// The nearest reals that `of`'s quantization has; the values themselves where it has none. The gradient is that of a clamp to its range.
pub(super) fn quantized(x: Values<2>, of: &Tensor) -> Values<2> {
    let (Some(quantization), DType::I8) = (&of.quantization, of.dtype) else { return x };
    let (scale, zero_point) = (quantization.scale(), quantization.zero_point() as f32);
    let real = |stored: f32| (stored - zero_point) * scale;
    let clamped = x.clamp(real(-128.0), real(127.0));
    // A sum is scaled down with its half rounded up.
    let steps = clamped.clone().detach().div_scalar(scale).add_scalar(0.5).floor();
    let rounded = steps.clamp(-128.0 - zero_point, 127.0 - zero_point).mul_scalar(scale);
    // The difference is exactly zero: what goes on is `rounded` to the bit.
    rounded + (clamped.clone() - clamped.detach())
}
