//! Rows of elements, widened to pairs, with two rows of weights at a time.
//!
//! A *window* is the elements that one output pixel is made of. It is held as halves: words of two `int16`. Of each run of
//! elements, four elements `a b c d` are the halves `(a, c) (b, d)`; three that are left over are `(a, c) (b, 0)`, two are
//! `(a, b)`, one is `(a, 0)`. Windows of two pixels alternate, word by word. The zeros may be anything: their weights are zero.
//!
//! Weights of channels A and B that belong to a half are the four bytes of one word: those of A in bytes 0 and 2, those of B in
//! bytes 1 and 3, less one where that of A is negative. So each half of the word is `A + 256 * B`, and products with the
//! whole word give `sum(A) + 256 * sum(B)`, from which those with the bytes of A give both sums: half of the weights are
//! never widened. The sums of B must lie within `-2^23..2^23`.

use super::{Finish, Scale, finish, lanes, pair};

/// Halves of a run of `length` elements.
pub const fn halves(length: usize) -> usize {
    length / 4 * 2 + if length % 4 == 3 { 2 } else { (length % 4).div_ceil(2) }
}

/// The elements that the halves of a run of `length` elements hold, `None` for those that have no weight.
pub fn places(length: usize) -> impl Iterator<Item = (usize, Option<usize>)> {
    (0..halves(length)).map(move |half| {
        let (first, odd) = (half / 2 * 4, half % 2);
        match length - first {
            1 => (first, None),
            2 => (first, Some(first + 1)),
            3 if odd == 1 => (first + 1, None),
            _ => (first + odd, Some(first + odd + 2)),
        }
    })
}

/// Rows of runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// How many.
    pub(crate) count: usize,
    /// Elements from one to the next.
    pub(crate) pitch: usize,
}

impl Rows {
    /// One row.
    pub(crate) const ONE: Self = Self { count: 1, pitch: 0 };
}

/// Writes, row after row, the halves of `N` runs of `length` elements each, `delta` elements apart, alternating. Elements that
/// `x` lacks are zeros; words that `window` lacks are not written.
pub(crate) fn widen<const N: usize>(window: &mut [u32], x: &[i8], delta: usize, length: usize, rows: Rows) {
    let mut words = window.chunks_exact_mut(N.max(1));
    for row in 0..rows.count {
        for (low, high) in places(length) {
            let Some(words) = words.next() else { return };
            for (run, word) in words.iter_mut().enumerate() {
                let start = row.wrapping_mul(rows.pitch).wrapping_add(run.wrapping_mul(delta));
                let at = |place: usize| x.get(start.wrapping_add(place)).copied().unwrap_or(0);
                *word = pair(at(low), high.map_or(0, at));
            }
        }
    }
}

/// The outputs of one pixel, whose window is `x`.
///
/// There are as many outputs as `out` is long, `scales` for them rounded up to an even number, and for each two of them
/// `x.len()` words of `w`. Nothing is written where a slice is shorter.
#[cfg_attr(tinybake_core = "dsp", allow(dead_code))]
pub(crate) fn row(x: &[u32], w: &[i32], scales: &[Scale], how: Finish, out: &mut [i8]) {
    pixels::<1>(x, w, scales, how, out);
}

/// The outputs of pairs of pixels, whose windows are of `halves` words: of each pair, the first half of its part of `out` is of
/// the first pixel. There are `x.len() / (2 * halves)` pairs. Otherwise as [`row`].
#[cfg_attr(tinybake_core = "dsp", allow(dead_code))]
pub(crate) fn two_rows(x: &[u32], halves: usize, w: &[i32], scales: &[Scale], how: Finish, out: &mut [i8]) {
    let Some(pixels) = x.len().checked_div(2 * halves).filter(|&pixels| pixels > 0) else { return };
    let Some(outputs) = out.len().checked_div(pixels) else { return };
    for (x, out) in x.chunks_exact((2 * halves).max(1)).zip(out.chunks_exact_mut(outputs.max(1))) {
        self::pixels::<2>(x, w, scales, how, out);
    }
}

fn pixels<const N: usize>(x: &[u32], w: &[i32], scales: &[Scale], how: Finish, out: &mut [i8]) {
    let (columns, halves) = (out.len() / N, x.len() / N);
    let pairs = columns.div_ceil(2);
    if scales.len() < 2 * pairs || w.len().checked_div(halves).is_none_or(|there| there < pairs) {
        return;
    }
    for (pixel, out) in out.chunks_exact_mut(columns.max(1)).enumerate() {
        for ((out, w), scales) in out.chunks_mut(2).zip(w.chunks_exact(halves.max(1))).zip(scales.chunks_exact(2)) {
            let (mut whole, mut even) = (0i32, 0i32);
            for (&x, &w) in x.iter().skip(pixel).step_by(N).zip(w) {
                let bytes = w.to_le_bytes();
                for ((x, w), byte) in lanes(x).into_iter().zip(lanes(w as u32)).zip([bytes[0], bytes[2]]) {
                    whole = whole.wrapping_add(x.wrapping_mul(w));
                    even = even.wrapping_add(x.wrapping_mul(byte as i8 as i32));
                }
            }
            let odd = whole.wrapping_sub(even) >> 8;
            for ((out, sum), scale) in out.iter_mut().zip([even, odd]).zip(scales) {
                *out = finish(sum.wrapping_mul(2).wrapping_add(scale[0]), scale, how);
            }
        }
    }
}
