//! `tinybake generate`.

use super::{Ran, folder, memory, model, ran, run, tinybake};
use std::fs;
use std::path::Path;

/// `board` in a table of its own, with so much memory.
fn boards_file(folder: &Path, ram: u64, flash: u64) -> String {
    let text = format!(
        "[[board]]\nname = \"tiny\"\ntitle = \"Tiny\"\ncore = \"cortex-m0\"\nram_bytes = {ram}\nflash_bytes = {flash}\nclock_mhz = 1\n"
    );
    let file = folder.join("boards.toml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_module_goes_to_stdout_or_a_file() {
    let out = run(&["generate", &model("conv_2d/k3x3_same")]);
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
    assert!(out.stdout.contains("pub struct Model"));
    let file = folder("to_a_file").join("conv.rs");
    let written = run(&["generate", &model("conv_2d/k3x3_same"), "-o", &file.display().to_string()]);
    assert_eq!((written.code, written.stdout.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), out.stdout);
}

#[test]
fn the_target_and_choices_are_in_the_header() {
    let target = |arguments: &[&str]| {
        let model = model("conv_2d/k3x3_same");
        run(&[&["generate", &model], arguments].concat()).stdout
    };
    for (arguments, expected) in [
        (vec!["--target", "cortex-m55", "--optimize", "size"], "optimize: `size`, core: `mve`"),
        (vec!["--target", "thumbv6m-none-eabi"], "core: `armv6-m`"),
        (vec!["--board", "nrf52840-dk"], "core: `dsp`"),
        (vec!["--reference", "xnnpack"], "reference: `xnnpack`"),
    ] {
        assert!(target(&arguments).contains(expected), "{arguments:?} gives no {expected}");
    }
}

#[test]
fn the_graph_and_the_plan_have_text_forms() {
    let emit = |what| run(&["generate", &model("conv_2d/k3x3_same"), "--emit", what]).stdout;
    assert!(emit("ir").starts_with("graph "));
    assert!(emit("plan").starts_with("plan "));
}

#[test]
fn check_tells_missing_from_out_of_date_and_writes_nothing() {
    let folder = folder("check");
    let file = folder.join("conv.rs").display().to_string();
    let check = || run(&["generate", &model("conv_2d/k3x3_same"), "-o", &file, "--check"]);
    let missing = check();
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("is missing"));
    assert!(names(&folder).is_empty());
    assert_eq!(run(&["generate", &model("conv_2d/k3x3_same"), "-o", &file]).code, Some(0));
    assert_eq!(check().code, Some(0));
    fs::write(&file, "edited").unwrap();
    let stale = check();
    assert_eq!(stale.code, Some(1));
    assert!(stale.stderr.contains("is out of date"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "edited");
}

#[test]
fn json_says_what_was_written() {
    let file = folder("json").join("conv.rs").display().to_string();
    let json = run(&["generate", &model("conv_2d/k3x3_same"), "-o", &file, "--format", "json", "--quiet"]).json();
    assert_eq!(json["file"], file.as_str());
    assert_eq!((json["ram_bytes"].is_u64(), json["weight_bytes"].is_u64(), json["macs"].as_u64()), (true, true, Some(9072)));
}

#[test]
fn a_failed_run_leaves_what_was_there() {
    let folder = folder("failed");
    let (file, broken) = (folder.join("conv.rs"), folder.join("broken.tflite"));
    fs::write(&file, "old").unwrap();
    let bytes = fs::read(model("conv_2d/k3x3_same")).unwrap();
    fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let failed = run(&["generate", &broken.display().to_string(), "-o", &file.display().to_string()]);
    assert_eq!(failed.code, Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(names(&folder), ["broken.tflite", "conv.rs"]);
    let nowhere = folder.join("absent/conv.rs").display().to_string();
    let unwritable = run(&["generate", &model("conv_2d/k3x3_same"), "-o", &nowhere, "--format", "json"]);
    assert_eq!((unwritable.code, unwritable.diagnostics()), (Some(2), vec!["write::file".to_string()]));
}

#[test]
fn a_board_that_is_too_small_is_refused() {
    let folder = folder("too_small");
    let file = folder.join("conv.rs").display().to_string();
    let generate = |ram, flash| -> Ran {
        let boards = boards_file(&folder, ram, flash);
        let model = model("conv_2d/k3x3_same");
        run(&["--boards-file", &boards, "--format", "json", "generate", &model, "--board", "tiny", "-o", &file])
    };
    let both = generate(100, 200);
    assert_eq!(both.code, Some(2));
    assert_eq!(both.diagnostics(), ["plan::does_not_fit", "plan::does_not_fit"]);
    for part in ["the RAM of `tiny`", "the flash of `tiny`", "too many", "boards with enough: microbit-v1", "conv2d"] {
        assert!(both.stderr.contains(part), "{part} is not in:\n{}", both.stderr);
    }
    assert!(!Path::new(&file).exists());
    assert_eq!(generate(100, 100_000).diagnostics().len(), 1);
    // The stack counts, to the byte.
    let (ram, stack) = memory(&model("conv_2d/k3x3_same"), "cortex-m0");
    assert!(ram > 0 && stack > 200, "{ram} {stack}");
    let short = generate(ram + stack - 1, 100_000);
    assert_eq!((short.code, short.diagnostics().len()), (Some(2), 1));
    assert!(short.stderr.contains(&format!("{} bytes needed ({stack} of them stack)", ram + stack)), "{}", short.stderr);
    assert_eq!(generate(ram + stack, 100_000).code, Some(0));
}

#[test]
fn names_that_are_unknown_are_told_their_neighbours() {
    let generate = |option, name| run(&["generate", &model("conv_2d/k3x3_same"), option, name, "--format", "json"]);
    let unknown = generate("--board", "nrf52840");
    assert_eq!((unknown.code, unknown.diagnostics()), (Some(2), vec!["boards::unknown".to_string()]));
    assert!(unknown.stderr.contains("did you mean nrf52840-dk"));
    assert_eq!(generate("--target", "cortex-m5").diagnostics(), ["boards::unknown"]);
    assert_eq!(generate("--board", "cortex-m4").diagnostics(), ["boards::no_board"]);
}

#[test]
fn in_a_build_script_cargo_is_told() {
    let folder = folder("cargo");
    fs::copy(model("conv_2d/k3x3_same"), folder.join("conv.tflite")).unwrap();
    let generate = |model: &str| {
        let mut command = tinybake(&["generate", "--cargo", model, "-o", "conv.rs"]);
        command.env("CARGO_MANIFEST_DIR", &folder).env("TARGET", "thumbv7em-none-eabihf");
        ran(command)
    };
    let done = generate("conv.tflite");
    assert_eq!(done.code, Some(0));
    assert_eq!(done.stdout, format!("cargo::rerun-if-changed={}\n", folder.join("conv.tflite").display()));
    assert!(fs::read_to_string(folder.join("conv.rs")).unwrap().contains("core: `dsp`"));
    let failed = generate("absent.tflite");
    assert_eq!(failed.code, Some(2));
    assert!(failed.stdout.starts_with("cargo::error=") && failed.stdout.contains("conv.tflite"));
}
