//! The specification, in portable loops.

use super::{CHUNK, FOUR, PIXELS, Pairs};
use crate::arch::lanes::finish;
use crate::arch::packed::Finish;

/// Writes the pairs of all four neighbours of a pixel's elements, of which a last four may lack some, to the words of pixel `lane`.
pub(crate) fn fill(window: &mut [u32], lane: usize, x: &[i8]) {
    let mut fours = window.as_chunks_mut::<FOUR>().0.iter_mut();
    let (whole, rest) = x.as_chunks::<4>();
    // Whole ones first, so that at their end no four is taken that has none.
    for (x, four) in whole.iter().zip(fours.by_ref()) {
        pairs(four, lane, x);
    }
    if let Some(four) = fours.next().filter(|_| !rest.is_empty()) {
        let mut x = [0; 4];
        x.iter_mut().zip(rest).for_each(|(to, &from)| *to = from);
        pairs(four, lane, &x);
    }
}

#[inline(always)]
fn pairs(four: &mut [u32; FOUR], lane: usize, x: &[i8; 4]) {
    let [a, b, c, d] = x.map(|x| x as u16 as u32);
    // In the order of `PAIRS`.
    let pairs = [a | b << 16, a | c << 16, a | d << 16, b | c << 16, b | d << 16, c | d << 16];
    for (words, pair) in four.as_chunks_mut::<PIXELS>().0.iter_mut().zip(pairs) {
        if let Some(word) = words.get_mut(lane) {
            *word = pair;
        }
    }
}

/// The outputs of `count` pixels, saturated to `int8`: `columns` for each, of as many channels. Nothing is written where there are
/// too few of anything.
#[cfg_attr(tinybake_core = "dsp", allow(dead_code))]
pub(crate) fn outputs(
    window: &[u32],
    weights: &Pairs<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    if !weights.fit(window, scales, (count, columns), out) {
        return;
    }
    let mut rest = weights.words;
    for (column, scale) in scales.iter().take(columns).enumerate() {
        let mut sums = [scale[0]; PIXELS];
        let Some((&chunks, after)) = rest.split_first() else { return };
        let Some((chunks, after)) = after.split_at_checked(CHUNK.wrapping_mul(chunks as u32 as usize)) else { return };
        rest = after;
        let mut place = 0;
        for [steps, weights @ ..] in chunks.as_chunks::<CHUNK>().0 {
            for (step, &w) in steps.to_le_bytes().into_iter().zip(weights) {
                place += step as usize / 4;
                for (sum, &x) in sums.iter_mut().zip(window.get(place..).unwrap_or(&[])) {
                    let product = |shift: u32| ((w << shift) >> 16).wrapping_mul((x as i32) << shift >> 16);
                    *sum = sum.wrapping_add(product(16)).wrapping_add(product(0));
                }
                place += PIXELS;
            }
        }
        let mut place = column;
        for &sum in sums.iter().take(count) {
            if let Some(out) = out.get_mut(place) {
                *out = finish(sum, scale, how).clamp(-128, 127) as i8;
            }
            place += columns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::sparse_pairs::PAIRS;

    #[test]
    fn pairs_are_in_their_order() {
        let x = [-128, 127, 5, -1, 9];
        let mut window = [7; 3 * FOUR];
        fill(&mut window, 2, &x);
        let at = |four: usize, index: usize| x.get(4 * four + index).copied().unwrap_or(0);
        for (four, words) in window.as_chunks::<FOUR>().0[..2].iter().enumerate() {
            for (pixels, [low, high]) in words.as_chunks::<PIXELS>().0.iter().zip(PAIRS) {
                assert_eq!(pixels[2], at(four, low) as u16 as u32 | (at(four, high) as u16 as u32) << 16);
                assert_eq!(pixels[3], 7);
            }
        }
        assert!(window[2 * FOUR..].iter().all(|&word| word == 7));
    }
}
