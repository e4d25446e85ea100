//! Products with weights that are not zero, in assembly for Armv6-M.
#![expect(unsafe_code, reason = "assembly")]

use super::{Four, Row};

/// [`super::portable::add_four`]: 8 products in 36 instructions. The sums are kept in the high registers, which additions reach.
#[inline(never)]
pub(crate) fn add_four(row: Row<'_>, x: &[Four], sums: &mut [i32; 4]) {
    if row.twos.is_empty() || row.reach >= x.len() {
        return;
    }
    // SAFETY: it reads `twos`, three bytes at a time up to their end, and of `x` elements at the sums of steps from its first, none of
    // which is beyond `reach`, as `Sparse::new` has found for every channel, and `reach` is within `x`. It reads and writes the
    // four sums. On the stack it keeps five words below the stack pointer, which it moves there and back; it restores the high
    // registers.
    unsafe {
        core::arch::asm!(
            "mov r4, r8",
            "mov r5, r9",
            "push {{r3, r4, r5}}",
            "mov r4, r10",
            "mov r5, r11",
            "push {{r4, r5}}",
            "mov r12, r2",
            "ldm r3!, {{r2, r4}}",
            "mov r8, r2",
            "mov r9, r4",
            "ldm r3!, {{r2, r4}}",
            "mov r10, r2",
            "mov r11, r4",
            "2:",
            "ldrb r4, [r0, #2]",
            "ldrb r2, [r0]",
            "sxtb r2, r2",
            "lsls r3, r4, #28",
            "lsrs r3, r3, #24",
            "adds r1, r1, r3",
            "ldm r1!, {{r3, r5}}",
            "muls r3, r2, r3",
            "add r8, r3",
            "muls r5, r2, r5",
            "add r9, r5",
            "ldm r1!, {{r3, r5}}",
            "muls r3, r2, r3",
            "add r10, r3",
            "muls r5, r2, r5",
            "add r11, r5",
            "ldrb r2, [r0, #1]",
            "sxtb r2, r2",
            "lsrs r4, r4, #4",
            "lsls r4, r4, #4",
            "subs r1, #16",
            "adds r1, r1, r4",
            "ldm r1!, {{r3, r5}}",
            "muls r3, r2, r3",
            "add r8, r3",
            "muls r5, r2, r5",
            "add r9, r5",
            "ldm r1!, {{r3, r5}}",
            "muls r3, r2, r3",
            "add r10, r3",
            "muls r5, r2, r5",
            "add r11, r5",
            "subs r1, #16",
            "adds r0, #3",
            "cmp r0, r12",
            "bne 2b",
            "mov r0, r8",
            "mov r1, r9",
            "mov r2, r10",
            "mov r12, r11",
            "pop {{r4, r5}}",
            "mov r10, r4",
            "mov r11, r5",
            "pop {{r3, r4, r5}}",
            "mov r8, r4",
            "mov r9, r5",
            "mov r4, r12",
            "stm r3!, {{r0, r1, r2, r4}}",
            inout("r0") row.twos.as_ptr() => _,
            inout("r1") x.as_ptr() => _,
            inout("r2") row.twos.as_ptr_range().end => _,
            inout("r3") sums.as_mut_ptr() => _,
            out("r4") _,
            out("r5") _,
            out("r12") _,
        );
    }
}
