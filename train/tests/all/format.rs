//! `--format json` of every subcommand, and the names of options.

use super::{files, folder, program};
use serde_json::Value;

#[test]
fn every_subcommand_prints_one_json_object() {
    let folder = folder("format");
    files(&folder, 40);
    let runs: [&[&str]; 3] = [
        &["train", "small.toml", "-o", "a.safetensors"],
        &["finetune", "--model", "a.safetensors", "-o", "b.safetensors"],
        &["distill", "--teacher", "a.safetensors", "--student", "small.toml", "-o", "c.safetensors"],
    ];
    let mut command = tinybake_train::cli::command();
    command.build();
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let option = |long: &str| command.get_arguments().find(|argument| argument.get_long() == Some(long));
        for long in ["epochs", "batch-size", "learning-rate", "weight-decay", "seed", "patience", "resume"] {
            assert!(option(long).is_some_and(|option| !option.is_hide_set()), "{name} has no --{long}");
        }
        let values = option("format").unwrap_or_else(|| panic!("{name} has no --format")).get_possible_values();
        assert_eq!(values.iter().map(|value| value.get_name()).collect::<Vec<_>>(), ["text", "json"], "{name}");
        let arguments = *runs.iter().find(|run| run[0] == name).unwrap_or_else(|| panic!("no run of {name}"));
        let common =
            ["--data", "digits.safetensors", "--epochs", "1", "--batch-size", "16", "--learning-rate", "0.01", "--seed", "3"];
        let ran = |more: &[&str]| program(&folder, &[arguments, &common, more].concat()).output().unwrap();
        for json in [&["--format", "json"][..], &["--json"]] {
            let output = ran(json);
            assert!(output.status.success() && output.stderr.is_empty(), "{}", super::text(&output));
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["epochs"].as_u64(), Some(1), "{report}");
        }
        let output = ran(&["--validation", "2", "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert_eq!(report["diagnostics"][0]["code"].as_str(), Some("train::setting"), "{report}");
    }
    let text = program(&folder, &[runs[0], &["--data", "digits.safetensors", "--epochs", "1"]].concat()).output().unwrap();
    assert!(text.status.success() && String::from_utf8_lossy(&text.stdout).contains("accuracy"), "{}", super::text(&text));
}
