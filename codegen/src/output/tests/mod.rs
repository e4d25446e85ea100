//! What writing does to files, folders and what else lies behind a path.

mod commits;
mod errors;
mod modules;
mod targets;

use super::*;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder of a test's own, without symbolic links in its path, which is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tinybake-output-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = fs::canonicalize(std::env::temp_dir()).unwrap().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A new file.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// The names of all that is in it.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The codes of what is wrong.
fn codes<T: std::fmt::Debug>(result: Result<T, Diagnostics>) -> Vec<&'static str> {
    result.expect_err("something wrong").0.iter().map(|problem| problem.code).collect()
}
