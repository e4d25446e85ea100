//! Sums of two quantized tensors, for cores with the M-profile vector extension.
#![expect(unsafe_code, reason = "assembly")]

use crate::kernels::binary::Add;

/// What the assembly reads besides elements.
#[repr(C)]
struct Words {
    a_zero_point: i32,
    b_zero_point: i32,
    a: i32,
    b: i32,
    output: i32,
    zero_point: i32,
    a_shift: i32,
    b_shift: i32,
    output_shift: i32,
    min: i32,
    max: i32,
}

impl Words {
    /// `None` where a shift is to the left.
    #[inline(always)]
    fn new(op: &Add) -> Option<Self> {
        if op.a.shift > 0 || op.b.shift > 0 || op.output.shift > 0 {
            return None;
        }
        Some(Self {
            a_zero_point: op.a_zero_point,
            b_zero_point: op.b_zero_point,
            a: op.a.multiplier,
            b: op.b.multiplier,
            output: op.output.multiplier,
            zero_point: op.clamp.zero_point,
            a_shift: op.a.shift as i32,
            b_shift: op.b.shift as i32,
            output_shift: op.output.shift as i32,
            min: op.clamp.min as i32,
            max: op.clamp.max as i32,
        })
    }
}

/// Makes as many elements of `y` as there are whole vectors of four: how many.
#[inline(always)]
pub(crate) fn add(op: &Add, a: &[i8], b: &[i8], y: &mut [i8]) -> usize {
    let vectors = a.len().min(b.len()).min(y.len()) / 4;
    let Some(words) = Words::new(op).filter(|_| vectors > 0) else { return 0 };
    // SAFETY: `4 * vectors` elements are readable at `a` and `b` and writable at `y`.
    unsafe { add_vectors(&words, a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), vectors) };
    4 * vectors
}

/// Adds `b` to as many elements of `a` as there are whole vectors of four: how many.
#[inline(always)]
pub(crate) fn add_in_place(op: &Add, a: &mut [i8], b: &[i8]) -> usize {
    let vectors = a.len().min(b.len()) / 4;
    let Some(words) = Words::new(op).filter(|_| vectors > 0) else { return 0 };
    let a = a.as_mut_ptr();
    // SAFETY: `4 * vectors` elements are readable at `b` and may be read and written at `a`: each vector is read before it is
    // written, and no other.
    unsafe { add_vectors(&words, a, b.as_ptr(), a, vectors) };
    4 * vectors
}

/// Divides by a power of two, as `Multiplier::apply` does: negative numbers move down by one first, unless the shift is zero.
macro_rules! shift {
    ($x:literal, $shift:literal) => {
        concat!(
            "vand q2, ",
            $x,
            ", ",
            $shift,
            "\nvshr.s32 q2, q2, #31\nvadd.i32 ",
            $x,
            ", ",
            $x,
            ", q2\nvrshl.s32 ",
            $x,
            ", ",
            $x,
            ", ",
            $shift,
            "\n"
        )
    };
}

/// 27 instructions for four sums.
///
/// # Safety
/// `4 * vectors` elements are readable at `a` and `b`, and writable at `y`, which is apart from them or equal to one; `vectors`
/// is at least 1.
#[inline(never)]
unsafe fn add_vectors(words: &Words, a: *const i8, b: *const i8, y: *mut i8, vectors: usize) {
    // SAFETY: it reads and writes what the caller promises, and reads `words`.
    unsafe {
        core::arch::asm!(
            "ldr {za}, [{words}, #24]",
            "vdup.32 q4, {za}",
            "ldr {za}, [{words}, #28]",
            "vdup.32 q5, {za}",
            "ldr {za}, [{words}, #32]",
            "vdup.32 q6, {za}",
            "ldr {za}, [{words}, #36]",
            "vdup.32 q7, {za}",
            "ldr {za}, [{words}, #40]",
            "vdup.32 q3, {za}",
            "ldr {za}, [{words}]",
            "ldr {zb}, [{words}, #4]",
            "ldr {ma}, [{words}, #8]",
            "ldr {mb}, [{words}, #12]",
            "ldr {my}, [{words}, #16]",
            "ldr {words}, [{words}, #20]",
            "2:",
            "vldrb.s32 q0, [r0], #4",
            "vldrb.s32 q1, [r1], #4",
            "vsub.i32 q0, q0, {za}",
            "vsub.i32 q1, q1, {zb}",
            "vshl.i32 q0, q0, #20",
            "vshl.i32 q1, q1, #20",
            "vqrdmulh.s32 q0, q0, {ma}",
            "vqrdmulh.s32 q1, q1, {mb}",
            shift!("q0", "q4"),
            shift!("q1", "q5"),
            "vadd.i32 q0, q0, q1",
            "vqrdmulh.s32 q0, q0, {my}",
            shift!("q0", "q6"),
            "vadd.i32 q0, q0, {words}",
            "vmax.s32 q0, q0, q7",
            "vmin.s32 q0, q0, q3",
            "vstrb.32 q0, [r2], #4",
            "le lr, 2b",
            words = inout(reg) words => _,
            za = out(reg) _,
            zb = out(reg) _,
            ma = out(reg) _,
            mb = out(reg) _,
            my = out(reg) _,
            // Loads and stores that widen and narrow have low registers only.
            inout("r0") a => _,
            inout("r1") b => _,
            inout("r2") y => _,
            inout("lr") vectors => _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
        );
    }
}
