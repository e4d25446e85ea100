//! The same in assembly, for Armv6-M.
#![expect(unsafe_code, reason = "assembly")]

use super::{Channels, Finish, Steps, portable};

/// [`portable::outputs`].
#[inline(always)]
pub(crate) fn outputs<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    let there = window.len() == channels.size && columns <= channels.count && columns <= scales.len() && count <= 2 * N;
    // The sums' places are in the assembly's frame.
    if !there || columns == 0 || count == 0 || count.checked_mul(columns).is_none_or(|length| length > out.len()) {
        return;
    }
    let block = Block {
        x: window.as_ptr().cast(),
        end: window.as_ptr_range().end.cast(),
        scales: scales.as_ptr(),
        out: out.as_mut_ptr(),
        columns,
        sums: 4 * count,
        left: columns,
        w: channels.weights.as_ptr(),
    };
    // SAFETY: `Channels` has whole channels, as many as there are columns at least, the runs of each together as long as the window,
    // which has `N` words a weight; there are as many scales, and places for `count` outputs of each column, `columns` apart.
    unsafe {
        match (N, how) {
            (4, Finish::Positive) => eight_positive(&block),
            (4, Finish::Any) => eight_any(&block),
            (4, Finish::Once) => eight_once(&block),
            (2, Finish::Positive) => four_positive(&block),
            (2, Finish::Any) => four_any(&block),
            (2, Finish::Once) => four_once(&block),
            _ => portable::outputs(window, channels, scales, (count, columns), how, out),
        }
    }
}

/// What the assembly is given, in the order in which it lies on the stack.
#[repr(C)]
struct Block {
    x: *const u32,
    /// Where the window ends.
    end: *const u32,
    scales: *const [i32; 4],
    out: *mut i8,
    /// Elements between the outputs of neighbouring pixels.
    columns: usize,
    /// Bytes of the sums of which there are outputs.
    sums: usize,
    /// Channels left.
    left: usize,
    w: *const i8,
}

/// Adds two sums from a word of two in the high register `$word` to those at `r2`, which it moves on.
macro_rules! unpack {
    ($word:literal) => {
        concat!(
            "mov r4, ",
            $word,
            "
            sxth r5, r4
            subs r4, r4, r5
            asrs r4, r4, #16
            ldm r2!, {{r6, r7}}
            adds r6, r6, r5
            adds r7, r7, r4
            subs r2, r2, #8
            stm r2!, {{r6, r7}}"
        )
    };
}

/// Of one element: loads a weight and the words of the pixels, and multiplies.
macro_rules! multiply {
    (8) => {
        "ldrsb r3, [r1, r2]
        ldm r0!, {{r4, r5, r6, r7}}
        muls r4, r3, r4
        muls r5, r3, r5
        muls r6, r3, r6
        muls r7, r3, r7"
    };
    (4) => {
        "ldrsb r3, [r1, r2]
        ldm r0!, {{r4, r5}}
        muls r4, r3, r4
        muls r5, r3, r5"
    };
}

/// Sets, or adds to, the high registers that hold sums of two; these can only be moved, added to and compared.
macro_rules! gather {
    (8, $with:literal) => {
        concat!($with, " r8, r4\n", $with, " r9, r5\n", $with, " r10, r6\n", $with, " r11, r7")
    };
    (4, $with:literal) => {
        concat!($with, " r8, r4\n", $with, " r9, r5")
    };
}

/// Adds all sums of two to those of one.
macro_rules! unpack_all {
    (8) => {
        concat!(unpack!("r8"), "\n", unpack!("r9"), "\n", unpack!("r10"), "\n", unpack!("r11"))
    };
    (4) => {
        concat!(unpack!("r8"), "\n", unpack!("r9"))
    };
}

/// From a sum in `r2` to an output, with the multiplier's low and high half in `r6` and `r7`, and the offset and the shift in
/// `r10` and `r11`: goes to `5` with one that `int8` does not hold.
macro_rules! scale {
    ($round:literal, $fix:literal) => {
        concat!(
            "sxth r3, r2
            subs r2, r2, r3
            asrs r2, r2, #16
            movs r5, r3
            muls r5, r6, r5
            asrs r5, r5, #16
            movs r4, r2
            muls r4, r6, r4
            adds r5, r5, r4
            muls r3, r7, r3
            adds r5, r5, r3
            muls r2, r7, r2
            lsls r2, r2, #1
            asrs r5, r5, #15
            ",
            // The bit that the last shift lost is the half that rounds, where it is added.
            $round,
            "\n",
            $fix,
            "
            add r2, r10
            mov r3, r11
            asrs r2, r3
            sxtb r3, r2
            cmp r3, r2
            bne 5f"
        )
    };
}

pub(in crate::arch) use {gather, scale, unpack, unpack_all};

/// The function for 4 or 8 pixels; `$early` and `$fix` are what a sum not above zero and a negative
/// product need, `$round` adds the product's parts.
macro_rules! outputs {
    ($name:ident, $pixels:tt, $early:literal, $round:literal, $fix:literal) => {
        /// The outputs of all channels. With 8 pixels, it takes 12 instructions a weight, and 42 a run; with 4, 8 and 24.
        ///
        /// # Safety
        /// What [`Block`] points to is there: at `w`, for `left` channels, at least one, runs that have as many weights together
        /// as there are times half as many words from `x` to `end` as there are pixels, at least one, and none of none; as many
        /// scales; and a place for each output of `sums / 4` pixels, at least one and at most all. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &Block) {
            core::arch::naked_asm!(
                "push {{r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r4-r7}}",
                // The block, after 8 sums.
                "sub sp, sp, #64",
                "add r1, sp, #32",
                "ldm r0!, {{r4, r5, r6, r7}}",
                "stm r1!, {{r4, r5, r6, r7}}",
                "ldm r0!, {{r4, r5, r6, r7}}",
                "mov r2, sp",
                "adds r5, r5, r2",
                "stm r1!, {{r4, r5, r6, r7}}",
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
                "ldr r4, [sp, #36]",
                "mov r12, r4",
                "ldr r1, [sp, #60]",
                // A run: the weights' end in r1, and a negative index. The first products set what others are added to.
                "2:",
                "ldrb r2, [r1]",
                "adds r1, r1, #1",
                "adds r1, r1, r2",
                "rsbs r2, r2, #0",
                multiply!($pixels),
                gather!($pixels, "mov"),
                "adds r2, r2, #1",
                "beq 4f",
                "3:",
                multiply!($pixels),
                gather!($pixels, "add"),
                "adds r2, r2, #1",
                "bne 3b",
                "4:",
                "mov r2, lr",
                unpack_all!($pixels),
                "cmp r0, r12",
                "bne 2b",
                "str r1, [sp, #60]",
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
                scale!($round, $fix),
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
outputs!(eight_positive, 8, "cmp r2, #0\nble 4f", "adcs r2, r5", "");
outputs!(eight_any, 8, "", "adcs r2, r5", "asrs r3, r2, #31\nadds r2, r2, r3");
outputs!(eight_once, 8, "", "adds r2, r2, r5", "");
outputs!(four_once, 4, "", "adds r2, r2, r5", "");
outputs!(four_positive, 4, "cmp r2, #0\nble 4f", "adcs r2, r5", "");
outputs!(four_any, 4, "", "adcs r2, r5", "asrs r3, r2, #31\nadds r2, r2, r3");

/// [`portable::fill`].
#[inline(always)]
pub(crate) fn fill<const N: usize>(window: &mut [[u32; N]], word: usize, [x0, x1]: [&[i8]; 2]) {
    let count = window.len().min(x0.len()).min(x1.len());
    if word >= N || count == 0 {
        return;
    }
    let first = window.as_mut_ptr().cast::<u32>().wrapping_add(word);
    // SAFETY: there are at least `count` elements of both, at least one, and as many groups of `N` words, of which this writes one.
    unsafe { join(first, x0.as_ptr(), x1.as_ptr(), count, 4 * N) };
}

/// Writes words of two elements, `step` bytes apart: 8 instructions each.
///
/// # Safety
/// `count > 0` elements are readable at `x0` and `x1`, and as many aligned words writable.
#[unsafe(naked)]
unsafe extern "C" fn join(words: *mut u32, x0: *const i8, x1: *const i8, count: usize, step: usize) {
    core::arch::naked_asm!(
        "push {{r4-r6, lr}}",
        "ldr r6, [sp, #16]",
        "adds r1, r1, r3",
        "adds r2, r2, r3",
        "rsbs r3, r3, #0",
        "2:",
        "ldrsb r4, [r1, r3]",
        "ldrsb r5, [r2, r3]",
        "lsls r5, r5, #16",
        "adds r4, r4, r5",
        "str r4, [r0]",
        "adds r0, r0, r6",
        "adds r3, r3, #1",
        "bne 2b",
        "pop {{r4-r6, pc}}",
    )
}

/// [`portable::finish_all`].
#[inline(always)]
pub(crate) fn finish_all(sums: &[i32], scale: &[i32; 4], how: Finish, columns: usize, out: &mut [i8]) {
    // Without a division, which is a loop on these cores.
    if sums.is_empty() || (sums.len() - 1).checked_mul(columns).is_none_or(|last| last >= out.len()) {
        return;
    }
    let range = sums.as_ptr_range();
    // SAFETY: there is a sum at least, and for each a place in `out`, `columns` apart: the last is at
    // `(sums.len() - 1) * columns < out.len()`. `scale` has four words.
    unsafe {
        match how {
            Finish::Positive => finish_positive(range.start, range.end, scale, out.as_mut_ptr(), columns),
            Finish::Any => finish_any(range.start, range.end, scale, out.as_mut_ptr(), columns),
            Finish::Once => finish_once(range.start, range.end, scale, out.as_mut_ptr(), columns),
        }
    }
}

/// The function that makes outputs from sums; `$early` and `$fix` are what a sum not above zero and a negative
/// product need, `$round` adds the product's parts.
macro_rules! finish {
    ($name:ident, $early:literal, $round:literal, $fix:literal) => {
        /// Outputs for the sums from `sums` to `end`, `columns` apart: at most 31 instructions each.
        ///
        /// # Safety
        /// There is a sum at least, and a place for the output of each.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(sums: *const i32, end: *const i32, scale: &[i32; 4], out: *mut i8, columns: usize) {
            core::arch::naked_asm!(
                "push {{r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r4-r7}}",
                "mov lr, r1",
                "ldr r4, [sp, #36]",
                "mov r12, r4",
                "mov r1, r3",
                // Bias, offset and shift in r8, r10 and r11; the multiplier's low and high half in r6 and r7.
                "ldm r2!, {{r3, r4, r5, r6}}",
                "mov r8, r3",
                "mov r10, r5",
                "mov r11, r6",
                "uxth r6, r4",
                "asrs r7, r4, #16",
                "2:",
                "ldm r0!, {{r2}}",
                "add r2, r8",
                $early,
                scale!($round, $fix),
                "3:",
                "strb r2, [r1]",
                "add r1, r12",
                "cmp r0, lr",
                "bne 2b",
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
finish!(finish_positive, "cmp r2, #0\nble 4f", "adcs r2, r5", "");
finish!(finish_once, "", "adds r2, r2, r5", "");
finish!(finish_any, "", "adcs r2, r5", "asrs r3, r2, #31\nadds r2, r2, r3");

/// [`portable::taps`].
#[inline(always)]
pub(crate) fn taps(plane: &[i32], steps: &Steps, w: &[i32; 9], sums: &mut [[i32; 4]]) {
    if sums.is_empty() || !steps.fit(plane.len(), 4 * sums.len()) {
        return;
    }
    let Steps { columns: [first, second, third], row } = *steps;
    if first != 0 {
        return portable::taps(plane, steps, w, sums);
    }
    let bytes = |words: usize| (4 * words) as isize;
    // Four words are loaded for each tap; from behind them to those of the next, and from the last tap's to the next block.
    let ways = Ways {
        end: sums.as_ptr_range().end.cast(),
        second: bytes(second) - 16,
        third: bytes(third) - bytes(second) - 16,
        row: bytes(row) - bytes(third) - 16,
        back: -2 * bytes(row) - bytes(third),
    };
    // SAFETY: `Steps::fit` says that all that is read lies in the plane; sums are written up to their end; words are aligned.
    unsafe { add_taps(plane.as_ptr(), w, sums.as_mut_ptr().cast(), &ways) };
}

/// How the pointers of [`add_taps`] move, in bytes.
#[repr(C)]
struct Ways {
    /// Where the sums end.
    end: *const i32,
    second: isize,
    third: isize,
    row: isize,
    back: isize,
}

/// Loads a weight and four elements, and moves on with `$way`.
macro_rules! tap {
    ($to:literal, $way:literal) => {
        concat!(
            "ldm r1!, {{r2}}
            ldm r0!, {{r4, r5, r6, r7}}
            muls r4, r2, r4
            muls r5, r2, r5
            muls r6, r2, r6
            muls r7, r2, r7
            ",
            $to,
            " r8, r4
            ",
            $to,
            " r9, r5
            ",
            $to,
            " r10, r6
            ",
            $to,
            " r11, r7
            ",
            $way
        )
    };
}

/// Blocks of four sums of nine products: 29 instructions a sum.
///
/// # Safety
/// The elements that are reached on the given ways are readable, and sums are writable up to their end, which is a multiple
/// of four away and not at their start.
#[unsafe(naked)]
unsafe extern "C" fn add_taps(x: *const i32, w: &[i32; 9], sums: *mut i32, ways: &Ways) {
    core::arch::naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "sub sp, sp, #12",
        "str r2, [sp]",
        "ldm r3!, {{r4, r5, r6, r7}}",
        "str r4, [sp, #4]",
        "str r6, [sp, #8]",
        "mov lr, r5",
        "mov r12, r7",
        "ldr r3, [r3]",
        "2:",
        tap!("mov", "add r0, lr"),
        tap!("add", "ldr r2, [sp, #8]\nadds r0, r0, r2"),
        tap!("add", "add r0, r12"),
        tap!("add", "add r0, lr"),
        tap!("add", "ldr r2, [sp, #8]\nadds r0, r0, r2"),
        tap!("add", "add r0, r12"),
        tap!("add", "add r0, lr"),
        tap!("add", "ldr r2, [sp, #8]\nadds r0, r0, r2"),
        tap!("add", "adds r0, r0, r3"),
        "subs r1, r1, #36",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "ldr r2, [sp]",
        "stm r2!, {{r4, r5, r6, r7}}",
        "str r2, [sp]",
        "ldr r4, [sp, #4]",
        "cmp r2, r4",
        "bne 2b",
        "add sp, sp, #12",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}

/// [`portable::spread`].
#[inline(always)]
pub(crate) fn spread(x: &[i8], channels: usize, count: usize, plane: &mut [i32], places: [usize; 3]) {
    let [even, odd, step] = places;
    let Some(last) = count.checked_sub(1) else { return };
    let reads = last.checked_mul(2).and_then(|last| (last + 1).checked_mul(channels));
    let writes = last.checked_mul(step).and_then(|last| last.checked_add(even.max(odd)));
    if reads.is_none_or(|last| last >= x.len()) || writes.is_none_or(|last| last >= plane.len()) || !(1..=2).contains(&step) {
        return portable::spread(x, channels, count, plane, places);
    }
    let x = x.as_ptr();
    let (first, second) = (plane.as_mut_ptr().wrapping_add(even), plane.as_mut_ptr().wrapping_add(odd));
    // SAFETY: the last element that is read is at `(2 * count - 1) * channels < x.len()`, and the last words that are written at
    // `(count - 1) * step` behind the first ones, within the plane. Words are aligned.
    unsafe {
        if step == 1 {
            spread_apart(x, channels, first, second, count);
        } else {
            spread_together(x, channels, first, second, count);
        }
    }
}

/// The function that spreads pairs of elements; `$store` stores those in `r5` and `r6`.
macro_rules! spread {
    ($name:ident, $store:literal) => {
        /// Spreads `count` pairs of elements: 8 or 9 instructions each.
        ///
        /// # Safety
        /// There is a pair at least, all are readable, and so many words writable.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(x: *const i8, channels: usize, even: *mut i32, odd: *mut i32, count: usize) {
            core::arch::naked_asm!(
                "push {{r4-r7, lr}}",
                "ldr r7, [sp, #20]",
                "movs r4, #0",
                "mov r12, r1",
                "add r12, r1",
                "2:",
                "ldrsb r5, [r0, r4]",
                "ldrsb r6, [r0, r1]",
                $store,
                "add r0, r12",
                "subs r7, r7, #1",
                "bne 2b",
                "pop {{r4-r7, pc}}",
            )
        }
    };
}

spread!(spread_apart, "stm r2!, {{r5}}\nstm r3!, {{r6}}");
spread!(spread_together, "str r5, [r2]\nstr r6, [r3]\nadds r2, r2, #8\nadds r3, r3, #8");
