//! Values as tokens.

use core::fmt::Debug;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The literal of a kernel's parameters. They are plain structs of integers, floats and arrays, whose `Debug` form is the
/// Rust expression that makes them; the emitted function has their names in scope.
pub(super) fn params(value: &impl Debug) -> TokenStream {
    format!("{value:?}").parse().unwrap_or_else(|_| quote!(compile_error!("unprintable kernel parameters")))
}

/// An `f32`, to the bit.
pub(super) fn float(value: f32) -> TokenStream {
    if value.is_finite() {
        let literal = Literal::f32_suffixed(value.abs());
        if value.is_sign_negative() { quote!(-#literal) } else { quote!(#literal) }
    } else {
        let bits = value.to_bits();
        quote!(f32::from_bits(#bits))
    }
}

/// A number without a suffix, as a person would write it.
pub(super) fn number(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

/// A signed number without a suffix.
pub(super) fn signed(value: i64) -> TokenStream {
    let literal = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 { quote!(-#literal) } else { quote!(#literal) }
}
