//! Sums of nine taps and their outputs, sixteen channels at a time, for cores with the M-profile vector extension.
#![expect(unsafe_code, reason = "assembly")]

use super::blocks::{BLOCK_OF_TAPS, FIRST_SHIFT, OUTSIDE, Units, VECTOR, finish, word};
use super::packed::Finish;
use crate::requantize::Clamp;

/// What the assembly reads besides pointers.
#[repr(C)]
struct Words {
    count: usize,
    blocks: usize,
    channels: usize,
    /// From the end of a unit's whole vectors to the next unit's input.
    skip: usize,
    zero_point: i32,
    min: i32,
    max: i32,
}

/// [`super::blocks::taps_9`].
#[inline(always)]
pub(crate) fn taps_9(
    at: &[usize; 9],
    units: &Units,
    (x, outside): (&[i8], &[i8]),
    stream: &[i32],
    clamp: &Clamp,
    out: &mut [i8],
) {
    let (blocks, before) = (units.blocks(), units.count.wrapping_sub(1));
    let bytes = VECTOR.wrapping_mul(blocks);
    let Some(span) = before.checked_mul(units.next).and_then(|span| span.checked_add(bytes)) else { return };
    let Some(last) = x.len().checked_sub(span) else { return };
    if units.count == 0
        || blocks == 0
        || stream.len() < blocks.saturating_mul(BLOCK_OF_TAPS)
        || out.len() < units.count.saturating_mul(units.channels)
    {
        return;
    }
    let outside = if outside.len() >= span { outside.as_ptr() } else { core::ptr::null() };
    let mut pointers = [outside; 9];
    for (pointer, &at) in pointers.iter_mut().zip(at) {
        if at <= last {
            *pointer = x.as_ptr().wrapping_add(at);
        } else if at != OUTSIDE || outside.is_null() {
            return;
        }
    }
    let words = Words {
        count: units.count,
        blocks,
        channels: units.channels,
        skip: units.next.wrapping_sub(bytes),
        zero_point: clamp.zero_point,
        min: clamp.min as i32,
        max: clamp.max as i32,
    };
    let function = match finish(clamp, word(stream, FIRST_SHIFT)) {
        Finish::Positive => nine_positive,
        Finish::Any => nine,
        Finish::Once => nine_once,
    };
    // SAFETY: the assembly reads `bytes` at each pointer and, for each further unit, `next` bytes on: `span` in all, which
    // there are behind `last` in the input, and in what lies outside. It reads all blocks
    // of the stream and writes `channels` elements a unit, the last vector of each being predicated. It saves the registers
    // that a caller keeps.
    unsafe { function(&pointers, stream.as_ptr(), out.as_mut_ptr(), &raw const words) };
}

/// The products of a first tap, whose input is at the register given: even channels in q2, odd ones in q3.
macro_rules! first {
    ($x:literal) => {
        concat!(
            "\nvldrb.u8 q0, [",
            $x,
            "], #16",
            "\nvldrb.u8 q1, [r9], #16",
            "\nvmullb.s8 q2, q0, q1",
            "\nvmullt.s8 q3, q0, q1\n"
        )
    };
}

/// Adds those of a second tap, in 16 bits. There is no register for the products: they take that of the weights, which are
/// loaded twice.
macro_rules! second {
    ($x:literal) => {
        concat!(
            "\nvldrb.u8 q0, [",
            $x,
            "], #16",
            "\nvldrb.u8 q1, [r9]",
            "\nvmullb.s8 q1, q0, q1",
            "\nvadd.i16 q2, q2, q1",
            "\nvldrb.u8 q1, [r9], #16",
            "\nvmullt.s8 q1, q0, q1",
            "\nvadd.i16 q3, q3, q1\n"
        )
    };
}

/// Adds what is in q2 and q3 to the sums in q4 to q7.
macro_rules! widen {
    () => {
        "
        vmovlb.s16 q0, q2
        vadd.i32 q4, q4, q0
        vmovlt.s16 q0, q2
        vadd.i32 q5, q5, q0
        vmovlb.s16 q0, q3
        vadd.i32 q6, q6, q0
        vmovlt.s16 q0, q3
        vadd.i32 q7, q7, q0
        "
    };
}

/// Scales the sums of a vector, as `mve.rs` does.
macro_rules! scale {
    ($sums:literal, positive) => {
        concat!(
            "\nvldrw.u32 q0, [r9], #16",
            "\nvldrw.u32 q1, [r9], #16",
            "\nvqrdmulh.s32 ",
            $sums,
            ", ",
            $sums,
            ", q0",
            "\nvrshl.s32 ",
            $sums,
            ", ",
            $sums,
            ", q1\n"
        )
    };
    ($sums:literal, once) => {
        concat!(
            "\nvldrw.u32 q0, [r9], #16",
            "\nvldrw.u32 q1, [r9], #16",
            "\nvqdmulh.s32 ",
            $sums,
            ", ",
            $sums,
            ", q0",
            "\nvrshl.s32 ",
            $sums,
            ", ",
            $sums,
            ", q1\n"
        )
    };
    ($sums:literal, any) => {
        concat!(
            "\nvldrw.u32 q0, [r9], #16",
            "\nvldrw.u32 q1, [r9], #16",
            "\nvqrdmulh.s32 ",
            $sums,
            ", ",
            $sums,
            ", q0",
            "\nvshr.s32 q0, ",
            $sums,
            ", #31",
            "\nvadd.i32 ",
            $sums,
            ", ",
            $sums,
            ", q0",
            "\nvrshl.s32 ",
            $sums,
            ", ",
            $sums,
            ", q1\n"
        )
    };
}

/// r0 to r8 are the taps, r9 the stream, r10 the output, r11 the zero point, r12 the elements left of a unit, lr counts blocks.
/// Of the stack: vectors of the least and greatest output, the stream, blocks, elements, the ways to the next unit's input and
/// output, units.
macro_rules! nine {
    ($name:ident, $sign:tt) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(taps: &[*const i8; 9], stream: *const i32, out: *mut i8, words: *const Words) {
            core::arch::naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d15}}",
                "sub sp, sp, #56",
                "ldr r4, [r3, #20]",
                "vdup.8 q0, r4",
                "vstrw.32 q0, [sp]",
                "ldr r4, [r3, #24]",
                "vdup.8 q0, r4",
                "vstrw.32 q0, [sp, #16]",
                "ldr r11, [r3, #16]",
                "mov r10, r2",
                "ldr r4, [r3, #4]",
                "strd r1, r4, [sp, #32]",
                "ldr r5, [r3, #8]",
                "ldr r6, [r3, #12]",
                "strd r5, r6, [sp, #40]",
                "sub r5, r5, r4, lsl #4",
                "ldr r6, [r3]",
                "strd r5, r6, [sp, #48]",
                "ldm r0, {{r0-r8}}",
                "1:",
                "ldrd r9, lr, [sp, #32]",
                "ldr r12, [sp, #40]",
                "2:",
                "vldrw.u32 q4, [r9], #16",
                "vldrw.u32 q5, [r9], #16",
                "vldrw.u32 q6, [r9], #16",
                "vldrw.u32 q7, [r9], #16",
                first!("r0"),
                second!("r1"),
                widen!(),
                first!("r2"),
                second!("r3"),
                widen!(),
                first!("r4"),
                second!("r5"),
                widen!(),
                first!("r6"),
                second!("r7"),
                widen!(),
                first!("r8"),
                widen!(),
                scale!("q4", $sign),
                scale!("q5", $sign),
                scale!("q6", $sign),
                scale!("q7", $sign),
                // Narrowing pairs of vectors puts the channels in order. Saturation changes nothing, since outputs are clamped.
                "vqmovnb.s32 q2, q4",
                "vqmovnt.s32 q2, q5",
                "vqmovnb.s32 q3, q6",
                "vqmovnt.s32 q3, q7",
                "vqadd.s16 q2, q2, r11",
                "vqadd.s16 q3, q3, r11",
                "vldrw.u32 q0, [sp]",
                "vldrw.u32 q1, [sp, #16]",
                "vqmovnb.s16 q4, q2",
                "vqmovnt.s16 q4, q3",
                "vmax.s8 q4, q4, q0",
                "vmin.s8 q4, q4, q1",
                "vctp.8 r12",
                "sub r12, r12, #16",
                "vpst",
                "vstrbt.8 q4, [r10], #16",
                "le lr, 2b",
                "ldr r12, [sp, #44]",
                "add r0, r0, r12",
                "add r1, r1, r12",
                "add r2, r2, r12",
                "add r3, r3, r12",
                "add r4, r4, r12",
                "add r5, r5, r12",
                "add r6, r6, r12",
                "add r7, r7, r12",
                "add r8, r8, r12",
                "ldrd r9, r12, [sp, #48]",
                "add r10, r10, r9",
                "subs r12, r12, #1",
                "str r12, [sp, #52]",
                "bne 1b",
                "add sp, sp, #56",
                "vpop {{d8-d15}}",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

nine!(nine_positive, positive);
nine!(nine_once, once);
nine!(nine, any);
