//! Objects whose field names are stable, beyond those of single commands.

use crate::diag::{Diagnostic, Diagnostics};
use crate::text::is_active;
use serde::Serialize;

/// What went wrong, under `--format json` on stderr.
#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    op: Option<Op<'a>>,
    tensor: Option<&'a str>,
    offset: Option<usize>,
    help: &'a str,
}

#[derive(Serialize)]
struct Op<'a> {
    index: usize,
    name: &'a str,
    op: &'a str,
}

/// One object with all diagnostics.
pub(super) fn diagnostics(diagnostics: &Diagnostics) -> String {
    text(&Report { diagnostics: diagnostics.0.iter().map(entry).collect() })
}

/// An object as text, without characters that a terminal acts on.
pub(super) fn text(data: &impl Serialize) -> String {
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

fn entry(diagnostic: &Diagnostic) -> Entry<'_> {
    let Diagnostic { code, message, place, help } = diagnostic;
    Entry {
        code,
        message,
        file: place.file.as_deref(),
        op: place.op.as_ref().map(|(origin, op)| Op { index: origin.index, name: &origin.name, op }),
        tensor: place.tensor.as_deref(),
        offset: place.offset,
        help,
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
