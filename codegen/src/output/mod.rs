//! The one place where files are written: generated modules, networks, reports.
//!
//! Files that belong together are written as a set. All are written in full beside their places, under names of their own, and renamed
//! when nothing can be missing any more, the last file of the set last. A write that fails, and a signal that ends the program, leave
//! everything as it was.

mod commit;
mod error;
mod lock;
mod module;
mod native;
#[cfg(all(unix, feature = "guard"))]
pub mod signals;
mod stdout;
mod target;
mod temporary;

pub use error::OutputError;
pub use module::Module;
pub use native::Native;
pub use stdout::print;
pub use target::is_regular;
#[cfg(feature = "cli")]
pub(crate) use temporary::undisturbed;

use crate::diag::Diagnostics;
use std::path::{Path, PathBuf};
use target::Target;

/// A file to write.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Where, as the user named it: a file, or a device or a pipe, which is written through; symbolic links are followed.
    pub path: &'a Path,
    /// All that it is to hold.
    pub bytes: &'a [u8],
}

/// Checks, before anything is computed, that files can be written: their folders exist, and none is an input or another output.
///
/// # Errors
/// One diagnostic for each file that cannot be written.
pub fn check(outputs: &[&Path], inputs: &[PathBuf]) -> Result<(), Diagnostics> {
    targets(outputs, inputs).map(|_| ())
}

/// Writes a set of files whole or not at all. A regular file keeps its permissions, and one that already holds the bytes is left
/// alone, so that nothing is rebuilt.
///
/// # Errors
/// Files that cannot be written; every file is then as it was. What has gone into a device or a pipe stays there.
pub fn write(files: &[File<'_>], inputs: &[PathBuf]) -> Result<(), Diagnostics> {
    let outputs: Vec<&Path> = files.iter().map(|file| file.path).collect();
    let targets = targets(&outputs, inputs)?;
    commit::commit(files, &targets, |_| {})
}

/// Writes one file whole or not at all: see [`write()`].
///
/// # Errors
/// A file that cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Diagnostics> {
    write(&[File { path, bytes }], &[])
}

/// Where the bytes of each output go.
fn targets(outputs: &[&Path], inputs: &[PathBuf]) -> Result<Vec<Target>, Diagnostics> {
    let (mut targets, mut problems) = (Vec::<Target>::new(), Vec::new());
    for (index, &path) in outputs.iter().enumerate() {
        let target = Target::of(path).map_err(OutputError::from).and_then(|target| {
            if let Some(input) = inputs.iter().find(|input| target.is(input)) {
                return Err(OutputError::Input { input: input.clone() });
            }
            if let Some(other) = targets.iter().position(|other| *other == target && target.is_file()) {
                return Err(OutputError::Same { other: outputs[other].to_path_buf() });
            }
            Ok(target)
        });
        match target {
            Ok(target) => targets.push(target),
            Err(error) => {
                problems.push(error.of(path));
                targets.push(Target::Stream(outputs[index].to_path_buf()));
            }
        }
    }
    if problems.is_empty() { Ok(targets) } else { Err(Diagnostics(problems)) }
}

#[cfg(all(test, unix))]
mod tests;
