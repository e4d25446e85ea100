//! Names of crates.

use super::ScaffoldError;

/// Words that a crate may not be called: the language's own, and what cargo keeps for itself or for tests.
const KEYWORDS: &[&str] = &[
    "abstract", "alignof", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
const TAKEN: &[&str] = &["alloc", "core", "proc_macro", "proc-macro", "std", "test", "build", "deps", "examples", "incremental"];
/// What templates depend on: a crate cannot depend on its own name.
const DEPENDENCIES: &[&str] = &[
    "tinybake",
    "static_cell",
    "semihosting",
    "cortex-m",
    "cortex-m-rt",
    "riscv-rt",
    "portable-atomic",
    "defmt",
    "defmt-rtt",
    "panic-probe",
    "esp-hal",
    "esp-println",
    "esp-backtrace",
    "esp-bootloader-esp-idf",
];

/// Checks that `name` can be the name of a crate that depends on what the templates do.
///
/// # Errors
/// [`ScaffoldError::Name`], with the reason.
pub fn check(name: &str) -> Result<(), ScaffoldError> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > 64 {
        "it has more than 64 characters"
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        "it does not start with a letter"
    } else if !name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_')) {
        "it has characters other than letters, digits, `-` and `_`"
    } else if name.chars().all(|character| matches!(character, '-' | '_')) {
        "it has no letter"
    } else if KEYWORDS.contains(&name) {
        "it is a word of the language"
    } else if TAKEN.contains(&name) {
        "it has a meaning for Rust or cargo"
    } else if DEPENDENCIES.contains(&name.replace('_', "-").as_str())
        || DEPENDENCIES.contains(&name)
        || name.replace('_', "-").starts_with("embassy-")
    {
        "the project depends on a crate of that name"
    } else {
        return Ok(());
    };
    Err(ScaffoldError::Name { name: name.into(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_crates_are_told_from_others() {
        for name in ["kws", "my-kws", "my_kws2", "_x", "Digits"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "2kws", "my kws", "kws.d", "für", "fn", "test", "tinybake", "static_cell", "embassy-rp", "--", "a/b"] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&"x".repeat(65)).is_err());
    }
}
