//! [`super::portable`] in assembly for Armv6-M: eight pixels, in four words an element.
#![expect(unsafe_code, reason = "assembly")]

use super::{Block, Nonzero, portable};
use crate::arch::lanes::thumb1::{gather, scale, unpack, unpack_all};
use crate::arch::packed::Finish;

/// Words of an element, and bytes of it.
const WORDS: usize = 4;

/// [`portable::outputs`].
#[inline(always)]
pub(crate) fn outputs(
    window: &[u32],
    weights: &Nonzero<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    if weights.words != WORDS || weights.advance != WORDS {
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
    // and that there are as many scales, and places for the outputs of `count` pixels, at most 8, `columns` apart. Words and
    // halves are aligned.
    unsafe {
        match how {
            Finish::Positive => eight_positive(&block),
            Finish::Any => eight_any(&block),
            Finish::Once => portable::outputs(window, weights, scales, (count, columns), how, out),
        }
    }
}

/// Loads a weight and the words of its element, which it steps to, and multiplies.
macro_rules! multiply {
    () => {
        "ldrsh r3, [r1, r2]
        uxtb r4, r3
        adds r0, r0, r4
        asrs r3, r3, #8
        ldm r0!, {{r4, r5, r6, r7}}
        muls r4, r3, r4
        muls r5, r3, r5
        muls r6, r3, r6
        muls r7, r3, r7"
    };
}

/// The function for 8 pixels; `$early` and `$fix` are what a sum not above zero and a negative product need.
macro_rules! outputs {
    ($name:ident, $early:literal, $fix:literal) => {
        /// The outputs of all channels: 15 instructions a weight, and 44 a run.
        ///
        /// # Safety
        /// What [`Block`] points to is there: for as many channels as there are columns, at least one, weights whose elements
        /// lie at `x`, scales, and places for the outputs of `count` pixels, at least one and at most 8. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &Block) {
            core::arch::naked_asm!(
                "push {{r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r4-r7}}",
                // After 8 sums: the window, the weights, the scales, the outputs; columns, the sums' end, channels left.
                "sub sp, sp, #64",
                "add r1, sp, #32",
                "ldm r0!, {{r4, r5, r6, r7}}",
                "stm r1!, {{r4, r5, r6, r7}}",
                "ldm r0!, {{r4, r5}}",
                "movs r6, r4",
                "lsls r5, r5, #2",
                "mov r2, sp",
                "adds r5, r5, r2",
                "stm r1!, {{r4, r5, r6}}",
                // A channel: sums begin with the bias.
                "8:",
                "ldr r3, [sp, #40]",
                "ldr r4, [r3]",
                "movs r5, r4",
                "movs r6, r4",
                "movs r7, r4",
                "mov r2, sp",
                "mov lr, r2",
                "stm r2!, {{r4, r5, r6, r7}}",
                "stm r2!, {{r4, r5, r6, r7}}",
                "ldr r0, [sp, #32]",
                "ldr r1, [sp, #36]",
                // A run: the weights' end in r1, and a negative index. The first products set what others are added to.
                "2:",
                "ldrh r2, [r1]",
                "adds r1, r1, #2",
                "lsls r2, r2, #1",
                "beq 7f",
                "adds r1, r1, r2",
                "rsbs r2, r2, #0",
                multiply!(),
                gather!(8, "mov"),
                "adds r2, r2, #2",
                "beq 4f",
                "3:",
                multiply!(),
                gather!(8, "add"),
                "adds r2, r2, #2",
                "bne 3b",
                "4:",
                "mov r2, lr",
                unpack_all!(8),
                "b 2b",
                "7:",
                "str r1, [sp, #36]",
                // Its outputs.
                "ldr r3, [sp, #40]",
                "ldm r3!, {{r4, r5, r6, r7}}",
                "str r3, [sp, #40]",
                "mov r10, r6",
                "mov r11, r7",
                "uxth r6, r5",
                "asrs r7, r5, #16",
                "ldr r1, [sp, #44]",
                "adds r3, r1, #1",
                "str r3, [sp, #44]",
                "ldr r3, [sp, #48]",
                "mov r12, r3",
                "ldr r3, [sp, #52]",
                "mov lr, r3",
                "mov r0, sp",
                "2:",
                "ldm r0!, {{r2}}",
                $early,
                scale!("adcs r2, r5", $fix),
                "3:",
                "strb r2, [r1]",
                "add r1, r12",
                "cmp r0, lr",
                "bne 2b",
                "ldr r4, [sp, #56]",
                "subs r4, r4, #1",
                "str r4, [sp, #56]",
                "beq 6f",
                "b 8b",
                "6:",
                "add sp, sp, #64",
                "pop {{r4-r7}}",
                "mov r8, r4",
                "mov r9, r5",
                "mov r10, r6",
                "mov r11, r7",
                "pop {{r4-r7, pc}}",
                "4:",
                "movs r2, #128",
                "b 3b",
                "5:",
                "asrs r2, r2, #31",
                "movs r3, #127",
                "eors r2, r3",
                "b 3b",
            )
        }
    };
}

// No sum up to zero gives an output above the zero point, and none of these is wanted as it is.
outputs!(eight_positive, "cmp r2, #0\nble 4f", "");
outputs!(eight_any, "", "asrs r3, r2, #31\nadds r2, r2, r3");
