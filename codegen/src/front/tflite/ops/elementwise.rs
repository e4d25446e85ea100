//! Operators that work on each element, and softmax.

use super::{Call, kind};
use crate::front::tflite::error::Outcome;
use crate::ir::{Activation, BinaryKind, Op, UnaryKind};

/// `AddOptions`, `SubOptions` and `MulOptions` start with the activation; `MaximumMinimumOptions` has none.
pub(super) fn binary(call: &mut Call<'_, '_>, kind: BinaryKind, options: Option<u8>) -> Outcome<Op> {
    let (a, b) = (call.input(0, "a")?, call.input(1, "b")?);
    let activation = match options {
        Some(options) => call.options(options)?.activation(0)?,
        None => Activation::None,
    };
    Ok(Op::Binary { kind, a, b, activation })
}

/// The operator on two tensors that is called `name`; [`BinaryKind::Minimum`] for any other name.
pub(super) fn binary_named(call: &mut Call<'_, '_>, name: &str) -> Outcome<Op> {
    match name {
        "ADD" => binary(call, BinaryKind::Add, Some(kind::ADD)),
        "SUB" => binary(call, BinaryKind::Sub, Some(kind::SUB)),
        "MUL" => binary(call, BinaryKind::Mul, Some(kind::MUL)),
        "MAXIMUM" => binary(call, BinaryKind::Maximum, None),
        _ => binary(call, BinaryKind::Minimum, None),
    }
}

/// Operators without options.
pub(super) fn unary(call: &mut Call<'_, '_>, kind: UnaryKind) -> Outcome<Op> {
    Ok(Op::Unary { kind, input: call.input(0, "input")? })
}

/// `LeakyReluOptions`: alpha.
pub(super) fn leaky_relu(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    let alpha = call.options(kind::LEAKY_RELU)?.float(0, "alpha")?;
    Ok(Op::Unary { kind: UnaryKind::LeakyRelu { alpha }, input })
}

/// No options.
pub(super) fn prelu(call: &mut Call<'_, '_>) -> Outcome<Op> {
    Ok(Op::Prelu { input: call.input(0, "input")?, alpha: call.input(1, "alpha")? })
}

/// `SoftmaxOptions`: beta.
pub(super) fn softmax(call: &mut Call<'_, '_>) -> Outcome<Op> {
    let input = call.input(0, "input")?;
    Ok(Op::Softmax { input, beta: call.options(kind::SOFTMAX)?.float(0, "beta")? })
}
