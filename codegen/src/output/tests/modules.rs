//! Modules with constants beside them.

use super::*;
use crate::emit::{Blob, GENERATED};

const OLD: &str = "net.0000000000000000.bin";
const NEW: &str = "net.1111111111111111.bin";

fn blob(file: &str) -> Blob {
    Blob { file: file.into(), bytes: [Blob::MAGIC, file.as_bytes()].concat() }
}

fn includes(file: &str) -> String {
    format!("include_bytes!(\"{file}\")")
}

/// Writes a module that includes the constants `file`.
fn module(base: &Folder, file: &str) -> Result<(), Diagnostics> {
    Module { path: &base.path("net.rs"), text: &includes(file), constants: Some(&blob(file)) }.write(&[])
}

#[test]
fn constants_are_written_and_replaced() {
    let base = Folder::new();
    module(&base, OLD).unwrap();
    assert_eq!((base.names(), fs::read(base.path(OLD)).unwrap()), (vec![OLD.into(), "net.rs".into()], blob(OLD).bytes));
    module(&base, OLD).unwrap();
    module(&base, NEW).unwrap();
    assert_eq!(base.names(), [NEW, "net.rs"]);
    assert_eq!(fs::read_to_string(base.path("net.rs")).unwrap(), includes(NEW));
    // An input is never overwritten.
    let text = Module { path: &base.path("net.rs"), text: "", constants: None };
    assert_eq!(codes(text.write(&[base.path("net.rs")])), ["write::input"]);
}

/// A file of that name that is not ours stays; an empty one is nobody's.
#[test]
fn foreign_constants_are_refused() {
    let base = Folder::new();
    for foreign in [b"mine".to_vec(), Blob::MAGIC[1..].to_vec(), [b" ", Blob::MAGIC].concat()] {
        base.file(NEW, &foreign);
        assert_eq!(codes(module(&base, NEW)), ["write::foreign"]);
        assert_eq!((base.names(), fs::read(base.path(NEW)).unwrap()), (vec![NEW.into()], foreign));
    }
    base.file(NEW, "");
    module(&base, NEW).unwrap();
    assert_eq!(fs::read(base.path(NEW)).unwrap(), blob(NEW).bytes);
    let base = Folder::new();
    fs::create_dir(base.path(NEW)).unwrap();
    assert_eq!(codes(module(&base, NEW)), ["write::foreign"]);
}

/// Constants go that no module names: where the folder is locked all of them, else those of the module that is replaced.
#[test]
fn unused_constants_are_removed() {
    let base = Folder::new();
    let name = |digit: &str| format!("other.{}.bin", digit.repeat(16));
    for digit in ["2", "3", "4", "5", "6", "7"] {
        base.file(&name(digit), blob("").bytes);
    }
    base.file(&name("8"), "not ours");
    base.file("other.bin", blob("").bytes);
    fs::create_dir(base.path(&name("9"))).unwrap();
    base.file("hand.rs", includes(&name("2")));
    base.file("generated.txt", format!("// net{GENERATED}1\n{}", includes(&name("3"))));
    base.file("notes.txt", includes(&name("4")));
    base.file("late.txt", format!("{}{GENERATED}{}", " ".repeat(4096), includes(&name("5"))));
    base.file("net.rs", includes(&name("6")));
    fs::create_dir(base.path("folder.rs")).unwrap();
    module(&base, NEW).unwrap();
    let locked = cfg!(feature = "guard");
    let left = |digit: &str| base.path(&name(digit)).exists();
    assert!(left("2") && left("3") && !left("6") && left("8") && left("9") && base.path("other.bin").exists());
    assert_eq!([left("4"), left("5"), left("7")], [!locked; 3]);
}

#[test]
fn what_is_out_of_date_is_named() {
    let base = Folder::new();
    let (path, constants) = (base.path("net.rs"), blob(NEW));
    let text = includes(NEW);
    let module = Module { path: &path, text: &text, constants: Some(&constants) };
    let ends = |ends: &[&str]| {
        let stale = module.stale();
        assert_eq!(stale.len(), ends.len(), "{stale:?}");
        assert!(stale.iter().zip(ends).all(|(stale, end)| stale.ends_with(end)), "{stale:?}");
    };
    ends(&["net.rs is missing", "1.bin is missing"]);
    module.write(&[]).unwrap();
    ends(&[]);
    base.file(NEW, "changed");
    ends(&["1.bin is out of date"]);
    fs::remove_file(base.path(NEW)).unwrap();
    fs::create_dir(base.path(NEW)).unwrap();
    base.file("net.rs", "tex");
    ends(&["net.rs is out of date", "1.bin is not a file"]);
    let below = base.path("net.rs/net.rs");
    let stale = Module { path: &below, text: "", constants: None }.stale();
    assert!(stale.len() == 1 && stale[0].contains("cannot be read"), "{stale:?}");
}
