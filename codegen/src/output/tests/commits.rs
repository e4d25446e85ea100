//! Sets of files that are put in place.

use super::super::commit::{Staged, holds, publish, rename, send, stage};
use super::super::temporary::{Temporary, paths, undisturbed, unused};
use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

#[test]
fn files_are_put_back_where_a_later_one_cannot_be_renamed() {
    let base = Folder::new();
    base.file("old", "old");
    fs::create_dir(base.path("folder")).unwrap();
    let paths = ["old", "absent", "folder"].map(|name| base.path(name));
    let staged = |path| Staged { temporary: stage(path, None, b"new").unwrap(), path, named: Path::new("named") };
    // What has become a folder is not renamed over.
    let set: Vec<Staged<'_>> = paths.iter().map(|path| staged(path)).collect();
    assert!(undisturbed(|| publish(&set)).is_err());
    drop(set);
    assert_eq!(base.names(), ["folder", "old"]);
    assert_eq!(fs::read(&paths[0]).unwrap(), b"old");
    let set: Vec<Staged<'_>> = paths[..2].iter().map(|path| staged(path)).collect();
    undisturbed(|| publish(&set)).unwrap();
    drop(set);
    assert_eq!(paths[..2].iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), [b"new", b"new"]);
    assert_eq!(base.names(), ["absent", "folder", "old"]);
}

#[test]
fn only_files_are_renamed_over() {
    let base = Folder::new();
    let (new, old) = (base.file("new", "new"), base.file("old", "old"));
    symlink("old", base.path("link")).unwrap();
    assert!(rename(&new, &base.path("link")).is_err());
    assert_eq!((base.names(), fs::read(&old).unwrap()), (vec!["link".into(), "new".into(), "old".into()], b"old".to_vec()));
    rename(&new, &old).unwrap();
    rename(&old, &base.path("newer")).unwrap();
    assert_eq!((base.names(), fs::read(base.path("newer")).unwrap()), (vec!["link".into(), "newer".into()], b"new".to_vec()));
}

/// A file keeps its permissions and, where this user may give it away, its owner; one that holds the bytes already is not touched.
#[test]
fn replaced_files_stay_what_they_were() {
    let base = Folder::new();
    let path = base.file("file", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let owner = if chown(&path, Some(12345), Some(54321)).is_ok() { Some((12345, 54321)) } else { None };
    replace(&path, b"new").unwrap();
    let replaced = fs::metadata(&path).unwrap();
    assert_eq!((fs::read(&path).unwrap(), replaced.mode() & 0o777), (b"new".to_vec(), 0o604));
    if let Some(owner) = owner {
        assert_eq!((replaced.uid(), replaced.gid()), owner);
    }
    replace(&path, b"new").unwrap();
    let again = fs::metadata(&path).unwrap();
    assert_eq!(
        (again.ino(), again.mtime_nsec(), again.ctime_nsec()),
        (replaced.ino(), replaced.mtime_nsec(), replaced.ctime_nsec())
    );
    assert_eq!(base.names(), ["file"]);
}

#[test]
fn content_is_compared() {
    let base = Folder::new();
    let path = base.file("file", "abc");
    assert!(holds(&path, b"abc") && !holds(&path, b"abd") && !holds(&path, b"ab"));
    assert!(!holds(&base.0, b"") && !holds(&base.path("absent"), b""));
}

/// Streams are written through.
#[test]
fn streams_take_bytes_and_stay() {
    let base = Folder::new();
    let path = base.file("stream", "older");
    send(&Target::Stream(path.clone()), b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert!(send(&Target::Stream(base.path("absent")), b"new").is_err());
    send(&Target::of(&path).unwrap(), b"none").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    let bad = File { path: Path::new("/dev/full"), bytes: b"x" };
    if bad.path.exists() {
        let file = base.path("file");
        assert_eq!(codes(write(&[File { path: &file, bytes: b"x" }, bad], &[])), ["write::file"]);
        assert_eq!(base.names(), ["stream"]);
    }
}

#[test]
fn temporary_files_go() {
    let base = Folder::new();
    let [one, two] = [0, 1].map(|_| Temporary::create(&base.0).unwrap().0);
    assert_ne!(one.path(), two.path());
    assert!(one.path().is_file() && two.path().is_file());
    let kept = one.path().to_path_buf();
    drop(one);
    assert!(!kept.exists() && two.path().exists());
    // Those that a signal would remove.
    let listed = |path: &Path| paths().iter().any(|listed| listed == path);
    assert!(!listed(&kept) && listed(two.path()));
    let [one, two] = [0, 1].map(|_| unused(&base.0));
    assert!(one != two && one.parent() == Some(base.0.as_path()));
}

/// What processes have left that were ended is removed from a folder that is locked.
#[cfg(feature = "guard")]
#[test]
fn left_files_are_removed_from_locked_folders() {
    use super::super::lock;
    let base = Folder::new();
    for name in [".tinybake-1-2.tmp", ".tinybake-kept", "kept.tmp"] {
        base.file(name, "");
    }
    let target = Target::of(&base.path("file")).unwrap();
    assert_eq!(lock::folders(&[Target::Stdout, target]).unwrap().folders, std::slice::from_ref(&base.0));
    assert_eq!(base.names(), [".tinybake-kept", "kept.tmp"]);
    assert!(lock::folders(&[Target::Stdout, Target::Stream(base.path("x"))]).unwrap().folders.is_empty());
}

#[cfg(feature = "guard")]
#[test]
fn locked_folders_are_waited_for() {
    use super::super::lock;
    use std::time::Duration;
    let base = Folder::new();
    let targets = [Target::of(&base.path("file")).unwrap()];
    let locks = lock::folders(&targets).unwrap();
    let busy = lock::held::folders(&targets, Duration::from_millis(20));
    assert!(matches!(busy, Err(OutputError::Busy { seconds: 0 })), "{:?}", busy.map(|locks| locks.folders));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| lock::folders(&targets).map(|locks| locks.folders));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(locks);
        assert_eq!(waiting.join().unwrap().unwrap(), std::slice::from_ref(&base.0));
    });
}
