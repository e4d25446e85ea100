//! Programs on a core and nothing else that could panic, allocate or compute with floats: what does so is theirs. Never run.
#![no_std]
#![no_main]

mod programs;

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    programs::run();
    loop {
        core::hint::spin_loop();
    }
}

/// Linked only where something can panic.
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    something_panics()
}

/// The name that is looked for, should those of the standard library be inlined away.
#[inline(never)]
fn something_panics() -> ! {
    loop {
        core::hint::black_box(0);
    }
}
