//! The specification, in portable loops.

use super::{Channels, HEAD, Rows, finish};

/// The outputs of `count` pixels, at most `2 * N`, saturated to `int8`: `columns` for each, of as many channels. Nothing is
/// written where there are too few of anything.
#[cfg_attr(target_arch = "riscv32", allow(dead_code))]
pub(crate) fn outputs<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_, N>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    positive: bool,
    out: &mut [i8],
) {
    let there = window.len() == channels.size && columns <= channels.count && count <= 2 * N;
    if !there || columns > scales.len() || count.checked_mul(columns).is_none_or(|length| length > out.len()) {
        return;
    }
    let mut weights = channels.weights;
    for (pair, scales) in scales.chunks(2).enumerate() {
        let mut sums = [[[0; 2]; N]; 2];
        add(window, &mut weights, &mut sums);
        for (half, (sums, scale)) in sums.iter().zip(scales).enumerate() {
            let column = 2 * pair + half;
            if column >= columns {
                return;
            }
            for (pixel, &sum) in sums.as_flattened().iter().enumerate().take(count) {
                if let Some(out) = out.get_mut(pixel * columns + column) {
                    *out = finish(sum.wrapping_add(scale[0]), scale, positive);
                }
            }
        }
    }
}

/// Adds to `sums` the products of the next pair's weights with the words of `window`, and takes that pair from `weights`.
fn add<const N: usize>(window: &[[u32; N]], weights: &mut &[u8], sums: &mut [[[i32; 2]; N]; 2]) {
    let mut window = window;
    while let Some((&bytes, _)) = weights.split_first() {
        let Some(run) = weights.split_off(..(bytes as usize).max(1)) else { return };
        let Some(run) = run.get(HEAD..) else { return };
        let pairs = run.as_chunks::<2>().0;
        let Some(words) = window.split_off(..pairs.len()) else { return };
        for (channel, sums) in sums.iter_mut().enumerate() {
            let mut both = [0u32; N];
            for (words, pair) in words.iter().zip(pairs) {
                for (both, &word) in both.iter_mut().zip(words) {
                    *both = both.wrapping_add(word.wrapping_mul(pair[channel] as i8 as i32 as u32));
                }
            }
            for (sums, both) in sums.iter_mut().zip(both) {
                let low = both as i16 as i32;
                sums[0] = sums[0].wrapping_add(low);
                sums[1] = sums[1].wrapping_add((both as i32).wrapping_sub(low) >> 16);
            }
        }
    }
}

/// The outputs of rows of windows, of taps `w`, saturated to `int8`. Nothing is written where a slice is too short.
#[cfg_attr(target_arch = "riscv32", allow(dead_code))]
pub(crate) fn rows(plane: &[i32], rows: &Rows, w: &[i32; 9], scale: &[i32; 4], positive: bool, out: &mut [i8]) {
    if !rows.fit(plane.len(), out.len()) {
        return;
    }
    let [height, width] = rows.size;
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let mut sum = scale[0];
        for (ky, w) in w.chunks_exact(3).enumerate() {
            for (x, &w) in plane.iter().skip((y * rows.stride + ky) * rows.pitch + x * rows.stride).zip(w) {
                sum = sum.wrapping_add(x.wrapping_mul(w));
            }
        }
        if let Some(out) = out.get_mut((y * width + x) * rows.channels) {
            *out = finish(sum, scale, positive);
        }
    }
}

/// Writes elements that are `channels` apart, `[rows, columns]` of them, to rows of `pitch` words from the first of `plane` on.
/// Nothing is written where a slice is too short.
#[cfg_attr(target_arch = "riscv32", allow(dead_code))]
pub(crate) fn spread(x: &[i8], channels: usize, size: [usize; 2], plane: &mut [i32], pitch: usize) {
    if !there(x, channels, size, plane, pitch) {
        return;
    }
    for (place, &x) in x.iter().step_by(channels.max(1)).take(size[0] * size[1]).enumerate() {
        if let Some(word) = plane.get_mut(place / size[1] * pitch + place % size[1]) {
            *word = x as i32;
        }
    }
}

/// Whether there are elements to spread, at least one, and words for all of them.
pub(super) fn there(x: &[i8], channels: usize, [rows, columns]: [usize; 2], plane: &[i32], pitch: usize) -> bool {
    let last = rows.checked_mul(columns).and_then(|count| count.checked_sub(1)?.checked_mul(channels));
    let end = rows.checked_sub(1).and_then(|last| last.checked_mul(pitch)?.checked_add(columns));
    last.is_some_and(|last| last < x.len()) && end.is_some_and(|end| end <= plane.len())
}
