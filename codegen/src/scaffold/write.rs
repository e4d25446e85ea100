//! Puts a project on disk, whole or not at all.

use super::{Project, ScaffoldError};
use crate::diag::{Diagnostics, Explain, Place};
use crate::output::{OutputError, undisturbed};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Checks that `folder` is absent or an empty folder.
///
/// # Errors
/// [`ScaffoldError::Occupied`], as a diagnostic.
pub fn vacant(folder: &Path) -> Result<(), Diagnostics> {
    let vacant = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(folder).is_err(),
    };
    if vacant {
        return Ok(());
    }
    let place = Place { file: Some(folder.display().to_string()), ..Place::default() };
    Err(ScaffoldError::Occupied { folder: folder.into() }.at(place).into())
}

/// Writes `project` to a folder that is not `folder` yet, and moves it there when all is written. `folder` must be vacant.
///
/// # Errors
/// A folder that is occupied, or a file that cannot be written; nothing is left then.
pub fn write(project: &Project, folder: &Path) -> Result<(), Diagnostics> {
    vacant(folder)?;
    let existed = folder.is_dir();
    let partial = partial(folder, existed);
    // A signal that came between would leave the partial folder.
    let written = undisturbed(|| {
        write_to(project, &partial)
            .and_then(|()| match existed {
                true => move_into(&partial, folder),
                false => fs::rename(&partial, folder).map_err(|error| (folder.into(), error)),
            })
            .inspect_err(|_| {
                let _ = fs::remove_dir_all(&partial);
            })
    });
    written.map_err(|(file, error): (PathBuf, io::Error)| {
        let file = file.strip_prefix(&partial).map_or_else(|_| file.clone(), |inner| folder.join(inner));
        OutputError::from(error).of(&file).into()
    })
}

/// Moves what is in `partial`, which lies in `folder`, up into it: a shell may stand in that folder, so it stays itself.
fn move_into(partial: &Path, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (folder.to_path_buf(), error);
    for entry in fs::read_dir(partial).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        fs::rename(entry.path(), folder.join(entry.file_name())).map_err(failed)?;
    }
    fs::remove_dir(partial).map_err(failed)
}

fn write_to(project: &Project, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    for file in &project.files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, &file.bytes)).map_err(|error| (path, error))?;
    }
    Ok(())
}

/// A name beside `folder`, or in it where it exists, so that renaming stays within one file system.
fn partial(folder: &Path, existed: bool) -> PathBuf {
    let id = std::process::id();
    if existed {
        return folder.join(format!(".tinybake.{id}.tmp"));
    }
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    folder.with_file_name(format!(".{name}.{id}.tmp"))
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    #[test]
    fn a_project_is_written_whole_or_not_at_all() {
        let base = std::env::temp_dir().join(format!("tinybake-scaffold-{}", std::process::id()));
        fs::create_dir_all(&base).unwrap();
        let file = |path: &str| File { path: path.into(), bytes: b"x".to_vec() };
        let project = Project { files: vec![file("a"), file("b/c")], ..Project::default() };
        write(&project, &base.join("new")).unwrap();
        assert_eq!(fs::read(base.join("new/b/c")).unwrap(), b"x");
        let again = write(&project, &base.join("new")).unwrap_err();
        assert_eq!(again.0[0].code, "new::occupied");
        fs::create_dir(base.join("empty")).unwrap();
        write(&project, &base.join("empty/.")).unwrap();
        assert_eq!(fs::read_dir(base.join("empty")).unwrap().count(), 2);
        // A file where a folder is wanted: it fails half-way, and nothing is left.
        let broken = Project { files: vec![file("a"), file("a/b")], ..Project::default() };
        assert_eq!(write(&broken, &base.join("broken")).unwrap_err().0[0].code, "write::file");
        let mut left: Vec<_> = fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["empty", "new"]);
        fs::remove_dir_all(&base).unwrap();
    }
}
