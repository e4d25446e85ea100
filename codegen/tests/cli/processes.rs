//! Programs that `tinybake` starts: they end when it does.
#![cfg(target_os = "linux")]

use super::{folder, model, tinybake};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A cargo that starts another program, tells its number in the file `started`, and waits for it.
fn waiting_cargo(folder: &Path) -> String {
    let (cargo, started) = (folder.join("cargo"), folder.join("started"));
    let script = format!("#!/bin/sh\nsleep 600 &\necho $! > {0}.tmp && mv {0}.tmp {0}\nwait\n", started.display());
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    cargo.display().to_string()
}

/// Whether a condition comes true within a minute.
fn soon(condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if condition() {
            return true;
        }
        sleep(Duration::from_millis(10));
    }
    false
}

fn is_running(process: &str) -> bool {
    // A process that has ended, and for which nobody has waited, is in the state Z.
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, state)| !state.trim_start().starts_with('Z'))
}

#[test]
fn signals_end_what_compare_and_verify_have_started() {
    let (model, golden) =
        (model("conv_2d/k3x3_same"), super::model("conv_2d/k3x3_same").replace(".tflite", ".golden.safetensors"));
    let verify = vec!["verify", &model, "--golden", &golden];
    let compare = vec!["compare", &model, "--boards", "host", "--optimize", "size"];
    // SIGINT is ignored where these tests run as a shell's background job.
    for (name, arguments) in [("verify", verify), ("compare", compare)] {
        let folder = folder(&format!("processes_{name}"));
        let started = folder.join("started");
        let mut command = tinybake(&arguments);
        command.env("CARGO", waiting_cargo(&folder)).env("CARGO_TARGET_DIR", &folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(soon(|| started.exists()), "{name} has not called cargo");
        let process = fs::read_to_string(&started).unwrap().trim().to_string();
        assert!(is_running(&process));
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        assert!(status.signal().is_some(), "{name}: {status}");
        assert!(soon(|| !is_running(&process)), "{name} has left a process behind");
    }
}
