//! A runner on the computer that built it.

mod element;
mod programs;
mod session;

use std::fs::File;
use std::io::{Read, Write};

/// Runs inferences; on this computer nothing is counted.
struct Meter;

impl Meter {
    /// The meter, and the head of its report: there is no calibration, and no stack is watched.
    fn start() -> (Self, [u64; 3]) {
        (Self, [0; 3])
    }

    /// Runs `run` on `model`; instructions and stack bytes are 0.
    fn infer<M>(&mut self, model: &mut M, run: fn(&mut M)) -> (u64, u64) {
        std::hint::black_box(run)(std::hint::black_box(model));
        (0, 0)
    }
}

/// Opens a file of the working directory for reading.
fn open(name: &core::ffi::CStr) -> File {
    File::open(name.to_str().expect("a file's name")).expect("the file of inputs opens")
}

/// Creates a file in the working directory.
fn create(name: &core::ffi::CStr) -> File {
    File::create(name.to_str().expect("a file's name")).expect("a file is created")
}

fn main() {
    programs::run(&mut session::Session::start());
}
