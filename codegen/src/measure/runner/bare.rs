//! A runner on an emulated core: files and exit through semihosting, counting through the harness.
#![no_std]
#![no_main]

mod element;
mod machine;
mod programs;
mod session;

use semihosting::fs::File;
use semihosting::io::{Read, Write};
use tinybake::harness::{Harness, STACK_WINDOW_BYTES};

/// Runs inferences, counting.
struct Meter(Harness);

impl Meter {
    /// The meter, and the head of its report: the calibration's instructions, expected and counted, and stack bytes watched.
    fn start() -> (Self, [u64; 3]) {
        let (harness, calibration) = Harness::start(machine::COUNTER);
        (Self(harness), [calibration.expected, calibration.counted, STACK_WINDOW_BYTES.into()])
    }

    /// Runs `run` on `model`; the instructions executed, and the bytes of stack used.
    fn infer<M>(&mut self, model: &mut M, run: fn(&mut M)) -> (u64, u64) {
        let measured = self.0.infer(model, run);
        (measured.instructions, measured.stack_bytes.into())
    }
}

/// Opens a file of the emulator's working directory for reading.
fn open(name: &core::ffi::CStr) -> File {
    File::open(name).expect("the file of inputs opens")
}

/// Creates a file in the emulator's working directory.
fn create(name: &core::ffi::CStr) -> File {
    File::create(name).expect("a file is created")
}

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    programs::run(&mut session::Session::start());
    semihosting::process::exit(0)
}

/// Ends the emulation with a failure, after saying why where messages are wanted.
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "messages")]
    semihosting::eprintln!("{_info}");
    semihosting::process::exit(1)
}
