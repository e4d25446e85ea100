//! The compiler's table of costs as Rust.

use crate::measured::Kernel;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tinybake_codegen::CoreClass;
use tinybake_codegen::plan::{Code, Instructions, Rate};

/// Rates by kernel, on the kinds of cores that have it, in their order.
pub(crate) type Table = BTreeMap<Kernel, Vec<(CoreClass, Rate)>>;

pub(crate) fn text(table: &Table) -> String {
    let mut text = String::from(
        "//! What forms of layers cost. Measured and written by `cargo test --release --test cost -- --ignored`.\n\
         #![allow(clippy::approx_constant, reason = \"what is measured may be near any number\")]\n\n\
         use super::{Code, CoreClass, Instructions, Kind, Layer, Rate, Row};\n\n\
         /// Rates of each form of each kind of layer.\n\
         pub(super) const RATES: &[Row] = &[\n",
    );
    for ((layer, form), rates) in table {
        let _ = writeln!(text, "    Row {{\n        form: Kind::{form:?},\n        layer: Layer::{layer:?},\n        rates: &[");
        for (core, Rate { size, speed, instructions }) in rates {
            let Instructions { layer, product, gathered, output, pass } = instructions;
            let _ = writeln!(
                text,
                "            (\n                CoreClass::{core:?},\n                Rate {{\n                    size: {},\n                    \
                 speed: {},\n                    instructions: Instructions {{ layer: {layer:.1}, product: {product:.3}, \
                 gathered: {gathered:.3}, output: {output:.2}, pass: {pass:.1} }},\n                }},\n            ),",
                code(size),
                code(speed)
            );
        }
        text.push_str("        ],\n    },\n");
    }
    text + "];\n"
}

fn code(Code { form, kind, layer, weight }: &Code) -> String {
    format!("Code {{ form: {form:.1}, kind: {kind:.1}, layer: {layer:.1}, weight: {weight:.1} }}")
}
