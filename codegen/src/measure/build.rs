//! Builds a project with cargo.

use super::command::{self, Ended};
use super::project::{self, Project, Runner};
use super::{MeasureError, Options, Program, Sections, elf};
use crate::boards::Target;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An ELF file and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The file.
    pub path: PathBuf,
    /// Bytes of its sections.
    pub sections: Sections,
    /// Bytes of stack that each of its programs says an inference takes at most; none where it is no ELF file.
    pub stack_bounds: Vec<u64>,
}

/// Builds one image of `programs` for `target`, as firmware has it: a panic has no message.
///
/// # Errors
/// A missing tool, or code that does not build.
pub fn build(programs: &[&Program], target: &Target<'_>, options: &Options) -> Result<Image, MeasureError> {
    target_available(target)?;
    build_with(programs, target, options, Runner::Silent)
}

pub(super) fn build_with(
    programs: &[&Program],
    target: &Target<'_>,
    options: &Options,
    runner: Runner,
) -> Result<Image, MeasureError> {
    let directory = std::path::absolute(&options.directory)
        .map_err(|source| MeasureError::File { path: options.directory.clone(), source })?;
    let base = directory.join(&target.core.name);
    let project = project::write(programs, target, runner, &base)?;
    if let Some(triple) = &target.core.triple {
        project::write_if_changed(&base.join("memory.x"), &project::memory_x(&project::machine(target), triple))?;
    }
    let triple = match &target.core.triple {
        Some(triple) => triple.clone(),
        None => host_triple(&base)?,
    };
    cargo_build(&project, &base, &triple, target, options)?;
    let profile = if options.size { "size" } else { "release" };
    let name = format!("{}{}", project.binary, if target.is_host() { std::env::consts::EXE_SUFFIX } else { "" });
    let path = base.join("target").join(&triple).join(profile).join(name);
    let elf::Contents { sections, stack_bounds } = elf::contents(&path)?;
    Ok(Image { path, sections, stack_bounds })
}

/// Runs cargo: first with the crates that are here already, then with the network.
fn cargo_build(project: &Project, base: &Path, triple: &str, target: &Target<'_>, options: &Options) -> Result<(), MeasureError> {
    let console = project.directory.join(format!("build-{}.txt", command::unique()));
    let mut log = String::new();
    for offline in [true, false] {
        let mut command = cargo(project, base, triple, target, options);
        if offline {
            command.arg("--offline");
        }
        let ended = command::run(&mut command, &console, options.build_limit)?;
        log = command::log(&console);
        let _ = fs::remove_file(&console);
        match ended {
            Ended::Missing => {
                return Err(MeasureError::CargoMissing { program: command.get_program().display().to_string() });
            }
            Ended::Exit(status) if status.success() => return Ok(()),
            Ended::TimeLimit => {
                return Err(MeasureError::BuildLimit { target: target.name().into(), limit: options.build_limit });
            }
            Ended::Exit(_) => {}
        }
        if log.contains("could not compile") {
            break;
        }
    }
    Err(MeasureError::Build { target: target.name().into(), log })
}

/// The cargo command, undisturbed by flags and targets that the user's environment or configuration sets.
fn cargo(project: &Project, base: &Path, triple: &str, target: &Target<'_>, options: &Options) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--quiet", "--color", "never", "--target", triple])
        .args(["--profile", if options.size { "size" } else { "release" }])
        .arg("--target-dir")
        .arg(base.join("target"))
        .current_dir(&project.directory)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(base, target));
    for name in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_INCREMENTAL", "RUSTC_WORKSPACE_WRAPPER"] {
        command.env_remove(name);
    }
    command
}

/// Flags of the compiler, separated as cargo's variable wants them; none on the host.
fn rustflags(base: &Path, target: &Target<'_>) -> OsString {
    let mut flags: Vec<OsString> = Vec::new();
    if !target.is_host() {
        let mut search = OsString::from("-Clink-arg=-L");
        search.push(base);
        flags.extend([search, "-Clink-arg=-Tlink.x".into()]);
    }
    if let Some(cpu) = &target.core.cpu {
        flags.push(format!("-Ctarget-cpu={cpu}").into());
    }
    flags.join(std::ffi::OsStr::new("\x1f"))
}

/// Asks rustc for a line of information; `None` where it fails.
pub(super) fn rustc(arguments: &[&str]) -> Result<Option<String>, MeasureError> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match Command::new(&program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
        Ok(_) => Ok(None),
        Err(_) => Err(MeasureError::CargoMissing { program: program.display().to_string() }),
    }
}

/// The Rust target of this computer.
fn host_triple(base: &Path) -> Result<String, MeasureError> {
    let version = rustc(&["--version", "--verbose"])?.unwrap_or_default();
    let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).ok_or_else(|| MeasureError::File {
        path: base.to_owned(),
        source: std::io::Error::other("rustc does not say which target this computer is"),
    })
}

/// Whether the standard library of the target is installed.
pub(super) fn target_available(target: &Target<'_>) -> Result<(), MeasureError> {
    let Some(triple) = &target.core.triple else { return Ok(()) };
    let directory = rustc(&["--print", "target-libdir", "--target", triple])?;
    match directory {
        Some(directory) if Path::new(directory.trim()).is_dir() => Ok(()),
        Some(_) | None => Err(MeasureError::TargetMissing { triple: triple.clone() }),
    }
}
