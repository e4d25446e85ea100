//! Signals that end a program: no temporary file outlives them.

use super::temporary;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};
use std::fs;
use std::io;
use std::sync::Arc;
use std::thread;

/// Makes SIGINT, SIGTERM and SIGHUP call `end` and remove temporary files before they end the program, as they do without this; for programs
/// that wait for these signals themselves see [`limits`].
///
/// # Errors
/// A system that does not let signals be handled; they end the program then, and temporary files stay until it writes in their folder again.
pub fn guard(end: impl Fn() + Send + 'static) -> io::Result<()> {
    limits()?;
    let ignored = ignored();
    // `nohup` and shells that start a program in the background have it ignore some of them.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP].iter().filter(|&&signal| ignored >> (signal - 1) & 1 == 0))?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            end();
            // Nobody may make a temporary file from here on.
            let _held = temporary::clear();
            let _ = low_level::emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

/// Makes a file that grows beyond its limit an error to be shown, where SIGXFSZ would end the program.
///
/// # Errors
/// A system that does not let signals be handled.
pub fn limits() -> io::Result<()> {
    flag::register(SIGXFSZ, Arc::default()).map(|_| ())
}

/// The signals that this process ignores, as Linux tells: bit 0 is signal 1. None elsewhere.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0)
}
