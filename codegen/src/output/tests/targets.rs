//! Where paths lead.

use super::super::target::{descriptors, folder, same};
use super::*;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;

/// The path of a regular file behind `path`, and whether it is there.
fn file(path: &Path) -> (PathBuf, bool) {
    match Target::of(path) {
        Ok(Target::File { path, old }) => (path, old.is_some()),
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn refused(path: &Path) -> ErrorKind {
    Target::of(path).expect_err("a path that nothing can be written to").kind()
}

#[test]
fn links_are_followed_to_files() {
    let base = Folder::new();
    let old = base.file("old", "");
    fs::create_dir(base.path("sub")).unwrap();
    for (name, to) in [("link", "old"), ("far", "sub/../link"), ("dangling", "new"), ("round", "round"), ("dir", "sub")] {
        symlink(to, base.path(name)).unwrap();
    }
    assert_eq!(file(&old), (old.clone(), true));
    assert_eq!(file(&base.path("new")), (base.path("new"), false));
    assert_eq!(file(&base.path("link")), (old.clone(), true));
    assert_eq!(file(&base.path("far")), (old, true));
    assert_eq!(file(&base.path("dangling")), (base.path("new"), false));
    assert_eq!(file(&base.path("dir/new")), (base.path("sub/new"), false));
    assert_eq!(refused(&base.path("sub")), ErrorKind::IsADirectory);
    assert_eq!(refused(&base.path("dir")), ErrorKind::IsADirectory);
    assert_eq!(refused(&base.path("sub/..")), ErrorKind::IsADirectory);
    assert_eq!(refused(&base.path("absent/new")), ErrorKind::NotFound);
    assert_eq!(refused(&base.path("old/new")), ErrorKind::NotADirectory);
    assert!(Target::of(&base.path("round")).expect_err("a circle").to_string().contains("too many levels"));
    // Longer than a name may be: neither there nor missing.
    assert_ne!(refused(&base.path(&"x".repeat(300))), ErrorKind::NotFound);
}

#[test]
fn devices_and_open_files_are_streams() {
    assert!(matches!(Target::of(Path::new("/dev/null")), Ok(Target::Stream(path)) if path == Path::new("/dev/null")));
    if cfg!(target_os = "linux") {
        let process = std::process::id();
        assert!(matches!(Target::of(Path::new("/dev/stdout")), Ok(Target::Stdout)));
        assert!(matches!(Target::of(Path::new("/dev/fd/2")), Ok(Target::Stderr)));
        let input = PathBuf::from(format!("/proc/{process}/fd/0"));
        assert!(matches!(Target::of(&input), Ok(Target::Stream(path)) if path == input));
        let parent = PathBuf::from(format!("/proc/{}/fd", std::os::unix::process::parent_id()));
        if parent.is_dir() {
            for descriptor in ["1", "2"] {
                assert!(
                    matches!(Target::of(&parent.join(descriptor)), Ok(Target::Stream(path)) if path == parent.join(descriptor))
                );
            }
        }
        assert_eq!(descriptors(Path::new(&format!("/proc/{process}/fd"))), Some(true));
        assert_eq!(descriptors(Path::new(&format!("/proc/{process}/task/{process}/fd"))), Some(true));
        assert_eq!(descriptors(Path::new(&format!("/proc/{process}/fdinfo"))), None);
        assert_eq!(descriptors(Path::new(&format!("/proc/{}/fd", process + 1))), Some(false));
    }
    assert_eq!(descriptors(Path::new("/dev/fd")), Some(true));
    assert_eq!(descriptors(Path::new("/dev")), None);
}

#[test]
fn targets_are_equal_where_bytes_go_to_one_place() {
    let base = Folder::new();
    let (old, other) = (base.file("old", ""), base.file("other", ""));
    fs::hard_link(&old, base.path("hard")).unwrap();
    let of = |name: &str| Target::of(&base.path(name)).unwrap();
    let stream = |name: &str| Target::Stream(base.path(name));
    assert!(of("old") == of("old") && of("old") == of("hard") && of("new") == of("new"));
    assert!(of("old") != of("other") && of("old") != of("new") && of("new") != of("newer"));
    assert!(stream("a") == stream("a") && stream("a") != stream("b") && stream("old") != of("old"));
    assert!(Target::Stdout == Target::Stdout && Target::Stderr == Target::Stderr && Target::Stdout != Target::Stderr);
    assert!(of("old").is_file() && of("new").is_file() && !stream("a").is_file() && !Target::Stdout.is_file());
    // An input, by any of its names.
    symlink("old", base.path("link")).unwrap();
    assert!(["old", "hard", "link"].iter().all(|name| of("old").is(&base.path(name))));
    assert!(!of("old").is(&other) && !of("old").is(&base.0) && !of("old").is(&base.path("absent")));
    assert!(!of("new").is(&base.path("new")) && !stream("old").is(&old) && !Target::Stdout.is(&old));
    let [one, two] = [&old, &other].map(|path| fs::metadata(path).unwrap());
    assert!(same(&one, &one) && !same(&one, &two));
}

#[test]
fn files_can_be_put_beside_regular_ones() {
    let base = Folder::new();
    assert!(is_regular(&base.file("old", "")) && is_regular(&base.path("new")) && is_regular(&base.path("absent/new")));
    assert!(!is_regular(Path::new("/dev/null")));
    assert_eq!([folder(Path::new("name")), folder(Path::new("a/b")), folder(Path::new("/"))], [".", "a", "."].map(Path::new));
}

/// Each output that is an input, another output, or cannot be written is told of.
#[test]
fn outputs_are_checked_together() {
    let base = Folder::new();
    let [input, new, newer, absent] = ["input", "new", "newer", "absent/new"].map(|name| base.path(name));
    fs::write(&input, "").unwrap();
    let inputs = [input.clone()];
    let null = Path::new("/dev/null");
    assert_eq!(check(&[&new, &newer], &inputs), Ok(()));
    // What goes to one device is no file that is written twice.
    assert_eq!(check(&[&new, null, null], &inputs), Ok(()));
    assert_eq!(codes(check(&[&input], &inputs)), ["write::input"]);
    assert_eq!(codes(check(&[&new, &newer, &new], &inputs)), ["write::same"]);
    assert_eq!(codes(check(&[&absent, &input, &new, &new], &inputs)), ["write::file", "write::input", "write::same"]);
    let same = check(&[&newer, &new, &new], &[]).unwrap_err().0.remove(0);
    assert!(same.message.contains(&*new.to_string_lossy()), "{}", same.message);
    assert_eq!(same.place.file, Some(new.display().to_string()));
    assert_eq!(codes(write(&[File { path: &input, bytes: b"" }], &inputs)), ["write::input"]);
}
