//! Where a run writes, what it may not replace, and output that is lost.
#![cfg(unix)]

use crate::{files, folder, program, text};
use std::fs;

const RUN: [&str; 8] = ["train", "small.toml", "--data", "digits.safetensors", "--epochs", "1", "--batch-size", "16"];

#[test]
fn no_output_replaces_an_input() {
    let folder = folder("outputs_inputs");
    files(&folder, 40);
    let before = ["small.toml", "digits.safetensors"].map(|file| fs::read(folder.join(file)).unwrap());
    for (more, code) in [
        // Its topology would take the place of the one that is trained.
        (&["-o", "small.safetensors"][..], "write::input"),
        (&["-o", "digits.safetensors"], "write::input"),
        (&["-o", "out.safetensors", "--checkpoint", "digits.safetensors"], "write::input"),
        (&["-o", "out.safetensors", "--checkpoint", "out.toml"], "write::same"),
        (&["-o", "Cargo.safetensors"], "write::foreign"),
    ] {
        fs::write(folder.join("Cargo.toml"), "[package]\n").unwrap();
        let output = program(&folder, &[&RUN, more].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", text(&output));
        assert!(text(&output).contains(code), "{more:?}: {}", text(&output));
    }
    assert_eq!(before, ["small.toml", "digits.safetensors"].map(|file| fs::read(folder.join(file)).unwrap()));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
}

#[test]
fn lost_output_is_an_error() {
    let folder = folder("outputs_lost");
    files(&folder, 40);
    for arguments in [&[&RUN[..], &["-o", "out.safetensors"]].concat()[..], &["--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program(&folder, arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output));
    }
    let output = program(&folder, &[&RUN[..], &["-o", "/dev/full"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("write::file"), "{}", text(&output));
    let output = program(&folder, &[&RUN[..], &["-o", "/dev/null", "--format", "json"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("\"topology\": null"), "{}", text(&output));
    assert!(fs::read_dir("/dev").unwrap().flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with("null.")));
}
