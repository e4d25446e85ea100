//! Counters that advance with every instruction under QEMU's `-icount`.

/// The counter of an emulated board.
///
/// Under `-icount shift=6` every guest instruction advances the virtual clock by 64 ns, so that the ticks of a timer give the
/// instructions executed between two reads, to within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// CMSDK APB timer 0 of MPS2 images (AN385, AN386, AN500): 25 MHz, 32 bits, counts down (Arm DDI 0479, section 4.4).
    Mps2Timer,
    /// The same timer in the secure alias of the SSE-200 (AN505): 20 MHz.
    Sse200Timer,
    /// System counter of the SSE-300 (AN547): 32 MHz, 64 bits, counts up (Arm 101773, system timestamp counter).
    Sse300Counter,
    /// `minstret` of RISC-V, under `-icount shift=0`: one per instruction.
    Minstret,
}

/// Nanoseconds of virtual time per instruction under `-icount shift=6`.
const NANOSECONDS: u64 = 64;

impl Counter {
    /// Sets the counter going.
    pub(super) fn start(self) {
        match self {
            Counter::Mps2Timer => start_cmsdk(0x4000_0000),
            Counter::Sse200Timer => start_cmsdk(0x5000_0000),
            Counter::Sse300Counter => write(0x5810_0000, 1),
            Counter::Minstret => {}
        }
    }

    /// Its present value, in its own units and direction.
    #[inline(always)]
    pub(super) fn read(self) -> u64 {
        match self {
            Counter::Mps2Timer => read(0x4000_0004).into(),
            Counter::Sse200Timer => read(0x5000_0004).into(),
            Counter::Sse300Counter => read_wide(|| read(0x5800_0004), || read(0x5800_0000)),
            Counter::Minstret => read_wide(minstret_high, minstret_low),
        }
    }

    /// Instructions between two values, to the nearest. The 32-bit timers wrap after 2.7 G instructions.
    pub(super) fn instructions(self, start: u64, end: u64) -> u64 {
        let (ticks, mega_hertz) = match self {
            Counter::Mps2Timer => (u64::from((start as u32).wrapping_sub(end as u32)), 25),
            Counter::Sse200Timer => (u64::from((start as u32).wrapping_sub(end as u32)), 20),
            Counter::Sse300Counter => (end.wrapping_sub(start), 32),
            Counter::Minstret => return end.wrapping_sub(start),
        };
        let per_tick = mega_hertz * NANOSECONDS;
        (ticks * 1000 + per_tick / 2) / per_tick
    }
}

/// Instructions of one iteration of [`spin`].
pub(super) const SPIN_INSTRUCTIONS: u64 = 2;

/// Executes `loops` iterations of [`SPIN_INSTRUCTIONS`] instructions; `loops` is at least 1.
pub(super) fn spin(loops: u32) {
    #[cfg(target_arch = "arm")]
    // SAFETY: the block changes its own register operand and the flags, which `asm!` takes to be changed.
    unsafe {
        core::arch::asm!("2:", "subs {n}, {n}, #1", "bne 2b", n = inout(reg) loops => _, options(nomem, nostack));
    }
    #[cfg(target_arch = "riscv32")]
    // SAFETY: the block changes its own register operand only.
    unsafe {
        core::arch::asm!("2:", "addi {n}, {n}, -1", "bnez {n}, 2b", n = inout(reg) loops => _, options(nomem, nostack));
    }
}

/// A 64-bit value from its halves, consistent when the low one carries between the reads.
#[inline(always)]
fn read_wide(high: impl Fn() -> u32, low: impl Fn() -> u32) -> u64 {
    loop {
        let before = high();
        let value = low();
        if high() == before {
            return u64::from(before) << 32 | u64::from(value);
        }
    }
}

/// Counter of retired instructions, low word.
#[inline(always)]
fn minstret_low() -> u32 {
    #[cfg(target_arch = "riscv32")]
    {
        let value;
        // SAFETY: reading `minstret` has no effect but its result; the runner is in machine mode, where it may be read.
        unsafe { core::arch::asm!("csrr {}, minstret", out(reg) value, options(nostack)) };
        value
    }
    #[cfg(target_arch = "arm")]
    0
}

/// Counter of retired instructions, high word.
#[inline(always)]
fn minstret_high() -> u32 {
    #[cfg(target_arch = "riscv32")]
    {
        let value;
        // SAFETY: reading `minstreth` has no effect but its result; the runner is in machine mode, where it may be read.
        unsafe { core::arch::asm!("csrr {}, minstreth", out(reg) value, options(nostack)) };
        value
    }
    #[cfg(target_arch = "arm")]
    0
}

/// Lets the CMSDK timer at `base` count down from its largest value, without interrupts.
fn start_cmsdk(base: usize) {
    const CONTROL: usize = 0;
    const VALUE: usize = 4;
    const RELOAD: usize = 8;
    write(base + RELOAD, u32::MAX);
    write(base + VALUE, u32::MAX);
    write(base + CONTROL, 1);
}

#[inline(always)]
fn read(address: usize) -> u32 {
    // SAFETY: the addresses are word-aligned device registers of the boards named in `Counter`, no Rust object lies there,
    // and on another board the access reads something else or faults, which stops the runner.
    unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

fn write(address: usize, value: u32) {
    // SAFETY: as for `read`; the registers written set a timer going and touch no memory.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}
