//! The program `tinybake`, as a user runs it: exit codes, JSON fields, files.

mod arrays;
mod compare;
mod format;
mod generate;
mod inspect;
mod new;
mod new_builds;
mod output;
mod processes;
mod prune;
mod prune_regression;
mod quantize;
mod quantize_regression;
mod readme;
mod verify;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A conformance model, by operator and case.
fn model(name: &str) -> String {
    repository("tests/data/conformance").join(format!("{name}.tflite")).display().to_string()
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program with `arguments`, in the folder for temporary files and with no environment of Cargo's.
fn tinybake(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinybake"));
    command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("TARGET").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}

/// The model struct's bytes and the stack of an inference, as the generated module states them on a core.
fn memory(model: &str, core: &str) -> (u64, u64) {
    let files = tinybake_codegen::script::Files::read(Path::new(model)).unwrap();
    let class = tinybake_codegen::boards::Catalogue::builtin().class_of(core).unwrap();
    let options = tinybake_codegen::Options { core: class, ..Default::default() };
    let plan = tinybake_codegen::pipeline::compile(&files.source(model), &options).unwrap().plan;
    (plan.ram_bytes() as u64, plan.stack_bytes(class) as u64)
}

/// What became of a run.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }

    /// As [`Self::diagnostics`], of a run that may have none.
    fn diagnostics_or_none(&self) -> Vec<String> {
        if self.code == Some(2) { self.diagnostics() } else { Vec::new() }
    }

    /// The codes of the diagnostics, under `--format json`.
    fn diagnostics(&self) -> Vec<String> {
        let value: Value = serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stderr));
        let entries = value["diagnostics"].as_array().unwrap();
        entries.iter().map(|entry| entry["code"].as_str().unwrap().to_string()).collect()
    }
}

fn run(arguments: &[&str]) -> Ran {
    ran(tinybake(arguments))
}

fn ran(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// The names of an object's fields, sorted.
fn fields(value: &Value) -> Vec<&str> {
    let mut fields: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn usage_that_is_wrong_ends_with_2_and_help_with_0() {
    assert_eq!(run(&["bake"]).code, Some(2));
    assert_eq!(run(&["generate", "x.tflite", "--optimize", "fast"]).code, Some(2));
    assert_eq!(run(&["generate", "x.tflite", "--check"]).code, Some(2));
    let help = run(&["generate", "--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("--optimize"));
}

#[test]
fn boards_are_listed() {
    let table = run(&["boards"]);
    assert_eq!(table.code, Some(0));
    assert!(table.stdout.contains("cortex-m4") && table.stdout.contains("nrf52840-dk"));
    let json = run(&["boards", "--format", "json"]).json();
    assert_eq!(fields(&json), ["boards", "cores"]);
    assert_eq!(fields(&json["cores"][0]), ["cpu", "isa", "machine", "name", "title", "triple"]);
    let board = ["clock_mhz", "core", "flash_bytes", "name", "notes", "project", "ram_bytes", "source", "title"];
    assert_eq!(fields(&json["boards"][0]), board);
}

#[test]
fn a_users_boards_add_to_the_table() {
    let folder = folder("boards_file");
    let file = folder.join("mine.toml");
    std::fs::write(&file, "[[board]]\nname = \"mine\"\ntitle = \"Mine\"\ncore = \"cortex-m3\"\nram_bytes = 9\nclock_mhz = 8\n")
        .unwrap();
    let listed = run(&["--boards-file", &file.display().to_string(), "boards"]);
    assert!(listed.stdout.contains("Mine") && listed.stdout.contains("nrf52840-dk"));
    std::fs::write(&file, "[[board]]\nname = 3").unwrap();
    let wrong = run(&["--boards-file", &file.display().to_string(), "boards", "--format", "json"]);
    assert_eq!((wrong.code, wrong.diagnostics()), (Some(2), vec!["boards::syntax".to_string()]));
}

#[test]
fn nothing_is_coloured_off_a_terminal_unless_asked_for() {
    let plain = run(&["inspect", "absent.tflite"]);
    assert!(!plain.stderr.contains('\x1b') && plain.stderr.contains("read::file"));
    assert!(run(&["inspect", "absent.tflite", "--color", "always"]).stderr.contains("\x1b["));
}
