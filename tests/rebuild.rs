//! A changed model rebuilds the crate that includes it, and an unchanged one does not; generating twice gives the same bytes.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use tinybake_codegen::Options;
use tinybake_codegen::emit::{Blobs, Emitter};
use tinybake_codegen::text;

/// A crate that includes a model, in a folder of its own.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, model: &Path) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(root.join("src")).expect("the project's folder");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\ntinybake = {{ path = {:?} }}\n\n[workspace]\n",
            env!("CARGO_MANIFEST_DIR")
        );
        write(&root.join("Cargo.toml"), manifest.as_bytes());
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), root.join("Cargo.lock")).expect("the lock file");
        let source =
            b"tinybake::include_model!(mod net = \"model.tflite\");\nfn main() {\n    println!(\"{}\", net::SOURCE_SHA256);\n}\n";
        write(&root.join("src/main.rs"), source);
        let project = Self(root);
        project.model(model);
        project
    }

    fn model(&self, model: &Path) {
        write(&self.0.join("model.tflite"), &fs::read(model).expect("the model"));
    }

    /// Builds and runs; whether the crate was compiled again, and what it printed.
    fn run(&self) -> (bool, String) {
        let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
        let output = Command::new(cargo)
            .args(["run", "--color", "never"])
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo runs");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{log}");
        let name = self.0.file_name().expect("a name").to_string_lossy().into_owned();
        (log.contains(&format!("Compiling {name} ")), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn write(file: &Path, bytes: &[u8]) {
    if fs::read(file).ok().as_deref() != Some(bytes) {
        fs::write(file, bytes).expect("a file of the project");
    }
}

#[test]
fn a_changed_model_rebuilds_and_an_unchanged_one_does_not() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance/relu");
    let mut models = fs::read_dir(&data).expect("models").map(|entry| entry.expect("a model").path()).collect::<Vec<_>>();
    models.retain(|path| path.extension().is_some_and(|extension| extension == "tflite"));
    models.sort();
    let project = Project::new("rebuilds", &models[0]);
    let (_, first) = project.run();
    let (again, same) = project.run();
    assert!(!again, "an unchanged model was compiled again");
    assert_eq!(first, same);
    // Cargo compares times of whole seconds on some file systems.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.model(&models[1]);
    let (changed, second) = project.run();
    assert!(changed, "a changed model was not compiled again");
    assert_ne!(first, second);
    project.model(&models[0]);
    project.run();
}

#[test]
fn generating_twice_gives_the_same_bytes() {
    for case in common::conformance() {
        let text = || {
            let emitter = Emitter { blobs: Blobs::Beside { least: 64 }, ..Emitter::default() };
            let emitted = emitter.emit(&case.compile(&Options::default()).plan);
            (text::file(&emitted), emitted.blob)
        };
        assert!(text() == text(), "{}", case.name);
    }
}
