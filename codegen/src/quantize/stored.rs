//! A layer's weights and biases as integers.

use super::Ranges;
use super::ranges::weight_scale;

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
        let channel = |index: usize| index / inner % channels;
        let scales: Vec<f32> = (0..channels)
            .map(|own| {
                let of_channel = weights.iter().enumerate().filter(|(index, _)| channel(*index) == own).map(|(_, weight)| weight);
                let bias = biases.get(own).copied().unwrap_or(0.0);
                weight_scale(of_channel, ranges).max(least_scale(bias, input_scale))
            })
            .collect();
        let stored = |(index, weight): (usize, &f32)| (weight / scales[channel(index)]).round().clamp(-127.0, 127.0) as i8;
        let weights = weights.iter().enumerate().map(stored).collect();
        Self { scales, weights, inner }
    }

    /// Integers that were rounded in another way, laid out as for [`StoredLayer::new`].
    pub(super) fn of(scales: Vec<f32>, weights: Vec<i8>, inner: usize) -> Self {
        Self { scales, weights, inner: inner.max(1) }
    }

    /// The reals that the stored weights stand for.
    pub fn reals(&self) -> Vec<f32> {
        let scale = |index: usize| self.scales[index / self.inner % self.scales.len()];
        self.weights.iter().enumerate().map(|(index, &stored)| f32::from(stored) * scale(index)).collect()
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
