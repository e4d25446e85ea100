//! Where the bytes of an output go: what lies behind the path that a user names.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Symbolic links that are followed, as many as Linux does.
const LINKS: usize = 40;

/// What a path stands for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A regular file, or one that is not there yet, by its path without symbolic links.
    File {
        /// In its real folder.
        path: PathBuf,
        /// Of the file that is there.
        old: Option<Metadata>,
    },
    /// A device, a pipe or a socket; its bytes go where it leads.
    Stream(PathBuf),
    /// This process's standard output, as `/dev/stdout`.
    Stdout,
    /// This process's standard error.
    Stderr,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Target::File { path, old }, Target::File { path: other, old: others }) => {
                path == other || old.as_ref().zip(others.as_ref()).is_some_and(|(old, other)| same(old, other))
            }
            (Target::Stream(path), Target::Stream(other)) => path == other,
            (Target::Stdout, Target::Stdout) | (Target::Stderr, Target::Stderr) => true,
            (Target::File { .. } | Target::Stream(_) | Target::Stdout | Target::Stderr, _) => false,
        }
    }
}

impl Target {
    /// Follows `path`; a regular file must be one that may be written to, and the folder of a new one must be there.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut path = path.to_path_buf();
        for _ in 0..LINKS {
            let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
            let folder = fs::canonicalize(folder(&path))?;
            if !folder.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            if let Some(of_this_process) = descriptors(&folder) {
                return Ok(match name.to_str() {
                    Some("1") if of_this_process => Target::Stdout,
                    Some("2") if of_this_process => Target::Stderr,
                    _ => Target::Stream(folder.join(name)),
                });
            }
            path = folder.join(name);
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Target::File { path, old: None }),
                Err(error) => return Err(error),
            };
            let kind = metadata.file_type();
            if kind.is_symlink() {
                path = folder.join(fs::read_link(&path)?);
            } else if kind.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            } else if kind.is_file() {
                // A rename needs no permission to write to the file: who has taken that away wants it kept.
                OpenOptions::new().write(true).open(&path)?;
                return Ok(Target::File { path, old: Some(metadata) });
            } else {
                return Ok(Target::Stream(path));
            }
        }
        Err(io::Error::other("too many levels of symbolic links"))
    }

    /// Whether this is a regular file, there or to be made.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Target::File { .. })
    }

    /// Whether this is the regular file `input`, under whatever name.
    pub(super) fn is(&self, input: &Path) -> bool {
        match self {
            Target::File { path, old: Some(old) } => {
                fs::metadata(input).is_ok_and(|metadata| metadata.is_file() && same(old, &metadata))
                    || fs::canonicalize(input).is_ok_and(|input| input == *path)
            }
            Target::File { old: None, .. } | Target::Stream(_) | Target::Stdout | Target::Stderr => false,
        }
    }
}

/// Whether `path` is a regular file or would become one: files can be put beside it.
pub fn is_regular(path: &Path) -> bool {
    Target::of(path).map_or(true, |target| target.is_file())
}

/// The folder that a path lies in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a folder holds open files of a process, as Linux shows them, and then whether the process is this one. Links there lead
/// to open files that may have no name, and a file that is open must not be renamed over.
pub(super) fn descriptors(folder: &Path) -> Option<bool> {
    if folder == Path::new("/dev/fd") {
        return Some(true);
    }
    let mut parts = folder.strip_prefix("/proc").ok()?.iter();
    let process = parts.next()?.to_str()?.parse::<u32>().ok()?;
    (parts.next_back()? == "fd").then_some(process == std::process::id())
}

/// Whether two files are one. Without numbers of files, only their paths tell them apart.
pub(super) fn same(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        false
    }
}
