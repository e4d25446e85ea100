//! Which reals the 256 or 65,536 values of an activation, or the 255 of a weight, stand for.

use super::Activations;
use super::statistics::Activation;
use crate::ir::Quantization;
use core::fmt;
use core::str::FromStr;

/// An activation of a lesser range is nothing but rounding errors.
const LEAST_SCALE: f32 = 1e-9;

/// How the range of an activation is picked from what it held on the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ranges {
    /// From the least to the greatest element; of few samples, as [`Ranges::Widened`].
    MinMax,
    /// Beyond those, as far as elements of more samples are likely to reach; the fewer samples there are, the further.
    Widened,
    /// Without a share of the elements at either end.
    Percentile {
        /// Per cent of the elements below the upper end, and above the lower one.
        kept: f64,
    },
    /// Where rounding and clamping together cost the least in squares; weights likewise.
    Error,
}

impl Ranges {
    /// The ways that are tried unless one is asked for.
    pub const ALL: [Self; 3] = [Self::MinMax, Self::Percentile { kept: 99.99 }, Self::Error];
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinMax => f.write_str("min-max"),
            Self::Widened => f.write_str("widened"),
            Self::Percentile { kept } => write!(f, "percentile:{kept}"),
            Self::Error => f.write_str("mse"),
        }
    }
}

impl FromStr for Ranges {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.split_once(':').map_or((word, None), |(word, number)| (word, Some(number))) {
            ("min-max", None) => Ok(Self::MinMax),
            ("widened", None) => Ok(Self::Widened),
            ("mse", None) => Ok(Self::Error),
            ("percentile", None) => Ok(Self::Percentile { kept: 99.99 }),
            ("percentile", Some(number)) => match number.parse::<f64>() {
                Ok(kept) if kept > 50.0 && kept <= 100.0 => Ok(Self::Percentile { kept }),
                _ => Err(format!("`{number}` is no percentage above 50 and up to 100")),
            },
            _ => Err(format!("`{word}` is none of auto, min-max, widened, percentile, percentile:99.9, mse")),
        }
    }
}

/// The quantization of activations that share one, picked from what they hold. The range that a user states holds; where there are `few` samples, none of what they hold is clipped unless `clips`.
pub(super) fn activation(
    members: &[&Activation],
    ranges: Ranges,
    activations: Activations,
    (few, clips): (bool, bool),
) -> Quantization {
    let bounds = |of: &dyn Fn(&Activation) -> (f64, f64)| {
        let one = |member: &&Activation| member.stated.map_or_else(|| of(member), |(low, high)| (low.into(), high.into()));
        members.iter().map(one).fold((0f64, 0f64), |(low, high), (min, max)| (low.min(min), high.max(max)))
    };
    let stated = members.iter().any(|member| member.stated.is_some());
    let (low, high) = match ranges {
        Ranges::Widened => bounds(&Activation::bounds),
        Ranges::MinMax if few => bounds(&Activation::bounds),
        Ranges::MinMax => bounds(&Activation::seen),
        Ranges::Percentile { .. } | Ranges::Error if stated || few && !clips => bounds(&Activation::bounds),
        Ranges::Percentile { kept } => bounds(&|member| member.within(percentile(member, kept))),
        Ranges::Error => {
            let whole = bounds(&Activation::seen);
            // What a softmax does not tell from nothing need not be told from other such numbers.
            let floor = match members {
                [member] => member.floor.map_or(whole.0, |floor| whole.0.max(floor.into())),
                _ => whole.0,
            };
            least_error(members, (floor.min(0.0), whole.1), activations)
        }
    };
    quantization(low, high, activations)
}

/// The quantization from `low` (at most 0) to `high` (at least 0), in which 0 is exact.
pub(super) fn quantization(low: f64, high: f64, activations: Activations) -> Quantization {
    match activations {
        Activations::Int8 => affine(low, high),
        Activations::Int16 => {
            let scale = ((-low).max(high) / 32767.0) as f32;
            Quantization::per_tensor(if scale.is_nan() || scale < LEAST_SCALE { 1.0 / 32767.0 } else { scale }, 0)
        }
    }
}

/// The int8 quantization from `low` (at most 0) to `high` (at least 0), in which 0 is exact.
fn affine(low: f64, high: f64) -> Quantization {
    let scale = ((high - low) / 255.0) as f32;
    if scale.is_nan() || scale < LEAST_SCALE {
        return Quantization::per_tensor(1.0 / 255.0, -128);
    }
    let zero_point = (-128.0 - low / f64::from(scale)).round().clamp(-128.0, 127.0) as i32;
    Quantization::per_tensor(scale, zero_point)
}

/// The bounds that a share of the elements lies within on either side.
fn percentile(member: &Activation, kept: f64) -> (f64, f64) {
    let total: u64 = member.histogram.bins().iter().sum();
    let outside = (total as f64 * (1.0 - kept / 100.0)) as u64;
    let end = |mut bins: Box<dyn Iterator<Item = (usize, &u64)> + '_>| {
        let mut seen = 0;
        bins.find(|(_, count)| {
            seen += **count;
            seen > outside
        })
        .map_or(0, |(bin, _)| bin)
    };
    let low = end(Box::new(member.histogram.bins().iter().enumerate()));
    let high = end(Box::new(member.histogram.bins().iter().enumerate().rev()));
    (member.histogram.edge(low).max(member.min.into()), member.histogram.edge(high + 1).min(member.max.into()))
}

/// The bounds whose squared error is least: a twelfth of the squared step inside, the squared distance outside.
fn least_error(members: &[&Activation], (low, high): (f64, f64), activations: Activations) -> (f64, f64) {
    const STEPS: usize = 40;
    let filled: Vec<(f64, u64)> = members.iter().flat_map(|member| member.histogram.filled()).collect();
    let error = |low: f64, high: f64| {
        let step = match activations {
            Activations::Int8 => (high - low) / 255.0,
            Activations::Int16 => (-low).max(high) / 32767.0,
        };
        let inside = step.powi(2) / 12.0;
        let of_bin = |&(middle, count): &(f64, u64)| {
            let outside = (low - middle).max(middle - high).max(0.0);
            count as f64 * if outside > 0.0 { outside * outside + inside } else { inside }
        };
        filled.iter().map(of_bin).sum::<f64>()
    };
    let shares = || (0..STEPS).map(|step| 1.0 - 0.02 * step as f64);
    let mut best = (low, high);
    let mut least = error(low, high);
    // One end after the other, twice: the two hardly depend on each other.
    for _ in 0..2 {
        for share in shares() {
            for (a, b) in [(low * share, best.1), (best.0, high * share)] {
                let given = error(a, b);
                if given < least {
                    (best, least) = ((a, b), given);
                }
            }
        }
    }
    best
}

/// The symmetric scale of one channel's weights: their greatest magnitude is 127, or less is, where that costs less in squares.
pub(super) fn weight_scale(weights: &[f32], ranges: Ranges) -> f32 {
    let greatest = weights.iter().fold(0f32, |greatest, weight| greatest.max(weight.abs()));
    let scale = greatest / 127.0;
    if !scale.is_normal() {
        return 1.0 / 127.0;
    }
    match ranges {
        Ranges::MinMax | Ranges::Widened | Ranges::Percentile { kept: _ } => scale,
        Ranges::Error => {
            let error = |scale: f32| {
                let inverse = 1.0 / scale;
                // Sums of single precision, in runs short enough to lose nothing: they take a fraction of the time.
                let of = |weight: &f32| {
                    let steps = weight * inverse;
                    // To the nearest, without a call: what is rounded is far below 2^22.
                    let rounded = (steps.clamp(-127.0, 127.0) + ROUND) - ROUND;
                    (steps - rounded) * (steps - rounded)
                };
                let run = |run: &[f32]| {
                    let mut sums = [0f32; 8];
                    let (eights, rest) = run.as_chunks::<8>();
                    eights.iter().for_each(|eight| sums.iter_mut().zip(eight).for_each(|(sum, weight)| *sum += of(weight)));
                    f64::from(sums.iter().sum::<f32>() + rest.iter().map(of).sum::<f32>())
                };
                weights.chunks(256).map(run).sum::<f64>() * f64::from(scale).powi(2)
            };
            let candidates = (0..20).map(|step| scale * (1.0 - 0.02 * step as f32));
            candidates
                .map(|scale| (scale, error(scale)))
                .reduce(|a, b| if b.1 < a.1 { b } else { a })
                .map_or(scale, |(scale, _)| scale)
        }
    }
}

/// Adding and subtracting it rounds to the nearest integer.
const ROUND: f32 = (3 << 22) as f32;
