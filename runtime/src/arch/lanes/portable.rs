//! The specification, in portable loops.

use super::{Channels, Finish, Steps, finish};

/// Writes element after element of two windows into word `word` of a window of `N` words an element.
#[cfg_attr(tinybake_core = "thumb1", allow(dead_code))]
pub(crate) fn fill<const N: usize>(window: &mut [[u32; N]], word: usize, [x0, x1]: [&[i8]; 2]) {
    for ((words, &x0), &x1) in window.iter_mut().zip(x0).zip(x1) {
        if let Some(word) = words.get_mut(word) {
            *word = (x0 as i32 as u32).wrapping_add((x1 as i32 as u32) << 16);
        }
    }
}

/// The outputs of `count` pixels, at most `2 * N`, saturated to `int8`: `columns` for each, of as many channels. Nothing is
/// written where there are too few of anything.
#[cfg_attr(tinybake_core = "thumb1", allow(dead_code))]
pub(crate) fn outputs<const N: usize>(
    window: &[[u32; N]],
    channels: &Channels<'_>,
    scales: &[[i32; 4]],
    (count, columns): (usize, usize),
    how: Finish,
    out: &mut [i8],
) {
    let there = window.len() == channels.size && columns <= channels.count && columns <= scales.len() && count <= 2 * N;
    if !there || count.checked_mul(columns).is_none_or(|length| length > out.len()) {
        return;
    }
    let mut channels = *channels;
    for (column, scale) in scales.iter().take(columns).enumerate() {
        let mut sums = [[0; 2]; N];
        add(window, &mut channels, &mut sums);
        let sums = sums.as_flattened().get(..count).unwrap_or(&[]);
        finish_all(sums, scale, how, columns, out.get_mut(column..).unwrap_or(&mut []));
    }
}

/// Adds to `sums` the products of the next channel's weights with the words of `window`, and takes that channel from `channels`.
fn add<const N: usize>(window: &[[u32; N]], channels: &mut Channels<'_>, sums: &mut [[i32; 2]; N]) {
    if window.len() != channels.size || channels.weights.is_empty() {
        return;
    }
    let mut window = window;
    while !window.is_empty() {
        let Some((&count, rest)) = channels.weights.split_first() else { return };
        let count = count as u8 as usize;
        let (Some((run, window_rest)), Some((weights, rest))) = (window.split_at_checked(count), rest.split_at_checked(count))
        else {
            return;
        };
        let mut both = [0u32; N];
        for (words, &w) in run.iter().zip(weights) {
            for (both, &word) in both.iter_mut().zip(words) {
                *both = both.wrapping_add(word.wrapping_mul(w as i32 as u32));
            }
        }
        for (sums, both) in sums.iter_mut().zip(both) {
            let low = both as i16 as i32;
            sums[0] = sums[0].wrapping_add(low);
            sums[1] = sums[1].wrapping_add((both as i32).wrapping_sub(low) >> 16);
        }
        (window, channels.weights) = (window_rest, rest);
    }
}

/// Writes the outputs for sums without their bias, `columns` elements apart, saturated to `int8`. Nothing is written where `out`
/// is too short for all.
#[cfg_attr(tinybake_core = "thumb1", allow(dead_code))]
pub(crate) fn finish_all(sums: &[i32], scale: &[i32; 4], how: Finish, columns: usize, out: &mut [i8]) {
    if sums.len().wrapping_sub(1).checked_mul(columns).is_none_or(|last| last >= out.len()) {
        return;
    }
    for (out, &sum) in out.iter_mut().step_by(columns.max(1)).zip(sums) {
        *out = finish(sum.wrapping_add(scale[0]), scale, how).clamp(-128, 127) as i8;
    }
}

/// Sets sum `i` to those of products of the nine taps of a channel with the elements of its plane, of which the first is at `i`
/// for the first tap. Nothing is written where the plane is too short.
#[cfg_attr(tinybake_core = "thumb1", allow(dead_code))]
pub(crate) fn taps(plane: &[i32], steps: &Steps, w: &[i32; 9], sums: &mut [[i32; 4]]) {
    if !steps.fit(plane.len(), 4 * sums.len()) {
        return;
    }
    for (place, sum) in sums.as_flattened_mut().iter_mut().enumerate() {
        *sum = 0;
        for (ky, w) in w.chunks_exact(3).enumerate() {
            for (column, &w) in steps.columns.iter().zip(w) {
                let x = plane.get(ky * steps.row + column + place).copied().unwrap_or(0);
                *sum = sum.wrapping_add(x.wrapping_mul(w));
            }
        }
    }
}

/// Writes elements `0, 2, ...` and `1, 3, ...` of `2 * count` that are `channels` apart, to places `step` words apart from the
/// first of `even` and `odd` of the plane on. Nothing is written where a slice is too short.
#[cfg_attr(tinybake_core = "thumb1", allow(dead_code))]
pub(crate) fn spread(x: &[i8], channels: usize, count: usize, plane: &mut [i32], [even, odd, step]: [usize; 3]) {
    for place in 0..count {
        for (half, start) in [even, odd].into_iter().enumerate() {
            let x = x.get((2 * place + half).wrapping_mul(channels));
            if let (Some(&x), Some(word)) = (x, plane.get_mut(place.wrapping_mul(step).wrapping_add(start))) {
                *word = x as i32;
            }
        }
    }
}
