//! What diagnostics of files say.

use super::super::stdout::into;
use super::*;
use crate::diag::Explain;
use std::io::{self, ErrorKind, Write};

#[test]
fn help_fits_what_the_system_says() {
    let help = |kind: ErrorKind| {
        let helps = [OutputError::Io(kind.into()), OutputError::Stdout(kind.into())].map(|error| error.help());
        assert_eq!(helps[0], helps[1]);
        helps[0].clone()
    };
    for full in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        assert_eq!(help(full), "make room on the disk");
    }
    assert!(help(ErrorKind::FileTooLarge).contains("ulimit -f"));
    assert!(help(ErrorKind::IsADirectory).contains("not a folder"));
    assert!(help(ErrorKind::NotFound).contains("folder is there"));
}

/// A device that answers every write so.
struct Full(ErrorKind);

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that went away is no error.
#[test]
fn a_full_standard_output_is_told() {
    let mut taken = Vec::new();
    into(&mut taken, b"text").unwrap();
    assert_eq!(taken, b"text");
    into(Full(ErrorKind::BrokenPipe), b"text").unwrap();
    let error = into(Full(ErrorKind::StorageFull), b"text").unwrap_err();
    assert_eq!((error.code(), error.help().as_str()), ("write::stdout", "make room on the disk"));
}
