//! Models and the recordings beside them.

use crate::diag::{Diagnostic, Diagnostics, Place};
use std::fs;
use std::path::{Path, PathBuf};

/// A model, and its recording.
pub(super) struct Recorded {
    pub(super) model: PathBuf,
    pub(super) golden: PathBuf,
}

/// What the user's paths stand for.
#[derive(Default)]
pub(super) struct Found {
    pub(super) recorded: Vec<Recorded>,
    /// Models in folders that have no recording.
    pub(super) alone: Vec<PathBuf>,
}

/// How deep folders are looked through.
const DEPTH: usize = 16;

/// The models that `paths` name: files, and all in folders that have a recording beside them.
///
/// # Errors
/// A file without a recording, or a folder that cannot be read.
pub(super) fn find(paths: &[PathBuf]) -> Result<Found, Diagnostics> {
    let mut found = Found::default();
    for path in paths {
        if path.is_dir() {
            folder(path, DEPTH, &mut found)?;
            continue;
        }
        let golden = beside(path);
        if !golden.is_file() && path.exists() {
            let message = format!("there is no recording `{}` beside it", golden.display());
            let help = "name the recording with --golden FILE".to_string();
            let place = Place { file: Some(path.display().to_string()), ..Place::default() };
            return Err(Diagnostic { code: "verify::no_recording", message, place, help }.into());
        }
        found.recorded.push(Recorded { model: path.clone(), golden });
    }
    Ok(found)
}

/// The recording of a model: `NAME.golden.safetensors`.
fn beside(model: &Path) -> PathBuf {
    model.with_extension("golden.safetensors")
}

/// Adds the models in a folder and those below it, sorted by name; links to folders are not followed.
fn folder(path: &Path, depth: usize, found: &mut Found) -> Result<(), Diagnostics> {
    let unreadable = |error: std::io::Error| {
        let place = Place { file: Some(path.display().to_string()), ..Place::default() };
        let help = "check that the folder may be read".to_string();
        Diagnostics::from(Diagnostic { code: "read::file", message: format!("cannot read it: {error}"), place, help })
    };
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        if kind.is_dir() && depth > 0 {
            folder(&path, depth - 1, found)?;
        } else if !kind.is_dir() && is_model(&path) {
            let golden = beside(&path);
            match golden.is_file() {
                true => found.recorded.push(Recorded { model: path, golden }),
                false => found.alone.push(path),
            }
        }
    }
    Ok(())
}

/// Whether a file is a model by its name; other safetensors than those with a topology beside may be anything.
fn is_model(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("tflite" | "onnx") => true,
        Some("safetensors") => path.with_extension("toml").is_file() || beside(path).is_file(),
        _ => false,
    }
}
