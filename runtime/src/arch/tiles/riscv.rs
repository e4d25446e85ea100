//! The same in assembly, for RV32IM.
//!
//! A run is added up by straight-line code for the most elements of one, of which the last as many as it has are run. The
//! outputs of a channel are made in the same way: the last pixel is the first in the code, so that those that are not wanted are
//! jumped over. Instructions have four bytes, so that distances in code are products.
#![expect(unsafe_code, reason = "assembly")]

use super::{Channels, portable};

/// [`portable::outputs`].
#[inline(always)]
pub(crate) fn outputs<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_, N>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    positive: bool,
    out: &mut [i8],
) {
    let there = window.len() == channels.size && columns <= channels.count && count <= 2 * N;
    // Scales of an odd last channel's partner are read.
    if !there || columns.next_multiple_of(2) > scales.len() || columns == 0 || count == 0 {
        return;
    }
    let Some(length) = count.checked_mul(columns).filter(|&length| length <= out.len()) else { return };
    let mut block = Block {
        x: window.as_ptr().cast(),
        scales: scales.as_ptr(),
        last: out.as_mut_ptr().wrapping_add(length - columns),
        columns,
        left: columns,
        w: channels.weights.as_ptr(),
        unwanted: 2 * N - count,
    };
    // SAFETY: `Channels` has whole pairs of channels, as many as there are columns at least, of whose runs none has more
    // elements than there is code for, and which have as many together as the window; there are scales for whole pairs, and
    // places for `count` outputs of each column, `columns` apart.
    unsafe {
        match (N, positive) {
            (3, true) => six_positive(&mut block),
            (3, false) => six_any(&mut block),
            (2, true) => four_positive(&mut block),
            (2, false) => four_any(&mut block),
            _ => portable::outputs(window, channels, scales, (count, columns), positive, out),
        }
    }
}

/// What the assembly is given.
#[repr(C)]
struct Block {
    x: *const u32,
    scales: *const [i32; 4],
    /// Where the first channel's output of the last pixel goes.
    last: *mut i8,
    /// Elements between the outputs of neighbouring pixels.
    columns: usize,
    /// Channels left.
    left: usize,
    w: *const u8,
    /// Pixels of which no output is wanted.
    unwanted: usize,
}

/// The first element of a run, whose products are the first sums.
macro_rules! first {
    (3) => {
        "lb t1, 2(a6)
        lb t2, 3(a6)
        lw t3, 0(a7)
        lw t4, 4(a7)
        mul a0, t3, t1
        mul a3, t3, t2
        lw t3, 8(a7)
        mul a1, t4, t1
        mul a4, t4, t2
        mul a2, t3, t1
        mul a5, t3, t2"
    };
    (2) => {
        "lb t1, 2(a6)
        lb t2, 3(a6)
        lw t3, 0(a7)
        lw t4, 4(a7)
        mul a0, t3, t1
        mul a3, t3, t2
        mul a1, t4, t1
        mul a4, t4, t2"
    };
}

/// The element `$e` before the end of a run: 17 or 12 instructions.
macro_rules! next {
    (3, $e:literal) => {
        concat!(
            "lb t1, -2*",
            $e,
            "(a6)\nlb t2, -2*",
            $e,
            "+1(a6)\nlw t3, -12*",
            $e,
            "(a7)\nlw t4, -12*",
            $e,
            "+4(a7)
            mul t0, t3, t1
            mul t3, t3, t2
            add a0, a0, t0
            add a3, a3, t3
            lw t3, -12*",
            $e,
            "+8(a7)
            mul t0, t4, t1
            mul t4, t4, t2
            add a1, a1, t0
            add a4, a4, t4
            mul t0, t3, t1
            mul t3, t3, t2
            add a2, a2, t0
            add a5, a5, t3"
        )
    };
    (2, $e:literal) => {
        concat!(
            "lb t1, -2*",
            $e,
            "(a6)\nlb t2, -2*",
            $e,
            "+1(a6)\nlw t3, -8*",
            $e,
            "(a7)\nlw t4, -8*",
            $e,
            "+4(a7)
            mul t0, t3, t1
            mul t3, t3, t2
            add a0, a0, t0
            add a3, a3, t3
            mul t0, t4, t1
            mul t4, t4, t2
            add a1, a1, t0
            add a4, a4, t4"
        )
    };
}

/// Adds a word of two sums in `$word` to the sums of the high halves, and itself to the others: what is too much of these, the
/// high halves, is known in the end.
macro_rules! unpack {
    ($word:literal, $low:literal, $high:literal) => {
        concat!(
            "add t0, ",
            $word,
            ", t5
            srai t0, t0, 16
            add ",
            $high,
            ", ",
            $high,
            ", t0
            add ",
            $low,
            ", ",
            $low,
            ", ",
            $word
        )
    };
}

/// Adds up all words of a run.
macro_rules! unpack_all {
    (3) => {
        concat!(
            unpack!("a0", "s0", "s3"),
            "\n",
            unpack!("a1", "s1", "s4"),
            "\n",
            unpack!("a2", "s2", "s5"),
            "\n",
            unpack!("a3", "s6", "s9"),
            "\n",
            unpack!("a4", "s7", "s10"),
            "\n",
            unpack!("a5", "s8", "s11")
        )
    };
    (2) => {
        concat!(
            unpack!("a0", "s0", "s3"),
            "\n",
            unpack!("a1", "s1", "s4"),
            "\n",
            unpack!("a3", "s6", "s9"),
            "\n",
            unpack!("a4", "s7", "s10")
        )
    };
}

/// Takes from `$low` the high halves that are in it.
macro_rules! part {
    ($low:literal, $high:literal) => {
        concat!("slli t0, ", $high, ", 16\nsub ", $low, ", ", $low, ", t0")
    };
}

/// The output of the sum in `$sum`, to `a3`, which is moved back by `a4`: 11 or 14 instructions.
macro_rules! output {
    ($rule:tt, $sum:literal) => {
        concat!(finish!($rule, $sum), "sb t0, 0(a3)\nsub a3, a3, a4")
    };
}

/// Bytes of code of an output.
macro_rules! output_bytes {
    (positive) => {
        "4*11"
    };
    (any) => {
        "4*14"
    };
}

/// The outputs of a channel: `$scale` is where its scale is behind `t6`, `$column` which of the two it is.
macro_rules! channel {
    ($rule:tt, $scale:literal, $column:literal, $($sum:literal),+) => {
        concat!(
            "lw a0, ", $scale, "+4(t6)
            lw a1, ", $scale, "+8(t6)
            lw a2, ", $scale, "+12(t6)
            lw a3, 8(t5)
            lw t1, 24(t5)
            addi a3, a3, ", $column, "
            beqz t1, 5f
            li t2, ", output_bytes!($rule), "
            mul t1, t1, t2
            la t0, 5f
            add t0, t0, t1
            jr t0
            5:\n",
            $(output!($rule, $sum), "\n",)+
        )
    };
}

/// The function for `2 * $n` pixels; `$code` and `$twice` are half the bytes of code of an element, and twice.
macro_rules! outputs {
    ($name:ident, $rule:tt, $n:tt, $code:literal, $twice:literal, [$($a:literal),+], [$($b:literal),+], $parts:expr) => {
        /// The outputs of all channels.
        ///
        /// # Safety
        /// What [`Block`] points to is there: at `w`, for `left` channels rounded up to a whole number of pairs, at least one,
        /// what `Channels` tells of, for a window at `x`; as many scales; and places for the outputs of all pixels but the
        /// unwanted. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &mut Block) {
            core::arch::naked_asm!(
                ".option push",
                ".option arch, +m",
                ".option norvc",
                ".option norelax",
                "addi sp, sp, -64",
                "sw ra, 0(sp)",
                "sw s0, 4(sp)",
                "sw s1, 8(sp)",
                "sw s2, 12(sp)",
                "sw s3, 16(sp)",
                "sw s4, 20(sp)",
                "sw s5, 24(sp)",
                "sw s6, 28(sp)",
                "sw s7, 32(sp)",
                "sw s8, 36(sp)",
                "sw s9, 40(sp)",
                "sw s10, 44(sp)",
                "sw s11, 48(sp)",
                "sw a0, 52(sp)",
                "lw a6, 20(a0)",
                // A pair of channels: sums begin with the bias.
                "8:",
                "lw t5, 52(sp)",
                "lw t6, 4(t5)",
                "lw a7, 0(t5)",
                "lw s3, 0(t6)",
                "lw s9, 16(t6)",
                "slli s0, s3, 16",
                "add s0, s0, s3",
                "slli s6, s9, 16",
                "add s6, s6, s9",
                "mv s1, s0",
                "mv s2, s0",
                "mv s4, s3",
                "mv s5, s3",
                "mv s7, s6",
                "mv s8, s6",
                "mv s10, s9",
                "mv s11, s9",
                "li t5, 0x8000",
                concat!("la t6, 4f+", $twice),
                concat!("li ra, ", $code),
                "lbu t0, 0(a6)",
                // A run.
                "2:",
                first!($n),
                "lbu t3, 1(a6)",
                "add a6, a6, t0",
                "mul t0, t0, ra",
                "add a7, a7, t3",
                "sub t0, t6, t0",
                "jr t0",
                next!($n, "15"),
                next!($n, "14"),
                next!($n, "13"),
                next!($n, "12"),
                next!($n, "11"),
                next!($n, "10"),
                next!($n, "9"),
                next!($n, "8"),
                next!($n, "7"),
                next!($n, "6"),
                next!($n, "5"),
                next!($n, "4"),
                next!($n, "3"),
                next!($n, "2"),
                next!($n, "1"),
                "4:",
                unpack_all!($n),
                "lbu t0, 0(a6)",
                "bnez t0, 2b",
                // Its outputs.
                "addi a6, a6, 1",
                "lw t5, 52(sp)",
                "lw t6, 4(t5)",
                "lw a4, 12(t5)",
                "li a5, 256",
                $parts,
                channel!($rule, "0", "0", $($a),+),
                "lw t4, 16(t5)",
                "addi t4, t4, -2",
                "bltz t4, 6f",
                channel!($rule, "16", "1", $($b),+),
                "beqz t4, 6f",
                "sw t4, 16(t5)",
                "lw t0, 8(t5)",
                "addi t0, t0, 2",
                "sw t0, 8(t5)",
                "addi t6, t6, 32",
                "sw t6, 4(t5)",
                "j 8b",
                "6:",
                "lw ra, 0(sp)",
                "lw s0, 4(sp)",
                "lw s1, 8(sp)",
                "lw s2, 12(sp)",
                "lw s3, 16(sp)",
                "lw s4, 20(sp)",
                "lw s5, 24(sp)",
                "lw s6, 28(sp)",
                "lw s7, 32(sp)",
                "lw s8, 36(sp)",
                "lw s9, 40(sp)",
                "lw s10, 44(sp)",
                "lw s11, 48(sp)",
                "addi sp, sp, 64",
                "ret",
                ".option pop",
            )
        }
    };
}

/// [`outputs!`] for each number of pixels.
macro_rules! outputs_of {
    (3, $name:ident, $rule:tt) => {
        outputs!(
            $name,
            $rule,
            3,
            "34",
            "136",
            ["s5", "s2", "s4", "s1", "s3", "s0"],
            ["s11", "s8", "s10", "s7", "s9", "s6"],
            concat!(
                part!("s0", "s3"),
                "\n",
                part!("s1", "s4"),
                "\n",
                part!("s2", "s5"),
                "\n",
                part!("s6", "s9"),
                "\n",
                part!("s7", "s10"),
                "\n",
                part!("s8", "s11")
            )
        );
    };
    (2, $name:ident, $rule:tt) => {
        outputs!(
            $name,
            $rule,
            2,
            "24",
            "96",
            ["s4", "s1", "s3", "s0"],
            ["s10", "s7", "s9", "s6"],
            concat!(part!("s0", "s3"), "\n", part!("s1", "s4"), "\n", part!("s6", "s9"), "\n", part!("s7", "s10"))
        );
    };
}

outputs_of!(3, six_positive, positive);
outputs_of!(3, six_any, any);
outputs_of!(2, four_positive, positive);
outputs_of!(2, four_any, any);
