//! The part that layers with weights have in common: sums of products, and pixels made of them.

use super::clamped;
use super::rescale::{Accumulator, Rescale};

/// Channels that are summed at a time: they share what they load of the input.
const BLOCK: usize = 4;

/// Makes the output channels `out` from `first` on, [`BLOCK`] at a time: `add` adds the products of neighbouring channels, from the
/// one that it is told on, to their sums, which hold the biases.
#[inline(always)]
pub(super) fn channels<R: Rescale>(
    first: usize,
    [min, max]: [i16; 2],
    bias: &[R::Sum],
    rescale: R,
    out: &mut [i16],
    mut add: impl FnMut(usize, &mut [R::Sum]),
) {
    let mut channel = first;
    let (fours, rest) = out.as_chunks_mut::<BLOCK>();
    for out in fours {
        let Some(&(mut sums)) = bias.get(channel..).and_then(|bias| bias.first_chunk::<BLOCK>()) else { return };
        add(channel, &mut sums);
        for (lane, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            *out = clamped(rescale.rescale(sum, channel + lane), min, max);
        }
        channel += BLOCK;
    }
    for out in rest {
        let Some(&bias) = bias.get(channel) else { return };
        let mut sum = [bias];
        add(channel, &mut sum);
        *out = clamped(rescale.rescale(sum[0], channel), min, max);
        channel += 1;
    }
}

/// Adds to each sum the products of `x` with one of the rows of `w`, which begin `stride` elements apart.
#[inline(always)]
pub(super) fn add_products<S: Accumulator>(sums: &mut [S], x: &[i16], w: &[i8], stride: usize) {
    if let Some(sums) = sums.first_chunk_mut::<BLOCK>() {
        return S::dot_1x4(sums, x, w, stride);
    }
    for (row, sum) in sums.iter_mut().enumerate() {
        let w = w.get(row * stride..).unwrap_or(&[]);
        *sum = x.iter().zip(w).fold(*sum, |sum, (&x, &w)| sum.plus(x as i32 * w as i32));
    }
}

/// Adds to each sum the products of its channel at `taps` taps, whose channels are neighbours: those of `x` and `w` begin `steps`
/// elements apart.
#[inline(always)]
pub(super) fn add_taps<S: Accumulator>(sums: &mut [S], x: &[i16], w: &[i8], steps: [usize; 2], taps: usize) {
    if let Some(sums) = sums.first_chunk_mut::<BLOCK>() {
        return S::taps_x4(sums, x, w, steps, taps);
    }
    let (mut x, mut w) = (x, w);
    for _ in 0..taps {
        for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
            *sum = sum.plus(x as i32 * w as i32);
        }
        (x, w) = (x.get(steps[0]..).unwrap_or(&[]), w.get(steps[1]..).unwrap_or(&[]));
    }
}
