//! TOML's values as text.

use crate::ir::Activation;
use std::fmt;

/// An inline table under construction.
#[derive(Debug, Default)]
pub(super) struct Inline(String);

impl Inline {
    /// Adds a key, which needs no quotes, with the text of its value.
    pub(super) fn put(&mut self, key: &str, value: impl fmt::Display) {
        let comma = if self.0.is_empty() { "" } else { ", " };
        self.0 += &format!("{comma}{key} = {value}");
    }

    /// Adds a list of integers.
    pub(super) fn list(&mut self, key: &str, values: &[impl fmt::Debug]) {
        self.put(key, format_args!("{values:?}"));
    }

    /// Adds an activation, if it is one.
    pub(super) fn activation(&mut self, activation: Activation) {
        match activation {
            Activation::None => {}
            Activation::Relu => self.put("activation", quote("relu")),
            Activation::Relu6 => self.put("activation", quote("relu6")),
            Activation::ReluN1To1 => self.put("activation", quote("relu_n1_to_1")),
            Activation::Clamp { min, max } => self.put("activation", format_args!("{{ min = {min}, max = {max} }}")),
        }
    }
}

impl fmt::Display for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ {} }}", self.0)
    }
}

/// A basic string, escaped as TOML wants it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The shortest decimal that reads back to the same `f32`, by way of the `f64` that TOML's floats are.
pub(super) fn number(value: f32) -> String {
    let short = format!("{value:?}");
    match short.parse::<f64>() {
        Ok(read) if read as f32 == value => short,
        _ => match f64::from(value) {
            value if value.is_nan() => "nan".into(),
            value if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.into(),
            value => format!("{value:?}"),
        },
    }
}
