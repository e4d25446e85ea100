//! The assembly of [`super::finish`].

/// The output of the sum in register `$sum`, in `t0`: with the multiplier in `a0`, the offset in `a1`, the shift in `a2`, and
/// 256 in `a5`. It uses `t1`. At most 9 or 12 instructions.
macro_rules! finish {
    (positive, $sum:literal) => {
        concat!(
            "li t0, 0\nblez ",
            $sum,
            ", 1f\nmulhsu t0, ",
            $sum,
            ", a0
            add t0, t0, a1
            sra t0, t0, a2
            bltu t0, a5, 1f
            // From below 0 to 0, and from above 255 to 255.
            srai t0, t0, 31
            not t0, t0
            1: xori t0, t0, -128\n"
        )
    };
    (any, $sum:literal) => {
        concat!(
            "mulhsu t0, ",
            $sum,
            ", a0\nmul t1, ",
            $sum,
            ", a0
            // What rounding carries is the highest bit of the low word.
            srli t1, t1, 31
            add t0, t0, t1
            srai t1, t0, 31
            add t0, t0, t1
            add t0, t0, a1
            sra t0, t0, a2
            bltu t0, a5, 1f
            srai t0, t0, 31
            not t0, t0
            1: xori t0, t0, -128\n"
        )
    };
}
