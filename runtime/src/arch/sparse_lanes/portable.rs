//! The specification, in portable loops.

use super::{MOST_WORDS, Nonzero, SHIFT};
use crate::arch::lanes::finish;
use crate::arch::packed::Finish;

/// Writes element after element of two windows into word `word` of a window of `words` words an element.
pub(crate) fn fill(window: &mut [u32], words: usize, word: usize, [x0, x1]: [&[i8]; 2]) {
    for ((element, &x0), &x1) in window.chunks_exact_mut(words.max(1)).zip(x0).zip(x1) {
        if let Some(word) = element.get_mut(word) {
            *word = (x0 as i32 as u32).wrapping_add((x1 as i32 as u32) << SHIFT);
        }
    }
}

/// Sets what pixel `lane` has in an element to `x`; of a word's two pixels, the first is set before the second.
#[inline(always)]
pub(crate) fn place(element: &mut [u32], lane: usize, x: i8) {
    if let Some(word) = element.get_mut(lane / 2) {
        let x = x as i32 as u32;
        *word = if lane.is_multiple_of(2) { x } else { word.wrapping_add(x << SHIFT) };
    }
}

/// The outputs of `count` pixels, saturated to `int8`: `columns` for each, of as many channels. Nothing is written where there are
/// too few of anything.
#[cfg_attr(any(tinybake_core = "dsp", tinybake_core = "thumb1", target_arch = "riscv32"), allow(dead_code))]
pub(crate) fn outputs(
    window: &[u32],
    weights: &Nonzero<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    if !weights.fit(window, scales, (count, columns), out) {
        return;
    }
    let mut rest = weights.bytes.get(2..).unwrap_or(&[]);
    for (column, scale) in scales.iter().take(columns).enumerate() {
        let mut sums = [[0; 2]; MOST_WORDS];
        rest = add(window, weights, rest, &mut sums);
        let mut place = column;
        for &sum in sums.as_flattened().iter().take(count) {
            if let Some(out) = out.get_mut(place) {
                *out = finish(sum.wrapping_add(scale[0]), scale, how).clamp(-128, 127) as i8;
            }
            place += columns;
        }
    }
}

/// Adds to `sums` the products of a channel, which is first in `bytes`, and says where the next one is.
fn add<'a>(window: &[u32], weights: &Nonzero<'_>, bytes: &'a [u8], sums: &mut [[i32; 2]; MOST_WORDS]) -> &'a [u8] {
    let (mut rest, mut place) = (bytes, 0);
    while let Some((&[low, high], after)) = rest.split_first_chunk() {
        let length = 2 * (low as usize | (high as usize) << 8);
        let Some((run, after)) = after.split_at_checked(length) else { return &[] };
        rest = after;
        if length == 0 {
            break;
        }
        for &[step, weight] in run.as_chunks().0 {
            place += step as usize / 4;
            let Some(element) = window.get(place..).and_then(|from| from.get(..weights.words)) else { return &[] };
            for (sums, &word) in sums.iter_mut().zip(element) {
                let low = (word << (32 - SHIFT)) as i32 >> (32 - SHIFT);
                let high = (word as i32).wrapping_sub(low) >> SHIFT;
                for (sum, x) in sums.iter_mut().zip([low, high]) {
                    *sum = sum.wrapping_add(x.wrapping_mul(weight as i8 as i32));
                }
            }
            place += weights.advance;
        }
    }
    rest
}
