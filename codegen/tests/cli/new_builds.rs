//! Projects of `tinybake new`, built by cargo, and run where their core is emulated: they compute what TFLM computes.

use super::new::{OTHER_MODELS, digits, project};
use super::{model, ran, repository};
use safetensors::SafeTensors;
use std::path::Path;
use std::process::Command;
use tinybake_codegen::boards::{Catalogue, Hal, Target};
use tinybake_codegen::measure;

/// Cargo on a project, undisturbed by what this test's own cargo was told. Dependencies of all projects are built once, in one folder, and
/// images are not optimized as a whole, nor with debug information, which is most of the time that they take.
fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("../firmware"))
        .envs([
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
        ]);
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_INCREMENTAL", "RUSTC_WORKSPACE_WRAPPER"] {
        command.env_remove(name);
    }
    command
}

/// Whether the Rust target of `target` and the crates that `folder` depends on are there.
fn can_build(target: &Target<'_>, folder: &Path, more: &[&str]) -> bool {
    if let Err(missing) = measure::installed(target) {
        println!("skipped: {}: {missing}", target.name());
        return false;
    }
    let fetch = ["fetch", "--target", target.core.triple.as_deref().unwrap_or_default()];
    let fetched = [&["--offline"][..], &[]].iter().any(|network| {
        let fetched = ran(cargo(folder, &[&fetch, *network, more].concat()));
        assert!(!fetched.stderr.contains("--locked was passed"), "{}: {}", target.name(), fetched.stderr);
        fetched.code == Some(0)
    });
    if !fetched {
        println!("skipped: {}: its crates cannot be fetched", target.name());
    }
    fetched
}

/// Builds every board's project with the command that its README names: the repository's examples, which are such projects, as they are
/// locked, others from a fresh folder.
#[test]
fn every_board_builds() {
    let catalogue = Catalogue::builtin();
    let mut hals: Vec<Hal> = Vec::new();
    for board in catalogue.boards().iter().filter(|board| board.firmware.is_some()) {
        let example = repository("examples/firmware").join(&board.name);
        let (folder, more) = match example.is_dir() {
            true => (example, &["--locked"][..]),
            false => (project(&board.name, &digits("tflite"), &board.name), &[][..]),
        };
        if !can_build(&catalogue.find(&board.name).unwrap(), &folder, more) {
            continue;
        }
        let built = ran(cargo(&folder, &[&["build", "--release", "--quiet"], more].concat()));
        assert_eq!(built.code, Some(0), "{}: {}", board.name, built.stderr);
        assert_eq!(built.stderr, "", "{}: a warning", board.name);
        hals.extend(board.firmware.as_ref().map(|firmware| firmware.hal));
    }
    hals.dedup();
    println!("built for {hals:?}");
}

/// Runs the projects of emulated cores, and compares what they print with what TFLM recorded.
#[test]
fn emulated_projects_classify_as_recorded() {
    let bytes = std::fs::read(repository("examples/models/digits.test.safetensors")).unwrap();
    let recording = SafeTensors::deserialize(&bytes).unwrap();
    let outputs = recording.tensor("output.0.tflm").unwrap();
    let mut expected = Vec::new();
    for (sample, scores) in outputs.data().chunks_exact(10).take(3).enumerate() {
        let scores: Vec<i8> = scores.iter().map(|&byte| byte.cast_signed()).collect();
        let class = (0..10).find(|&class| scores.iter().all(|other| *other <= scores[class])).unwrap();
        expected.push(format!("sample {sample}:"));
        expected.push(format!("class {class}, score {}", (f32::from(scores[class]) + 128.0) / 256.0));
        expected.push(format!("outputs {scores:?}"));
    }
    let catalogue = Catalogue::builtin();
    let cores = ["cortex-m0plus", "cortex-m4", "cortex-m33", "cortex-m55", "riscv32imc", "riscv32imac"];
    let cases = cores.iter().map(|core| (*core, "tflite")).chain([("cortex-m4", "safetensors")]);
    for (core, extension) in cases {
        let example = repository("examples/firmware").join(format!("qemu-{core}"));
        let folder = match example.is_dir() && extension == "tflite" {
            true => example,
            false => project(&format!("{core}-{extension}"), &digits(extension), core),
        };
        let target = catalogue.find(core).unwrap();
        if let Err(missing) = measure::available(&target) {
            println!("skipped: {core}: {missing}");
            continue;
        }
        if !can_build(&target, &folder, &[]) {
            continue;
        }
        let ran = ran(cargo(&folder, &["run", "--release", "--quiet"]));
        assert_eq!(ran.code, Some(0), "{core}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), expected, "{core} {extension}");
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.contains(&expected.join("\n")), "{readme}");
    }
}

/// What models of other shapes print in QEMU is what their README says: the same by the arithmetic of the host.
#[test]
fn projects_of_other_models_print_what_they_say() {
    let catalogue = Catalogue::builtin();
    let target = catalogue.find("cortex-m4").unwrap();
    for name in OTHER_MODELS {
        let folder = project(&name.replace('/', "-"), &model(name), "cortex-m4");
        if measure::available(&target).is_err() || !can_build(&target, &folder, &[]) {
            println!("skipped: {name}: the emulator, the target or crates are missing");
            continue;
        }
        let ran = ran(cargo(&folder, &["run", "--release", "--quiet"]));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}: {}", ran.stdout);
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(ran.stdout.starts_with("sample 0:") && readme.contains(&ran.stdout), "{name}: {} {readme}", ran.stdout);
    }
}
