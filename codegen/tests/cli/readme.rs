//! The README's `tinybake` commands, run in its order in a folder that has the repository's `examples`. Outputs that the README shows are
//! compared; `TINYBAKE_UPDATE=1` writes them anew.

#[path = "../../../tests/common/document.rs"]
mod document;

use super::{folder, repository, tinybake};
use std::fs;
use std::path::Path;

/// Commands that `.ci/run` or other tests run.
const ELSEWHERE: [&str; 4] = [
    "cargo run --release -p digits", // .ci/run
    "tools/test.sh",                 // .ci/run
    "cd digits-pico",                // new_builds.rs
    "cargo run --release",           // new_builds.rs builds it; running it takes a board
];

#[test]
fn commands_of_the_readme_work_and_print_what_it_shows() {
    let path = document::path(env!("CARGO_MANIFEST_DIR"));
    let mut text = fs::read_to_string(&path).unwrap();
    let folder = folder("readme");
    link(&fs::canonicalize(repository("examples")).unwrap(), &folder.join("examples"));
    let mut differences = Vec::new();
    // From the last to the first, so that the places of outputs stay as they are; the commands themselves run in order.
    let mut printed = Vec::new();
    for step in document::steps(&text) {
        let words: Vec<&str> = step.command.split_whitespace().collect();
        match words.split_first() {
            Some((&"tinybake", arguments)) => {
                let mut command = tinybake(arguments);
                command.current_dir(&folder);
                let ran = super::ran(command);
                assert_eq!(ran.code, Some(0), "{}\n{}{}", step.command, ran.stdout, ran.stderr);
                printed.push((step, ran.stdout + &ran.stderr));
            }
            Some((&"tinybake-train", _)) => {} // train/tests/all/readme.rs
            _ => assert!(ELSEWHERE.contains(&step.command.as_str()), "no test runs `{}`", step.command),
        }
    }
    for (step, output) in printed.into_iter().rev().filter(|(step, _)| !step.output.is_empty()) {
        let tail = if step.output.ends_with("\n\n") { "\n\n" } else { "\n" };
        let output = format!("{}{tail}", lines(&output));
        if output != step.output {
            text.replace_range(step.span, &output);
            differences.push(format!("$ {}\nshown:\n{}printed:\n{output}", step.command, step.output));
        }
    }
    if std::env::var_os("TINYBAKE_UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    } else {
        assert!(differences.is_empty(), "{}TINYBAKE_UPDATE=1 writes them anew", differences.join("\n"));
    }
}

/// What a terminal shows: no spaces at ends of lines, no empty lines around.
fn lines(output: &str) -> String {
    output.trim_matches('\n').lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).unwrap();
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("models")).unwrap();
    for entry in fs::read_dir(from.join("models")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join("models").join(entry.file_name())).unwrap();
    }
}
