//! The README's `tinybake-train` commands, each for one epoch.

#[path = "../../../tests/common/document.rs"]
mod document;

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn commands_of_the_readme_work() {
    let text = fs::read_to_string(document::path(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let commands: Vec<_> = document::steps(&text).into_iter().map(|step| step.command).collect();
    let commands: Vec<_> = commands.iter().filter_map(|command| command.strip_prefix("tinybake-train ")).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        // Files of the repository are named from its root; what a command writes goes to a folder of its own.
        let words = command.split_whitespace().map(|word| {
            let file = root.join(word);
            if file.is_file() { file.display().to_string() } else { word.to_string() }
        });
        let ran =
            Command::new(env!("CARGO_BIN_EXE_tinybake-train")).args(words).args(["--epochs", "1"]).current_dir(&folder).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
}
