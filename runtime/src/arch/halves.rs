//! Sums of products of 16-bit inputs and 8-bit weights: the loops that layers of 16-bit activations spend their time in.

/// Adds `sum(x[i] * w[j * stride + i])` to each `acc[j]`; sums wrap. Adds nothing where `w` is too short.
///
/// One copy, of a length known to nobody: loops of a known length are unrolled before they would be vectorized.
#[inline(never)]
#[cfg(not(any(tinybake_core = "mve", tinybake_core = "dsp", tinybake_core = "thumb1")))]
pub(crate) fn dot_1x4(acc: &mut [i32; 4], x: &[i16], w: &[i8], stride: usize) {
    let row = |channel: usize| w.get(channel.wrapping_mul(stride)..).and_then(|w| w.get(..x.len()));
    let (Some(wa), Some(wb), Some(wc), Some(wd)) = (row(0), row(1), row(2), row(3)) else { return };
    let [mut a, mut b, mut c, mut d] = *acc;
    for ((((&x, &wa), &wb), &wc), &wd) in x.iter().zip(wa).zip(wb).zip(wc).zip(wd) {
        a = a.wrapping_add(x as i32 * wa as i32);
        b = b.wrapping_add(x as i32 * wb as i32);
        c = c.wrapping_add(x as i32 * wc as i32);
        d = d.wrapping_add(x as i32 * wd as i32);
    }
    *acc = [a, b, c, d];
}

/// Adds to each of four sums the products of its channel at `taps` taps, whose channels are neighbours: those of `x` and `w` begin
/// `steps` elements apart. Sums wrap. Taps that do not lie in the slices whole are left out.
#[inline(always)]
#[cfg(not(any(tinybake_core = "mve", tinybake_core = "dsp")))]
pub(crate) fn taps_x4(acc: &mut [i32; 4], x: &[i16], w: &[i8], steps: [usize; 2], taps: usize) {
    let mut sums = *acc;
    let (mut x, mut w) = (x, w);
    for _ in 0..taps {
        let (Some(of_x), Some(of_w)) = (x.first_chunk::<4>(), w.first_chunk::<4>()) else { break };
        for ((sum, &x), &w) in sums.iter_mut().zip(of_x).zip(of_w) {
            *sum = sum.wrapping_add(x as i32 * w as i32);
        }
        (x, w) = (x.get(steps[0]..).unwrap_or(&[]), w.get(steps[1]..).unwrap_or(&[]));
    }
    *acc = sums;
}

#[cfg(any(tinybake_core = "mve", tinybake_core = "dsp", tinybake_core = "thumb1"))]
pub(crate) use assembly::dot_1x4;
#[cfg(any(tinybake_core = "mve", tinybake_core = "dsp"))]
pub(crate) use assembly::taps_x4;

/// The same in assembly, for Arm cores.
#[cfg(any(tinybake_core = "mve", tinybake_core = "dsp", tinybake_core = "thumb1"))]
#[expect(unsafe_code, reason = "assembly")]
mod assembly {
    /// The portable function of this name.
    #[inline(never)]
    pub(crate) fn dot_1x4(acc: &mut [i32; 4], x: &[i16], w: &[i8], stride: usize) {
        let Some(reach) = stride.checked_mul(3).and_then(|reach| reach.checked_add(x.len())) else { return };
        if x.is_empty() || w.len() < reach {
            return;
        }
        // SAFETY: `x.len() > 0` elements are readable at `x`, and as many at `w + j * stride` for j in 0..4, since the last of
        // these end at `w + 3 * stride + x.len() <= w + w.len()`.
        unsafe { add_products(acc, x.as_ptr(), w.as_ptr(), stride, x.len()) };
    }

    /// Adds to each `acc[j]` the products of `length` elements at `x` and at `w + j * stride`: in words of two inputs and of four
    /// weights, of which one instruction multiplies two, 26 instructions for 16 products.
    ///
    /// # Safety
    /// `length > 0` elements are readable at `x`, and at `w + j * stride` for j in 0..4.
    #[cfg(tinybake_core = "dsp")]
    #[inline(always)]
    unsafe fn add_products(acc: &mut [i32; 4], x: *const i16, w: *const i8, stride: usize, length: usize) {
        let [mut a, mut b, mut c, mut d] = *acc;
        let (mut x, mut w, mut v) = (x, w, w.wrapping_add(2 * stride));
        let rest = length % 4;
        if length >= 4 {
            // SAFETY: it reads `length - rest` of the elements that the caller promises, and writes no memory. These cores load
            // words from wherever elements lie.
            unsafe {
                core::arch::asm!(
                    "2:",
                    "ldr {odd}, [{x}], #4",
                    "ldr {w1}, [{x}], #4",
                    "pkhbt {even}, {odd}, {w1}, lsl #16",
                    "pkhtb {odd}, {w1}, {odd}, asr #16",
                    "ldr {w1}, [{w}, {stride}]",
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
            // SAFETY: it reads the last `rest` of the elements that the caller promises, and writes no memory.
            unsafe {
                core::arch::asm!(
                    "2:",
                    "ldrsh {t}, [{x}], #2",
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
                    rest = inout(reg) rest => _,
                    t = out(reg) _,
                    u = out(reg) _,
                    options(nostack, readonly),
                );
            }
        }
        let _ = (x, w, v);
        *acc = [a, b, c, d];
    }

    /// The portable function of this name. Where not all taps lie in the slices, it adds nothing.
    #[cfg(any(tinybake_core = "mve", tinybake_core = "dsp"))]
    #[inline(always)]
    pub(crate) fn taps_x4(acc: &mut [i32; 4], x: &[i16], w: &[i8], [x_step, w_step]: [usize; 2], taps: usize) {
        let last = taps.wrapping_sub(1);
        let reach = |step: usize| last.checked_mul(step).and_then(|last| last.checked_add(4));
        if taps == 0 || reach(x_step).is_none_or(|reach| x.len() < reach) || reach(w_step).is_none_or(|reach| w.len() < reach) {
            return;
        }
        // SAFETY: four elements are readable at each of `taps > 0` taps, the last of which end at `last * step + 4`, which is within
        // `x` and `w`.
        unsafe { add_taps(acc, x.as_ptr(), w.as_ptr(), [x_step, w_step], taps) };
    }

    /// Adds to each `acc[j]` the products of the elements `j` at taps `steps` elements apart: 13 instructions for 4 products.
    ///
    /// # Safety
    /// Four elements are readable at each of `taps > 0` taps of `x` and of `w`.
    #[cfg(tinybake_core = "dsp")]
    #[inline(always)]
    unsafe fn add_taps(acc: &mut [i32; 4], x: *const i16, w: *const i8, [x_step, w_step]: [usize; 2], taps: usize) {
        let [mut a, mut b, mut c, mut d] = *acc;
        // SAFETY: it reads the elements that the caller promises, and writes no memory. These cores load words from wherever
        // elements lie.
        unsafe {
            core::arch::asm!(
                "2:",
                "ldr {odd}, [{w}]",
                "ldr {x01}, [{x}]",
                "ldr {x23}, [{x}, #4]",
                "add {w}, {w_step}",
                "add {x}, {x}, {x_step}, lsl #1",
                "sxtb16 {even}, {odd}",
                "sxtb16 {odd}, {odd}, ror #8",
                "smlabb {a}, {x01}, {even}, {a}",
                "smlatb {b}, {x01}, {odd}, {b}",
                "smlabt {c}, {x23}, {even}, {c}",
                "smlatt {d}, {x23}, {odd}, {d}",
                "subs {taps}, {taps}, #1",
                "bne 2b",
                a = inout(reg) a,
                b = inout(reg) b,
                c = inout(reg) c,
                d = inout(reg) d,
                x = inout(reg) x => _,
                w = inout(reg) w => _,
                x_step = in(reg) x_step,
                w_step = in(reg) w_step,
                taps = inout(reg) taps => _,
                even = out(reg) _,
                odd = out(reg) _,
                x01 = out(reg) _,
                x23 = out(reg) _,
                options(nostack, readonly),
            );
        }
        *acc = [a, b, c, d];
    }

    /// The same, in one vector of sums: 8 instructions for 4 products.
    ///
    /// # Safety
    /// Four elements are readable at each of `taps > 0` taps of `x` and of `w`.
    #[cfg(tinybake_core = "mve")]
    #[inline(always)]
    unsafe fn add_taps(acc: &mut [i32; 4], x: *const i16, w: *const i8, [x_step, w_step]: [usize; 2], taps: usize) {
        let acc: *mut [i32; 4] = acc;
        // SAFETY: it reads the elements that the caller promises, and reads and writes `acc`.
        unsafe {
            core::arch::asm!(
                "vldrw.u32 q2, [{acc}]",
                "2:",
                "vldrh.s32 q0, [r0]",
                "vldrb.s32 q1, [r1]",
                "add r0, r0, {x_step}, lsl #1",
                "add r1, r1, {w_step}",
                "vmul.i32 q0, q0, q1",
                "vadd.i32 q2, q2, q0",
                "subs {taps}, {taps}, #1",
                "bne 2b",
                "vstrw.32 q2, [{acc}]",
                acc = in(reg) acc,
                // Loads that widen demand low registers.
                inout("r0") x => _,
                inout("r1") w => _,
                x_step = in(reg) x_step,
                w_step = in(reg) w_step,
                taps = inout(reg) taps => _,
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                out("d4") _,
                out("d5") _,
                options(nostack),
            );
        }
    }

    /// That of [`dot_1x4`] on cores with vectors: of 8 elements, of which the last may be partly used: 10 instructions for 32 products.
    ///
    /// # Safety
    /// `length > 0` elements are readable at `x`, and at `w + j * stride` for j in 0..4.
    #[cfg(tinybake_core = "mve")]
    #[inline(always)]
    unsafe fn add_products(acc: &mut [i32; 4], x: *const i16, w: *const i8, stride: usize, length: usize) {
        let [mut a, mut b, mut c, mut d] = *acc;
        // SAFETY: it reads the elements that the caller promises, the last vector being predicated, and writes no memory.
        unsafe {
            core::arch::asm!(
                "dlstp.16 lr, {length}",
                "2:",
                "vldrh.u16 q0, [{x}], #16",
                "vldrb.s16 q1, [r1], #8",
                "vmlava.s16 r8, q0, q1",
                "vldrb.s16 q1, [r2], #8",
                "vmlava.s16 r10, q0, q1",
                "vldrb.s16 q1, [r3], #8",
                "vmlava.s16 r12, q0, q1",
                "vldrb.s16 q1, [r4], #8",
                "vmlava.s16 r0, q0, q1",
                "letp lr, 2b",
                length = in(reg) length,
                x = inout(reg) x => _,
                // Loads that widen demand low registers, and sums even ones.
                inout("r1") w => _,
                inout("r2") w.wrapping_add(stride) => _,
                inout("r3") w.wrapping_add(2 * stride) => _,
                inout("r4") w.wrapping_add(3 * stride) => _,
                inout("r8") a,
                inout("r10") b,
                inout("r12") c,
                inout("r0") d,
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

    /// That of [`dot_1x4`] on Armv6-M: 16 instructions for 4 products, with the sums in the high registers, which can only be added to. A whole
    /// function, since operands of assembly can be no high registers.
    ///
    /// # Safety
    /// `length > 0` elements are readable at `x`, and at `w + j * stride` for j in 0..4.
    #[cfg(tinybake_core = "thumb1")]
    #[unsafe(naked)]
    unsafe extern "C" fn add_products(acc: &mut [i32; 4], x: *const i16, w: *const i8, stride: usize, length: usize) {
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
            // All pointers to their ends, and a negative index, twice that of inputs.
            "ldr r0, [sp, #40]",
            "lsls r4, r0, #1",
            "adds r1, r1, r4",
            "adds r2, r2, r0",
            "adds r4, r2, r3",
            "adds r5, r4, r3",
            "adds r3, r5, r3",
            "rsbs r0, r0, #0",
            "2:",
            "lsls r7, r0, #1",
            "ldrsh r6, [r1, r7]",
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
}
