//! The build-script API: a model to a module in `OUT_DIR`, with Cargo's directives.

use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::emit::{Blobs, Emitter};
use crate::options::{Bytes, CoreClass, Interface, Optimize, Options, Placement, Reference};
use crate::output::{self, Module};
use crate::pipeline::{self, Source, compile};
use crate::text;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// Generates one model's module from a build script.
///
/// ```no_run
/// # fn main() -> Result<(), tinybake_codegen::diag::Diagnostics> {
/// use tinybake_codegen::{Builder, Optimize};
/// Builder::new("models/kws.tflite").target_from_env().optimize(Optimize::Speed).build()?; // writes OUT_DIR/kws.rs
/// # Ok(())
/// # }
/// ```
/// and in the crate: `mod kws { include!(concat!(env!("OUT_DIR"), "/kws.rs")); }`.
#[derive(Clone, Debug)]
pub struct Builder {
    model: PathBuf,
    options: Options,
    output: Option<PathBuf>,
}

impl Builder {
    /// A builder for the model at `model`, relative to the crate's `Cargo.toml`.
    pub fn new(model: impl AsRef<Path>) -> Self {
        Self { model: model.as_ref().to_path_buf(), options: Options::default(), output: None }
    }

    /// Takes the core from the target that Cargo builds for (`TARGET`, and `target-cpu` in the encoded rustflags).
    pub fn target_from_env(mut self) -> Self {
        self.options.core = core_from_env();
        self
    }

    /// The class of cores to generate for.
    pub fn core(mut self, core: CoreClass) -> Self {
        self.options.core = core;
        self
    }

    /// What to spend flash on.
    pub fn optimize(mut self, optimize: Optimize) -> Self {
        self.options.optimize = optimize;
        self
    }

    /// The engine whose outputs the code equals.
    pub fn reference(mut self, reference: Reference) -> Self {
        self.options.reference = Some(reference);
        self
    }

    /// The most bytes of flash that the model may take: see [`Options::max_flash`].
    pub fn max_flash(mut self, bytes: usize) -> Self {
        self.options.max_flash = Some(Bytes(bytes));
        self
    }

    /// The most bytes of RAM that the model may take: see [`Options::max_ram`].
    pub fn max_ram(mut self, bytes: usize) -> Self {
        self.options.max_ram = Some(Bytes(bytes));
        self
    }

    /// The element types of inputs and outputs: see [`Options::interface`].
    pub fn interface(mut self, interface: Interface) -> Self {
        self.options.interface = interface;
        self
    }

    /// Link sections for the weights and the model's memory: see [`Placement`].
    pub fn placement(mut self, placement: Placement) -> Self {
        self.options.placement = placement;
        self
    }

    /// The file to write instead of `OUT_DIR/STEM.rs`.
    pub fn output(mut self, file: impl AsRef<Path>) -> Self {
        self.output = Some(file.as_ref().to_path_buf());
        self
    }

    /// Generates, prints `cargo::rerun-if-changed`, and writes the file atomically. Returns its path.
    ///
    /// # Errors
    /// Everything wrong with the model, or the file that cannot be read or written; each is also printed as `cargo::error`.
    pub fn build(&self) -> Result<PathBuf, Diagnostics> {
        let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let result = self.build_in(&root);
        if let Err(diagnostics) = &result {
            // The caller has them too.
            let _ = output::print(&errors(diagnostics));
        }
        result
    }

    fn build_in(&self, root: &Path) -> Result<PathBuf, Diagnostics> {
        let model = root.join(&self.model);
        let files = Files::read(&model)?;
        output::print(&files.directives()?)?;
        let output = match &self.output {
            Some(file) => root.join(file),
            None => {
                let directory = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
                let stem = self.model.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                directory.join(format!("{stem}.rs"))
            }
        };
        let shown = self.model.display().to_string();
        let compiled = compile(&files.source(&shown), &self.options)?;
        let blobs = if output::is_regular(&output) { Blobs::Beside { least: LEAST_BLOB } } else { Blobs::Inline };
        let emitted = Emitter { blobs, ..Emitter::default() }.emit(&compiled.plan);
        let text = text::file(&emitted);
        once(&output, &text)?;
        Module { path: &output, text: &text, constants: emitted.blob.as_ref() }.write(&files.inputs())?;
        Ok(output)
    }
}

/// Refuses a second module in the place of one that this build script has written: both would be included, and be one.
fn once(output: &Path, text: &str) -> Result<(), Diagnostics> {
    static WRITTEN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if written.get(output).is_some_and(|other| other != text) {
        let place = Place { file: Some(output.display().to_string()), ..Place::default() };
        let message = "this build script has written another module here".to_string();
        let help = "give one of them another file with `Builder::output`".to_string();
        return Err(Diagnostic { code: "write::same", message, place, help }.into());
    }
    written.insert(output.to_path_buf(), text.to_string());
    Ok(())
}

/// Cargo's directives for what is wrong.
pub fn errors(diagnostics: &Diagnostics) -> String {
    let line = |diagnostic: &Diagnostic| format!("cargo::error={}\n", text::line(&diagnostic.to_string().replace('\n', " ")));
    diagnostics.0.iter().map(line).collect()
}

/// Constants of fewer bytes stay in the source.
pub const LEAST_BLOB: usize = 4096;

/// The core that Cargo's environment of a build script tells of.
pub fn core_from_env() -> CoreClass {
    let triple = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let cpu = flags.split('\x1f').find_map(|flag| flag.trim_start_matches("-C").trim().strip_prefix("target-cpu="));
    CoreClass::of_target(&triple, cpu.unwrap_or_default())
}

/// A model file and what belongs to it, read.
#[derive(Clone, Debug)]
pub struct Files {
    model: PathBuf,
    bytes: Vec<u8>,
    topology: Option<(PathBuf, String)>,
}

impl Files {
    /// Reads the model, and for `NAME.safetensors` the topology `NAME.toml` beside it where there is one.
    ///
    /// # Errors
    /// A file that is not there or cannot be read, with what lies near it.
    pub fn read(model: &Path) -> Result<Self, Diagnostics> {
        if model.is_dir() {
            return Err(folder(model));
        }
        let bytes = read(model).map_err(|error| unreadable(model, &error))?;
        let beside = model.with_extension("toml");
        let is_native = model.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
        let topology = if is_native && beside.is_file() {
            let text = fs::read_to_string(&beside).map_err(|error| unreadable(&beside, &error))?;
            Some((beside, text))
        } else {
            None
        };
        Ok(Self { model: model.to_path_buf(), bytes, topology })
    }

    /// The files to watch for changes.
    pub fn watched(&self) -> Vec<&Path> {
        let topology = self.topology.as_ref().map(|(path, _)| path.as_path());
        core::iter::once(self.model.as_path()).chain(topology).collect()
    }

    /// Cargo's directives to watch the files.
    ///
    /// # Errors
    /// A path with a line break: what follows that would be a directive of its own.
    pub fn directives(&self) -> Result<String, Diagnostics> {
        let directive = |file: &Path| {
            let path = file.display().to_string();
            if path.contains(['\n', '\r']) {
                let place = Place { file: Some(path), ..Place::default() };
                let (message, help) = ("its path has a line break, which Cargo cannot be told", "rename the file or its folder");
                return Err(Diagnostic { code: "read::line_break", message: message.into(), place, help: help.into() }.into());
            }
            Ok(format!("cargo::rerun-if-changed={path}\n"))
        };
        self.watched().into_iter().map(directive).collect()
    }

    /// The files that were read, which no output may replace.
    pub fn inputs(&self) -> Vec<PathBuf> {
        self.watched().into_iter().map(Path::to_path_buf).collect()
    }

    /// The source for the pipeline, under the name that the user gave.
    pub fn source<'a>(&'a self, file: &'a str) -> Source<'a> {
        Source { file, bytes: &self.bytes, topology: self.topology.as_ref().map(|(_, text)| text.as_str()) }
    }
}

/// The most that is read from a device or a pipe, which may never end.
const ENDLESS: u64 = 1 << 28;

/// Reads an input.
pub(crate) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut input = fs::File::open(file)?;
    if input.metadata()?.is_file() {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    match input.by_ref().take(ENDLESS + 1).read_to_end(&mut bytes)? as u64 {
        0..=ENDLESS => Ok(bytes),
        _ => Err(io::Error::other(format!("it is no file, and has not ended after {ENDLESS} bytes"))),
    }
}

/// That a folder was given in place of a model, with what to do by what it holds.
fn folder(directory: &Path) -> Diagnostics {
    let help = if directory.join("saved_model.pb").is_file() {
        "it is a TensorFlow SavedModel: convert it with `tf.lite.TFLiteConverter.from_saved_model` and give the .tflite file"
            .into()
    } else {
        match models_in(directory) {
            found if found.is_empty() => "give the model's file; no model lies in it".to_string(),
            found => format!("give the model's file; models in it: {}", found.join(", ")),
        }
    };
    let place = Place { file: Some(directory.display().to_string()), ..Place::default() };
    Diagnostic { code: "read::folder", message: "this is a folder".into(), place, help }.into()
}

fn unreadable(file: &Path, error: &io::Error) -> Diagnostics {
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match models_in(directory) {
                found if found.is_empty() => format!("check the path; no model lies in `{}`", directory.display()),
                found => format!("check the path; models there: {}", found.join(", ")),
            }
        }
        _ => "check the file and its permissions".to_string(),
    };
    let place = Place { file: Some(file.display().to_string()), ..Place::default() };
    Diagnostic { code: "read::file", message: format!("cannot read it: {error}"), place, help }.into()
}

/// Names of up to eight model files in a folder, sorted.
fn models_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut models: Vec<String> = names.filter(|name| pipeline::Format::of_name(name).is_some()).collect();
    models.sort();
    models.truncate(8);
    models
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_module_in_one_place_is_refused() {
        let output = Path::new("a_second_module.rs");
        assert_eq!((once(output, "one"), once(output, "one")), (Ok(()), Ok(())));
        assert_eq!(once(output, "two").unwrap_err().0[0].code, "write::same");
    }

    #[test]
    fn a_name_holds_no_directive() {
        let files = |model: &str| Files { model: model.into(), bytes: Vec::new(), topology: None };
        assert_eq!(files("a.tflite").directives().unwrap(), "cargo::rerun-if-changed=a.tflite\n");
        for name in ["a\ncargo::rustc-cfg=x", "a\rb"] {
            assert_eq!(files(name).directives().unwrap_err().0[0].code, "read::line_break");
        }
        let place = Place { file: Some("a\ncargo::rustc-cfg=x".into()), ..Place::default() };
        let wrong = Diagnostic { code: "x::y", message: "a\r\nb".into(), place, help: String::new() };
        assert_eq!(errors(&wrong.into()).matches('\n').count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_device_is_refused() {
        assert!(read(Path::new("/dev/zero")).is_err());
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
    }
}
