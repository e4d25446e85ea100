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
        return four(sums, x, w, stride);
    }
    for (row, sum) in sums.iter_mut().enumerate() {
        let w = w.get(row * stride..).unwrap_or(&[]);
        *sum = x.iter().zip(w).fold(*sum, |sum, (&x, &w)| sum.plus(x as i32 * w as i32));
    }
}

/// Four rows at a time.
#[inline(always)]
fn four<S: Accumulator>(sums: &mut [S; BLOCK], x: &[i16], w: &[i8], stride: usize) {
    let row = |row: usize| w.get(row * stride..).and_then(|w| w.get(..x.len()));
    let (Some(w0), Some(w1), Some(w2), Some(w3)) = (row(0), row(1), row(2), row(3)) else { return };
    let [mut s0, mut s1, mut s2, mut s3] = *sums;
    for ((((&x, &w0), &w1), &w2), &w3) in x.iter().zip(w0).zip(w1).zip(w2).zip(w3) {
        let x = x as i32;
        s0 = s0.plus(x * w0 as i32);
        s1 = s1.plus(x * w1 as i32);
        s2 = s2.plus(x * w2 as i32);
        s3 = s3.plus(x * w3 as i32);
    }
    *sums = [s0, s1, s2, s3];
}
