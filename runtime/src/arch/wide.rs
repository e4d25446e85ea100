//! Two rows of an input widened once for all weights that they meet, for Arm cores with the DSP extension.
#![expect(unsafe_code, reason = "assembly")]

/// Loads four widened elements of two rows and four of two rows of weights, and adds 16 products in 15 instructions.
macro_rules! step {
    () => {
        "ldm {x}!, {{r0, r1, r2, r3}}
        ldr {wo}, [{w}, {depth}]
        sxtb16 {we}, {wo}
        sxtb16 {wo}, {wo}, ror #8
        smlad {b0}, r0, {we}, {b0}
        smlad {b1}, r2, {we}, {b1}
        smlad {b0}, r1, {wo}, {b0}
        smlad {b1}, r3, {wo}, {b1}
        ldr {wo}, [{w}], #4
        sxtb16 {we}, {wo}
        sxtb16 {wo}, {wo}, ror #8
        smlad {a0}, r0, {we}, {a0}
        smlad {a1}, r2, {we}, {a1}
        smlad {a0}, r1, {wo}, {a0}
        smlad {a1}, r3, {wo}, {a1}"
    };
}

/// Words of four elements that there is room for: a depth of 128.
const WORDS: usize = 32;

/// For each word of the rows, the even and the odd elements of the first row as `int16` pairs, and those of the second.
pub(crate) struct Wide([[u32; 4]; WORDS]);

impl Wide {
    /// Zeros.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Wide([[0; 4]; WORDS])
    }

    /// Whether there is room for rows of `depth` elements.
    #[inline(always)]
    pub(crate) const fn holds(depth: usize) -> bool {
        depth / 4 <= WORDS
    }

    /// Fills it with the whole words of two rows of `depth` elements each; not where there is no room for them.
    #[inline(never)]
    pub(crate) fn fill(&mut self, x: &[i8], depth: usize) {
        let words = depth / 4;
        if words == 0 || words > WORDS || x.len() / 2 < depth {
            return;
        }
        // SAFETY: `4 * words <= depth` bytes are readable at `x` and at `x + depth`, since `2 * depth <= x.len()`, and it writes
        // `16 * words` bytes of the buffer, which has `16 * WORDS` of them, aligned as `strd` needs it.
        unsafe {
            core::arch::asm!(
                "2:",
                "ldr {b}, [{x}, {depth}]",
                "ldr {d}, [{x}], #4",
                "sxtb16 {c}, {d}",
                "sxtb16 {d}, {d}, ror #8",
                "strd {c}, {d}, [{wide}], #8",
                "sxtb16 {a}, {b}",
                "sxtb16 {b}, {b}, ror #8",
                "strd {a}, {b}, [{wide}], #8",
                "subs {words}, {words}, #1",
                "bne 2b",
                x = inout(reg) x.as_ptr() => _,
                wide = inout(reg) self.0.as_mut_ptr() => _,
                words = inout(reg) words => _,
                depth = in(reg) depth,
                a = out(reg) _,
                b = out(reg) _,
                c = out(reg) _,
                d = out(reg) _,
                options(nostack),
            );
        }
    }

    /// Adds to each `acc[i][j]` the products of the first `words` words of row `i` with those at `w[j * depth]`; `false`,
    /// having added nothing, where there are not as many words here or in `w`.
    #[inline(always)]
    pub(super) fn dot_2x4(&self, acc: &mut [[i32; 4]; 2], w: &[i8], depth: usize, words: usize) -> bool {
        if words == 0 || words > WORDS || words > depth / 4 || w.len() / 4 < depth {
            return false;
        }
        let acc: *mut [[i32; 4]; 2] = acc;
        // SAFETY: `4 * words <= depth` bytes are readable at `w + j * depth` for j in 0..4, since `4 * depth <= w.len()`, and
        // `16 * words` bytes of the buffer; `acc` is read and written, whose 32 bytes are aligned for `strd`. Of the stack it
        // uses what it moves the stack pointer past, and it restores `r7`, the frame pointer, which is one register more than
        // can be operands.
        unsafe {
            core::arch::asm!(
                "sub sp, sp, #16",
                "str r7, [sp]",
                "str {wo}, [sp, #8]",
                "add r0, {we}, #16",
                "str r0, [sp, #12]",
                // Two columns, the sums of which begin at {we}.
                "3:",
                "str {we}, [sp, #4]",
                "ldr r7, [sp, #8]",
                "ldrd {a1}, {b1}, [{we}, #16]",
                "ldrd {a0}, {b0}, [{we}]",
                // Two steps a round; an odd number of them begins in the middle.
                "adds r7, r7, #1",
                "lsrs r7, r7, #1",
                "bcc 4f",
                "2:",
                step!(),
                "4:",
                step!(),
                "subs r7, r7, #1",
                "bne 2b",
                "ldr {we}, [sp, #4]",
                "ldr r0, [sp, #8]",
                "ldr r1, [sp, #12]",
                "strd {a1}, {b1}, [{we}, #16]",
                "strd {a0}, {b0}, [{we}], #8",
                "sub {x}, {x}, r0, lsl #4",
                "sub {w}, {w}, r0, lsl #2",
                "add {w}, {w}, {depth}, lsl #1",
                "cmp {we}, r1",
                "bne 3b",
                "ldr r7, [sp]",
                "add sp, sp, #16",
                a0 = out(reg) _,
                b0 = out(reg) _,
                a1 = out(reg) _,
                b1 = out(reg) _,
                x = inout(reg) self.0.as_ptr() => _,
                w = inout(reg) w.as_ptr() => _,
                depth = in(reg) depth,
                we = inout(reg) acc => _,
                wo = inout(reg) words => _,
                // `ldm` takes registers in order.
                out("r0") _,
                out("r1") _,
                out("r2") _,
                out("r3") _,
            );
        }
        true
    }
}
