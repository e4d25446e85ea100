//! [`super::portable`] in assembly for the DSP extension.
#![expect(unsafe_code, reason = "assembly")]

use super::{Pairs, portable};
use crate::arch::packed::Finish;

/// What the assembly is given.
#[repr(C)]
struct Block {
    x: *const u32,
    weights: *const i32,
    scales: *const [i32; 4],
    /// Where the outputs of the first pixel begin.
    out: *mut i8,
    /// Elements between the outputs of neighbouring pixels.
    columns: usize,
    /// Pixels of which there are outputs.
    count: usize,
}

/// [`super::portable::outputs`].
#[inline(always)]
pub(crate) fn outputs(
    window: &[u32],
    weights: &Pairs<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    if count == 0 || columns == 0 || !weights.fit(window, scales, (count, columns), out) {
        return;
    }
    let block = Block {
        x: window.as_ptr(),
        weights: weights.words.as_ptr(),
        scales: scales.as_ptr(),
        out: out.as_mut_ptr(),
        columns,
        count,
    };
    // SAFETY: `fit` says that `weights` has whole channels, as many as there are columns at least, each of a chunk at least, whose pairs
    // lie in the window, and that there are as many scales, and places for the outputs of `count` pixels, at most 6, `columns`
    // apart. Words are aligned.
    unsafe {
        match how {
            Finish::Positive => six_positive(&block),
            Finish::Any => six_any(&block),
            Finish::Once => portable::outputs(window, weights, scales, (count, columns), how, out),
        }
    }
}

/// Adds the products of two weights, `$step` bytes of the window on: 12 products in 10 instructions.
macro_rules! pair {
    ($step:literal) => {
        concat!(
            "ldr r2, [r1], #4\nuxtab r0, r0, r3",
            $step,
            "
            ldm r0!, {{r10, r11, r12}}
            smlad r4, r10, r2, r4
            smlad r5, r11, r2, r5
            smlad r6, r12, r2, r6
            ldm r0!, {{r10, r11, r12}}
            smlad r7, r10, r2, r7
            smlad r8, r11, r2, r8
            smlad r9, r12, r2, r9"
        )
    };
}

/// From a sum in `$sum` to the output, for the pixel at `r12`, and to the pixel before: with the multiplier, the offset and the
/// shift in `r2`, `r3` and `r10`, and columns in `lr`.
macro_rules! finish {
    ($kind:ident, $sum:literal) => {
        concat!(
            "lsl ",
            $sum,
            ", ",
            $sum,
            ", #1\n",
            scale!($kind, $sum),
            "\nasr ",
            $sum,
            ", ",
            $sum,
            ", r10\nssat ",
            $sum,
            ", #8, ",
            $sum,
            "\nstrb ",
            $sum,
            ", [r12]\nsub r12, r12, lr"
        )
    };
}

/// Multiplies and adds the offset.
macro_rules! scale {
    (positive, $sum:literal) => {
        concat!("smmlar ", $sum, ", ", $sum, ", r2, r3")
    };
    (any, $sum:literal) => {
        concat!(
            "smmulr ",
            $sum,
            ", ",
            $sum,
            ", r2\nadd ",
            $sum,
            ", ",
            $sum,
            ", ",
            $sum,
            ", asr #31\nadd ",
            $sum,
            ", ",
            $sum,
            ", r3"
        )
    };
}

/// The function for six pixels.
macro_rules! outputs {
    ($name:ident, $kind:ident) => {
        /// The outputs of all channels: 43 instructions for eight weights, and 60 for the outputs of a channel.
        ///
        /// # Safety
        /// What [`Block`] points to is there: for as many channels as there are columns, at least one, chunks of weights whose
        /// pairs lie at `x`, scales, and places for the outputs of `count` pixels, at least one and at most 6. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &Block) {
            core::arch::naked_asm!(
                super::super::dsp::cpu!(),
                "push {{r4-r11, lr}}",
                // The window, the scales; the last pixel's outputs, columns; pixels before the last, the scales' end.
                "sub sp, sp, #28",
                "ldm r0, {{r4, r5, r6, r7, r8, r9}}",
                "mov r1, r5",
                "sub r9, r9, #1",
                "mla r7, r9, r8, r7",
                "add r10, r6, r8, lsl #4",
                "strd r4, r6, [sp]",
                "strd r7, r8, [sp, #8]",
                "strd r9, r10, [sp, #16]",
                // A channel: sums begin with the bias.
                "10:",
                "ldrd r0, r2, [sp]",
                "ldr r4, [r2]",
                "mov r5, r4",
                "mov r6, r4",
                "mov r7, r4",
                "mov r8, r4",
                "mov r9, r4",
                "ldr lr, [r1], #4",
                "20:",
                "ldr r3, [r1], #4",
                pair!(""),
                pair!(", ror #8"),
                pair!(", ror #16"),
                pair!(", ror #24"),
                "subs lr, lr, #1",
                "bne 20b",
                // Its outputs.
                "ldr r0, [sp, #4]",
                "ldrd r2, r3, [r0, #4]",
                "ldr r10, [r0, #12]",
                "add r0, r0, #16",
                "str r0, [sp, #4]",
                "ldrd r12, lr, [sp, #8]",
                "add r0, r12, #1",
                "str r0, [sp, #8]",
                "ldr r0, [sp, #16]",
                "tbb [pc, r0]",
                "40:",
                ".byte (41f - 40b) / 2, (42f - 40b) / 2, (43f - 40b) / 2, (44f - 40b) / 2, (45f - 40b) / 2, (46f - 40b) / 2",
                "46:",
                finish!($kind, "r9"),
                "45:",
                finish!($kind, "r8"),
                "44:",
                finish!($kind, "r7"),
                "43:",
                finish!($kind, "r6"),
                "42:",
                finish!($kind, "r5"),
                "41:",
                finish!($kind, "r4"),
                "ldr r0, [sp, #4]",
                "ldr r2, [sp, #20]",
                "cmp r0, r2",
                "bne 10b",
                "add sp, sp, #28",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

outputs!(six_positive, positive);
outputs!(six_any, any);
