//! Sums of products in assembly, for Arm cores.
#![expect(unsafe_code, reason = "assembly")]

/// [`super::portable::dot_1x4`].
#[inline(never)]
pub(crate) fn dot_1x4(acc: &mut [i32; 4], x: &[i8], w: &[i8], stride: usize) {
    let Some(reach) = stride.checked_mul(3).and_then(|reach| reach.checked_add(x.len())) else { return };
    if x.is_empty() || w.len() < reach {
        return;
    }
    // SAFETY: `x.len() > 0` bytes are readable at `x`, and at `w + j * stride` for j in 0..4, since the last of these ends at
    // `w + 3 * stride + x.len() <= w + w.len()`.
    unsafe { add_products(acc, x.as_ptr(), w.as_ptr(), stride, x.len()) };
}

/// Adds to each `acc[j]` the products of `length` bytes at `x` and at `w + j * stride`.
///
/// # Safety
/// `length > 0` bytes are readable at `x`, and at `w + j * stride` for j in 0..4.
#[cfg(any(tinybake_core = "dsp", tinybake_core = "thumb2"))]
#[inline(always)]
unsafe fn add_products(acc: &mut [i32; 4], x: *const i8, w: *const i8, stride: usize, length: usize) {
    let [mut a, mut b, mut c, mut d] = *acc;
    let (mut x, mut w, mut v) = (x, w, w.wrapping_add(2 * stride));
    let mut rest = length;
    // Words of four elements are widened to pairs, of which one instruction multiplies two: 25 instructions for 16 products.
    #[cfg(tinybake_core = "dsp")]
    if length >= 4 {
        rest = length % 4;
        // SAFETY: it reads `length - rest` of the bytes that the caller promises, and writes no memory. (A function that is
        // assembly as a whole would not know of the instructions where the compiler learns of them from `target-cpu`.)
        unsafe {
            core::arch::asm!(
                "2:",
                "ldr {odd}, [{x}], #4",
                "ldr {w1}, [{w}, {stride}]",
                "sxtb16 {even}, {odd}",
                "sxtb16 {odd}, {odd}, ror #8",
                "sxtb16 {w0}, {w1}",
                "sxtb16 {w1}, {w1}, ror #8",
                "smlad {b}, {even}, {w0}, {b}",
                "smlad {b}, {odd}, {w1}, {b}",
                "ldr {w1}, [{w}], #4",
                "sxtb16 {w0}, {w1}",
                "sxtb16 {w1}, {w1}, ror #8",
                "smlad {a}, {even}, {w0}, {a}",
                "smlad {a}, {odd}, {w1}, {a}",
                "ldr {w1}, [{v}, {stride}]",
                "sxtb16 {w0}, {w1}",
                "sxtb16 {w1}, {w1}, ror #8",
                "smlad {d}, {even}, {w0}, {d}",
                "smlad {d}, {odd}, {w1}, {d}",
                "ldr {w1}, [{v}], #4",
                "sxtb16 {w0}, {w1}",
                "sxtb16 {w1}, {w1}, ror #8",
                "smlad {c}, {even}, {w0}, {c}",
                "smlad {c}, {odd}, {w1}, {c}",
                "subs {steps}, {steps}, #1",
                "bne 2b",
                a = inout(reg) a,
                b = inout(reg) b,
                c = inout(reg) c,
                d = inout(reg) d,
                x = inout(reg) x,
                w = inout(reg) w,
                v = inout(reg) v,
                stride = in(reg) stride,
                steps = inout(reg) length / 4 => _,
                even = out(reg) _,
                odd = out(reg) _,
                w0 = out(reg) _,
                w1 = out(reg) _,
                options(nostack, readonly),
            );
        }
    }
    if rest > 0 {
        // SAFETY: it reads the last `rest` of the bytes that the caller promises, and writes no memory.
        unsafe {
            core::arch::asm!(
                "2:",
                "ldrsb {t}, [{x}], #1",
                "ldrsb {u}, [{w}, {stride}]",
                "mla {b}, {t}, {u}, {b}",
                "ldrsb {u}, [{w}], #1",
                "mla {a}, {t}, {u}, {a}",
                "ldrsb {u}, [{v}, {stride}]",
                "mla {d}, {t}, {u}, {d}",
                "ldrsb {u}, [{v}], #1",
                "mla {c}, {t}, {u}, {c}",
                "subs {rest}, {rest}, #1",
                "bne 2b",
                a = inout(reg) a,
                b = inout(reg) b,
                c = inout(reg) c,
                d = inout(reg) d,
                x = inout(reg) x,
                w = inout(reg) w,
                v = inout(reg) v,
                stride = in(reg) stride,
                rest = inout(reg) rest,
                t = out(reg) _,
                u = out(reg) _,
                options(nostack, readonly),
            );
        }
    }
    let _ = (x, w, v, rest);
    *acc = [a, b, c, d];
}

/// The same, in vectors of 16 elements of which the last may be partly used: 9 instructions for 64 products.
///
/// The compiler makes the same loop of the portable twin, but not where it is told to optimize for size.
#[cfg(tinybake_core = "mve")]
#[inline(always)]
unsafe fn add_products(acc: &mut [i32; 4], x: *const i8, w: *const i8, stride: usize, length: usize) {
    let [mut a, mut b, mut c, mut d] = *acc;
    // SAFETY: it reads the bytes that the caller promises, the last vector being predicated, and writes no memory.
    unsafe {
        core::arch::asm!(
            "dlstp.8 lr, {length}",
            "2:",
            "vldrb.u8 q0, [{x}], #16",
            "vldrb.u8 q1, [{w0}], #16",
            "vmlava.s8 r0, q0, q1",
            "vldrb.u8 q1, [{w1}], #16",
            "vmlava.s8 r2, q0, q1",
            "vldrb.u8 q1, [{w2}], #16",
            "vmlava.s8 r4, q0, q1",
            "vldrb.u8 q1, [{w3}], #16",
            "vmlava.s8 r12, q0, q1",
            "letp lr, 2b",
            length = in(reg) length,
            x = inout(reg) x => _,
            w0 = inout(reg) w => _,
            w1 = inout(reg) w.wrapping_add(stride) => _,
            w2 = inout(reg) w.wrapping_add(2 * stride) => _,
            w3 = inout(reg) w.wrapping_add(3 * stride) => _,
            // Sums are in even registers, which the instruction demands.
            inout("r0") a,
            inout("r2") b,
            inout("r4") c,
            inout("r12") d,
            out("lr") _,
            out("d0") _,
            out("d1") _,
            out("d2") _,
            out("d3") _,
            options(nostack, readonly),
        );
    }
    *acc = [a, b, c, d];
}

/// The same: 15 instructions for 4 products, with the sums in the high registers, which can only be added to. A whole
/// function, since operands of assembly can be no high registers.
#[cfg(tinybake_core = "thumb1")]
#[unsafe(naked)]
unsafe extern "C" fn add_products(acc: &mut [i32; 4], x: *const i8, w: *const i8, stride: usize, length: usize) {
    core::arch::naked_asm!(
        "push {{r0, r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "ldm r0!, {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        // All pointers to their ends, and a negative index.
        "ldr r0, [sp, #40]",
        "adds r1, r1, r0",
        "adds r2, r2, r0",
        "adds r4, r2, r3",
        "adds r5, r4, r3",
        "adds r3, r5, r3",
        "rsbs r0, r0, #0",
        "2:",
        "ldrsb r6, [r1, r0]",
        "ldrsb r7, [r2, r0]",
        "muls r7, r6, r7",
        "add r8, r7",
        "ldrsb r7, [r4, r0]",
        "muls r7, r6, r7",
        "add r9, r7",
        "ldrsb r7, [r5, r0]",
        "muls r7, r6, r7",
        "add r10, r7",
        "ldrsb r7, [r3, r0]",
        "muls r7, r6, r7",
        "add r11, r7",
        "adds r0, r0, #1",
        "bne 2b",
        "ldr r0, [sp, #16]",
        "mov r1, r8",
        "mov r2, r9",
        "mov r3, r10",
        "mov r4, r11",
        "stm r0!, {{r1-r4}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r0, r4-r7, pc}}",
    )
}
