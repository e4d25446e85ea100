//! JSON output of the programs: objects with stable field names, beyond those of single commands.

use crate::diag::{Diagnostic, Diagnostics};
use crate::text::is_active;
use core::fmt;
use serde::Serialize;

/// What went wrong, under `--format json` on stderr.
#[derive(Serialize)]
struct Report {
    diagnostics: Vec<Entry>,
}

/// One diagnostic.
#[derive(Debug, Serialize)]
pub struct Entry {
    code: &'static str,
    message: String,
    file: Option<String>,
    op: Option<Op>,
    tensor: Option<String>,
    offset: Option<usize>,
    help: String,
}

#[derive(Debug, Serialize)]
struct Op {
    index: usize,
    name: String,
    op: &'static str,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Op { index, name, op }) = &self.op {
            write!(f, "operator {index} ({op} `{name}`): ")?;
        }
        if let Some(tensor) = &self.tensor {
            write!(f, "tensor `{tensor}`: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// One object with all diagnostics.
pub fn diagnostics(diagnostics: &Diagnostics) -> String {
    text(&Report { diagnostics: diagnostics.0.iter().map(entry).collect() })
}

/// An object as text, without characters that a terminal acts on.
pub fn text(data: &impl Serialize) -> String {
    let mut text = String::new();
    // JSON itself escapes the characters below a space, and no others are in question outside of strings.
    for character in serde_json::to_string_pretty(data).unwrap_or_default().chars() {
        if is_active(character) && character != '\n' {
            text.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(character);
        }
    }
    text + "\n"
}

/// A diagnostic as data.
pub fn entry(diagnostic: &Diagnostic) -> Entry {
    let Diagnostic { code, message, place, help } = diagnostic;
    Entry {
        code,
        message: message.clone(),
        file: place.file.clone(),
        op: place.op.as_ref().map(|(origin, op)| Op { index: origin.index, name: origin.name.clone(), op }),
        tensor: place.tensor.clone(),
        offset: place.offset,
        help: help.clone(),
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
