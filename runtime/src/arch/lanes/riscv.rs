//! What lays elements out, in assembly, for RV32IM.
#![expect(unsafe_code, reason = "assembly")]

use super::portable;

/// [`portable::fill`].
#[inline(always)]
pub(crate) fn fill<const N: usize>(window: &mut [[u32; N]], word: usize, x: [&[i8]; 2]) {
    let [x0, x1] = x;
    let count = window.len().min(x0.len()).min(x1.len());
    // Offsets of four groups of words are constants of instructions.
    if word >= N || N > 64 {
        return portable::fill(window, word, x);
    }
    let (fours, x0, x1) = (count / 4 * 4, x0.as_ptr(), x1.as_ptr());
    let first = window.as_mut_ptr().cast::<u32>().wrapping_add(word);
    // SAFETY: it reads `count` elements of both, and writes a word in as many groups of `N`: the first loop four of them a turn.
    unsafe {
        core::arch::asm!(
            "beq {x0}, {fours}, 3f",
            "2:",
            "lb {a}, 0({x0})",
            "lb {b}, 0({x1})",
            "lb {c}, 1({x0})",
            "lb {d}, 1({x1})",
            "slli {b}, {b}, 16",
            "slli {d}, {d}, 16",
            "add {a}, {a}, {b}",
            "add {c}, {c}, {d}",
            "sw {a}, 0({to})",
            "sw {c}, {one}({to})",
            "lb {a}, 2({x0})",
            "lb {b}, 2({x1})",
            "lb {c}, 3({x0})",
            "lb {d}, 3({x1})",
            "slli {b}, {b}, 16",
            "slli {d}, {d}, 16",
            "add {a}, {a}, {b}",
            "add {c}, {c}, {d}",
            "sw {a}, {two}({to})",
            "sw {c}, {three}({to})",
            "addi {x0}, {x0}, 4",
            "addi {x1}, {x1}, 4",
            "addi {to}, {to}, {four}",
            "bne {x0}, {fours}, 2b",
            "3:",
            "beq {x0}, {end}, 5f",
            "4:",
            "lb {a}, 0({x0})",
            "lb {b}, 0({x1})",
            "slli {b}, {b}, 16",
            "add {a}, {a}, {b}",
            "sw {a}, 0({to})",
            "addi {x0}, {x0}, 1",
            "addi {x1}, {x1}, 1",
            "addi {to}, {to}, {one}",
            "bne {x0}, {end}, 4b",
            "5:",
            x0 = inout(reg) x0 => _,
            x1 = inout(reg) x1 => _,
            to = inout(reg) first => _,
            fours = in(reg) x0.wrapping_add(fours),
            end = in(reg) x0.wrapping_add(count),
            a = out(reg) _,
            b = out(reg) _,
            c = out(reg) _,
            d = out(reg) _,
            one = const 4 * N,
            two = const 8 * N,
            three = const 12 * N,
            four = const 16 * N,
            options(nostack),
        );
    }
}
