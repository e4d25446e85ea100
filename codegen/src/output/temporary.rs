//! Temporary files: gone when they are dropped, and when a signal ends the program.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, process};

/// Those that exist now.
static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

pub(super) fn paths() -> MutexGuard<'static, Vec<PathBuf>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `act` while no signal ends the program: a signal that comes meanwhile ends it afterwards.
pub(crate) fn undisturbed<T>(act: impl FnOnce() -> T) -> T {
    let _held = paths();
    act()
}

/// Removes every temporary file, and lets nobody make another until the guard is dropped.
#[cfg(all(unix, feature = "guard"))]
pub(super) fn clear() -> impl Sized {
    let mut paths = paths();
    for path in paths.drain(..) {
        let _ = fs::remove_file(path);
    }
    paths
}

/// A temporary file.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// A new, empty file in `folder`.
    pub(super) fn create(folder: &Path) -> io::Result<(Self, File)> {
        let temporary = Self { path: unused(folder) };
        let mut paths = paths();
        let file = File::create_new(&temporary.path)?;
        paths.push(temporary.path.clone());
        drop(paths);
        Ok((temporary, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut paths = paths();
        // One that was renamed is there no longer.
        let _ = fs::remove_file(&self.path);
        paths.retain(|path| *path != self.path);
    }
}

/// A name in `folder` that no file has: it tells the process and, within it, the file.
pub(super) fn unused(folder: &Path) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{PREFIX}{}-{count}{SUFFIX}", process::id()))
}

const PREFIX: &str = ".tinybake-";
const SUFFIX: &str = ".tmp";

/// Removes temporary files of processes that were ended before they could. No other process may be writing in `folder`.
#[cfg(all(unix, feature = "guard"))]
pub(super) fn sweep(folder: &Path) {
    let ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(ours) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
