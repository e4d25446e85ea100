//! A fault of the core ends the emulation with a message and a failure, instead of a loop that only a time limit ends.

/// Semihosting operations (Arm, "Semihosting for AArch32 and AArch64").
const SYS_WRITE0: usize = 0x04;
const SYS_EXIT: usize = 0x18;
/// `ADP_Stopped_RunTimeErrorUnknown`: the emulator exits with status 1.
const RUN_TIME_ERROR: usize = 0x20023;

/// Prints `message` and ends the emulation.
fn fail(message: &core::ffi::CStr) -> ! {
    call(SYS_WRITE0, message.as_ptr().addr());
    loop {
        call(SYS_EXIT, RUN_TIME_ERROR);
    }
}

/// One semihosting call; `argument` is a value or the address of what the operation reads.
fn call(operation: usize, argument: usize) {
    #[cfg(target_arch = "arm")]
    // SAFETY: the debugger (QEMU) reads the string that `argument` points to and writes no memory; r0 is its result.
    unsafe {
        core::arch::asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument, options(nostack));
    }
    #[cfg(target_arch = "riscv32")]
    // SAFETY: as above, with a0 as result; the three instructions are the RISC-V semihosting sequence, uncompressed.
    unsafe {
        core::arch::asm!(
            ".balign 16", ".option push", ".option norvc", "slli x0, x0, 0x1f", "ebreak", "srai x0, x0, 7", ".option pop",
            inout("a0") operation => _, in("a1") argument, options(nostack),
        );
    }
}

/// The handler that `cortex-m-rt` jumps to on a fault.
#[cfg(target_arch = "arm")]
// SAFETY: no other function of the image has this name; the section keeps it within reach of the trampoline's branch.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".HardFault.tinybake")]
extern "C" fn HardFault(_frame: usize) -> ! {
    fail(c"hard fault\n")
}

/// The handler that `riscv-rt` calls on an exception.
#[cfg(target_arch = "riscv32")]
// SAFETY: no other function of the image has this name.
#[unsafe(no_mangle)]
extern "C" fn ExceptionHandler(_frame: usize) -> ! {
    fail(c"exception\n")
}
