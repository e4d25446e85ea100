//! Portable sums of products, in loops of the shape that LLVM vectorizes; the specification of any other.

/// The sum of the elements.
#[inline(always)]
pub(crate) fn sum(w: &[i8]) -> i32 {
    w.iter().fold(0i32, |sum, &w| sum.wrapping_add(w as i32))
}

/// `sum(x[i] * w[i])` over the shorter length.
#[inline(always)]
pub(crate) fn dot(x: &[i8], w: &[i8]) -> i32 {
    x.iter().zip(w).fold(0i32, |sum, (&x, &w)| sum.wrapping_add(x as i32 * w as i32))
}

/// [`dot`] as one copy of code for all who call it.
#[inline(never)]
pub(crate) fn dot_outlined(x: &[i8], w: &[i8]) -> i32 {
    dot(x, w)
}

/// Adds `sum(x[i] * w[j * stride + i])` to each `acc[j]`: five loads for four products. Adds nothing where `w` is too short.
///
/// One copy, of a length known to nobody: loops of a known length are unrolled before they would be vectorized.
#[inline(never)]
#[cfg_attr(
    any(
        tinybake_core = "mve",
        tinybake_core = "dsp",
        tinybake_core = "thumb2",
        tinybake_core = "thumb1",
        target_arch = "riscv32"
    ),
    expect(dead_code)
)]
pub(crate) fn dot_1x4(acc: &mut [i32; 4], x: &[i8], w: &[i8], stride: usize) {
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

/// Two rows of an input in whatever form [`dot_2x4`] is fastest with: here, none.
pub(crate) struct Wide;

#[cfg_attr(tinybake_core = "dsp", expect(dead_code))]
impl Wide {
    /// Before it is filled.
    pub(crate) const fn new() -> Self {
        Wide
    }

    /// Whether there is room for rows of `depth` elements.
    pub(crate) const fn holds(_depth: usize) -> bool {
        false
    }

    /// Fills it with two rows of `depth` elements each.
    pub(crate) fn fill(&mut self, _x: &[i8], _depth: usize) {}
}

/// Adds to each `acc[i][j]` the products of the `depth` elements at `x[i * depth]` and at `w[j * depth]`: two rows of the
/// input, of which `wide`, if any, has been filled, with four of the weights. Adds nothing where a slice is too short.
#[cfg_attr(any(tinybake_core = "dsp", target_arch = "riscv32"), expect(dead_code))]
pub(crate) fn dot_2x4(acc: &mut [[i32; 4]; 2], x: &[i8], _wide: Option<&Wide>, w: &[i8], depth: usize) {
    let (Some(two), Some(four)) = (depth.checked_mul(2), depth.checked_mul(4)) else { return };
    let (Some(x), Some(w)) = (x.get(..two), w.get(..four)) else { return };
    let Some((upper, lower)) = x.split_at_checked(depth) else { return };
    for (acc, x) in acc.iter_mut().zip([upper, lower]) {
        super::dot_1x4(acc, x, w, depth);
    }
}

/// Adds to each `acc[i]` the products of `x[k * x_tap + i]` and `w[k * w_tap + i]` for three taps `k`, given `[x_tap, w_tap]`:
/// four channels of a row of taps. Adds nothing where a slice is too short.
#[cfg_attr(tinybake_core = "dsp", expect(dead_code))]
#[inline(always)]
pub(crate) fn taps_3x4(acc: &mut [i32; 4], x: &[i8], w: &[i8], [x_tap, w_tap]: [usize; 2]) {
    let of = |slice: &[i8], tap: usize, k: usize| slice.get(tap.checked_mul(k)?..)?.first_chunk::<4>().copied();
    let (Some(_), Some(_)) = (of(x, x_tap, 2), of(w, w_tap, 2)) else { return };
    for k in 0..3 {
        let (Some(x), Some(w)) = (of(x, x_tap, k), of(w, w_tap, k)) else { return };
        for ((acc, x), w) in acc.iter_mut().zip(x).zip(w) {
            *acc = acc.wrapping_add(x as i32 * w as i32);
        }
    }
}
