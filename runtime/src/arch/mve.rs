//! Sums and outputs of several pixels by four channels, for cores with the M-profile vector extension.
//!
//! Whole functions are assembly: eight sums live in the even registers, the link register among them, which operands of
//! assembly cannot be. The directive names a core that has the instructions, since a function that is assembly as a whole does
//! not know of those that the compiler learns of from `target-cpu`.
#![expect(unsafe_code, reason = "assembly")]

use super::blocks::{Pairs, Run, finish, last_word};
use super::packed::Finish;
use crate::requantize::Clamp;

/// What the assembly reads besides slices: [`Pairs`], [`Run`] and [`Clamp`] in words.
#[repr(C)]
struct Words {
    second: usize,
    next: usize,
    row: usize,
    channels: usize,
    count: usize,
    zero_point: i32,
    min: i32,
    max: i32,
    /// From the end of a segment to the beginning of the next.
    skip: usize,
    segments: usize,
    words: usize,
}

/// From input, stream and output.
type Assembly = unsafe extern "C" fn(x: *const i8, stream: *const i32, out: *mut i8, words: *const Words);

impl Words {
    #[inline(always)]
    fn new(run: &Run, pairs: &Pairs, clamp: &Clamp, channels: usize) -> Self {
        Self {
            second: pairs.second,
            next: pairs.next,
            row: pairs.row,
            channels,
            count: pairs.count,
            zero_point: clamp.zero_point,
            min: clamp.min as i32,
            max: clamp.max as i32,
            skip: run.step().wrapping_sub(16 * run.vectors()),
            segments: run.segments(),
            words: (channels / 4).saturating_mul(run.block()),
        }
    }
}

/// [`super::blocks::rows_2`].
#[inline(always)]
pub(crate) fn rows_2(run: &Run, pairs: &Pairs, x: &[i8], stream: &[i32], clamp: &Clamp, channels: usize, out: &mut [i8]) {
    let [input, written] = pairs.spans(run, channels);
    // Where outputs of negative sums are clamped to the zero point, how their ties round is of no interest.
    let Some(function) = of_two(run, finish(clamp, last_word(run, stream))) else { return };
    let words = Words::new(run, pairs, clamp, channels);
    if pairs.count == 0 || channels < 4 || x.len() < input || out.len() < written || stream.len() < words.words {
        return;
    }
    // SAFETY: of the input, the assembly reads `span` elements from both pixels of every pair, of which the last ends at
    // `input`; of the stream, the blocks of all channels, which are `words.words`; it writes `channels / 4 * 4` elements of the
    // output of each pixel, the last of which end at or before `written`. It saves the registers that a caller keeps.
    unsafe { function(x.as_ptr(), stream.as_ptr(), out.as_mut_ptr(), &raw const words) };
}

/// [`super::blocks::rows_1`].
#[inline(always)]
pub(crate) fn rows_1(run: &Run, x: &[i8], stream: &[i32], clamp: &Clamp, out: &mut [i8]) {
    let Some(function) = of_one(run, finish(clamp, last_word(run, stream))) else { return };
    let words = Words::new(run, &Pairs { count: 1, second: 0, next: 0, row: 0 }, clamp, out.len());
    if out.len() < 4 || x.len() < run.span() || stream.len() < words.words {
        return;
    }
    // SAFETY: as for `rows_2`, with one pixel.
    unsafe { function(x.as_ptr(), stream.as_ptr(), out.as_mut_ptr(), &raw const words) };
}

/// The function of two pixels for a number of vectors, in one segment or more.
#[inline(always)]
fn of_two(run: &Run, how: Finish) -> Option<Assembly> {
    Some(match (run.segments(), run.vectors(), how) {
        (1, 1, Finish::Positive) => flat_1_positive,
        (1, 1, Finish::Any) => flat_1,
        (1, 1, Finish::Once) => flat_1_once,
        (1, 2, Finish::Positive) => flat_2_positive,
        (1, 2, Finish::Any) => flat_2,
        (1, 2, Finish::Once) => flat_2_once,
        (1, 3, Finish::Positive) => flat_3_positive,
        (1, 3, Finish::Any) => flat_3,
        (1, 3, Finish::Once) => flat_3_once,
        (1, 4, Finish::Positive) => flat_4_positive,
        (1, 4, Finish::Any) => flat_4,
        (1, 4, Finish::Once) => flat_4_once,
        (1, 5, Finish::Positive) => flat_5_positive,
        (1, 5, Finish::Any) => flat_5,
        (1, 5, Finish::Once) => flat_5_once,
        (1, 6, Finish::Positive) => flat_6_positive,
        (1, 6, Finish::Any) => flat_6,
        (1, 6, Finish::Once) => flat_6_once,
        (1, 7, Finish::Positive) => flat_7_positive,
        (1, 7, Finish::Any) => flat_7,
        (1, 7, Finish::Once) => flat_7_once,
        (1, 8, Finish::Positive) => flat_8_positive,
        (1, 8, Finish::Any) => flat_8,
        (1, 8, Finish::Once) => flat_8_once,
        (_, 1, Finish::Positive) => deep_1_positive,
        (_, 1, Finish::Any) => deep_1,
        (_, 1, Finish::Once) => deep_1_once,
        (_, 2, Finish::Positive) => deep_2_positive,
        (_, 2, Finish::Any) => deep_2,
        (_, 2, Finish::Once) => deep_2_once,
        (_, 3, Finish::Positive) => deep_3_positive,
        (_, 3, Finish::Any) => deep_3,
        (_, 3, Finish::Once) => deep_3_once,
        (_, 4, Finish::Positive) => deep_4_positive,
        (_, 4, Finish::Any) => deep_4,
        (_, 4, Finish::Once) => deep_4_once,
        (_, 5, Finish::Positive) => deep_5_positive,
        (_, 5, Finish::Any) => deep_5,
        (_, 5, Finish::Once) => deep_5_once,
        (_, 6, Finish::Positive) => deep_6_positive,
        (_, 6, Finish::Any) => deep_6,
        (_, 6, Finish::Once) => deep_6_once,
        (_, 7, Finish::Positive) => deep_7_positive,
        (_, 7, Finish::Any) => deep_7,
        (_, 7, Finish::Once) => deep_7_once,
        (_, 8, Finish::Positive) => deep_8_positive,
        (_, 8, Finish::Any) => deep_8,
        (_, 8, Finish::Once) => deep_8_once,
        (_, 12, Finish::Positive) => deep_12_positive,
        (_, 12, Finish::Any) => deep_12,
        (_, 12, Finish::Once) => deep_12_once,
        (..) => return None,
    })
}

/// The function of one pixel for a number of vectors.
#[inline(always)]
fn of_one(run: &Run, how: Finish) -> Option<Assembly> {
    Some(match (run.segments(), run.vectors(), how) {
        (_, 1, Finish::Positive) => one_1_positive,
        (_, 1, Finish::Any) => one_1,
        (_, 1, Finish::Once) => one_1_once,
        (_, 2, Finish::Positive) => one_2_positive,
        (_, 2, Finish::Any) => one_2,
        (_, 2, Finish::Once) => one_2_once,
        (_, 3, Finish::Positive) => one_3_positive,
        (_, 3, Finish::Any) => one_3,
        (_, 3, Finish::Once) => one_3_once,
        (_, 4, Finish::Positive) => one_4_positive,
        (_, 4, Finish::Any) => one_4,
        (_, 4, Finish::Once) => one_4_once,
        (_, 5, Finish::Positive) => one_5_positive,
        (_, 5, Finish::Any) => one_5,
        (_, 5, Finish::Once) => one_5_once,
        (_, 6, Finish::Positive) => one_6_positive,
        (_, 6, Finish::Any) => one_6,
        (_, 6, Finish::Once) => one_6_once,
        (_, 7, Finish::Positive) => one_7_positive,
        (_, 7, Finish::Any) => one_7,
        (_, 7, Finish::Once) => one_7_once,
        (_, 8, Finish::Positive) => one_8_positive,
        (_, 8, Finish::Any) => one_8,
        (_, 8, Finish::Once) => one_8_once,
        (_, 12, Finish::Positive) => one_12_positive,
        (_, 12, Finish::Any) => one_12,
        (_, 12, Finish::Once) => one_12_once,
        (..) => return None,
    })
}

/// 64 products of each of two pixels, in q0 and q1, with the weights of four channels.
macro_rules! two {
    () => {
        "
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r0, q0, q2
        vmlava.s8 r8, q1, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r2, q0, q2
        vmlava.s8 r10, q1, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r4, q0, q2
        vmlava.s8 r12, q1, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r6, q0, q2
        vmlava.s8 lr, q1, q2
        "
    };
}

/// 64 products of one pixel, in q0, with the weights of four channels.
macro_rules! one {
    () => {
        "
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r0, q0, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r2, q0, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r4, q0, q2
        vldrb.u8 q2, [r5], #16
        vmlava.s8 r6, q0, q2
        "
    };
}

/// The vectors of zero points and bounds, q4 to q6, from the words at r3.
macro_rules! bounds {
    () => {
        "
        ldr r4, [r3, #20]
        vdup.32 q4, r4
        ldr r4, [r3, #24]
        vdup.32 q5, r4
        ldr r4, [r3, #28]
        vdup.32 q6, r4
        "
    };
}

/// Moves down negative numbers in q2, so that rounding half up rounds their ties away from zero.
macro_rules! ties {
    () => {
        "
        vshr.s32 q0, q2, #31
        vadd.i32 q2, q2, q0
        "
    };
}

/// The outputs of the four sums in the registers given, by the multipliers in q3 and shifts in q7, at `$out`.
///
/// `vqrdmulh` is the rounding doubling high multiply itself, and a rounding shift the division by a power of two; after `vqdmulh`,
/// which rounds down, it alone rounds.
macro_rules! outputs {
    ($a:literal, $b:literal, $c:literal, $d:literal, $out:literal, $mul:literal, $($ties:tt)*) => {
        concat!(
            "\nvmov q2[2], q2[0], ", $a, ", ", $c,
            "\nvmov q2[3], q2[1], ", $b, ", ", $d,
            "\n", $mul, " q2, q2, q3",
            $($ties)*,
            "\nvrshl.s32 q2, q2, q7",
            "\nvadd.i32 q2, q2, q4",
            "\nvmax.s32 q2, q2, q5",
            "\nvmin.s32 q2, q2, q6",
            "\nvstrb.32 q2, [", $out, "], #4\n",
        )
    };
}

/// Multipliers and shifts of a block.
macro_rules! scales {
    () => {
        "
        vldrw.u32 q3, [r5], #16
        vldrw.u32 q7, [r5], #16
        "
    };
}

/// Two pixels in one segment, whose vectors are at constant offsets. r9 and r11 are the pixels, r1 and r3 their outputs, r5 the
/// stream, r7 counts blocks. Of the stack: the way to the next pair, the stream, blocks, pairs, the way to the next outputs.
macro_rules! flat {
    ($name:ident, ($($once:tt)*), ($($each:tt)*), $mul:literal, ($($ties:tt)*)) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(x: *const i8, stream: *const i32, out: *mut i8, words: *const Words) {
            core::arch::naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d15}}",
                bounds!(),
                "mov r9, r0",
                "ldr r4, [r3]",
                "add r11, r9, r4",
                "mov r5, r1",
                "mov r1, r2",
                "ldr r4, [r3, #4]",
                "ldr r6, [r3, #8]",
                "ldr r7, [r3, #12]",
                "ldr r8, [r3, #16]",
                "lsrs r7, r7, #2",
                "sub r10, r6, r7, lsl #2",
                "add r10, r10, r6",
                "push {{r4, r5, r7, r8, r10}}",
                "add r3, r1, r6",
                "1:",
                $($once)*
                "2:",
                "ldm r5, {{r8, r10, r12, lr}}",
                "ldm r5!, {{r0, r2, r4, r6}}",
                $($each)*
                scales!(),
                outputs!("r0", "r2", "r4", "r6", "r1", $mul, $($ties)*),
                outputs!("r8", "r10", "r12", "lr", "r3", $mul, $($ties)*),
                "subs r7, r7, #1",
                "bne 2b",
                "ldrd r0, r5, [sp]",
                "ldr r7, [sp, #8]",
                "ldr r2, [sp, #16]",
                "add r9, r9, r0",
                "add r11, r11, r0",
                "add r1, r1, r2",
                "add r3, r3, r2",
                "ldr r0, [sp, #12]",
                "subs r0, r0, #1",
                "str r0, [sp, #12]",
                "bne 1b",
                "add sp, sp, #20",
                "vpop {{d8-d15}}",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

/// Loads the vectors at `$at` and adds their products.
macro_rules! at {
    ($($at:literal)*) => {
        concat!($("\nvldrb.u8 q0, [r9, #", $at, "]\nvldrb.u8 q1, [r11, #", $at, "]\n", two!()),*)
    };
}

flat!(flat_1_positive, ("vldrb.u8 q0, [r9]", "vldrb.u8 q1, [r11]",), (two!(),), "vqrdmulh.s32", (""));
flat!(flat_1_once, ("vldrb.u8 q0, [r9]", "vldrb.u8 q1, [r11]",), (two!(),), "vqdmulh.s32", (""));
flat!(flat_1, (), (at!(0),), "vqrdmulh.s32", (ties!()));
flat!(flat_2_positive, (), (at!(0 16),), "vqrdmulh.s32", (""));
flat!(flat_2_once, (), (at!(0 16),), "vqdmulh.s32", (""));
flat!(flat_2, (), (at!(0 16),), "vqrdmulh.s32", (ties!()));
flat!(flat_3_positive, (), (at!(0 16 32),), "vqrdmulh.s32", (""));
flat!(flat_3_once, (), (at!(0 16 32),), "vqdmulh.s32", (""));
flat!(flat_3, (), (at!(0 16 32),), "vqrdmulh.s32", (ties!()));
flat!(flat_4_positive, (), (at!(0 16 32 48),), "vqrdmulh.s32", (""));
flat!(flat_4_once, (), (at!(0 16 32 48),), "vqdmulh.s32", (""));
flat!(flat_4, (), (at!(0 16 32 48),), "vqrdmulh.s32", (ties!()));
flat!(flat_5_positive, (), (at!(0 16 32 48 64),), "vqrdmulh.s32", (""));
flat!(flat_5_once, (), (at!(0 16 32 48 64),), "vqdmulh.s32", (""));
flat!(flat_5, (), (at!(0 16 32 48 64),), "vqrdmulh.s32", (ties!()));
flat!(flat_6_positive, (), (at!(0 16 32 48 64 80),), "vqrdmulh.s32", (""));
flat!(flat_6_once, (), (at!(0 16 32 48 64 80),), "vqdmulh.s32", (""));
flat!(flat_6, (), (at!(0 16 32 48 64 80),), "vqrdmulh.s32", (ties!()));
flat!(flat_7_positive, (), (at!(0 16 32 48 64 80 96),), "vqrdmulh.s32", (""));
flat!(flat_7_once, (), (at!(0 16 32 48 64 80 96),), "vqdmulh.s32", (""));
flat!(flat_7, (), (at!(0 16 32 48 64 80 96),), "vqrdmulh.s32", (ties!()));
flat!(flat_8_positive, (), (at!(0 16 32 48 64 80 96 112),), "vqrdmulh.s32", (""));
flat!(flat_8_once, (), (at!(0 16 32 48 64 80 96 112),), "vqdmulh.s32", (""));
flat!(flat_8, (), (at!(0 16 32 48 64 80 96 112),), "vqrdmulh.s32", (ties!()));

/// Two pixels in segments. r9 and r11 walk over the pixels, r1 is the way between segments, r7 counts them; r1 and r3 become
/// the outputs. Of the stack: both pixels, both outputs, the way between segments, segments, the end of the stream, the ways to
/// the next pair and its outputs, pairs, the stream.
macro_rules! deep {
    ($name:ident, ($($each:tt)*), $mul:literal, ($($ties:tt)*)) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(x: *const i8, stream: *const i32, out: *mut i8, words: *const Words) {
            core::arch::naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d15}}",
                bounds!(),
                "sub sp, sp, #44",
                "ldr r4, [r3]",
                "add r4, r4, r0",
                "strd r0, r4, [sp]",
                "ldr r4, [r3, #8]",
                "add r5, r2, r4",
                "strd r2, r5, [sp, #8]",
                "ldr r5, [r3, #12]",
                "bic r5, r5, #3",
                "lsl r4, r4, #1",
                "sub r4, r4, r5",
                "ldr r6, [r3, #4]",
                "strd r6, r4, [sp, #28]",
                "ldrd r4, r5, [r3, #32]",
                "strd r4, r5, [sp, #16]",
                "ldr r4, [r3, #40]",
                "add r4, r1, r4, lsl #2",
                "str r4, [sp, #24]",
                "ldr r4, [r3, #16]",
                "strd r4, r1, [sp, #36]",
                "1:",
                "ldr r5, [sp, #40]",
                "2:",
                "ldrd r9, r11, [sp]",
                "ldrd r1, r7, [sp, #16]",
                "ldm r5, {{r8, r10, r12, lr}}",
                "ldm r5!, {{r0, r2, r4, r6}}",
                "3:",
                $($each)*
                "add r9, r9, r1",
                "add r11, r11, r1",
                "subs r7, r7, #1",
                "bne 3b",
                "ldrd r1, r3, [sp, #8]",
                scales!(),
                outputs!("r0", "r2", "r4", "r6", "r1", $mul, $($ties)*),
                outputs!("r8", "r10", "r12", "lr", "r3", $mul, $($ties)*),
                "strd r1, r3, [sp, #8]",
                "ldr r7, [sp, #24]",
                "cmp r5, r7",
                "bne 2b",
                "ldrd r7, r9, [sp, #28]",
                "ldrd r0, r2, [sp]",
                "add r0, r0, r7",
                "add r2, r2, r7",
                "strd r0, r2, [sp]",
                "add r1, r1, r9",
                "add r3, r3, r9",
                "strd r1, r3, [sp, #8]",
                "ldr r0, [sp, #36]",
                "subs r0, r0, #1",
                "str r0, [sp, #36]",
                "bne 1b",
                "add sp, sp, #44",
                "vpop {{d8-d15}}",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

/// Loads the next vectors, once for each token, and adds their products.
macro_rules! next {
    (@ $one:tt) => { concat!("\nvldrb.u8 q0, [r9], #16\nvldrb.u8 q1, [r11], #16\n", two!()) };
    ($($one:tt)*) => { concat!($(next!(@ $one)),*) };
}

deep!(deep_1_positive, (next!(1),), "vqrdmulh.s32", (""));
deep!(deep_1_once, (next!(1),), "vqdmulh.s32", (""));
deep!(deep_1, (next!(1),), "vqrdmulh.s32", (ties!()));
deep!(deep_2_positive, (next!(1 2),), "vqrdmulh.s32", (""));
deep!(deep_2_once, (next!(1 2),), "vqdmulh.s32", (""));
deep!(deep_2, (next!(1 2),), "vqrdmulh.s32", (ties!()));
deep!(deep_3_positive, (next!(1 2 3),), "vqrdmulh.s32", (""));
deep!(deep_3_once, (next!(1 2 3),), "vqdmulh.s32", (""));
deep!(deep_3, (next!(1 2 3),), "vqrdmulh.s32", (ties!()));
deep!(deep_4_positive, (next!(1 2 3 4),), "vqrdmulh.s32", (""));
deep!(deep_4_once, (next!(1 2 3 4),), "vqdmulh.s32", (""));
deep!(deep_4, (next!(1 2 3 4),), "vqrdmulh.s32", (ties!()));
deep!(deep_5_positive, (next!(1 2 3 4 5),), "vqrdmulh.s32", (""));
deep!(deep_5_once, (next!(1 2 3 4 5),), "vqdmulh.s32", (""));
deep!(deep_5, (next!(1 2 3 4 5),), "vqrdmulh.s32", (ties!()));
deep!(deep_6_positive, (next!(1 2 3 4 5 6),), "vqrdmulh.s32", (""));
deep!(deep_6_once, (next!(1 2 3 4 5 6),), "vqdmulh.s32", (""));
deep!(deep_6, (next!(1 2 3 4 5 6),), "vqrdmulh.s32", (ties!()));
deep!(deep_7_positive, (next!(1 2 3 4 5 6 7),), "vqrdmulh.s32", (""));
deep!(deep_7_once, (next!(1 2 3 4 5 6 7),), "vqdmulh.s32", (""));
deep!(deep_7, (next!(1 2 3 4 5 6 7),), "vqrdmulh.s32", (ties!()));
deep!(deep_8_positive, (next!(1 2 3 4 5 6 7 8),), "vqrdmulh.s32", (""));
deep!(deep_8_once, (next!(1 2 3 4 5 6 7 8),), "vqdmulh.s32", (""));
deep!(deep_8, (next!(1 2 3 4 5 6 7 8),), "vqrdmulh.s32", (ties!()));
deep!(deep_12_positive, (next!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqrdmulh.s32", (""));
deep!(deep_12_once, (next!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqdmulh.s32", (""));
deep!(deep_12, (next!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqrdmulh.s32", (ties!()));

/// One pixel in segments. r8 is the pixel and r1 walks over it, r9 is the way between segments, r10 their number, r7 counts them,
/// r3 is the output, r11 counts blocks.
macro_rules! single {
    ($name:ident, ($($each:tt)*), $mul:literal, ($($ties:tt)*)) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(x: *const i8, stream: *const i32, out: *mut i8, words: *const Words) {
            core::arch::naked_asm!(
                ".cpu cortex-m55",
                "push {{r4-r11, lr}}",
                "vpush {{d8-d15}}",
                bounds!(),
                "mov r8, r0",
                "mov r5, r1",
                "ldrd r9, r10, [r3, #32]",
                "ldr r11, [r3, #12]",
                "lsr r11, r11, #2",
                "mov r3, r2",
                "2:",
                "mov r1, r8",
                "mov r7, r10",
                "ldm r5!, {{r0, r2, r4, r6}}",
                "3:",
                $($each)*
                "add r1, r1, r9",
                "subs r7, r7, #1",
                "bne 3b",
                scales!(),
                outputs!("r0", "r2", "r4", "r6", "r3", $mul, $($ties)*),
                "subs r11, r11, #1",
                "bne 2b",
                "vpop {{d8-d15}}",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

/// Loads the next vector, once for each token, and adds its products.
macro_rules! load {
    (@ $one:tt) => { concat!("\nvldrb.u8 q0, [r1], #16\n", one!()) };
    ($($one:tt)*) => { concat!($(load!(@ $one)),*) };
}

single!(one_1_positive, (load!(1),), "vqrdmulh.s32", (""));
single!(one_1_once, (load!(1),), "vqdmulh.s32", (""));
single!(one_1, (load!(1),), "vqrdmulh.s32", (ties!()));
single!(one_2_positive, (load!(1 2),), "vqrdmulh.s32", (""));
single!(one_2_once, (load!(1 2),), "vqdmulh.s32", (""));
single!(one_2, (load!(1 2),), "vqrdmulh.s32", (ties!()));
single!(one_3_positive, (load!(1 2 3),), "vqrdmulh.s32", (""));
single!(one_3_once, (load!(1 2 3),), "vqdmulh.s32", (""));
single!(one_3, (load!(1 2 3),), "vqrdmulh.s32", (ties!()));
single!(one_4_positive, (load!(1 2 3 4),), "vqrdmulh.s32", (""));
single!(one_4_once, (load!(1 2 3 4),), "vqdmulh.s32", (""));
single!(one_4, (load!(1 2 3 4),), "vqrdmulh.s32", (ties!()));
single!(one_5_positive, (load!(1 2 3 4 5),), "vqrdmulh.s32", (""));
single!(one_5_once, (load!(1 2 3 4 5),), "vqdmulh.s32", (""));
single!(one_5, (load!(1 2 3 4 5),), "vqrdmulh.s32", (ties!()));
single!(one_6_positive, (load!(1 2 3 4 5 6),), "vqrdmulh.s32", (""));
single!(one_6_once, (load!(1 2 3 4 5 6),), "vqdmulh.s32", (""));
single!(one_6, (load!(1 2 3 4 5 6),), "vqrdmulh.s32", (ties!()));
single!(one_7_positive, (load!(1 2 3 4 5 6 7),), "vqrdmulh.s32", (""));
single!(one_7_once, (load!(1 2 3 4 5 6 7),), "vqdmulh.s32", (""));
single!(one_7, (load!(1 2 3 4 5 6 7),), "vqrdmulh.s32", (ties!()));
single!(one_8_positive, (load!(1 2 3 4 5 6 7 8),), "vqrdmulh.s32", (""));
single!(one_8_once, (load!(1 2 3 4 5 6 7 8),), "vqdmulh.s32", (""));
single!(one_8, (load!(1 2 3 4 5 6 7 8),), "vqrdmulh.s32", (ties!()));
single!(one_12_positive, (load!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqrdmulh.s32", (""));
single!(one_12_once, (load!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqdmulh.s32", (""));
single!(one_12, (load!(1 2 3 4 5 6 7 8 9 10 11 12),), "vqrdmulh.s32", (ties!()));
