//! [`super::portable`] in assembly for RV32IM: fourteen pixels, in seven words an element.
#![expect(unsafe_code, reason = "assembly")]

use super::{Block, Nonzero, portable};
use crate::arch::packed::Finish;

/// Words of an element.
const WORDS: usize = 7;

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
    if weights.words != WORDS || weights.advance != 0 {
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
    // and that there are as many scales, and places for the outputs of `count` pixels, at most 14, `columns` apart. Words and
    // halves are aligned.
    unsafe {
        match how {
            Finish::Positive => fourteen_positive(&block),
            Finish::Any => fourteen_any(&block),
            Finish::Once => portable::outputs(window, weights, scales, (count, columns), how, out),
        }
    }
}

/// What the assembler of a whole function has to be told of the target.
#[cfg(target_feature = "c")]
macro_rules! extensions {
    () => {
        ".option arch, +m, +c"
    };
}

/// What the assembler of a whole function has to be told of the target.
#[cfg(not(target_feature = "c"))]
macro_rules! extensions {
    () => {
        ".option arch, +m"
    };
}

/// Steps to the element of the next weight, which it loads.
macro_rules! step {
    () => {
        "lbu t1, 0(a1)
        lb t0, 1(a1)
        addi a1, a1, 2
        add a0, a0, t1"
    };
}

/// The first products of a run with word `$at`, over one half of the second pixel's unit.
macro_rules! set {
    ($sum:literal, $at:literal) => {
        concat!("lw t1, ", $at, "(a0)\nmul t1, t1, t0\nadd ", $sum, ", t1, t2")
    };
}

/// The next products of a run with word `$at`.
macro_rules! add {
    ($sum:literal, $at:literal) => {
        concat!("lw t1, ", $at, "(a0)\nmul t1, t1, t0\nadd ", $sum, ", ", $sum, ", t1")
    };
}

/// Adds what a run has summed to the sum of all that the runs have, and that of the second pixel.
macro_rules! gather {
    ($sum:literal, $all:literal, $second:literal) => {
        concat!(
            "add ",
            $all,
            ", ",
            $all,
            ", ",
            $sum,
            "\nsrai ",
            $sum,
            ", ",
            $sum,
            ", 16\nadd ",
            $second,
            ", ",
            $second,
            ", ",
            $sum
        )
    };
}

/// What a product's high word in `s4` needs, in a layer whose outputs may be below the zero point, where `$sum` is free.
macro_rules! fix {
    (positive, $sum:literal) => {
        ""
    };
    (any, $sum:literal) => {
        concat!("srai ", $sum, ", s4, 31\nadd s4, s4, ", $sum)
    };
}

/// The outputs of a word's two pixels.
macro_rules! finish {
    ($all:literal, $second:literal, $kind:ident) => {
        concat!(
            "slli s4, ",
            $second,
            ", 16\nsub ",
            $all,
            ", ",
            $all,
            ", s4\nadd ",
            $all,
            ", ",
            $all,
            ", t4\n",
            finish!($all, $kind),
            "\nadd ",
            $second,
            ", ",
            $second,
            ", t0\n",
            finish!($second, $kind)
        )
    };
    ($sum:literal, $kind:ident) => {
        concat!(
            "mulhsu s4, ",
            $sum,
            ", t1\nmul ",
            $sum,
            ", ",
            $sum,
            ", t1\nsrli ",
            $sum,
            ", ",
            $sum,
            ", 31\nadd s4, s4, ",
            $sum,
            "\n",
            fix!($kind, $sum),
            "
            add s4, s4, t3
            sra s4, s4, s1
            bge s5, s4, 7f
            mv s4, s5
            7:
            bge s4, s6, 7f
            mv s4, s6
            7:
            sb s4, 0(s2)
            add s2, s2, s3
            beq s2, a0, 40f"
        )
    };
}

/// The function for fourteen pixels.
macro_rules! outputs {
    ($name:ident, $kind:ident) => {
        /// The outputs of all channels: 26 instructions a weight, and 29 a run.
        ///
        /// # Safety
        /// What [`Block`] points to is there: for as many channels as there are columns, at least one, weights whose elements
        /// lie at `x`, scales, and places for the outputs of `count` pixels, at least one and at most 14. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &Block) {
            core::arch::naked_asm!(
                ".option push",
                extensions!(),
                "addi sp, sp, -80",
                "sw ra, 24(sp)",
                "sw s0, 28(sp)",
                "sw s1, 32(sp)",
                "sw s2, 36(sp)",
                "sw s3, 40(sp)",
                "sw s4, 44(sp)",
                "sw s5, 48(sp)",
                "sw s6, 52(sp)",
                "sw s7, 56(sp)",
                "sw s8, 60(sp)",
                "sw s9, 64(sp)",
                "sw s10, 68(sp)",
                "sw s11, 72(sp)",
                // The window, the scales and their end, the outputs, columns, and elements of all pixels' outputs.
                "lw t0, 0(a0)",
                "sw t0, 0(sp)",
                "lw a1, 4(a0)",
                "lw t0, 8(a0)",
                "sw t0, 4(sp)",
                "lw t1, 16(a0)",
                "sw t1, 16(sp)",
                "slli t2, t1, 4",
                "add t0, t0, t2",
                "sw t0, 8(sp)",
                "lw t0, 12(a0)",
                "sw t0, 12(sp)",
                "lw t0, 20(a0)",
                "mul t0, t0, t1",
                "sw t0, 20(sp)",
                "lui t2, 8",
                // A channel: sums of second pixels, those of all, and what the latter have of runs' beginnings.
                "10:",
                "lw a0, 0(sp)",
                "li s7, 0",
                "li s8, 0",
                "li s9, 0",
                "li s10, 0",
                "li s11, 0",
                "li ra, 0",
                "li t6, 0",
                "li a2, 0",
                "li a3, 0",
                "li a4, 0",
                "li a5, 0",
                "li a6, 0",
                "li a7, 0",
                "li t5, 0",
                "li t4, 0",
                // A run.
                "11:",
                "lhu t3, 0(a1)",
                "addi a1, a1, 2",
                "beqz t3, 30f",
                "slli t3, t3, 1",
                "add t3, t3, a1",
                "add t4, t4, t2",
                step!(),
                set!("s0", "0"),
                set!("s1", "4"),
                set!("s2", "8"),
                set!("s3", "12"),
                set!("s4", "16"),
                set!("s5", "20"),
                set!("s6", "24"),
                "beq a1, t3, 25f",
                "20:",
                step!(),
                add!("s0", "0"),
                add!("s1", "4"),
                add!("s2", "8"),
                add!("s3", "12"),
                add!("s4", "16"),
                add!("s5", "20"),
                add!("s6", "24"),
                "bne a1, t3, 20b",
                "25:",
                gather!("s0", "a2", "s7"),
                gather!("s1", "a3", "s8"),
                gather!("s2", "a4", "s9"),
                gather!("s3", "a5", "s10"),
                gather!("s4", "a6", "s11"),
                gather!("s5", "a7", "ra"),
                gather!("s6", "t5", "t6"),
                "j 11b",
                // Its outputs: bias, twice the multiplier, offset and shift in t0, t1, t3 and s1.
                "30:",
                "lw s0, 4(sp)",
                "lw t0, 0(s0)",
                "lw t1, 4(s0)",
                "lw t3, 8(s0)",
                "lw s1, 12(s0)",
                "addi s0, s0, 16",
                "sw s0, 4(sp)",
                "slli t1, t1, 1",
                "sub t4, t0, t4",
                "lw s2, 12(sp)",
                "addi s3, s2, 1",
                "sw s3, 12(sp)",
                "lw a0, 20(sp)",
                "add a0, a0, s2",
                "lw s3, 16(sp)",
                "li s5, 127",
                "li s6, -128",
                finish!("a2", "s7", $kind),
                finish!("a3", "s8", $kind),
                finish!("a4", "s9", $kind),
                finish!("a5", "s10", $kind),
                finish!("a6", "s11", $kind),
                finish!("a7", "ra", $kind),
                finish!("t5", "t6", $kind),
                "40:",
                "lw s2, 8(sp)",
                "bne s0, s2, 10b",
                "lw ra, 24(sp)",
                "lw s0, 28(sp)",
                "lw s1, 32(sp)",
                "lw s2, 36(sp)",
                "lw s3, 40(sp)",
                "lw s4, 44(sp)",
                "lw s5, 48(sp)",
                "lw s6, 52(sp)",
                "lw s7, 56(sp)",
                "lw s8, 60(sp)",
                "lw s9, 64(sp)",
                "lw s10, 68(sp)",
                "lw s11, 72(sp)",
                "addi sp, sp, 80",
                "ret",
                ".option pop",
            )
        }
    };
}

// No sum up to zero gives an output above the zero point.
outputs!(fourteen_positive, positive);
outputs!(fourteen_any, any);
