//! [`super::portable`] in assembly for the DSP extension: six pixels, in three words an element.
//!
//! A 64-bit accumulation takes both products of a word at once, and has room for those of a whole channel: half of its low 55 bits
//! is for the second pixel. Sums begin with `2^22`, so that neither borrows from the other.
#![expect(unsafe_code, reason = "assembly")]

use super::{Block, Nonzero, portable};
use crate::arch::packed::Finish;

/// Words of an element.
const WORDS: usize = 3;

/// [`portable::outputs`], for sums of products within `-2^22..2^22`.
#[inline(always)]
pub(crate) fn outputs(
    window: &[u32],
    weights: &Nonzero<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    if weights.words != WORDS || weights.advance != WORDS || !weights.even {
        return portable::outputs(window, weights, scales, (count, columns), how, out);
    }
    if count == 0 || columns == 0 || !weights.fit(window, scales, (count, columns), out) {
        return;
    }
    let block = Block {
        x: window.as_ptr(),
        weights: weights.bytes.as_ptr().wrapping_add(2),
        scales: scales.as_ptr(),
        out: out.as_mut_ptr(),
        columns,
        count,
    };
    // SAFETY: `fit` says that `weights` has whole channels, as many as there are columns at least, whose elements lie in the window,
    // and that there are as many scales, and places for the outputs of `count` pixels, at most 6, `columns` apart. Weights come
    // in pairs. Words are aligned.
    unsafe {
        match how {
            Finish::Positive => six_positive(&block),
            Finish::Any => six_any(&block),
            Finish::Once => portable::outputs(window, weights, scales, (count, columns), how, out),
        }
    }
}

/// Adds the products of two weights, in `r2` over their steps: 12 products in 13 instructions.
macro_rules! two {
    () => {
        "ldr r2, [r1], #4
        uxtab r0, r0, r2
        ldm r0!, {{r10, r11, r12}}
        sxtb r3, r2, ror #8
        smlal r4, r5, r10, r3
        smlal r6, r7, r11, r3
        smlal r8, r9, r12, r3
        uxtab r0, r0, r2, ror #16
        ldm r0!, {{r10, r11, r12}}
        asr r3, r2, #24
        smlal r4, r5, r10, r3
        smlal r6, r7, r11, r3
        smlal r8, r9, r12, r3"
    };
}

/// The sum of a word's first or second pixel, into `r0`.
macro_rules! sum {
    (first $low:literal) => {
        concat!("ubfx r0, ", $low, ", #0, #23\n")
    };
    (second $low:literal $high:literal) => {
        concat!("lsr r0, ", $low, ", #23\n", "orr r0, r0, ", $high, ", lsl #9\n")
    };
}

/// From a sum in `r0` to the output, for the pixel at `r12`, and to the pixel before: with twice the bias, the multiplier, the
/// offset and the shift in `r2`, `r3`, `r10` and `r11`, and columns in `lr`.
macro_rules! finish {
    ($scale:literal) => {
        concat!(
            "add r0, r2, r0, lsl #1\n",
            $scale,
            "
            asr r0, r0, r11
            ssat r0, #8, r0
            strb r0, [r12]
            sub r12, r12, lr"
        )
    };
}

/// The function for six pixels; `$scale` multiplies and adds the offset.
macro_rules! outputs {
    ($name:ident, $scale:literal) => {
        /// The outputs of all channels: 14 instructions for two weights, and 63 for the outputs of a channel.
        ///
        /// # Safety
        /// What [`Block`] points to is there: for as many channels as there are columns, at least one, an even number of weights
        /// whose elements lie at `x`, scales, and places for the outputs of `count` pixels, at least one and at most 6. Words
        /// are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &Block) {
            core::arch::naked_asm!(
                super::super::dsp::cpu!(),
                "push {{r4-r11, lr}}",
                // The window, six words that sums begin with, the scales, the last pixel's outputs; columns, pixels before the
                // last, the scales' end.
                "sub sp, sp, #48",
                "ldm r0, {{r4, r5, r6, r7, r8, r9}}",
                "mov r1, r5",
                "str r4, [sp]",
                "mov r2, #0x400000",
                "mov r3, #0x2000",
                "strd r2, r3, [sp, #4]",
                "strd r2, r3, [sp, #12]",
                "strd r2, r3, [sp, #20]",
                "sub r9, r9, #1",
                "mla r7, r9, r8, r7",
                "strd r6, r7, [sp, #28]",
                "strd r8, r9, [sp, #36]",
                "add r6, r6, r8, lsl #4",
                "str r6, [sp, #44]",
                // A channel.
                "10:",
                "ldm sp, {{r0, r4, r5, r6, r7, r8, r9}}",
                "11:",
                "ldrh r2, [r1], #2",
                "cbz r2, 30f",
                // Two pairs a turn, the first of them from the middle where their number is odd.
                "lsrs lr, r2, #2",
                "bcs 21f",
                "sub lr, lr, #1",
                "20:",
                two!(),
                "21:",
                two!(),
                "subs lr, lr, #1",
                "bpl 20b",
                "b 11b",
                // Its outputs.
                "30:",
                "ldrd r0, r12, [sp, #28]",
                "ldm r0!, {{r2, r3, r10, r11}}",
                "add lr, r12, #1",
                "strd r0, lr, [sp, #28]",
                "ldrd lr, r0, [sp, #36]",
                "lsl r2, r2, #1",
                "sub r2, r2, #0x800000",
                "tbb [pc, r0]",
                "40:",
                ".byte (41f - 40b) / 2, (42f - 40b) / 2, (43f - 40b) / 2, (44f - 40b) / 2, (45f - 40b) / 2, (46f - 40b) / 2",
                "46:",
                sum!(second "r8" "r9"),
                finish!($scale),
                "45:",
                sum!(first "r8"),
                finish!($scale),
                "44:",
                sum!(second "r6" "r7"),
                finish!($scale),
                "43:",
                sum!(first "r6"),
                finish!($scale),
                "42:",
                sum!(second "r4" "r5"),
                finish!($scale),
                "41:",
                sum!(first "r4"),
                finish!($scale),
                "ldr r0, [sp, #28]",
                "ldr r2, [sp, #44]",
                "cmp r0, r2",
                "bne 10b",
                "add sp, sp, #48",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

outputs!(six_positive, "smmlar r0, r0, r3, r10");
outputs!(six_any, "smmulr r0, r0, r3\nadd r0, r0, r0, asr #31\nadd r0, r0, r10");
