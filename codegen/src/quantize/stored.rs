//! A layer's weights and biases as integers.

use super::Ranges;
use super::ranges::weight_scale;
use std::borrow::Cow;

/// Biases stay below this in magnitude, so that sums have room for the products.
const BIAS_LIMIT: f64 = (1u32 << 30) as f64;

/// The least scale of a channel's weights with which its bias stays within its limit.
pub(super) fn least_scale(bias: f32, input_scale: f32) -> f32 {
    (f64::from(bias.abs()) / (BIAS_LIMIT * f64::from(input_scale))) as f32
}

/// The integers of a layer: weights symmetric, one scale an output channel; biases at the scale of the sums.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLayer {
    /// One scale an output channel.
    pub scales: Vec<f32>,
    /// Weights from -127 to 127, in the order given.
    pub weights: Vec<i8>,
    /// How weights are laid out: the channel of the one at `index` is `index / inner % channels`.
    inner: usize,
}

impl StoredLayer {
    /// Rounds weights, of which the one at `index` belongs to output channel `index / inner % channels`; `ranges` says how scales are
    /// picked. A scale is never so small that a channel's bias would leave its limit at `input_scale`.
    pub fn new(weights: &[f32], biases: &[f32], channels: usize, inner: usize, input_scale: f32, ranges: Ranges) -> Self {
        let (channels, inner) = (channels.max(1), inner.max(1));
        let scale = |(own, weights): (usize, &[f32])| {
            let bias = biases.get(own).copied().unwrap_or(0.0);
            weight_scale(weights, ranges).max(least_scale(bias, input_scale))
        };
        let sorted = by_channel(weights, channels, inner);
        let each = weights.len().div_ceil(channels).max(1);
        let mut scales: Vec<f32> = sorted.chunks(each).enumerate().map(scale).collect();
        // A layer without weights still has biases.
        scales.resize_with(channels, || 1.0 / 127.0);
        let mut stored = Vec::with_capacity(weights.len());
        for (weights, scale) in weights.chunks(inner).zip(scales.iter().cycle()) {
            stored.extend(weights.iter().map(|weight| (weight / scale).round().clamp(-127.0, 127.0) as i8));
        }
        Self { scales, weights: stored, inner }
    }

    /// Integers that were rounded in another way, laid out as for [`StoredLayer::new`].
    pub(super) fn of(scales: Vec<f32>, weights: Vec<i8>, inner: usize) -> Self {
        Self { scales, weights, inner: inner.max(1) }
    }

    /// The reals that the stored weights stand for.
    pub fn reals(&self) -> Vec<f32> {
        let mut reals = Vec::with_capacity(self.weights.len());
        for (weights, scale) in self.weights.chunks(self.inner).zip(self.scales.iter().cycle()) {
            reals.extend(weights.iter().map(|&stored| f32::from(stored) * scale));
        }
        reals
    }

    /// Biases, less `moved` where there is one, at `input_scale` times the channel's scale.
    pub fn biases(&self, biases: &[f32], moved: &[f32], input_scale: f32) -> Vec<i32> {
        let stored = |(own, (&bias, &scale)): (usize, (&f32, &f32))| {
            let corrected = f64::from(bias) - f64::from(moved.get(own).copied().unwrap_or(0.0));
            (corrected / (f64::from(input_scale) * f64::from(scale))).round().clamp(-BIAS_LIMIT, BIAS_LIMIT) as i32
        };
        biases.iter().zip(&self.scales).enumerate().map(stored).collect()
    }
}

/// The weights of each output channel beside each other; of the one at `index` the channel is `index / inner % channels`.
fn by_channel(weights: &[f32], channels: usize, inner: usize) -> Cow<'_, [f32]> {
    if channels * inner >= weights.len() {
        return Cow::Borrowed(weights);
    }
    let runs = |own: usize| weights.chunks(channels * inner).flat_map(move |block| block.iter().skip(own * inner).take(inner));
    Cow::Owned((0..channels).flat_map(runs).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_scaled_by_its_own_weights_in_every_layout() {
        // [out, in], as fully connected layers have it, and [tap, out], as depthwise ones do.
        let rows = [1.0, -0.5, 0.25, 12.7, 1.0, 2.0];
        let columns = [1.0, 12.7, -0.5, 1.0, 0.25, 2.0];
        for (weights, inner) in [(rows, 3), (columns, 1)] {
            let layer = StoredLayer::new(&weights, &[0.0; 2], 2, inner, 1.0, Ranges::MinMax);
            assert_eq!(layer.scales, [1.0 / 127.0, 12.7 / 127.0], "inner {inner}");
            let far = layer.reals().iter().zip(weights).map(|(real, weight)| (real - weight).abs()).fold(0.0, f32::max);
            assert!(far <= 0.051, "{far}");
        }
    }

    /// One pass over the weights, however many channels there are: it takes hours where each channel looks at all weights.
    #[test]
    fn a_million_channels_are_rounded_at_once() {
        let count = 1 << 20;
        for inner in [1, 2] {
            let weights: Vec<f32> = (0..2 * count).map(|index| 1.0 + (index / inner % count) as f32).collect();
            let layer = StoredLayer::new(&weights, &[], count, inner, 1.0, Ranges::Error);
            assert!(layer.scales.len() == count && layer.weights.iter().all(|&weight| weight > 100));
        }
    }
}
