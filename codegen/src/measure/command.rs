//! Runs a program with its output in a file and a limit on its time.

use super::MeasureError;
use super::children::Running;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A name that no other thread or running process uses.
pub(super) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// How a program ended.
pub(super) enum Ended {
    /// By itself.
    Exit(ExitStatus),
    /// The limit ran out; it is ended, with all that it has started.
    TimeLimit,
    /// There is no such program.
    Missing,
}

/// Runs `command`; what it prints goes to the file `console`.
pub(super) fn run(command: &mut Command, console: &Path, limit: Duration) -> Result<Ended, MeasureError> {
    let failed = |source| MeasureError::File { path: console.to_owned(), source };
    let out = File::create(console).map_err(failed)?;
    let error = out.try_clone().map_err(failed)?;
    let mut running = match Running::start(command.stdin(Stdio::null()).stdout(out).stderr(error)) {
        Ok(running) => running,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Ended::Missing),
        Err(source) => return Err(MeasureError::File { path: command.get_program().into(), source }),
    };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = running.ended().map_err(failed)? {
            return Ok(Ended::Exit(status));
        }
        if start.elapsed() > limit {
            return Ok(Ended::TimeLimit);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The end of what was printed to `console`.
pub(super) fn log(console: &Path) -> String {
    const MOST: usize = 8000;
    let text = String::from_utf8_lossy(&std::fs::read(console).unwrap_or_default()).into_owned();
    let start = text.len().saturating_sub(MOST);
    let start = (start..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    text[start..].trim_end().to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let console = std::env::temp_dir().join(format!("tinybake-command-{}", unique()));
        let mut sleeping = Command::new("sleep");
        let start = Instant::now();
        let ended = run(sleeping.arg("600"), &console, Duration::from_millis(20)).unwrap();
        std::fs::remove_file(&console).unwrap();
        assert!(matches!(ended, Ended::TimeLimit) && start.elapsed() < Duration::from_secs(300));
    }
}
