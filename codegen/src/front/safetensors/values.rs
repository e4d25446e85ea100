//! Values that TOML may spell in more than one way, each with its own way of saying what was expected.

use super::topology::Scales;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// A tensor that an op reads, with its quantization where the file does not hold it.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) name: String,
    /// Given as `{ tensor = "..." }`: a tensor of the file and no activation.
    pub(super) from_file: bool,
    pub(super) quantization: Option<Scales>,
}

/// `padding` of a window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Padding {
    Same,
    #[default]
    Valid,
    /// Top, bottom, left, right.
    Explicit([usize; 4]),
}

/// `activation`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Activation(pub(super) crate::ir::Activation);

/// A number, or a list of them.
#[derive(Clone, Debug)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// `[height, width]`, or one number for both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair(pub(super) [usize; 2]);

/// Implements `Deserialize` through a visitor of the methods given, so that a mistake is told what was expected.
macro_rules! visit {
    ($type:ty, $expecting:literal, $($methods:tt)*) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct V;
                impl<'de> Visitor<'de> for V {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $($methods)*
                }
                deserializer.deserialize_any(V)
            }
        }
    };
}

visit! { OneOrMany<f64>, "a number or a list of numbers",
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> { Ok(OneOrMany::One(value)) }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> { Ok(OneOrMany::One(value as f64)) }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(OneOrMany::Many(values))
    }
}

visit! { OneOrMany<i32>, "an integer or a list of integers",
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        i32::try_from(value).map(OneOrMany::One).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(OneOrMany::Many(values))
    }
}

visit! { Pair, "an integer or [height, width]",
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        match usize::try_from(value) {
            Ok(value) => Ok(Pair([value; 2])),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Pair)
    }
}

visit! { Padding, "\"same\", \"valid\" or [top, bottom, left, right]",
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        match value {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            _ => Err(E::invalid_value(Unexpected::Str(value), &self)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Padding::Explicit)
    }
}

visit! { Activation, "\"none\", \"relu\", \"relu6\", \"relu_n1_to_1\" or { min = ..., max = ... } in stored integers",
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        match value {
            "none" => Ok(Activation(crate::ir::Activation::None)),
            "relu" => Ok(Activation(crate::ir::Activation::Relu)),
            "relu6" => Ok(Activation(crate::ir::Activation::Relu6)),
            "relu_n1_to_1" => Ok(Activation(crate::ir::Activation::ReluN1To1)),
            _ => Err(E::invalid_value(Unexpected::Str(value), &self)),
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Clamp { min: i32, max: i32 }
        let Clamp { min, max } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Activation(crate::ir::Activation::Clamp { min, max }))
    }
}

visit! { Operand, "a tensor's name or { tensor = \"...\", quantization = { ... } }",
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Operand { name: value.to_owned(), from_file: false, quantization: None })
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Reference { tensor: String, quantization: Option<Scales> }
        let Reference { tensor, quantization } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Operand { name: tensor, from_file: true, quantization })
    }
}
