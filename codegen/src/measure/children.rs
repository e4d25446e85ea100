//! Programs that run on behalf of this one (cargo, its compilers, emulators) and the folders that they work in: none outlives it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether [`end_all`] is called when a signal ends this program.
static GUARDED: AtomicBool = AtomicBool::new(false);

/// What is to be ended and removed.
static OPEN: Mutex<Open> = Mutex::new(Open { groups: Vec::new(), folders: Vec::new() });

struct Open {
    /// Process groups that are running.
    groups: Vec<u32>,
    /// Folders of single runs.
    folders: Vec<PathBuf>,
}

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives every program started from now on a process group of its own. The caller sees to it that [`end_all`] runs when a signal ends this
/// program: a terminal's Ctrl-C does not reach them then.
#[cfg(feature = "guard")]
pub fn guard() {
    GUARDED.store(true, Ordering::Relaxed);
}

/// Ends every program that is running, with all that it has started, and removes the folders that they work in; for a process that is
/// about to end, since no program can be started afterwards.
#[cfg(feature = "guard")]
pub fn end_all() {
    let open = open();
    for &group in &open.groups {
        kill(group);
    }
    for folder in &open.folders {
        let _ = fs::remove_dir_all(folder);
    }
    std::mem::forget(open);
}

/// A program that is running; it ends when this is dropped.
pub(super) struct Running {
    child: Child,
    /// Its process group, where it has one of its own.
    group: Option<u32>,
    /// Whether it has ended by itself; its number may be another's then.
    ended: bool,
}

impl Running {
    /// Starts `command`.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let separate = GUARDED.load(Ordering::Relaxed) && cfg!(unix);
        #[cfg(unix)]
        if separate {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
        // Held while it starts, so that a signal finds it.
        let mut open = open();
        let child = command.spawn()?;
        let group = separate.then(|| child.id());
        open.groups.extend(group);
        Ok(Self { child, group, ended: false })
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.ended = status.is_some();
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut open = open();
        match self.group {
            _ if self.ended => {}
            Some(group) => kill(group),
            None => drop(self.child.kill()),
        }
        open.groups.retain(|&group| Some(group) != self.group);
        drop(open);
        let _ = self.child.wait();
    }
}

/// Ends a process group.
fn kill(group: u32) {
    #[cfg(all(unix, feature = "guard"))]
    if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(all(unix, feature = "guard")))]
    let _ = group;
}

/// A folder for the files of one run, removed with this value.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        let mut open = open();
        fs::create_dir_all(&path)?;
        open.folders.push(path.clone());
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let mut open = open();
        let _ = fs::remove_dir_all(&self.0);
        open.folders.retain(|folder| *folder != self.0);
    }
}
