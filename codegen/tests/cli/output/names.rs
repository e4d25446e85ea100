//! Names of files, and of tensors, in what commands print and write.
#![cfg(unix)]

use super::*;

const NAME: &str = "ne\nt\u{1b}[2J\u{9b}31m\u{202e}cargo::rustc-cfg=x.tflite";

/// Characters that a terminal acts on.
fn active(text: &str) -> bool {
    text.chars().any(|character| (character.is_control() && character != '\n') || matches!(character, '\u{202e}' | '\u{2028}'))
}

#[test]
fn nothing_from_a_name_acts_on_a_terminal() {
    let folder = folder("output_names");
    let hard = folder.join(NAME);
    fs::copy(model("conv_2d/k3x3_same"), &hard).unwrap();
    fs::write(folder.join(NAME.replace("ne\n", "broken")), "no model").unwrap();
    let (hard, broken, absent) =
        (text(&hard), text(&folder.join(NAME.replace("ne\n", "broken"))), text(&folder.join("absent\u{1b}[2J.tflite")));
    let names = repository("tests/data/names/hard.safetensors").display().to_string();
    for format in ["table", "json"] {
        for arguments in [
            &["inspect", &hard][..],
            &["inspect", &broken],
            &["inspect", &absent],
            &["inspect", &names],
            &["generate", &hard],
            &["generate", &names],
            &["generate", &names, "--emit", "ir"],
            &["generate", &names, "--emit", "plan"],
            &["generate", &broken, "--color", "never"],
            &["verify", &hard, "--golden", &absent],
            &["quantize", &hard, "--data", &absent, "-o", &absent],
            &["compare", &hard, "--boards", "\u{1b}[2J"],
        ] {
            let ran = run(&[&["--format", format], arguments].concat());
            assert!(!active(&ran.stdout) && !active(&ran.stderr), "{arguments:?}:\n{}\n{}", ran.stdout, ran.stderr);
        }
    }
    let written = folder.join("out.rs");
    assert_eq!(run(&["generate", &hard, "-o", &text(&written)]).code, Some(0));
    let module = fs::read_to_string(&written).unwrap();
    assert!(!active(&module) && module.lines().next().unwrap().ends_with("Do not edit."), "{module}");
}

#[test]
fn cargo_is_told_no_directive_that_a_name_holds() {
    let folder = folder("output_directives");
    fs::copy(model("conv_2d/k3x3_same"), folder.join(NAME)).unwrap();
    let generate = |model: &str| {
        let mut command = tinybake(&["generate", "--format", "json", "--cargo", model, "-o", "conv.rs"]);
        command.env("CARGO_MANIFEST_DIR", &folder).env("TARGET", "thumbv7em-none-eabihf");
        ran(command)
    };
    let refused = generate(NAME);
    assert_eq!((refused.code, refused.diagnostics()), (Some(2), vec!["read::line_break".to_string()]));
    assert!(refused.stdout.lines().all(|line| line.starts_with("cargo::error=")), "{}", refused.stdout);
    let absent = generate("absent\ncargo::rustc-cfg=x");
    assert!(absent.stdout.lines().all(|line| line.starts_with("cargo::error=")), "{}", absent.stdout);
}
