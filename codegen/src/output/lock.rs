//! Folders that one process at a time writes in.

use super::OutputError;
use super::target::Target;
use std::path::PathBuf;

/// The folders of a set of files, for as long as this lives.
pub(super) struct Locks {
    /// Those that no other process writes in.
    pub(super) folders: Vec<PathBuf>,
    #[cfg(all(unix, feature = "guard"))]
    _files: Vec<std::fs::File>,
}

/// Locks the folder of every regular file. A folder on a file system without locks is left unlocked, and so are all without the
/// feature `guard`: Cargo runs one build script at a time in an `OUT_DIR`.
pub(super) fn folders(targets: &[Target]) -> Result<Locks, OutputError> {
    #[cfg(all(unix, feature = "guard"))]
    return held::folders(targets, held::PATIENCE);
    #[cfg(not(all(unix, feature = "guard")))]
    {
        let _ = targets;
        Ok(Locks { folders: Vec::new() })
    }
}

#[cfg(all(unix, feature = "guard"))]
pub(super) mod held {
    use super::super::target::{Target, folder};
    use super::super::{OutputError, temporary};
    use super::Locks;
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::path::Path;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// How long another process may take; writing takes milliseconds.
    pub(super) const PATIENCE: Duration = Duration::from_secs(60);

    pub(in super::super) fn folders(targets: &[Target], patience: Duration) -> Result<Locks, OutputError> {
        // In one order in every process, so that no two wait for each other.
        let all: BTreeSet<&Path> = targets.iter().filter_map(folder_of).collect();
        let mut locks = Locks { folders: Vec::new(), _files: Vec::new() };
        for folder in all {
            if let Some(file) = lock(folder, patience)? {
                temporary::sweep(folder);
                locks.folders.push(folder.to_path_buf());
                locks._files.push(file);
            }
        }
        Ok(locks)
    }

    fn folder_of(target: &Target) -> Option<&Path> {
        match target {
            Target::File { path, .. } => Some(folder(path)),
            Target::Stream(_) | Target::Stdout | Target::Stderr => None,
        }
    }

    /// Locks a folder; `None` where it cannot be locked.
    fn lock(folder: &Path, patience: Duration) -> Result<Option<File>, OutputError> {
        let Ok(file) = File::open(folder) else { return Ok(None) };
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(file)),
                Err(Errno::WOULDBLOCK) if start.elapsed() < patience => sleep(Duration::from_millis(5)),
                Err(Errno::WOULDBLOCK) => return Err(OutputError::Busy { seconds: patience.as_secs() }),
                Err(_) => return Ok(None),
            }
        }
    }
}
