//! SIGINT and SIGTERM.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();

/// Lets signals that end a program ask for it instead; once for the process. False where the system does not allow it: then they end it,
/// and the last checkpoint stands.
pub fn listen() -> bool {
    *HANDLER.get_or_init(|| ctrlc::set_handler(|| ASKED.store(true, Ordering::SeqCst)).is_ok())
}

/// Whether a signal has come.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
