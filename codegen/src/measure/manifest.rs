//! The manifest of a runner's project, and where the runtime is that it links.

use super::project::Runner;
use crate::boards::Target;
use std::fs;
use std::path::{Path, PathBuf};

/// Stands for the binary's name, which depends on all the rest, in the manifest.
pub(super) const BINARY: &str = "@binary@";

/// The manifest. Versions are exact, so that figures repeat.
pub(super) fn manifest(target: &Target<'_>, runner: Runner) -> String {
    let default = if runner == Runner::Telling { "\"messages\"" } else { "" };
    let measures = runner != Runner::BareMinimum;
    let features = if target.is_host() || !measures { "" } else { "\"harness\"" };
    let mut text = format!(
        "[package]\nname = \"tinybake-runner\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [[bin]]\nname = \"{BINARY}\"\npath = \"src/main.rs\"\n\n[workspace]\n\n[features]\ndefault = [{default}]\nmessages = []\n\n\
         [profile.release]\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\n\n\
         [profile.size]\ninherits = \"release\"\nopt-level = \"s\"\n\n\
         [dependencies]\nstatic_cell = \"=2.1.1\"\n\
         tinybake = {{ package = \"tinybake-runtime\", {}, default-features = false, features = [{features}] }}\n",
        runtime()
    );
    if let Some(triple) = target.core.triple.as_deref() {
        if measures {
            text.push_str("semihosting = { version = \"=0.1.25\", features = [\"fs\", \"stdio\"] }\n");
        }
        text.push_str("portable-atomic = { version = \"1\", features = [\"unsafe-assume-single-core\"] }\n");
        text.push_str(if triple.starts_with("thumb") {
            "cortex-m-rt = { version = \"=0.7.7\", features = [\"set-vtor\"] }\n"
        } else {
            "riscv-rt = { version = \"=0.18.0\", features = [\"memory\"] }\n"
        });
    }
    text
}

/// The checkout's root that this crate was built in, if it is still there.
pub(crate) fn checkout() -> Option<&'static Path> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    root.join("runtime/Cargo.toml").is_file().then_some(root)
}

/// Where the runtime is: beside this crate in a checkout, in the registry otherwise.
fn runtime() -> String {
    match checkout() {
        Some(root) => format!("path = {:?}", root.join("runtime").display().to_string()),
        None => concat!("version = \"=", env!("CARGO_PKG_VERSION"), "\"").into(),
    }
}

/// `tinybake` in the target directory that cargo uses here.
pub(super) fn default_directory() -> PathBuf {
    match (std::env::var_os("CARGO_TARGET_DIR"), checkout()) {
        (Some(target), _) => PathBuf::from(target).join("tinybake"),
        (None, Some(root)) => root.join("target/tinybake"),
        (None, None) => PathBuf::from("target/tinybake"),
    }
}

/// A digest of the runtime's sources in a checkout; empty where the registry has them, under this crate's version.
pub(super) fn runtime_digest() -> String {
    let Some(root) = checkout() else { return String::new() };
    let mut files = vec![root.join("runtime/Cargo.toml")];
    let mut folders = vec![root.join("runtime/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hash = hmac_sha256::Hash::new();
    for file in &files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(fs::read(file).unwrap_or_default());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
