//! Standard output.

use super::OutputError;
use crate::diag::Diagnostics;
use std::io::{self, Write};
use std::path::Path;

/// Writes to standard output; a reader that went away, as `head` does, is no error.
///
/// # Errors
/// A standard output that takes no more, as a full disk.
pub fn print(text: &str) -> Result<(), Diagnostics> {
    send(text.as_bytes()).map_err(|error| error.of(Path::new("standard output")).into())
}

pub(super) fn send(bytes: &[u8]) -> Result<(), OutputError> {
    into(io::stdout().lock(), bytes)
}

pub(super) fn into(mut stdout: impl Write, bytes: &[u8]) -> Result<(), OutputError> {
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(OutputError::Stdout(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
