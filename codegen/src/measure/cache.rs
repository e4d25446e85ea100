//! Figures kept between runs, under names that are hashes of all that they depend on.

use super::{MeasureError, build, manifest, project};
use crate::boards::Target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A folder of files, each a digest and, below it, JSON.
#[derive(Debug)]
pub struct Cache {
    directory: PathBuf,
    /// What emulators say of their version, each asked once.
    emulators: Mutex<BTreeMap<String, String>>,
    /// What every figure depends on: this program, the runtime that it links, the compiler.
    tools: Vec<String>,
}

impl Cache {
    /// The cache in `directory`; with what the tools of this computer are, which takes calling the compiler once.
    ///
    /// # Errors
    /// Where the compiler cannot be called.
    pub fn open(directory: &Path) -> Result<Self, MeasureError> {
        let compiler = build::rustc(&["--version", "--verbose"])?.unwrap_or_default();
        let tools = vec![env!("CARGO_PKG_VERSION").into(), this_program(), manifest::runtime_digest(), compiler];
        Ok(Self { directory: directory.join("figures"), emulators: Mutex::default(), tools })
    }

    /// The name of figures that depend on `parts`, on `target` and its emulator, and on the tools.
    pub fn key(&self, target: &Target<'_>, parts: &[&[u8]]) -> String {
        let core = format!("{:?} {:?}", target.core, target.machine);
        let emulator = target.machine.map(|machine| self.version(&machine.emulator)).unwrap_or_default();
        let own = [core.as_bytes(), emulator.as_bytes()];
        digest(self.tools.iter().map(String::as_bytes).chain(own).chain(parts.iter().copied()))
    }

    /// What is kept under `key`; `None` where nothing is, or what is there is not what [`Self::put`] wrote.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let text = fs::read_to_string(self.file(key)).ok()?;
        let (seal, figures) = text.split_once('\n')?;
        if seal != digest([key.as_bytes(), figures.as_bytes()]) {
            return None;
        }
        serde_json::from_str(figures).ok()
    }

    /// Keeps `figures` under `key`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn put(&self, key: &str, figures: &impl Serialize) -> Result<(), MeasureError> {
        let figures = serde_json::to_string_pretty(figures).unwrap_or_default();
        let seal = digest([key.as_bytes(), figures.as_bytes()]);
        project::write_if_changed(&self.file(key), &format!("{seal}\n{figures}"))
    }

    /// What `emulator` says of its version; empty where it cannot be started.
    fn version(&self, emulator: &str) -> String {
        let mut versions = self.emulators.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = || {
            let output = Command::new(emulator).arg("--version").output();
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
        };
        versions.entry(emulator.into()).or_insert_with(ask).clone()
    }

    fn file(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}.json"))
    }
}

/// The first 16 bytes of the SHA-256 of `parts`, each with its length, in hexadecimal digits.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A digest of the running program, so that a rebuilt compiler measures again.
fn this_program() -> String {
    let bytes = std::env::current_exe().and_then(fs::read).unwrap_or_default();
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(&bytes);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::*;
    use crate::boards::Catalogue;

    #[test]
    fn figures_are_found_again_and_damage_is_no_figure() {
        let directory = std::env::temp_dir().join(format!("tinybake-cache-{}", command::unique()));
        let cache = Cache::open(&directory).unwrap();
        let catalogue = Catalogue::builtin();
        let target = catalogue.find("cortex-m4").unwrap();
        let key = cache.key(&target, &[b"a", b"bc"]);
        assert_eq!(key, cache.key(&catalogue.find("nrf52840-dk").unwrap(), &[b"a", b"bc"]));
        assert_ne!(key, cache.key(&target, &[b"ab", b"c"]));
        assert_ne!(key, cache.key(&catalogue.find("cortex-m7").unwrap(), &[b"a", b"bc"]));
        assert_eq!(cache.get::<Vec<u32>>(&key), None);
        cache.put(&key, &vec![1, 2]).unwrap();
        assert_eq!(cache.get::<Vec<u32>>(&key), Some(vec![1, 2]));
        let kept = fs::read_to_string(cache.file(&key)).unwrap();
        for damaged in ["[1,", "", &kept.replace('2', "3"), &kept[..kept.len() - 1], &kept.replacen('\n', "", 1)] {
            fs::write(cache.file(&key), damaged).unwrap();
            assert_eq!(cache.get::<Vec<u32>>(&key), None, "{damaged}");
        }
        // Figures of another combination, under this one's name.
        let other = cache.key(&target, &[b"ab", b"c"]);
        cache.put(&other, &vec![1, 2]).unwrap();
        fs::copy(cache.file(&other), cache.file(&key)).unwrap();
        assert_eq!(cache.get::<Vec<u32>>(&key), None);
        fs::remove_dir_all(&directory).unwrap();
    }
}
