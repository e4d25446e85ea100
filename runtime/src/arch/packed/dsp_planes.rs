//! [`super::planes`] in assembly; see `super::dsp`.
#![expect(unsafe_code, reason = "assembly")]

use super::Finish;
use super::planes::Rows;
use super::{Scale, planes};

/// Four channels of two pixels into four words.
macro_rules! spread_two {
    () => {
        "ldr {b}, [{x}, {channels}]
        ldr {a}, [{x}]
        add {x}, {x}, {channels}, lsl #1
        sxtb16 {e}, {a}
        sxtb16 {f}, {b}
        sxtb16 {a}, {a}, ror #8
        sxtb16 {b}, {b}, ror #8
        pkhbt {t}, {a}, {b}, lsl #16
        pkhtb {b}, {b}, {a}, asr #16
        str {t}, [{low}, {plane}]
        str {b}, [{high}, {plane}]
        pkhbt {t}, {e}, {f}, lsl #16
        pkhtb {f}, {f}, {e}, asr #16
        str {t}, [{low}], #4
        str {f}, [{high}], #4"
    };
}

/// [`planes::spread`].
#[inline(never)]
pub(crate) fn spread(planes: &mut [u32], plane: usize, x: &[i8], channels: usize, pixels: usize, first: usize) {
    let Some(last) = pixels.checked_sub(1) else { return };
    let reads = last.checked_mul(channels).and_then(|last| last.checked_add(4));
    let words = last.checked_add(first).map(|position| position / 2 + 1);
    let writes = plane.checked_mul(3).and_then(|start| words.and_then(|words| start.checked_add(words)));
    let (Some(reads), Some(writes)) = (reads, writes) else { return };
    if first > 1 || x.len() < reads || planes.len() < writes {
        return planes::spread(planes, plane, x, channels, pixels, first);
    }
    let pairs = pixels - first;
    // SAFETY: it reads four bytes of each pixel, the last of which end at `reads <= x.len()`, and writes the words from the first
    // to that of the last position of four rows, which end at `writes <= planes.len()`.
    unsafe {
        core::arch::asm!(
            // The first pixel goes to the upper halves.
            "cmp {count}, #0",
            "beq 2f",
            "ldr {a}, [{x}]",
            "add {x}, {x}, {channels}",
            "sxtb16 {e}, {a}",
            "sxtb16 {a}, {a}, ror #8",
            "add {f}, {low}, {plane}",
            "strh {e}, [{low}, #2]",
            "strh {a}, [{f}, #2]",
            "lsrs {e}, {e}, #16",
            "lsrs {a}, {a}, #16",
            "add {f}, {high}, {plane}",
            "strh {e}, [{high}, #2]",
            "strh {a}, [{f}, #2]",
            "adds {low}, {low}, #4",
            "adds {high}, {high}, #4",
            "2:",
            // Two pairs a round; an odd number of them begins in the middle.
            "lsrs {count}, {pairs}, #1",
            "beq 4f",
            "adds {count}, {count}, #1",
            "lsrs {count}, {count}, #1",
            "bcc 6f",
            "3:",
            spread_two!(),
            "6:",
            spread_two!(),
            "subs {count}, {count}, #1",
            "bne 3b",
            "4:",
            // The last pixel, if it is alone, goes to the lower halves.
            "lsls {pairs}, {pairs}, #31",
            "beq 5f",
            "ldr {a}, [{x}]",
            "sxtb16 {e}, {a}",
            "sxtb16 {a}, {a}, ror #8",
            "strh {e}, [{low}]",
            "strh {a}, [{low}, {plane}]",
            "lsrs {e}, {e}, #16",
            "lsrs {a}, {a}, #16",
            "strh {e}, [{high}]",
            "strh {a}, [{high}, {plane}]",
            "5:",
            x = inout(reg) x.as_ptr() => _,
            low = inout(reg) planes.as_mut_ptr() => _,
            high = inout(reg) planes.as_mut_ptr().wrapping_add(2 * plane) => _,
            channels = in(reg) channels,
            plane = in(reg) 4 * plane,
            pairs = inout(reg) pairs => _,
            count = inout(reg) first => _,
            a = out(reg) _,
            b = out(reg) _,
            e = out(reg) _,
            f = out(reg) _,
            t = out(reg) _,
            options(nostack),
        );
    }
}

/// What the assembly is given, in the order in which it lies on the stack.
#[repr(C)]
struct Block {
    scale: Scale,
    channels: usize,
    x: *const u32,
    /// Bytes of a row of the plane.
    row: usize,
    /// Bytes between the first rows of windows of neighbouring outputs.
    step: usize,
    out: *mut i8,
    /// Elements of a row of the output.
    out_row: usize,
    /// Bytes by which pairs of outputs advance in a row.
    pairs: usize,
    /// Four times the outputs that are not in pairs.
    singles: usize,
    rows: usize,
    /// The assembly's own: where a row ends.
    end: usize,
    w: *const [i32; 6],
    stride: usize,
}

/// Two outputs, from the two words at each of three places: 18 products in 15 instructions.
macro_rules! products_of_two {
    () => {
        "ldrd r7, r8, [r0], #4
        smuad r9, r7, r1
        smultb r10, r7, r1
        smlabt r9, r8, r2, r9
        smlad r10, r8, r2, r10
        ldrd r7, r8, [r11], #4
        smlad r9, r7, r3, r9
        smlatb r10, r7, r3, r10
        smlabt r9, r8, r4, r9
        smlad r10, r8, r4, r10
        ldrd r7, r8, [r12], #4
        smlad r9, r7, r5, r9
        smlatb r10, r7, r5, r10
        smlabt r9, r8, r6, r9
        smlad r10, r8, r6, r10"
    };
}

/// Two outputs of stride 2, from the three words at each of three places.
macro_rules! products_of_two_apart {
    () => {
        "ldrd r7, r8, [r0], #8
        smuad r9, r7, r1
        smuad r10, r8, r1
        ldr r7, [r0]
        smlabt r9, r8, r2, r9
        smlabt r10, r7, r2, r10
        ldrd r7, r8, [r11], #8
        smlad r9, r7, r3, r9
        smlad r10, r8, r3, r10
        ldr r7, [r11]
        smlabt r9, r8, r4, r9
        smlabt r10, r7, r4, r10
        ldrd r7, r8, [r12], #8
        smlad r9, r7, r5, r9
        smlad r10, r8, r5, r10
        ldr r7, [r12]
        smlabt r9, r8, r6, r9
        smlabt r10, r7, r6, r10"
    };
}

/// From the two sums to two outputs, and whether the row ends.
macro_rules! finish_two {
    ($scale:ident) => {
        concat!(
            "ldrd r7, r8, [sp]\n",
            "add r9, r7, r9, lsl #1\n",
            "add r10, r7, r10, lsl #1\n",
            "ldr r7, [sp, #8]\n",
            scale!($scale, "r9"),
            scale!($scale, "r10"),
            "ldrd r7, r8, [sp, #12]\n",
            "asr r9, r9, r7\n",
            "asr r10, r10, r7\n",
            "ssat r9, #8, r9\n",
            "ssat r10, #8, r10\n",
            "strb r9, [lr]\n",
            "strb r10, [lr, r8]\n",
            "ldr r7, [sp, #52]\n",
            "add lr, lr, r8, lsl #1\n",
            "cmp r0, r7\n",
        )
    };
}

/// One output.
macro_rules! products_of_one {
    () => {
        "ldrd r7, r8, [r0], #4
        smuad r9, r7, r1
        smlabt r9, r8, r2, r9
        ldrd r7, r8, [r11], #4
        smlad r9, r7, r3, r9
        smlabt r9, r8, r4, r9
        ldrd r7, r8, [r12], #4
        smlad r9, r7, r5, r9
        smlabt r9, r8, r6, r9"
    };
}

/// The high half of a product with the multiplier in `r8`, rounded, and the offset in `r7`.
macro_rules! scale {
    (positive, $sum:literal) => {
        concat!("smmlar ", $sum, ", ", $sum, ", r8, r7\n")
    };
    (once, $sum:literal) => {
        concat!("smmla ", $sum, ", ", $sum, ", r8, r7\n")
    };
    (any, $sum:literal) => {
        concat!(
            "smmulr ",
            $sum,
            ", ",
            $sum,
            ", r8\n",
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
            ", r7\n"
        )
    };
}

/// The rows of outputs of one channel.
macro_rules! channel {
    ($block:expr, $scale:ident) => {
        core::arch::asm!(
            "push {{r6, r7}}",
            "sub sp, sp, #64",
            "ldm r0!, {{r1, r2, r3, r4, r5, r8, r9, r10}}",
            "stm sp, {{r1, r2, r3, r4, r5, r8, r9, r10}}",
            "ldm r0!, {{r1, r2, r3, r4, r5, r8, r9, r10}}",
            "add r11, sp, #32",
            "stm r11, {{r1, r2, r3, r4, r5, r8, r9, r10}}",
            "ldm r9, {{r1, r2, r3, r4, r5, r6}}",
            // A row: its taps' rows in r0, r11 and r12, its outputs in lr.
            "2:",
            "ldrd r0, r7, [sp, #20]",
            "ldrd r8, lr, [sp, #28]",
            "add r11, r0, r7",
            "add r12, r11, r7",
            "ldrd r7, r9, [sp, #36]",
            "add r8, r0, r8",
            "str r8, [sp, #20]",
            "add r7, lr, r7",
            "str r7, [sp, #32]",
            "cmp r9, #0",
            "beq 4f",
            "add r9, r9, r0",
            "str r9, [sp, #52]",
            "ldr r7, [sp, #60]",
            "cmp r7, #1",
            "bne 7f",
            "3:",
            products_of_two!(),
            finish_two!($scale),
            "bne 3b",
            "b 4f",
            "7:",
            products_of_two_apart!(),
            finish_two!($scale),
            "bne 7b",
            "4:",
            "ldr r9, [sp, #44]",
            "cmp r9, #0",
            "beq 6f",
            "add r9, r9, r0",
            "str r9, [sp, #52]",
            "5:",
            products_of_one!(),
            "ldrd r7, r8, [sp]",
            "add r9, r7, r9, lsl #1",
            "ldr r7, [sp, #8]",
            scale!($scale, "r9"),
            "ldrd r7, r8, [sp, #12]",
            "asr r9, r9, r7",
            "ssat r9, #8, r9",
            "ldr r7, [sp, #52]",
            "strb r9, [lr]",
            "add lr, lr, r8",
            "cmp r0, r7",
            "bne 5b",
            "6:",
            "ldr r7, [sp, #48]",
            "subs r7, r7, #1",
            "str r7, [sp, #48]",
            "bne 2b",
            "add sp, sp, #64",
            "pop {{r6, r7}}",
            inout("r0") $block => _,
            out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _,
            out("r11") _, out("r12") _, out("lr") _,
        )
    };
}

/// [`planes::channel`].
#[inline(never)]
pub(crate) fn channel(rows: &Rows, plane: &[u32], w: &[i32; 6], scale: &Scale, how: Finish, out: &mut [i8]) {
    if !rows.fit(plane, out) {
        return;
    }
    let Rows { words, stride, count, width, channels } = *rows;
    let block = Block {
        scale: *scale,
        channels,
        x: plane.as_ptr(),
        row: 4 * words,
        step: 4 * words * stride,
        out: out.as_mut_ptr(),
        out_row: width * channels,
        pairs: 4 * stride * (width / 2),
        singles: 4 * (width % 2),
        rows: count,
        end: 0,
        w,
        stride,
    };
    // SAFETY: `Rows::fit` says that the windows lie in `plane` with the two words that are loaded at once, and the outputs in
    // `out`; words are aligned. Of the stack it uses what it moves the stack pointer past, and it restores `r6` and `r7`.
    unsafe {
        match how {
            Finish::Positive => channel!(&block, positive),
            Finish::Any => channel!(&block, any),
            Finish::Once => channel!(&block, once),
        }
    }
}
