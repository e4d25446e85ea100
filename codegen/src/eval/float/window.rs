//! Pools and bilinear resizing.

use super::Frame;
use super::layer::tap_of;
use crate::ir::{PoolKind, TensorId, Window};

pub(super) fn pool(frame: &Frame<'_>, kind: PoolKind, input: TensorId, window: &Window) -> Vec<f32> {
    let [_, height, width, channels] = frame.image(input);
    let [batch, out_height, out_width, _] = frame.image(frame.output());
    let image = frame.reals(input);
    let start = match kind {
        PoolKind::Average => 0.0,
        PoolKind::Max => f32::NEG_INFINITY,
    };
    let mut made = vec![start; batch * out_height * out_width * channels];
    for (pixel, made) in made.chunks_exact_mut(channels.max(1)).enumerate() {
        let (n, y, x) = (pixel / (out_height * out_width), pixel / out_width % out_height, pixel % out_width);
        let mut count = 0u32;
        for ky in 0..window.kernel[0] {
            let Some(row) = tap_of(y, ky, window, 0, height) else { continue };
            for kx in 0..window.kernel[1] {
                let Some(column) = tap_of(x, kx, window, 1, width) else { continue };
                count += 1;
                let values = &image[((n * height + row) * width + column) * channels..][..channels];
                for (made, &value) in made.iter_mut().zip(values) {
                    match kind {
                        PoolKind::Average => *made += value,
                        PoolKind::Max => *made = made.max(value),
                    }
                }
            }
        }
        if kind == PoolKind::Average {
            made.iter_mut().for_each(|made| *made /= count.max(1) as f32);
        }
    }
    made
}

/// The two source indices of one output index along an axis, and the weight of the second.
///
/// Source: TFLite `reference/resize_bilinear.h`, `ComputeInterpolationValues`.
fn taps(from: usize, to: usize, align_corners: bool, half_pixel_centers: bool) -> Vec<(usize, usize, f32)> {
    let scale = if align_corners && to > 1 { (from - 1) as f32 / (to - 1) as f32 } else { from as f32 / to as f32 };
    let tap = |index: usize| {
        let position = if half_pixel_centers { (index as f32 + 0.5) * scale - 0.5 } else { index as f32 * scale };
        let lower = (position.floor().max(0.0) as usize).min(from - 1);
        let upper = (position.ceil().max(0.0) as usize).min(from - 1);
        (lower, upper, position - lower as f32)
    };
    (0..to).map(tap).collect()
}

pub(super) fn bilinear(
    image: &[f32],
    [batch, height, width, channels]: [usize; 4],
    [_, out_height, out_width, _]: [usize; 4],
    align_corners: bool,
    half_pixel_centers: bool,
) -> Vec<f32> {
    let rows = taps(height, out_height, align_corners, half_pixel_centers);
    let columns = taps(width, out_width, align_corners, half_pixel_centers);
    let mut made = Vec::with_capacity(batch * out_height * out_width * channels);
    for n in 0..batch {
        for &(top, bottom, down) in &rows {
            for &(left, right, across) in &columns {
                let pixel = |row: usize, column: usize| &image[((n * height + row) * width + column) * channels..][..channels];
                let (a, b, c, d) = (pixel(top, left), pixel(top, right), pixel(bottom, left), pixel(bottom, right));
                for channel in 0..channels {
                    let upper = a[channel] * (1.0 - across) + b[channel] * across;
                    let lower = c[channel] * (1.0 - across) + d[channel] * across;
                    made.push(upper * (1.0 - down) + lower * down);
                }
            }
        }
    }
    made
}
