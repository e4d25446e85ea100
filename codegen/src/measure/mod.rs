//! Builds emitted code for a target, runs it on the host or an emulator, and compares what it says.
