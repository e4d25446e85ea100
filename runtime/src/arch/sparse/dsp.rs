//! Products with weights that are not zero, in assembly for the DSP extension.
#![expect(unsafe_code, reason = "assembly")]

use super::{Four, Row};

/// [`super::portable::add_four`]: 8 products in 19 instructions.
#[inline(always)]
pub(crate) fn add_four(row: Row<'_>, x: &[Four], sums: &mut [i32; 4]) {
    if row.twos.is_empty() || row.reach >= x.len() {
        return;
    }
    let [a, b, c, d] = sums;
    // SAFETY: it reads `twos`, three bytes at a time and as often as there are any, which is at least once; and of `x` elements at
    // the sums of steps from its first, none of which is beyond `reach`, as `Sparse::new` has found for every channel, and `reach`
    // is within `x`. Elements are aligned to words, for `ldrd`. It writes no memory and uses no stack.
    unsafe {
        core::arch::asm!(
            "2:",
            "ldrb {steps}, [{twos}, #2]",
            "ldrsb {w}, [{twos}], #3",
            "and {low}, {steps}, #15",
            "add {x}, {x}, {low}, lsl #3",
            "ldrd {low}, {high}, [{x}]",
            "smlabb {a}, {low}, {w}, {a}",
            "smlatb {b}, {low}, {w}, {b}",
            "smlabb {c}, {high}, {w}, {c}",
            "smlatb {d}, {high}, {w}, {d}",
            "ldrsb {w}, [{twos}, #-2]",
            "lsr {steps}, {steps}, #4",
            "add {x}, {x}, {steps}, lsl #3",
            "ldrd {low}, {high}, [{x}]",
            "smlabb {a}, {low}, {w}, {a}",
            "smlatb {b}, {low}, {w}, {b}",
            "smlabb {c}, {high}, {w}, {c}",
            "smlatb {d}, {high}, {w}, {d}",
            "subs {count}, {count}, #1",
            "bne 2b",
            twos = inout(reg) row.twos.as_ptr() => _,
            count = inout(reg) row.twos.len() => _,
            x = inout(reg) x.as_ptr() => _,
            a = inout(reg) *a,
            b = inout(reg) *b,
            c = inout(reg) *c,
            d = inout(reg) *d,
            w = out(reg) _,
            steps = out(reg) _,
            low = out(reg) _,
            high = out(reg) _,
            options(nostack, readonly),
        );
    }
}
