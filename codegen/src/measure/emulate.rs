//! Runs an image: on this computer, or on a machine that QEMU emulates.

use super::children::Folder;
use super::command::{self, Ended};
use super::exchange::{self, Files};
use super::{Image, MeasureError, Options};
use crate::boards::{Machine, Target};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether the emulator of `target` can be started.
pub(super) fn available(target: &Target<'_>) -> Result<(), MeasureError> {
    if target.is_host() {
        return Ok(());
    }
    let Some(machine) = target.machine else {
        return Err(MeasureError::NoEmulator { core: target.core.name.clone() });
    };
    let started = Command::new(&machine.emulator).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match started {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(MeasureError::EmulatorMissing { program: machine.emulator.clone() }),
    }
}

/// Runs `image` on `inputs` and returns the files that it wrote.
pub(super) fn run(image: &Image, inputs: &[u8], target: &Target<'_>, options: &Options) -> Result<Files, MeasureError> {
    let folder = folder(&image.path)?;
    let work = folder.path();
    write(&work.join("inputs.bin"), inputs)?;
    let mut command = match target.machine {
        Some(machine) => qemu(machine, &image.path),
        None => Command::new(&image.path),
    };
    let console = work.join("console.txt");
    let ended = command::run(command.current_dir(work), &console, options.time_limit)?;
    let report = fs::read(work.join("report.bin")).unwrap_or_default();
    let program = exchange::records(&report);
    let name = target.name().to_owned();
    match ended {
        Ended::Exit(status) if status.success() => Ok(Files { report, outputs: read(&work.join("outputs.bin"))? }),
        Ended::Exit(status) => {
            Err(MeasureError::Failed { program, target: name, status: status.to_string(), log: command::log(&console) })
        }
        Ended::TimeLimit => Err(MeasureError::TimeLimit { program, target: name, limit: options.time_limit }),
        Ended::Missing => Err(MeasureError::EmulatorMissing { program: command.get_program().display().to_string() }),
    }
}

/// QEMU with the image loaded, its instructions counted as time, and its semihosting calls served in the working directory.
fn qemu(machine: &Machine, image: &Path) -> Command {
    let mut command = Command::new(&machine.emulator);
    command
        .args(["-machine", &machine.name, "-nographic", "-monitor", "none", "-serial", "null"])
        .args(["-icount", &format!("shift={}", machine.icount_shift)])
        .args(["-semihosting-config", "enable=on,target=native"]);
    if machine.emulator.contains("riscv") {
        command.args(["-bios", "none"]);
    }
    command.arg("-kernel").arg(image);
    command
}

/// A folder for one run's files, beside the image.
fn folder(image: &Path) -> Result<Folder, MeasureError> {
    let path = image.with_extension(command::unique());
    Folder::new(path.clone()).map_err(|source| MeasureError::File { path, source })
}

fn read(path: &Path) -> Result<Vec<u8>, MeasureError> {
    fs::read(path).map_err(|source| MeasureError::File { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), MeasureError> {
    fs::write(path, bytes).map_err(|source| MeasureError::File { path: path.to_owned(), source })
}
