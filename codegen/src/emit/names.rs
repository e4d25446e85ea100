//! Identifiers from the names that a model gives its tensors.

use crate::text;
use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

/// Words that an identifier may not be: Rust's own, names that a module of that name would hide from the code beside it, and those
/// of every generated module.
const RESERVED: &[&str] = &[
    "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
    "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "union",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "abstract", "core", "std", "alloc", "tinybake", "bool",
    "char", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize", "new",
    "run", "infer", "model", "arena",
];

/// Gives snake-case names that are distinct, and stay so as the names of types and constants.
#[derive(Debug, Default)]
pub(super) struct Namer {
    /// Without underscores, which the names of types do not have.
    taken: BTreeSet<String>,
}

impl Namer {
    /// A name that resembles `wanted` and that this namer has not given before; a part of identifiers, and see [`escaped`].
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let base = words(wanted);
        let numbered = (2..).map(|count| format!("{base}_{count}"));
        let mut free = core::iter::once(base.clone()).chain(numbered).filter(|name| self.taken.insert(name.replace('_', "")));
        free.next().unwrap_or_default()
    }
}

/// Letters, digits and single underscores, in lower case; never empty, a keyword, or a digit first.
pub fn snake_case(name: &str) -> String {
    escaped(words(name))
}

/// A name as an identifier of its own.
pub(super) fn escaped(mut name: String) -> String {
    if RESERVED.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Words of letters and digits with single underscores between; never empty, or a digit first.
fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len().min(64));
    let mut previous_lower = false;
    for character in name.chars().take(64) {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && previous_lower {
                out.push('_');
            }
            previous_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
            out.push(character.to_ascii_lowercase());
        } else {
            previous_lower = false;
            if !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
        }
    }
    let mut out = out.trim_matches('_').to_string();
    if out.is_empty() || out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, 't');
    }
    out
}

/// A name from a model for a doc comment, between backticks.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", text::line(name).replace('`', "'"))
}

/// `left_input` as `LeftInput`.
pub(super) fn camel_case(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            let mut characters = word.chars();
            characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect::<String>()
        })
        .collect()
}

/// An identifier; `name` must be one.
pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        let cases = [
            ("serving_default_input_1:0", "serving_default_input_1_0"),
            ("StatefulPartitionedCall:0", "stateful_partitioned_call_0"),
            ("type", "type_"),
            ("u8", "u8_"),
            ("tinybake", "tinybake_"),
            ("", "t"),
            ("3x3", "t3x3"),
            ("..//", "t"),
            ("ümläut", "ml_ut"),
        ];
        for (given, expected) in cases {
            assert_eq!(snake_case(given), expected);
        }
    }

    #[test]
    fn names_are_distinct() {
        let mut namer = Namer::default();
        assert_eq!([namer.name("a:0"), namer.name("a_0"), namer.name("A.0")], ["a_0", "a_0_2", "a_0_3"]);
        // Types have no underscores: these would both be `A1`.
        let mut namer = Namer::default();
        assert_eq!(["a_1", "a1", "a_1_2", "a"].map(|name| namer.name(name)), ["a_1", "a1_2", "a_1_2_2", "a"]);
    }

    #[test]
    fn parts_of_names_are_not_escaped() {
        assert_eq!((Namer::default().name("new").as_str(), snake_case("new").as_str()), ("new", "new_"));
    }

    #[test]
    fn docs_show_names_on_one_line() {
        assert_eq!(quoted("a\r\n`b`\u{202e}"), "`a\\r\\n'b'\\u{202e}`");
    }
}
