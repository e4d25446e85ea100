//! A crate of a user who includes generated files, and depends on the runtime alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

pub(crate) struct Project(PathBuf);

impl Project {
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules").join(name);
        let _ = fs::remove_dir_all(root.join("src"));
        fs::create_dir_all(root.join("src")).expect("the project's folder");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             tinybake = {{ package = \"tinybake-runtime\", path = {:?}, default-features = false }}\n\n[workspace]\n",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime")
        );
        fs::write(root.join("Cargo.toml"), manifest).expect("the manifest");
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), root.join("Cargo.lock")).expect("the lock file");
        Self(root)
    }

    /// A file of the sources.
    pub(crate) fn source(&self, name: &str) -> PathBuf {
        self.0.join("src").join(name)
    }

    /// The program that `cargo build` makes.
    pub(crate) fn program(&self) -> PathBuf {
        let name = self.0.file_name().expect("a name");
        target().join("debug").join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    pub(crate) fn cargo(&self, command: &str) -> Output {
        let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
        let mut cargo = Command::new(cargo);
        cargo.args([command, "--color", "never"]).current_dir(&self.0).env("CARGO_TARGET_DIR", target());
        cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS").output().expect("cargo runs")
    }
}

/// One for all projects, so that the runtime is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules/target")
}
