//! Sums of products for RV32IM: no other addressing than a register and a constant, but registers for eight sums and all that
//! they are made of, which compilers spill when they unroll such loops.
#![expect(unsafe_code, reason = "assembly")]

/// Elements that a turn of the long loop takes.
const TURN: usize = 8;

/// The same of one row, which code for the least size uses too.
const TURN_OF_ONE: usize = 4;

/// The products of element `$at` of two rows with four rows of weights: 22 instructions for 8 products.
macro_rules! two {
    ($at:literal) => {
        concat!(
            "lb {x0}, ",
            $at,
            "({p0})\nlb {x1}, ",
            $at,
            "({p1})\n",
            "lb {wa}, ",
            $at,
            "({qa})\nlb {wb}, ",
            $at,
            "({qb})\nlb {wc}, ",
            $at,
            "({qc})\nlb {wd}, ",
            $at,
            "({qd})
            mul {t}, {x0}, {wa}
            mul {wa}, {x1}, {wa}
            add {a0}, {a0}, {t}
            add {a1}, {a1}, {wa}
            mul {t}, {x0}, {wb}
            mul {wb}, {x1}, {wb}
            add {b0}, {b0}, {t}
            add {b1}, {b1}, {wb}
            mul {t}, {x0}, {wc}
            mul {wc}, {x1}, {wc}
            add {c0}, {c0}, {t}
            add {c1}, {c1}, {wc}
            mul {t}, {x0}, {wd}
            mul {wd}, {x1}, {wd}
            add {d0}, {d0}, {t}
            add {d1}, {d1}, {wd}\n"
        )
    };
}

/// The products of element `$at` of a row with four rows of weights: 13 instructions for 4 products.
macro_rules! one {
    ($at:literal) => {
        concat!(
            "lb {x}, ",
            $at,
            "({p})\n",
            "lb {wa}, ",
            $at,
            "({qa})\nlb {wb}, ",
            $at,
            "({qb})\nlb {wc}, ",
            $at,
            "({qc})\nlb {wd}, ",
            $at,
            "({qd})
            mul {wa}, {x}, {wa}
            mul {wb}, {x}, {wb}
            mul {wc}, {x}, {wc}
            mul {wd}, {x}, {wd}
            add {a}, {a}, {wa}
            add {b}, {b}, {wb}
            add {c}, {c}, {wc}
            add {d}, {d}, {wd}\n"
        )
    };
}

/// [`super::portable::dot_2x4`].
#[inline(never)]
pub(crate) fn dot_2x4(acc: &mut [[i32; 4]; 2], x: &[i8], _wide: Option<&super::Wide>, w: &[i8], depth: usize) {
    let (Some(two), Some(four)) = (depth.checked_mul(2), depth.checked_mul(4)) else { return };
    if depth == 0 || x.len() < two || w.len() < four {
        return;
    }
    let [[mut a0, mut b0, mut c0, mut d0], [mut a1, mut b1, mut c1, mut d1]] = *acc;
    let (x, w) = (x.as_ptr(), w.as_ptr());
    // SAFETY: it reads `depth` bytes at `x + i * depth` for i in 0..2 and at `w + j * depth` for j in 0..4: the long loop whole
    // turns of them, the short one the rest. It writes no memory.
    unsafe {
        core::arch::asm!(
            "beq {p0}, {turns}, 3f",
            "2:",
            two!(0), two!(1), two!(2), two!(3), two!(4), two!(5), two!(6), two!(7),
            "addi {p0}, {p0}, 8",
            "addi {p1}, {p1}, 8",
            "addi {qa}, {qa}, 8",
            "addi {qb}, {qb}, 8",
            "addi {qc}, {qc}, 8",
            "addi {qd}, {qd}, 8",
            "bne {p0}, {turns}, 2b",
            "3:",
            "beq {p0}, {end}, 5f",
            "4:",
            two!(0),
            "addi {p0}, {p0}, 1",
            "addi {p1}, {p1}, 1",
            "addi {qa}, {qa}, 1",
            "addi {qb}, {qb}, 1",
            "addi {qc}, {qc}, 1",
            "addi {qd}, {qd}, 1",
            "bne {p0}, {end}, 4b",
            "5:",
            a0 = inout(reg) a0,
            b0 = inout(reg) b0,
            c0 = inout(reg) c0,
            d0 = inout(reg) d0,
            a1 = inout(reg) a1,
            b1 = inout(reg) b1,
            c1 = inout(reg) c1,
            d1 = inout(reg) d1,
            p0 = inout(reg) x => _,
            p1 = inout(reg) x.wrapping_add(depth) => _,
            qa = inout(reg) w => _,
            qb = inout(reg) w.wrapping_add(depth) => _,
            qc = inout(reg) w.wrapping_add(2 * depth) => _,
            qd = inout(reg) w.wrapping_add(3 * depth) => _,
            turns = in(reg) x.wrapping_add(depth / TURN * TURN),
            end = in(reg) x.wrapping_add(depth),
            x0 = out(reg) _,
            x1 = out(reg) _,
            wa = out(reg) _,
            wb = out(reg) _,
            wc = out(reg) _,
            wd = out(reg) _,
            t = out(reg) _,
            options(nostack, readonly),
        );
    }
    *acc = [[a0, b0, c0, d0], [a1, b1, c1, d1]];
}

/// [`super::portable::dot_1x4`].
#[inline(never)]
pub(crate) fn dot_1x4(acc: &mut [i32; 4], x: &[i8], w: &[i8], stride: usize) {
    let (depth, x) = (x.len(), x.as_ptr());
    let Some(reach) = stride.checked_mul(3).and_then(|reach| reach.checked_add(depth)) else { return };
    if depth == 0 || w.len() < reach {
        return;
    }
    let w = w.as_ptr();
    let [mut a, mut b, mut c, mut d] = *acc;
    // SAFETY: it reads `depth` bytes at `x` and at `w + j * stride` for j in 0..4, of which the last ends at `reach`: the long
    // loop whole turns of them, the short one the rest. It writes no memory.
    unsafe {
        core::arch::asm!(
            "beq {p}, {turns}, 3f",
            "2:",
            one!(0), one!(1), one!(2), one!(3),
            "addi {p}, {p}, 4",
            "addi {qa}, {qa}, 4",
            "addi {qb}, {qb}, 4",
            "addi {qc}, {qc}, 4",
            "addi {qd}, {qd}, 4",
            "bne {p}, {turns}, 2b",
            "3:",
            "beq {p}, {end}, 5f",
            "4:",
            one!(0),
            "addi {p}, {p}, 1",
            "addi {qa}, {qa}, 1",
            "addi {qb}, {qb}, 1",
            "addi {qc}, {qc}, 1",
            "addi {qd}, {qd}, 1",
            "bne {p}, {end}, 4b",
            "5:",
            a = inout(reg) a,
            b = inout(reg) b,
            c = inout(reg) c,
            d = inout(reg) d,
            p = inout(reg) x => _,
            qa = inout(reg) w => _,
            qb = inout(reg) w.wrapping_add(stride) => _,
            qc = inout(reg) w.wrapping_add(2 * stride) => _,
            qd = inout(reg) w.wrapping_add(3 * stride) => _,
            turns = in(reg) x.wrapping_add(depth / TURN_OF_ONE * TURN_OF_ONE),
            end = in(reg) x.wrapping_add(depth),
            x = out(reg) _,
            wa = out(reg) _,
            wb = out(reg) _,
            wc = out(reg) _,
            wd = out(reg) _,
            options(nostack, readonly),
        );
    }
    *acc = [a, b, c, d];
}
