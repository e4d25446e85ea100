//! Rows of depthwise convolutions in assembly, for RV32IM: nine weights and the sums of three windows stay in registers, so that
//! an element is loaded once for all windows of a row that it is in.
#![expect(unsafe_code, reason = "assembly")]

use super::{Rows, portable};

/// [`portable::rows`].
#[inline(always)]
pub(crate) fn rows(plane: &[i32], rows: &Rows, w: &[i32; 9], scale: &[i32; 4], positive: bool, out: &mut [i8]) {
    let Rows { size: [height, width], stride, pitch, channels } = *rows;
    // The end of a row is known by the address of its outputs.
    if !rows.fit(plane.len(), out.len()) || channels == 0 {
        return;
    }
    let mut block = Block {
        x: plane.as_ptr(),
        pitch: 4 * pitch,
        step: 4 * pitch.wrapping_mul(stride),
        scale,
        out: out.as_mut_ptr(),
        channels,
        row: width.wrapping_mul(channels),
        left: height,
    };
    // SAFETY: `Rows::fit` says that there is a window, that all that is read lies in the plane, and all that is written in `out`;
    // words are aligned.
    unsafe {
        match (stride, positive) {
            (1, true) => next_positive(&mut block, w),
            (1, false) => next_any(&mut block, w),
            (2, true) => second_positive(&mut block, w),
            (2, false) => second_any(&mut block, w),
            _ => portable::rows(plane, rows, w, scale, positive, out),
        }
    }
}

/// What the assembly is given.
#[repr(C)]
struct Block {
    x: *const i32,
    /// Bytes of a row of the plane.
    pitch: usize,
    /// Bytes between the first elements of neighbouring rows of windows.
    step: usize,
    scale: *const [i32; 4],
    out: *mut i8,
    channels: usize,
    /// Elements between the first outputs of neighbouring rows.
    row: usize,
    /// Rows of windows.
    left: usize,
}

/// Loads a column of three elements, `$at` bytes behind the pointers.
macro_rules! load {
    ($at:literal) => {
        concat!("lw t3, ", $at, "(a3)\nlw t4, ", $at, "(a4)\nlw t5, ", $at, "(a6)")
    };
}

/// Begins a sum with the bias and the products of a column.
macro_rules! begin {
    ($sum:literal) => {
        concat!("mul ", $sum, ", t3, s0\nadd ", $sum, ", ", $sum, ", a7\n", add!($sum, "t4", "s3"), add!($sum, "t5", "s6"))
    };
}

/// Adds the products of a column with the weights of the given registers.
macro_rules! column {
    ($sum:literal, $a:literal, $b:literal, $c:literal) => {
        concat!(add!($sum, "t3", $a), add!($sum, "t4", $b), add!($sum, "t5", $c))
    };
}

/// Adds a product.
macro_rules! add {
    ($sum:literal, $x:literal, $w:literal) => {
        concat!("mul t0, ", $x, ", ", $w, "\nadd ", $sum, ", ", $sum, ", t0\n")
    };
}

/// The output of a sum, and the way out behind the last.
macro_rules! output {
    ($rule:tt, $sum:literal) => {
        concat!(
            finish!($rule, $sum),
            "sb t0, 0(s9)
            add s9, s9, s10
            beq s9, s11, 9f"
        )
    };
}

/// The function around a loop: `$body` is the code.
macro_rules! rows {
    ($name:ident, $($body:expr),+) => {
        /// Rows of outputs.
        ///
        /// # Safety
        /// What [`Block`] points to is there: at least one row of as many windows as there are steps of `channels` in `row`, at
        /// least one, and places for their outputs. Words are aligned.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(block: &mut Block, w: &[i32; 9]) {
            core::arch::naked_asm!(
                ".option push",
                ".option arch, +m",
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
                "lw s0, 0(a1)",
                "lw s1, 4(a1)",
                "lw s2, 8(a1)",
                "lw s3, 12(a1)",
                "lw s4, 16(a1)",
                "lw s5, 20(a1)",
                "lw s6, 24(a1)",
                "lw s7, 28(a1)",
                "lw s8, 32(a1)",
                "sw a0, 52(sp)",
                "lw t1, 12(a0)",
                "lw s9, 16(a0)",
                "lw s10, 20(a0)",
                "mv s11, s9",
                "lw a7, 0(t1)",
                "mv t0, a0",
                "lw a0, 4(t1)",
                "lw a1, 8(t1)",
                "lw a2, 12(t1)",
                "li a5, 256",
                // A row: the pointers to three rows of elements, and where its outputs end.
                "8:",
                "lw a3, 0(t0)",
                "lw t1, 4(t0)",
                "lw t2, 24(t0)",
                "add a4, a3, t1",
                "add a6, a4, t1",
                "add s11, s11, t2",
                $($body,)+
                "9:",
                "lw t0, 52(sp)",
                "lw t1, 0(t0)",
                "lw t2, 8(t0)",
                "lw t3, 28(t0)",
                "add t1, t1, t2",
                "sw t1, 0(t0)",
                "addi t3, t3, -1",
                "sw t3, 28(t0)",
                "bnez t3, 8b",
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

/// Windows of which each begins one element after the one before: three sums take turns.
macro_rules! next {
    ($name:ident, $rule:tt) => {
        rows!(
            $name,
            load!("0"),
            begin!("t2"),
            load!("4"),
            begin!("t6"),
            column!("t2", "s1", "s4", "s7"),
            "2:",
            load!("8"),
            begin!("ra"),
            column!("t6", "s1", "s4", "s7"),
            column!("t2", "s2", "s5", "s8"),
            output!($rule, "t2"),
            load!("12"),
            begin!("t2"),
            column!("ra", "s1", "s4", "s7"),
            column!("t6", "s2", "s5", "s8"),
            output!($rule, "t6"),
            load!("16"),
            begin!("t6"),
            column!("t2", "s1", "s4", "s7"),
            column!("ra", "s2", "s5", "s8"),
            output!($rule, "ra"),
            "addi a3, a3, 12",
            "addi a4, a4, 12",
            "addi a6, a6, 12",
            "j 2b"
        );
    };
}

/// Windows of which each begins two elements after the one before: two sums take turns.
macro_rules! second {
    ($name:ident, $rule:tt) => {
        rows!(
            $name,
            load!("0"),
            begin!("t2"),
            "2:",
            load!("4"),
            column!("t2", "s1", "s4", "s7"),
            load!("8"),
            begin!("t6"),
            column!("t2", "s2", "s5", "s8"),
            output!($rule, "t2"),
            load!("12"),
            column!("t6", "s1", "s4", "s7"),
            load!("16"),
            begin!("t2"),
            column!("t6", "s2", "s5", "s8"),
            output!($rule, "t6"),
            "addi a3, a3, 16",
            "addi a4, a4, 16",
            "addi a6, a6, 16",
            "j 2b"
        );
    };
}

next!(next_positive, positive);
next!(next_any, any);
second!(second_positive, positive);
second!(second_any, any);

/// [`portable::spread`].
#[inline(always)]
pub(crate) fn spread(x: &[i8], channels: usize, size: [usize; 2], plane: &mut [i32], pitch: usize) {
    let [rows, columns] = size;
    if !portable::there(x, channels, size, plane, pitch) {
        return;
    }
    let (first, odd) = (plane.as_mut_ptr(), columns % 2 * 4);
    // SAFETY: `there` says that there is an element, that the last is in `x`, and that the last row's last word is in the
    // plane. Rows are written in turns of two words, then of what is left.
    unsafe {
        core::arch::asm!(
            "2:",
            "mv {to}, {row}",
            "add {twos}, {row}, {length}",
            "beq {to}, {twos}, 4f",
            "3:",
            "lb {a}, 0({x})",
            "add {x}, {x}, {channels}",
            "lb {b}, 0({x})",
            "add {x}, {x}, {channels}",
            "sw {a}, 0({to})",
            "sw {b}, 4({to})",
            "addi {to}, {to}, 8",
            "bne {to}, {twos}, 3b",
            "4:",
            "beqz {odd}, 5f",
            "lb {a}, 0({x})",
            "add {x}, {x}, {channels}",
            "sw {a}, 0({to})",
            "5:",
            "add {row}, {row}, {pitch}",
            "addi {left}, {left}, -1",
            "bnez {left}, 2b",
            x = inout(reg) x.as_ptr() => _,
            row = inout(reg) first => _,
            left = inout(reg) rows => _,
            length = in(reg) 4 * columns - odd,
            odd = in(reg) odd,
            pitch = in(reg) pitch.wrapping_mul(4),
            channels = in(reg) channels,
            to = out(reg) _,
            twos = out(reg) _,
            a = out(reg) _,
            b = out(reg) _,
            options(nostack),
        );
    }
}
