//! A run that is ended and resumed gives the bytes of one that is not, and the same call gives the same bytes.

use crate::{files, folder, program, text};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

const RUN: [&str; 12] = [
    "train",
    "small.toml",
    "--data",
    "digits.safetensors",
    "-o",
    "out.safetensors",
    "--epochs",
    "6",
    "--batch-size",
    "16",
    "--format",
    "json",
];
const WRITTEN: [&str; 4] = ["out.safetensors", "out.toml", "out.curves.csv", "out.curves.svg"];

fn whole(folder: &Path, more: &[&str]) -> Vec<Vec<u8>> {
    let output = program(folder, &[&RUN, more].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    written(folder)
}

fn written(folder: &Path) -> Vec<Vec<u8>> {
    WRITTEN.iter().map(|file| std::fs::read(folder.join(file)).unwrap()).collect()
}

/// Begins a run, and ends it by `signal` when its first checkpoint is there.
fn ended(folder: &Path, signal: &str) -> Child {
    let mut child = program(folder, &RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let checkpoint = folder.join("out.checkpoint");
    while !checkpoint.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bytes() {
    let (once, again) = (folder("whole"), folder("interrupted"));
    for folder in [&once, &again] {
        files(folder, 1200);
    }
    let expected = whole(&once, &[]);
    for (signal, code) in [("-INT", Some(130)), ("-KILL", None)] {
        let status = ended(&again, signal).wait().unwrap();
        assert_eq!(status.code(), code, "the run was over before it could be ended by {signal}");
        assert!(WRITTEN.iter().all(|file| !again.join(file).exists()), "a file was written by a run that was ended");
        assert_eq!(whole(&again, &["--resume"]), expected, "{signal}");
        assert!(!again.join("out.checkpoint").exists());
        WRITTEN.iter().for_each(|file| std::fs::remove_file(again.join(file)).unwrap());
    }
    let csv = String::from_utf8(expected[2].clone()).unwrap();
    assert_eq!(csv.lines().count(), 7, "{csv}");
    let svg = String::from_utf8(expected[3].clone()).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.matches("<polyline").count() == 4, "{svg}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = folder("other");
    files(&folder, 400);
    ended(&folder, "-KILL").wait().unwrap();
    let other = program(&folder, &[&RUN[..], &["--seed", "2", "--resume"]].concat()).output().unwrap();
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other).contains("of another run"), "{}", text(&other));
    std::fs::write(folder.join("out.checkpoint"), b"damaged").unwrap();
    let damaged = program(&folder, &[&RUN[..], &["--resume"]].concat()).output().unwrap();
    assert_eq!(damaged.status.code(), Some(2));
    assert!(text(&damaged).contains("not a checkpoint"), "{}", text(&damaged));
}
