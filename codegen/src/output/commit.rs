//! Puts a set of files in place.

use super::target::{Target, folder};
use super::temporary::{Temporary, undisturbed, unused};
use super::{File, OutputError, lock, stdout};
use crate::diag::Diagnostics;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Threads of this process write one set after the other; [`lock`] sees to other processes.
static WRITING: Mutex<()> = Mutex::new(());

/// Writes each file to its target, and then runs `after` with the folders that no other process writes in meanwhile.
pub(super) fn commit(files: &[File<'_>], targets: &[Target], after: impl FnOnce(&[PathBuf])) -> Result<(), Diagnostics> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let first = files.first().map_or(Path::new(""), |file| file.path);
    let locks = lock::folders(targets).map_err(|error| error.of(first))?;
    let mut staged = Vec::new();
    for (file, target) in files.iter().zip(targets) {
        if let Target::File { path, old } = target
            && !holds(path, file.bytes)
        {
            let staging = stage(path, old.as_ref(), file.bytes).map_err(|error| OutputError::from(error).of(file.path))?;
            staged.push(Staged { temporary: staging, path, named: file.path });
        }
    }
    // What goes into a pipe cannot be taken back: it goes when all else is written, and before that is seen.
    for (file, target) in files.iter().zip(targets) {
        send(target, file.bytes).map_err(|error| error.of(file.path))?;
    }
    undisturbed(|| publish(&staged)).map_err(|(file, error)| OutputError::from(error).of(file))?;
    after(&locks.folders);
    Ok(())
}

/// A file that is written under another name.
pub(super) struct Staged<'a> {
    pub(super) temporary: Temporary,
    pub(super) path: &'a Path,
    pub(super) named: &'a Path,
}

/// Whether a file holds these bytes; a file of another length is not read.
pub(super) fn holds(path: &Path, bytes: &[u8]) -> bool {
    let length = fs::metadata(path).ok().filter(Metadata::is_file).map(|metadata| metadata.len());
    length == Some(bytes.len() as u64) && fs::read(path).is_ok_and(|old| old == bytes)
}

pub(super) fn stage(path: &Path, old: Option<&Metadata>, bytes: &[u8]) -> io::Result<Temporary> {
    let (temporary, mut file) = Temporary::create(folder(path))?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        keep_owner(&file, old);
        file.set_permissions(old.permissions())?;
    }
    // Some file systems tell of a full disk only here.
    file.sync_all()?;
    Ok(temporary)
}

/// Gives the file to the owner of the one that it replaces, where this user may.
#[cfg(unix)]
fn keep_owner(file: &fs::File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, Some(old.uid()), Some(old.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_file: &fs::File, _old: &Metadata) {}

/// Writes to what is no regular file.
pub(super) fn send(target: &Target, bytes: &[u8]) -> Result<(), OutputError> {
    match target {
        Target::File { .. } => Ok(()),
        Target::Stdout => stdout::send(bytes),
        Target::Stderr => Ok(io::stderr().write_all(bytes)?),
        Target::Stream(path) => {
            let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
            Ok(file.write_all(bytes)?)
        }
    }
}

/// Renames all, in order; where one cannot be renamed, those before it are put back.
pub(super) fn publish<'a>(staged: &[Staged<'a>]) -> Result<(), (&'a Path, io::Error)> {
    let mut backups = Vec::new();
    let result = replace_all(staged, &mut backups);
    for (backup, path) in backups.into_iter().rev() {
        let _ = match (&result, backup) {
            (Ok(()), Some(backup)) => fs::remove_file(backup),
            (Ok(()), None) => Ok(()),
            (Err(_), Some(backup)) => fs::rename(backup, path),
            (Err(_), None) => fs::remove_file(path),
        };
    }
    result
}

/// Notes of each file that is renamed what it replaced, but for the last, after which nothing can fail.
fn replace_all<'a>(staged: &[Staged<'a>], backups: &mut Vec<(Option<PathBuf>, &'a Path)>) -> Result<(), (&'a Path, io::Error)> {
    let mut rest = staged.iter().peekable();
    while let Some(Staged { temporary, path, named }) = rest.next() {
        let backup = rest.peek().map(|_| backup(path)).transpose().map_err(|error| (*named, error))?;
        rename(temporary.path(), path).map_err(|error| {
            if let Some(Some(backup)) = &backup {
                let _ = fs::remove_file(backup);
            }
            (*named, error)
        })?;
        backups.extend(backup.map(|backup| (backup, *path)));
    }
    Ok(())
}

/// Keeps a file under a second name; `None` where there is none.
fn backup(path: &Path) -> io::Result<Option<PathBuf>> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let backup = unused(folder(path));
    // Some file systems have no links.
    if fs::hard_link(path, &backup).is_err()
        && let Err(error) = fs::copy(path, &backup)
    {
        let _ = fs::remove_file(&backup);
        return Err(error);
    }
    Ok(Some(backup))
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::other("it has become something else than a file")),
        Ok(_) | Err(_) => fs::rename(from, to),
    }
}
