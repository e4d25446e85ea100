//! Files that cannot be written.

use crate::diag::{Diagnostic, Explain, Place};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why an output cannot be written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The file system says no.
    #[error("cannot write it: {0}")]
    Io(#[from] io::Error),
    /// The output is one of the files that the command reads.
    #[error("it is also an input, `{}`, and would be overwritten", input.display())]
    Input {
        /// The input, as the user named it.
        input: PathBuf,
    },
    /// Two outputs are one file.
    #[error("it is also another output, `{}`", other.display())]
    Same {
        /// The other output.
        other: PathBuf,
    },
    /// A file stands where a second file of the output belongs, and tinybake has not written it.
    #[error("{what} is to be written here, and the file that is here was not written by tinybake")]
    Foreign {
        /// The output that belongs here.
        what: &'static str,
    },
    /// Another process writes in the folder and does not end.
    #[error("another tinybake has been writing in this folder for {seconds} seconds")]
    Busy {
        /// How long this process has waited.
        seconds: u64,
    },
    /// Standard output takes no more.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
}

impl OutputError {
    /// The diagnostic of the error at the file that the user named.
    pub fn of(&self, file: &Path) -> Diagnostic {
        self.at(Place { file: Some(file.display().to_string()), ..Place::default() })
    }
}

impl Explain for OutputError {
    fn code(&self) -> &'static str {
        match self {
            OutputError::Io(_) => "write::file",
            OutputError::Input { .. } => "write::input",
            OutputError::Same { .. } => "write::same",
            OutputError::Foreign { .. } => "write::foreign",
            OutputError::Busy { .. } => "write::busy",
            OutputError::Stdout(_) => "write::stdout",
        }
    }

    fn help(&self) -> String {
        match self {
            OutputError::Io(error) | OutputError::Stdout(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk".into(),
                io::ErrorKind::FileTooLarge => "raise the limit on the size of files (`ulimit -f`)".into(),
                io::ErrorKind::IsADirectory => "name a file, not a folder".into(),
                _ => "check that the folder is there and may be written to".into(),
            },
            OutputError::Input { .. } | OutputError::Same { .. } => "name another file".into(),
            OutputError::Foreign { .. } => "name another output, or move that file away".into(),
            OutputError::Busy { .. } => "wait for it to end, or end it".into(),
        }
    }
}
