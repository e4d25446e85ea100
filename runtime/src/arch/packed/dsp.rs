//! [`super::pairs`] in assembly.
//!
//! All of a layer's outputs of one or two pixels are made in one block, registers being given out by hand: `ldm` loads several
//! words in an instruction, but only into registers in order, and there are fourteen values to keep. `r6` and `r7`, which
//! the compiler keeps for itself, are saved on the stack. Words of elements are loaded from wherever they lie; see `super::super::dsp`.
#![expect(unsafe_code, reason = "assembly")]

use super::pairs::{self, Rows};
use super::{Finish, Scale};

/// Adds the products of two halves of two pixels with two channels: 16 products in 12 instructions, of 44 bytes.
macro_rules! step_of_two {
    () => {
        "ldm r0!, {{r2, r3, r4, r5}}
        ldm r1!, {{r6, r7}}
        smlad r8, r2, r6, r8
        smlad r10, r3, r6, r10
        sxtb16 r6, r6
        smlad r9, r2, r6, r9
        smlad r11, r3, r6, r11
        smlad r8, r4, r7, r8
        smlad r10, r5, r7, r10
        sxtb16 r7, r7
        smlad r9, r4, r7, r9
        smlad r11, r5, r7, r11"
    };
}

/// Adds the products of two halves of one pixel with four channels: 16 products in 15 instructions, of 56 bytes.
macro_rules! step_of_one {
    () => {
        "ldm r0!, {{r2, r3}}
        ldm r1!, {{r4, r5}}
        ldm r12!, {{r6, r7}}
        smlad r8, r2, r4, r8
        sxtb16 r4, r4
        smlad r9, r2, r4, r9
        smlad r8, r3, r5, r8
        sxtb16 r5, r5
        smlad r9, r3, r5, r9
        smlad r10, r2, r6, r10
        sxtb16 r6, r6
        smlad r11, r2, r6, r11
        smlad r10, r3, r7, r10
        sxtb16 r7, r7
        smlad r11, r3, r7, r11"
    };
}

/// From twice a sum in `$sum` to the output, with the multiplier, offset and shift in `r3`, `r4` and `r5`.
macro_rules! finish {
    (positive, $sum:literal) => {
        concat!("smmlar ", $sum, ", ", $sum, ", r3, r4\n", finish!(shift, $sum))
    };
    (once, $sum:literal) => {
        concat!("smmla ", $sum, ", ", $sum, ", r3, r4\n", finish!(shift, $sum))
    };
    (any, $sum:literal) => {
        concat!(
            "smmulr ",
            $sum,
            ", ",
            $sum,
            ", r3\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", ",
            $sum,
            ", asr #31\n",
            "add ",
            $sum,
            ", ",
            $sum,
            ", r4\n",
            finish!(shift, $sum)
        )
    };
    (shift, $sum:literal) => {
        concat!("asr ", $sum, ", ", $sum, ", r5\n", "ssat ", $sum, ", #8, ", $sum, "\n")
    };
}

/// What the assembly is given, in the order in which it reads it.
#[repr(C)]
struct Block {
    x: *const u32,
    w: *const i32,
    scales: *const Scale,
    out: *mut i8,
    /// Elements between the outputs of the two pixels.
    columns: usize,
    /// Pairs of channels, or two of them; at least 1.
    blocks: usize,
    /// Pairs of halves; at least 1.
    steps: usize,
    /// 1 where a half is left over, or 0.
    odd: usize,
    /// Bytes of the windows of two pixels.
    windows: usize,
    /// Elements from behind the outputs of a first pixel to those of the next first pixel.
    skip: usize,
    /// Pairs of pixels; at least 1.
    pixels: usize,
}

/// The outputs of two pixels for `blocks` pairs of channels.
macro_rules! two_rows {
    ($block:expr, $finish:ident) => {
        core::arch::asm!(
            "push {{r6, r7}}",
            "sub sp, sp, #64",
            "ldm r0, {{r0, r1, r2, r3, r4, r5, r8, r9, r10, r11, r12}}",
            "mov lr, r3",
            "add r5, r2, r5, lsl #5",
            "strd r4, r2, [sp, #28]",
            "str r5, [sp, #36]",
            "strd r1, r2, [sp, #44]",
            "strd r10, r11, [sp, #52]",
            "str r12, [sp, #60]",
            // Eight steps a round; the first round begins as far in as steps are lacking, after a half that is left over.
            "rsb r3, r8, #0",
            "and r3, r3, #7",
            "mov r4, #44",
            "adr.w r2, 20f",
            "mla r2, r3, r4, r2",
            "orr r2, r2, #1",
            "str r2, [sp, #40]",
            "cmp r9, #0",
            "it ne",
            "adrne r2, 15f",
            "orr r2, r2, #1",
            "str r2, [sp, #24]",
            "add r12, r8, #7",
            "lsr r12, r12, #3",
            "mov r8, #0",
            "mov r9, #0",
            "mov r10, #0",
            "mov r11, #0",
            "stm sp, {{r0, r8, r9, r10, r11, r12}}",
            // A pair of channels: sums over whole words in r8 and r10, over even bytes in r9 and r11.
            "10:",
            "ldm sp, {{r0, r8, r9, r10, r11, r12, pc}}",
            "15:",
            "ldm r0!, {{r2, r3}}",
            "ldm r1!, {{r6}}",
            "smlad r8, r2, r6, r8",
            "smlad r10, r3, r6, r10",
            "sxtb16 r6, r6",
            "smlad r9, r2, r6, r9",
            "smlad r11, r3, r6, r11",
            "ldr pc, [sp, #40]",
            "20:",
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            step_of_two!(),
            "subs r12, r12, #1",
            "bne 20b",
            "ldrd r6, r7, [sp, #28]",
            "sub r8, r8, r9",
            "sub r10, r10, r11",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "add r9, r2, r9, lsl #1",
            "add r11, r2, r11, lsl #1",
            finish!($finish, "r9"),
            finish!($finish, "r11"),
            "strb r11, [lr, r6]",
            "strb r9, [lr], #1",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "add r8, r2, r8, asr #7",
            "add r10, r2, r10, asr #7",
            "ldr r2, [sp, #36]",
            "str r7, [sp, #32]",
            finish!($finish, "r8"),
            finish!($finish, "r10"),
            "strb r10, [lr, r6]",
            "strb r8, [lr], #1",
            "cmp r7, r2",
            "bne 10b",
            // The next two pixels.
            "ldr r2, [sp, #60]",
            "subs r2, r2, #1",
            "beq 30f",
            "str r2, [sp, #60]",
            "ldrd r1, r2, [sp, #44]",
            "str r2, [sp, #32]",
            "ldrd r2, r3, [sp, #52]",
            "ldr r0, [sp]",
            "add lr, lr, r3",
            "add r0, r0, r2",
            "str r0, [sp]",
            "b 10b",
            "30:",
            "add sp, sp, #64",
            "pop {{r6, r7}}",
            inout("r0") $block => _,
            out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _,
            out("r11") _, out("r12") _, out("lr") _,
        )
    };
}

/// The outputs of one pixel for `blocks` times two pairs of channels.
macro_rules! one_row {
    ($block:expr, $finish:ident) => {
        core::arch::asm!(
            "push {{r6, r7}}",
            "sub sp, sp, #32",
            "ldm r0, {{r0, r1, r2, r3, r4, r5, r8, r9}}",
            "str r9, [sp, #8]",
            "str r0, [sp, #12]",
            "str r3, [sp, #16]",
            "str r5, [sp, #20]",
            "str r2, [sp, #24]",
            // Bytes of a pair's weights.
            "add r9, r9, r8, lsl #1",
            "lsl r9, r9, #2",
            "str r9, [sp, #28]",
            // Four steps a round; the first round begins as far in as steps are lacking.
            "rsb r3, r8, #0",
            "and r3, r3, #3",
            "mov r4, #56",
            "adr.w r2, 20f",
            "mla r2, r3, r4, r2",
            "orr r2, r2, #1",
            "str r2, [sp]",
            "add r8, r8, #3",
            "lsr r8, r8, #2",
            "str r8, [sp, #4]",
            "mov r12, r1",
            // Two pairs of channels: sums over whole words in r8 and r10, over even bytes in r9 and r11.
            "10:",
            "mov r1, r12",
            "ldr r12, [sp, #28]",
            "add r12, r1, r12",
            "ldr r0, [sp, #12]",
            "ldr lr, [sp, #4]",
            "ldr r2, [sp]",
            "mov r8, #0",
            "mov r9, #0",
            "mov r10, #0",
            "mov r11, #0",
            "bx r2",
            "20:",
            step_of_one!(),
            step_of_one!(),
            step_of_one!(),
            step_of_one!(),
            "subs lr, lr, #1",
            "bne 20b",
            "ldr r2, [sp, #8]",
            "cbz r2, 30f",
            "ldm r0!, {{r2}}",
            "ldm r1!, {{r4}}",
            "ldr r6, [r12], #4",
            "smlad r8, r2, r4, r8",
            "sxtb16 r4, r4",
            "smlad r9, r2, r4, r9",
            "smlad r10, r2, r6, r10",
            "sxtb16 r6, r6",
            "smlad r11, r2, r6, r11",
            "30:",
            "ldr r7, [sp, #24]",
            "ldr r6, [sp, #16]",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "sub r8, r8, r9",
            "sub r10, r10, r11",
            "add r9, r2, r9, lsl #1",
            finish!($finish, "r9"),
            "strb r9, [r6], #1",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "add r8, r2, r8, asr #7",
            finish!($finish, "r8"),
            "strb r8, [r6], #1",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "add r11, r2, r11, lsl #1",
            finish!($finish, "r11"),
            "strb r11, [r6], #1",
            "ldm r7!, {{r2, r3, r4, r5}}",
            "add r10, r2, r10, asr #7",
            finish!($finish, "r10"),
            "strb r10, [r6], #1",
            "str r7, [sp, #24]",
            "str r6, [sp, #16]",
            "ldr r2, [sp, #20]",
            "subs r2, r2, #1",
            "str r2, [sp, #20]",
            "bne 10b",
            "add sp, sp, #32",
            "pop {{r6, r7}}",
            inout("r0") $block => _,
            out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _,
            out("r11") _, out("r12") _, out("lr") _,
        )
    };
}

/// [`pairs::two_rows`].
#[inline(never)]
pub(crate) fn two_rows(x: &[u32], halves: usize, w: &[i32], scales: &[Scale], how: Finish, out: &mut [i8]) {
    let Some(pixels) = x.len().checked_div(2 * halves).filter(|&pixels| pixels > 0) else { return };
    let Some(columns) = out.len().checked_div(2 * pixels) else { return };
    let even = if halves >= 2 { columns / 2 * 2 } else { 0 };
    if even > 0 && w.len().checked_div(halves).is_some_and(|pairs| pairs >= even / 2) && scales.len() >= even {
        let block = Block {
            x: x.as_ptr(),
            w: w.as_ptr(),
            scales: scales.as_ptr(),
            out: out.as_mut_ptr(),
            columns,
            blocks: even / 2,
            steps: halves / 2,
            odd: halves % 2,
            windows: 8 * halves,
            skip: 2 * columns - even,
            pixels,
        };
        // SAFETY: of each pair of pixels, it reads `2 * halves` words at `x`, `halves` words a pair of channels at `w` and two
        // scales a pair of channels, and writes two outputs a pair of channels at `out` and at `out + columns`; the slices are
        // at least as long, `2 * blocks <= columns`, and words are aligned. Of the stack it uses what it moves the stack pointer
        // past, and it restores `r6` and `r7`.
        unsafe {
            match how {
                Finish::Positive => two_rows!(&block, positive),
                Finish::Any => two_rows!(&block, any),
                Finish::Once => two_rows!(&block, once),
            }
        }
    }
    if even < columns {
        let (w, scales) = (w.get(even / 2 * halves..).unwrap_or(&[]), scales.get(even..).unwrap_or(&[]));
        for (x, out) in x.chunks_exact((2 * halves).max(1)).zip(out.chunks_exact_mut(2 * columns)) {
            rest_of_two(x, w, scales, how, even, out);
        }
    }
}

/// The outputs of two pixels from column `first` on.
#[inline(never)]
fn rest_of_two(x: &[u32], w: &[i32], scales: &[Scale], how: Finish, first: usize, out: &mut [i8]) {
    let (columns, halves) = (out.len() / 2, x.len() / 2);
    let (mut first, mut w, mut scales) = (first, w, scales);
    while first < columns {
        // Of an odd channel that is last, the partner's output is not wanted.
        let mut both = [0; 4];
        if halves >= 2 {
            two_rows(x, halves, w, scales, how, &mut both);
        } else {
            pairs::two_rows(x, halves, w, scales, how, &mut both);
        }
        let [a0, a1, b0, b1] = both;
        for (place, output) in [(first, a0), (first + columns, b0)] {
            if let Some(out) = out.get_mut(place) {
                *out = output;
            }
        }
        if first + 1 < columns {
            for (place, output) in [(first + 1, a1), (first + 1 + columns, b1)] {
                if let Some(out) = out.get_mut(place) {
                    *out = output;
                }
            }
        }
        first += 2;
        w = w.get(halves..).unwrap_or(&[]);
        scales = scales.get(2..).unwrap_or(&[]);
    }
}

/// [`pairs::row`].
#[inline(never)]
pub(crate) fn row(x: &[u32], w: &[i32], scales: &[Scale], how: Finish, out: &mut [i8]) {
    let (halves, fours) = (x.len(), if x.len() >= 2 { out.len() / 4 } else { 0 });
    let rest = 4 * fours;
    if fours > 0 && w.len().checked_div(halves).is_some_and(|pairs| pairs >= 2 * fours) && scales.len() >= rest {
        let (x, w, scales, columns) = (x.as_ptr(), w.as_ptr(), scales.as_ptr(), out.len());
        let block = Block {
            x,
            w,
            scales,
            out: out.as_mut_ptr(),
            columns,
            blocks: fours,
            steps: halves / 2,
            odd: halves % 2,
            windows: 0,
            skip: 0,
            pixels: 1,
        };
        // SAFETY: it reads `halves` words at `x`, `2 * halves` words a block at `w` and four scales a block, and writes four outputs
        // a block at `out`; the slices are at least as long, and words are aligned. Of the stack it uses what it moves the stack
        // pointer past, and it restores `r6` and `r7`.
        unsafe {
            match how {
                Finish::Positive => one_row!(&block, positive),
                Finish::Any => one_row!(&block, any),
                Finish::Once => one_row!(&block, once),
            }
        }
    }
    let (w, scales) = (w.get(rest / 2 * halves..).unwrap_or(&[]), scales.get(rest..).unwrap_or(&[]));
    match out.get_mut(rest..) {
        // Two rows that are the same would do more than the loop of one channel.
        Some(out) if !out.is_empty() => pairs::row(x, w, scales, how, out),
        _ => {}
    }
}

/// [`pairs::widen`], but that what has no weight may be anything.
#[inline(never)]
pub(crate) fn widen<const N: usize>(window: &mut [u32], x: &[i8], delta: usize, length: usize, rows: Rows) {
    let Rows { count, pitch } = rows;
    let Some(last) = count.checked_sub(1) else { return };
    let runs = N.saturating_sub(1).checked_mul(delta);
    let reach = length.checked_next_multiple_of(4).and_then(|run| runs.and_then(|runs| runs.checked_add(run)));
    let reach = reach.and_then(|reach| last.checked_mul(pitch).and_then(|rows| rows.checked_add(reach)));
    let words = count.checked_mul(N * pairs::halves(length));
    // The last word is loaded whole, as far as the slice goes.
    if !(1..=2).contains(&N) || reach.is_none_or(|reach| reach > x.len()) || words.is_none_or(|words| words > window.len()) {
        return pairs::widen::<N>(window, x, delta, length, rows);
    }
    // From the end of the whole words of a row to the next row.
    let skip = pitch.wrapping_sub(length / 4 * 4);
    let (x, window) = (x.as_ptr(), window.as_mut_ptr());
    // SAFETY: of each of the runs of `length` bytes it reads the whole words, that which is cut off included: they lie in `x`, as
    // just checked. It writes `N * halves(length)` words a row at `window`, of which there are as many, aligned as `strd` needs.
    unsafe {
        if N == 1 {
            core::arch::asm!(
                "2:",
                "lsrs {count}, {length}, #2",
                "beq 4f",
                "3:",
                "ldr {a}, [{x}], #4",
                "sxtb16 {b}, {a}",
                "sxtb16 {a}, {a}, ror #8",
                "strd {b}, {a}, [{window}], #8",
                "subs {count}, {count}, #1",
                "bne 3b",
                "4:",
                "ands {count}, {length}, #3",
                "beq 6f",
                "ldr {a}, [{x}]",
                "sxtb16 {b}, {a}",
                "sxtb16 {a}, {a}, ror #8",
                "cmp {count}, #2",
                "it eq",
                "pkhbteq {b}, {b}, {a}, lsl #16",
                "str {b}, [{window}], #4",
                "it hi",
                "strhi {a}, [{window}], #4",
                "6:",
                "add {x}, {x}, {skip}",
                "subs {rows}, {rows}, #1",
                "bne 2b",
                x = inout(reg) x => _,
                window = inout(reg) window => _,
                rows = inout(reg) count => _,
                length = in(reg) length,
                skip = in(reg) skip,
                count = out(reg) _,
                a = out(reg) _,
                b = out(reg) _,
                options(nostack),
            );
        } else {
            core::arch::asm!(
                "2:",
                "lsrs {count}, {length}, #2",
                "beq 4f",
                "3:",
                "ldr {c}, [{x}, {delta}]",
                "ldr {a}, [{x}], #4",
                "sxtb16 {b}, {a}",
                "sxtb16 {d}, {c}",
                "strd {b}, {d}, [{window}], #8",
                "sxtb16 {a}, {a}, ror #8",
                "sxtb16 {c}, {c}, ror #8",
                "strd {a}, {c}, [{window}], #8",
                "subs {count}, {count}, #1",
                "bne 3b",
                "4:",
                "ands {count}, {length}, #3",
                "beq 6f",
                "ldr {c}, [{x}, {delta}]",
                "ldr {a}, [{x}]",
                "sxtb16 {b}, {a}",
                "sxtb16 {d}, {c}",
                "cmp {count}, #1",
                "beq 5f",
                "sxtb16 {a}, {a}, ror #8",
                "sxtb16 {c}, {c}, ror #8",
                "cmp {count}, #2",
                "itt eq",
                "pkhbteq {b}, {b}, {a}, lsl #16",
                "pkhbteq {d}, {d}, {c}, lsl #16",
                "5:",
                "strd {b}, {d}, [{window}], #8",
                "it hi",
                "strdhi {a}, {c}, [{window}], #8",
                "6:",
                "add {x}, {x}, {skip}",
                "subs {rows}, {rows}, #1",
                "bne 2b",
                x = inout(reg) x => _,
                window = inout(reg) window => _,
                rows = inout(reg) count => _,
                length = in(reg) length,
                skip = in(reg) skip,
                delta = in(reg) delta,
                count = out(reg) _,
                a = out(reg) _,
                b = out(reg) _,
                c = out(reg) _,
                d = out(reg) _,
                options(nostack),
            );
        }
    }
}
