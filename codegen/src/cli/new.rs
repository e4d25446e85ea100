//! `tinybake new`.

use super::choices;
use super::session::{self, Session, in_file};
use super::table::number;
use super::{Ended, Outcome};
use crate::boards::{Catalogue, Core, Target};
use crate::diag::{Diagnostics, Explain, Place};
use crate::measure::{self, Golden};
use crate::options::{Interface, Optimize, Options, Reference};
use crate::pipeline;
use crate::scaffold::{self, Dependency, Kit, Project, Request, ScaffoldError};
use crate::script::Files;
use serde::Serialize;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Creates a firmware project that runs a model and builds as it is.
///
/// The board is one with a template, or a core that QEMU emulates, such as cortex-m4. The model must fit its flash and RAM.
#[derive(clap::Args)]
pub(super) struct New {
    /// Folder to create; the crate gets its name.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Model: a .tflite or .onnx file, or a .safetensors file with its topology; it is copied into the project.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Board or emulated core to run on.
    #[arg(long, value_name = "NAME")]
    board: String,
    /// Name of the crate. Default: the name of the folder.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Recording of the model, as for `verify`; the project runs its first inputs. Default: STEM.golden.safetensors or
    /// STEM.test.safetensors beside the model, otherwise random inputs.
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,
    /// Optimization goal: size (least flash), speed (fewest instructions), or balanced (least product of the two).
    #[arg(long, default_value = Optimize::default().name(), value_parser = choices::optimize())]
    optimize: Optimize,
    /// Element types of inputs and outputs: `model` keeps those of the file, `int8` drops its outer quantize and dequantize operators.
    #[arg(long, default_value = Interface::default().name(), value_parser = choices::interface())]
    interface: Interface,
    /// Reference engine whose outputs are reproduced bit for bit. Default: `ort` for .onnx files, otherwise `tflm`.
    #[arg(long, value_parser = choices::reference())]
    reference: Option<Reference>,
    /// Checkout of tinybake for the project to depend on. Default: the one that this program was built from, otherwise the published
    /// version.
    #[arg(long, value_name = "PATH")]
    tinybake_path: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    folder: String,
    name: String,
    template: &'static str,
    board: String,
    model: String,
    files: Vec<String>,
    samples: Option<String>,
    ram_bytes: usize,
    weight_bytes: usize,
    macs: u64,
    install: Vec<String>,
}

impl New {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let name = self.name()?;
        scaffold::vacant(&self.folder)?;
        let target = self.target(&session.catalogue)?;
        let kit = Kit::of(&target, &session.catalogue).map_err(|error| error.at(Place::default()))?;
        let checkout = self.checkout()?;
        let files = Files::read(&self.model)?;
        let shown = self.model.display().to_string();
        let source = files.source(&shown);
        let options = Options {
            reference: self.reference,
            optimize: self.optimize,
            interface: self.interface,
            core: target.class(),
            ..Options::default()
        };
        let compiled = pipeline::compile(&source, &options)?;
        let recording = self.recording()?;
        let file = self.model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let request = Request {
            name: &name,
            model: (&file, source.bytes),
            topology: source.topology,
            compiled: &compiled,
            target,
            golden: recording.as_ref().map(|(_, golden)| golden),
            tinybake: checkout.as_deref().map_or(Dependency::Published, Dependency::Path),
        };
        let blamed = recording.as_ref().map_or(&self.model, |(file, _)| file);
        let project = scaffold::project(&request, &session.catalogue).map_err(|diagnostics| self.blame(diagnostics, blamed))?;
        scaffold::write(&project, &self.folder)?;
        let report = Report {
            folder: self.folder.display().to_string(),
            name: name.clone(),
            template: kit.name(),
            board: target.name().into(),
            model: shown.clone(),
            files: project.files.iter().map(|file| file.path.clone()).collect(),
            samples: recording.as_ref().map(|(file, _)| file.display().to_string()),
            ram_bytes: compiled.plan.ram_bytes(),
            weight_bytes: compiled.plan.weight_bytes(),
            macs: compiled.plan.macs,
            install: project.install.clone(),
        };
        session.result("", &report)?;
        session.say(&summary(&report, &project, checkout.as_deref()));
        Ok(Outcome::Done)
    }

    /// The board or core; for the name of an emulated machine, the cores that it runs are told.
    fn target<'a>(&self, catalogue: &'a Catalogue) -> Result<Target<'a>, Diagnostics> {
        catalogue.find(&self.board).map_err(|unknown| {
            let runs = |core: &&Core| core.machine.as_ref() == Some(&self.board);
            let cores: Vec<String> = catalogue.cores().iter().filter(runs).map(|core| core.name.clone()).collect();
            match cores.is_empty() {
                true => unknown.at(Place::default()).into(),
                false => ScaffoldError::Machine { machine: self.board.clone(), cores }.at(Place::default()).into(),
            }
        })
    }

    /// The crate's name: the one given, or the folder's.
    fn name(&self) -> Result<String, Diagnostics> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => {
                // `.` and `..` have no name of their own.
                let folder = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
                folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
        };
        scaffold::check_name(&name).map_err(|error| error.at(Place::default()))?;
        Ok(name)
    }

    /// The checkout that the project depends on: an absolute path, or one from the project where a relative one is given.
    fn checkout(&self) -> Result<Option<PathBuf>, Diagnostics> {
        let Some(given) = &self.tinybake_path else { return Ok(measure::checkout().map(Path::to_path_buf)) };
        let manifest = fs::read_to_string(given.join("Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line.trim() == "name = \"tinybake\"") {
            let path = fs::canonicalize(given).unwrap_or_else(|_| given.clone());
            let folder = std::path::absolute(&self.folder).unwrap_or_default();
            return Ok(Some(if given.is_absolute() { path } else { from(&folder, &path).unwrap_or(path) }));
        }
        let place = Place { file: Some(given.display().to_string()), ..Place::default() };
        Err(ScaffoldError::NoCheckout { folder: given.clone() }.at(place).into())
    }

    /// The recording that is given, or one that lies beside the model.
    fn recording(&self) -> Result<Option<(PathBuf, Golden)>, Diagnostics> {
        if let Some(file) = &self.golden {
            let golden = Golden::parse(&session::read(file)?).map_err(|diagnostics| in_file(diagnostics, file))?;
            return Ok(Some((file.clone(), golden)));
        }
        let beside = ["golden.safetensors", "test.safetensors"].map(|extension| self.model.with_extension(extension));
        Ok(beside.into_iter().find_map(|file| Some((file.clone(), Golden::parse(&fs::read(&file).ok()?).ok()?))))
    }

    /// Names the file that a diagnostic is about: the recording where it is one of its own, the model otherwise.
    fn blame(&self, diagnostics: Diagnostics, recording: &Path) -> Diagnostics {
        let of_recording = diagnostics.0.iter().any(|diagnostic| diagnostic.code.starts_with("golden::"));
        in_file(diagnostics, if of_recording { recording } else { &self.model })
    }
}

fn summary(report: &Report, project: &Project, checkout: Option<&Path>) -> String {
    let Report { folder, template, board, samples, ram_bytes, weight_bytes, .. } = report;
    let inputs = match samples {
        Some(file) => format!("its inputs are the first of {file}"),
        None => "its input is noise; --golden FILE takes recorded ones".into(),
    };
    let depends = match checkout {
        Some(path) => format!("\nit depends on tinybake in {}; --tinybake-path names another checkout", path.display()),
        None => String::new(),
    };
    let install = project.install.iter().map(|line| format!("\n  {line}")).collect::<String>();
    let enter = if Path::new(folder) == Path::new(".") { String::new() } else { format!("\n  cd {}", quoted(folder)) };
    format!(
        "wrote {folder} for {board} ({template}): {} bytes of RAM + `STACK_BYTES` of stack, {} bytes of weights and tables\n{inputs}{depends}\n\
         what it takes, once:{install}\nthen:{enter}\n  cargo run --release",
        number(*ram_bytes as u64),
        number(*weight_bytes as u64),
    )
}

/// The way from `folder`, which need not exist, to `path`, both absolute.
fn from(folder: &Path, path: &Path) -> Option<PathBuf> {
    let existing = folder.ancestors().find_map(|ancestor| Some((ancestor, fs::canonicalize(ancestor).ok()?)))?;
    let folder = existing.1.join(folder.strip_prefix(existing.0).ok()?);
    let common = folder.ancestors().find(|ancestor| path.starts_with(ancestor))?;
    let up = folder.strip_prefix(common).ok()?.components().map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(path.strip_prefix(common).ok()?.components()).collect();
    Some(if way.as_os_str().is_empty() { ".".into() } else { way })
}

/// A path for a shell.
fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./~+@:".contains(character);
    if path.chars().all(plain) { path.into() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
