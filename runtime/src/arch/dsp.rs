//! Sums of products in assembly, for Arm cores with the DSP extension.
//!
//! Words are loaded from wherever elements lie: these cores load unaligned words (Armv7-M and Armv8-M Architecture Reference
//! Manuals, "Alignment behavior": `LDR` traps only where `CCR.UNALIGN_TRP` is set, which is zero after reset).
#![expect(unsafe_code, reason = "assembly")]

use super::thumb::dot_1x4;
use super::wide::Wide;

/// What tells the assembler of whole functions that there are DSP instructions, which the triple says on Armv7E-M only.
#[cfg(tinybake_v8)]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(tinybake_v8))]
macro_rules! cpu {
    () => {
        ""
    };
}
pub(super) use cpu;

/// [`super::portable::dot_2x4`].
#[inline(never)]
pub(crate) fn dot_2x4(acc: &mut [[i32; 4]; 2], x: &[i8], wide: Option<&Wide>, w: &[i8], depth: usize) {
    let (Some(two), Some(four)) = (depth.checked_mul(2), depth.checked_mul(4)) else { return };
    if x.len() < two || w.len() < four {
        return;
    }
    let (words, rest) = (depth / 4, depth % 4);
    if words > 0 && !wide.is_some_and(|wide| wide.dot_2x4(acc, w, depth, words)) {
        // SAFETY: `4 * words <= depth` bytes are readable at `x + i * depth` for i in 0..2, and at `w + j * depth` for j in
        // 0..4, since the slices are of at least 2 and 4 times `depth`.
        unsafe { add_words(acc, x.as_ptr(), w.as_ptr(), depth, words) };
    }
    if rest > 0 {
        let first = depth - rest;
        let (Some(x), Some(w)) = (x.get(first..), w.get(first..)) else { return };
        let [upper, lower] = acc;
        let (Some(x0), Some(x1)) = (x.get(..rest), x.get(depth..).and_then(|x| x.get(..rest))) else { return };
        dot_1x4(upper, x0, w, depth);
        dot_1x4(lower, x1, w, depth);
    }
}

/// Loads four elements of two rows of the input and of two rows of weights, and adds 16 products in 20 instructions.
macro_rules! step {
    () => {
        "ldr {x1o}, [{x}, {depth}]
        ldr {x0o}, [{x}], #4
        ldr {wo}, [{w}, {depth}]
        sxtb16 {x1e}, {x1o}
        sxtb16 {x1o}, {x1o}, ror #8
        sxtb16 {x0e}, {x0o}
        sxtb16 {x0o}, {x0o}, ror #8
        sxtb16 {we}, {wo}
        sxtb16 {wo}, {wo}, ror #8
        smlad {b0}, {x0e}, {we}, {b0}
        smlad {b1}, {x1e}, {we}, {b1}
        smlad {b0}, {x0o}, {wo}, {b0}
        smlad {b1}, {x1o}, {wo}, {b1}
        ldr {wo}, [{w}], #4
        sxtb16 {we}, {wo}
        sxtb16 {wo}, {wo}, ror #8
        smlad {a0}, {x0e}, {we}, {a0}
        smlad {a1}, {x1e}, {we}, {a1}
        smlad {a0}, {x0o}, {wo}, {a0}
        smlad {a1}, {x1o}, {wo}, {a1}"
    };
}

/// Adds to each `acc[i][j]` the products of `4 * words` bytes at `x + i * depth` and at `w + j * depth`: two columns at a time.
///
/// # Safety
/// `words > 0`, and `4 * words` bytes are readable at `x + i * depth` for i in 0..2, and at `w + j * depth` for j in 0..4.
#[inline(always)]
unsafe fn add_words(acc: &mut [[i32; 4]; 2], x: *const i8, w: *const i8, depth: usize, words: usize) {
    let acc: *mut [[i32; 4]; 2] = acc;
    // SAFETY: it reads the bytes that the caller promises and reads and writes `acc`, whose 32 bytes are aligned for `strd`. Of
    // the stack it uses what it moves the stack pointer past, and it restores `r7`, the frame pointer, which is one register
    // more than can be operands.
    unsafe {
        core::arch::asm!(
            "sub sp, sp, #16",
            "str r7, [sp]",
            "str {x1o}, [sp, #8]",
            "add {we}, {x1e}, #16",
            "str {we}, [sp, #12]",
            // Two columns, the sums of which begin at {x1e}.
            "3:",
            "str {x1e}, [sp, #4]",
            "ldr r7, [sp, #8]",
            "ldrd {a1}, {b1}, [{x1e}, #16]",
            "ldrd {a0}, {b0}, [{x1e}]",
            // Two steps a round; an odd number of them begins in the middle.
            "adds r7, r7, #1",
            "lsrs r7, r7, #1",
            "bcc 4f",
            "2:",
            step!(),
            "4:",
            step!(),
            "subs r7, r7, #1",
            "bne 2b",
            "ldr {x1e}, [sp, #4]",
            "ldr {we}, [sp, #8]",
            "ldr {wo}, [sp, #12]",
            "strd {a1}, {b1}, [{x1e}, #16]",
            "strd {a0}, {b0}, [{x1e}], #8",
            "sub {x}, {x}, {we}, lsl #2",
            "sub {w}, {w}, {we}, lsl #2",
            "add {w}, {w}, {depth}, lsl #1",
            "cmp {x1e}, {wo}",
            "bne 3b",
            "ldr r7, [sp]",
            "add sp, sp, #16",
            a0 = out(reg) _,
            b0 = out(reg) _,
            a1 = out(reg) _,
            b1 = out(reg) _,
            x = inout(reg) x => _,
            w = inout(reg) w => _,
            depth = in(reg) depth,
            x0e = out(reg) _,
            x0o = out(reg) _,
            x1e = inout(reg) acc => _,
            x1o = inout(reg) words => _,
            we = out(reg) _,
            wo = out(reg) _,
        );
    }
}

/// Loads four channels of one tap and adds their products: 10 instructions for 4 products.
macro_rules! tap {
    ($of_x:literal, $of_w:literal) => {
        concat!(
            "ldr {xo}, [{x}",
            $of_x,
            "]
            ldr {wo}, [{w}",
            $of_w,
            "]
            sxtb16 {xe}, {xo}
            sxtb16 {xo}, {xo}, ror #8
            sxtb16 {we}, {wo}
            sxtb16 {wo}, {wo}, ror #8
            smlabb {a}, {xe}, {we}, {a}
            smlatt {c}, {xe}, {we}, {c}
            smlabb {b}, {xo}, {wo}, {b}
            smlatt {d}, {xo}, {wo}, {d}"
        )
    };
}

/// [`super::portable::taps_3x4`].
#[inline(always)]
pub(crate) fn taps_3x4(acc: &mut [i32; 4], x: &[i8], w: &[i8], [x_tap, w_tap]: [usize; 2]) {
    let long = |length: usize, tap: usize| tap.checked_mul(2).and_then(|last| last.checked_add(4)).is_some_and(|n| n <= length);
    if !long(x.len(), x_tap) || !long(w.len(), w_tap) {
        return;
    }
    let [mut a, mut b, mut c, mut d] = *acc;
    // SAFETY: it writes no memory, and reads four bytes at `x + i * x_tap` and at `w + i * w_tap` for i in 0..3, the last of
    // which end at `2 * x_tap + 4 <= x.len()` and `2 * w_tap + 4 <= w.len()`.
    unsafe {
        core::arch::asm!(
            tap!("", ""),
            tap!(", {x_tap}", ", {w_tap}"),
            tap!(", {x_tap}, lsl #1", ", {w_tap}, lsl #1"),
            a = inout(reg) a,
            b = inout(reg) b,
            c = inout(reg) c,
            d = inout(reg) d,
            x = in(reg) x.as_ptr(),
            w = in(reg) w.as_ptr(),
            x_tap = in(reg) x_tap,
            w_tap = in(reg) w_tap,
            xe = out(reg) _,
            xo = out(reg) _,
            we = out(reg) _,
            wo = out(reg) _,
            options(nostack, readonly, preserves_flags),
        );
    }
    *acc = [a, b, c, d];
}
