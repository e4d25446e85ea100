//! A generated module and the file of its large constants beside it.

use super::commit::{commit, holds};
use super::target::folder;
use super::{File, OutputError, targets};
use crate::diag::Diagnostics;
use crate::emit::{Blob, GENERATED};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{fs, iter};

/// A module, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// Where it goes.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
    /// The file that the text includes.
    pub constants: Option<&'a Blob>,
}

impl Module<'_> {
    /// The place of the constants.
    fn beside(&self) -> Option<(PathBuf, &[u8])> {
        self.constants.map(|blob| (folder(self.path).join(&blob.file), blob.bytes.as_slice()))
    }

    /// Writes both, the module last, so that it never names a file that is not there; and removes constants beside it that no module
    /// names any more.
    ///
    /// # Errors
    /// Files that cannot be written, or a file in the constants' place that tinybake has not written.
    pub fn write(&self, inputs: &[PathBuf]) -> Result<(), Diagnostics> {
        let beside = self.beside();
        if let Some((path, _)) = &beside
            && path.exists()
            && !is_constants(path)
        {
            return Err(OutputError::Foreign { what: "the constants of a module" }.of(path).into());
        }
        let constants = beside.as_ref().map(|(path, bytes)| File { path, bytes });
        let files: Vec<File<'_>> = constants.into_iter().chain([File { path: self.path, bytes: self.text.as_bytes() }]).collect();
        let outputs: Vec<&Path> = files.iter().map(|file| file.path).collect();
        let replaced = fs::metadata(self.path).is_ok_and(|old| old.is_file()).then(|| fs::read_to_string(self.path));
        let replaced = replaced.and_then(Result::ok).unwrap_or_default();
        commit(&files, &targets(&outputs, inputs)?, |locked| {
            let folder = folder(self.path);
            let alone = fs::canonicalize(folder).is_ok_and(|folder| locked.contains(&folder));
            sweep(folder, |name| alone || names(&replaced, name));
        })
    }

    /// Those of the two files that are missing or hold something else, with the reason.
    pub fn stale(&self) -> Vec<String> {
        let beside = self.beside();
        let beside = beside.as_ref().map(|(path, bytes)| (path.as_path(), *bytes));
        iter::once((self.path, self.text.as_bytes())).chain(beside).filter_map(|(path, bytes)| stale(path, bytes)).collect()
    }
}

fn stale(path: &Path, bytes: &[u8]) -> Option<String> {
    match fs::metadata(path) {
        Ok(_) if holds(path, bytes) => None,
        Ok(metadata) if !metadata.is_file() => Some(format!("{} is not a file", path.display())),
        Ok(_) => Some(format!("{} is out of date", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(format!("{} is missing", path.display())),
        Err(error) => Some(format!("{} cannot be read: {error}", path.display())),
    }
}

/// Whether tinybake has written this file of constants; an empty file is nobody's.
fn is_constants(path: &Path) -> bool {
    let head = head(path, Blob::MAGIC.len());
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) && head.is_some_and(|head| head.is_empty() || head == Blob::MAGIC)
}

/// The first bytes of a file.
fn head(path: &Path, most: usize) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path).ok()?.take(most as u64).read_to_end(&mut head).ok()?;
    Some(head)
}

/// Whether the text of a module includes the file `name`.
fn names(text: &str, name: &str) -> bool {
    text.contains(&format!("\"{name}\""))
}

/// Removes the files of constants in `folder` that are `free` to be removed and that no module there includes. Where a module
/// cannot be read all of them stay.
fn sweep(folder: &Path, free: impl Fn(&str) -> bool) {
    let Some(files) = files(folder) else { return };
    let constants = |(name, path): &(&String, &PathBuf)| Blob::is_name(name) && free(name) && is_constants(path);
    let mut unused: Vec<(&String, &PathBuf)> = files.iter().filter(constants).collect();
    for (name, path) in &files {
        if unused.is_empty() {
            return;
        }
        let generated = |head: Vec<u8>| String::from_utf8_lossy(&head).contains(GENERATED);
        if name.ends_with(".rs") || head(path, 4096).is_none_or(generated) {
            let Ok(text) = fs::read(path) else { return };
            let text = String::from_utf8_lossy(&text);
            unused.retain(|(constants, _)| !names(&text, constants));
        }
    }
    for (_, path) in unused {
        let _ = fs::remove_file(path);
    }
}

/// The regular files in a folder by name.
fn files(folder: &Path) -> Option<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file())
            && let Ok(name) = entry.file_name().into_string()
        {
            files.insert(name, entry.path());
        }
    }
    Some(files)
}
