//! `--format json` of every subcommand: one object on stdout, whatever the command, and diagnostics as an object on stderr.

use super::quantize::data;
use super::{fields, folder, repository, run};
use serde_json::{Value, json};

#[test]
fn every_subcommand_prints_one_json_object() {
    let folder = folder("format");
    let path = |name: &str| folder.join(name).display().to_string();
    let (digits, recording) = ("examples/models/digits.tflite", "examples/models/digits.test.safetensors");
    let [digits, recording] = [digits, recording].map(|file| repository(file).display().to_string());
    let float = repository("tests/data/float/graph_separable.tflite").display().to_string();
    let samples = path("samples.safetensors");
    data(samples.as_ref(), &[1, 12, 10, 1], 12, None);
    let row = json!({"model": "m", "board": "nrf52840-dk", "optimize": "size", "flash_bytes": 5, "ram_bytes": 5});
    std::fs::write(path("rows.json"), json!({"rows": [row]}).to_string()).unwrap();
    let [module, pruned, int8, project, rows] =
        ["m.rs", "pruned.safetensors", "int8.safetensors", "project", "rows.json"].map(path);
    let runs: [&[&str]; 9] = [
        &["inspect", &digits],
        &["generate", &digits, "-o", &module],
        &["generate", &digits, "--emit", "plan"],
        &["prune", &float, "--data", &samples, "--sparsity", "0.5", "--steps", "1", "-o", &pruned],
        &["quantize", &float, "--data", &samples, "-o", &int8],
        &["verify", &digits, "--golden", &recording, "--on", "evaluator", "--samples", "3"],
        &["compare", "--merge", &rows],
        &["new", &project, "--model", &digits, "--board", "cortex-m4"],
        &["boards"],
    ];
    let mut program = tinybake_codegen::cli::command();
    program.build();
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let format = command.get_arguments().find(|argument| argument.get_long() == Some("format"));
        let values: Vec<_> = format.unwrap_or_else(|| panic!("{name} has no --format")).get_possible_values();
        assert_eq!(values.iter().map(|value| value.get_name()).collect::<Vec<_>>(), ["text", "json"], "{name}");
        let mut runs = runs.iter().filter(|run| run[0] == name).peekable();
        assert!(runs.peek().is_some(), "no run of {name}");
        for arguments in runs {
            let ran = run(&[*arguments, &["--quiet", "--format", "json"]].concat());
            assert_eq!(ran.code, Some(0), "{arguments:?}\n{}", ran.stderr);
            assert!(!fields(&ran.json()).is_empty(), "{arguments:?}");
            if !ran.stderr.is_empty() {
                let warnings: Result<Value, _> = serde_json::from_str(&ran.stderr);
                assert!(warnings.is_ok_and(|warnings| warnings["diagnostics"].is_array()), "{arguments:?}\n{}", ran.stderr);
            }
            let failed = run(&[*arguments, &["--format", "json", "--boards-file", &path("absent.toml")]].concat());
            assert_eq!((failed.code, failed.stdout.as_str()), (Some(2), ""), "{arguments:?}");
            assert_eq!(failed.diagnostics(), ["read::file"], "{arguments:?}");
        }
    }
    // Text is the default, and has had another name.
    let texts = [&["boards"][..], &["boards", "--format", "text"], &["boards", "--format", "table"]].map(run);
    assert!(texts.iter().all(|text| text.code == Some(0) && text.stdout == texts[0].stdout && !text.stdout.starts_with('{')));
}
