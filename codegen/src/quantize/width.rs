//! How many different integers a layer's weights may be.

use super::Ranges;
use super::ranges::weight_scale;

/// The integers that weights of a layer are stored as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// Of 2 bits: -2 to 1.
    Two,
    /// Of 4 bits: -8 to 7.
    Four,
    /// Of 8 bits, without the least: -127 to 127.
    #[default]
    Eight,
}

impl Width {
    /// Bits of a weight.
    pub fn bits(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The least and the greatest integer.
    pub(super) fn bounds(self) -> (f64, f64) {
        match self {
            Self::Two => (-2.0, 1.0),
            Self::Four => (-8.0, 7.0),
            Self::Eight => (-127.0, 127.0),
        }
    }

    /// The scale of one channel's weights: for few integers that of the least squared error.
    pub(super) fn scale(self, weights: &[f32], ranges: Ranges) -> f32 {
        let (low, high) = self.bounds();
        if self == Self::Eight {
            return weight_scale(weights, ranges);
        }
        let greatest = weights.iter().fold(0f32, |greatest, weight| greatest.max(weight.abs()));
        let widest = f64::from(greatest) / high;
        if !(widest as f32).is_normal() {
            return 1.0 / 127.0;
        }
        let error = |scale: f64| {
            let of = |weight: &f32| (f64::from(*weight) - (f64::from(*weight) / scale).round().clamp(low, high) * scale).powi(2);
            weights.iter().map(of).sum::<f64>()
        };
        let scales = (0..80).map(|step| widest * (1.0 - 0.01 * f64::from(step)));
        scales.map(|scale| (scale, error(scale))).reduce(|a, b| if b.1 < a.1 { b } else { a }).map_or(widest, |best| best.0)
            as f32
    }
}
