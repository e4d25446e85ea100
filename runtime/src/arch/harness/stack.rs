//! How deep the stack goes: the memory below the stack pointer is painted, and what lost its paint was used.

use core::arch::asm;

/// Bytes below the stack pointer that are watched.
pub const WINDOW_BYTES: u32 = 128 * 1024;

/// The paint: a word that code seldom stores, and no address of an emulated board.
const PAINT: u32 = 0xA5C3_5A3C;

/// Painted memory from `low` up to the stack pointer `high` of the function that painted it, both multiples of 4.
pub(super) struct Window {
    low: usize,
    high: usize,
}

impl Window {
    /// Paints the [`WINDOW_BYTES`] below the caller's stack pointer. Inlined, so that `high` bounds the caller's frame.
    #[inline(always)]
    pub(super) fn paint() -> Self {
        let high: usize;
        let low: usize;
        #[cfg(target_arch = "arm")]
        // SAFETY: the words written lie below the stack pointer, where no live object is: neither core keeps a red zone, no
        // interrupt is enabled, and the runner's memory map leaves more than the window between its statics and the stack.
        unsafe {
            asm!(
                "mov {high}, sp", "subs {p}, {high}, {size}", "mov {low}, {p}",
                "2:", "str {paint}, [{p}]", "adds {p}, {p}, #4", "cmp {p}, {high}", "blo 2b",
                high = out(reg) high, low = out(reg) low, p = out(reg) _, size = in(reg) WINDOW_BYTES, paint = in(reg) PAINT,
            );
        }
        #[cfg(target_arch = "riscv32")]
        // SAFETY: as above.
        unsafe {
            asm!(
                "mv {high}, sp", "sub {p}, {high}, {size}", "mv {low}, {p}",
                "2:", "sw {paint}, 0({p})", "addi {p}, {p}, 4", "bltu {p}, {high}, 2b",
                high = out(reg) high, low = out(reg) low, p = out(reg) _, size = in(reg) WINDOW_BYTES, paint = in(reg) PAINT,
            );
        }
        Self { low, high }
    }

    /// Bytes from the lowest word that lost its paint to the top of the window.
    pub(super) fn used(&self) -> u32 {
        let lowest: usize;
        #[cfg(target_arch = "arm")]
        // SAFETY: reads words of the window that `paint` wrote; nothing is assumed of what has been stored there since.
        unsafe {
            asm!(
                "2:", "ldr {t}, [{p}]", "cmp {t}, {paint}", "bne 3f", "adds {p}, {p}, #4", "cmp {p}, {high}", "blo 2b", "3:",
                p = inout(reg) self.low => lowest, t = out(reg) _, high = in(reg) self.high, paint = in(reg) PAINT,
                options(nostack, readonly),
            );
        }
        #[cfg(target_arch = "riscv32")]
        // SAFETY: as above.
        unsafe {
            asm!(
                "2:", "lw {t}, 0({p})", "bne {t}, {paint}, 3f", "addi {p}, {p}, 4", "bltu {p}, {high}, 2b", "3:",
                p = inout(reg) self.low => lowest, t = out(reg) _, high = in(reg) self.high, paint = in(reg) PAINT,
                options(nostack, readonly),
            );
        }
        (self.high - lowest) as u32
    }
}
