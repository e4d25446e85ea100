//! Fixed-point rules for sums to which a real is added after they are scaled: a bias in floats.
//!
//! `(floor((sum + bias) * m / 2^31) + offset) >> shift` rises at the same sums as another rule where `bias * m + offset * 2^31` lies in an
//! interval, which follows from the sums at which that rule rises. Multiples of `m` come near every remainder of `2^31`, so there are
//! a bias near the wanted one and an offset for nearly every interval.

use super::steps::{Sums, first};
use tinybake_runtime::requantize::Clamp;

/// What the sums of one channel become outputs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Q31 significand.
    pub multiplier: i32,
    /// Power of two, in `[-20, -1]`.
    pub shift: i8,
    /// Added to the sum.
    pub bias: i32,
    /// Added before the shift: the zero point and a half are part of it.
    pub offset: i32,
}

/// Sums and offsets stay below this in magnitude.
const MOST: i64 = 1 << 30;

/// Of larger shifts, offsets would be too large.
const MOST_SHIFT: u32 = 20;

/// Biases that are tried on either side of the wanted one: about one in 500 fits where outputs take all 256 values.
const BIASES: i64 = 1 << 13;

/// Finds a rule that equals `rule`, which never falls, for all `sums`; about `sum * factor + addend` and the zero point. `None` where
/// the factor is not between 0 and a half, or there is none.
pub fn fit(rule: impl Fn(i32) -> i8, clamp: &Clamp, sums: Sums, factor: f64, addend: f64) -> Option<Fit> {
    let (least, greatest) = (rule(sums.min), rule(sums.max));
    if least == greatest {
        return Some(Fit { multiplier: 0, shift: -1, bias: 0, offset: 2 * i32::from(least) + 1 });
    }
    if !(factor > 0.0 && factor < 0.5) {
        return None;
    }
    // The factor is below two to the power of minus the shift.
    let shift = (-factor.log2().floor() as i64 - 1).clamp(1, MOST_SHIFT.into()) as u32;
    let scaled = factor * (1i64 << (31 + shift)) as f64;
    let wanted = addend / factor;
    let wanted = if wanted.abs() < MOST as f64 { wanted.round() as i64 } else { 0 };
    let steps = steps(&rule, sums, [least, greatest])?;
    let multipliers = [0, 1, -1, 2, -2].map(|more| scaled.round() as i64 + more);
    multipliers.into_iter().filter(|multiplier| (1..1 << 31).contains(multiplier)).find_map(|multiplier| {
        let [low, high] = interval(&steps, clamp, sums, [least, greatest], multiplier, shift);
        let (bias, offset) = (low <= high).then(|| split([low, high], multiplier, wanted, sums)).flatten()?;
        Some(Fit { multiplier: multiplier as i32, shift: -(shift as i8), bias, offset })
    })
}

/// The least sum that gives each output above the least one.
fn steps(rule: &impl Fn(i32) -> i8, sums: Sums, [least, greatest]: [i8; 2]) -> Option<Vec<(i32, i64)>> {
    let mut from = sums.min;
    let mut steps = Vec::new();
    for value in i32::from(least) + 1..=i32::from(greatest) {
        from = first(rule, value, Sums { min: from, max: sums.max })?;
        steps.push((value, from.into()));
    }
    Some(steps)
}

/// Where `bias * multiplier + offset * 2^31` has to lie.
fn interval(
    steps: &[(i32, i64)],
    clamp: &Clamp,
    sums: Sums,
    [least, greatest]: [i8; 2],
    multiplier: i64,
    shift: u32,
) -> [i64; 2] {
    let reaches = |value: i32| i64::from(value) << (31 + shift);
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    for &(value, sum) in steps {
        low = low.max(reaches(value) - sum * multiplier);
        high = high.min(reaches(value) - (sum - 1) * multiplier - 1);
    }
    // The ends, where the range of the output does not clamp them.
    if least > clamp.min {
        low = low.max(reaches(least.into()) - i64::from(sums.min) * multiplier);
    }
    if greatest < clamp.max {
        high = high.min(reaches(i32::from(greatest) + 1) - i64::from(sums.max) * multiplier - 1);
    }
    [low, high]
}

/// A bias near `wanted`, or zero where that is too large, and an offset.
fn split([low, high]: [i64; 2], multiplier: i64, wanted: i64, sums: Sums) -> Option<(i32, i32)> {
    let room = |bias: i64| [sums.min, sums.max].iter().all(|&sum| (i64::from(sum) + bias).abs() < MOST);
    let near = |wanted: i64| (0..BIASES).flat_map(move |more| [wanted + more, wanted - more]).filter(|&bias| room(bias));
    let exact = |bias: i64| {
        let rest = low.checked_sub(bias * multiplier)?;
        let offset = rest.div_euclid(1 << 31) + i64::from(rest.rem_euclid(1 << 31) != 0);
        let fits = offset.abs() < MOST && (offset << 31).checked_add(bias * multiplier)? <= high;
        Some((i32::try_from(bias).ok()?, i32::try_from(offset).ok()?)).filter(|_| fits)
    };
    near(wanted).find_map(exact).or_else(|| near(0).find_map(exact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::ort::nearest;
    use tinybake_runtime::requantize::{Offset, Requantize};

    /// Every sum gives the nearest integer, for scales and addends of all sizes.
    #[test]
    fn fits_equal_the_nearest_integer_over_all_sums() {
        let mut state = 3_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let mut found = 0;
        for round in 0..150 {
            let reach = 300.0 * 2f64.powi(round % 10);
            let factor = (0.3 + 3.0 * random()) * 100.0 / reach;
            let addend = (random() - 0.5) * 300.0;
            let clamp = Clamp { zero_point: (random() * 255.0) as i32 - 128, min: [-128, -5][round as usize % 2], max: 127 };
            let sums = Sums { min: -(reach * random()) as i32, max: (reach * random()) as i32 + 1 };
            let rule = |sum: i32| nearest(f64::from(sum) * factor + addend, &clamp);
            let Some(fit) = fit(rule, &clamp, sums, factor, addend) else {
                assert!(factor >= 0.5, "{sums:?} * {factor} + {addend}");
                continue;
            };
            found += 1;
            let fixed = Offset { multipliers: &[fit.multiplier], shifts: &[fit.shift], offsets: &[fit.offset] };
            for sum in sums.min..=sums.max {
                assert_eq!(fixed.requantize(sum + fit.bias, 0, &clamp), rule(sum), "{sum} * {factor} + {addend}: {fit:?}");
            }
        }
        assert!(found > 100, "{found}");
    }

    /// Channels whose scale is next to nothing hold their addend, whatever its size.
    #[test]
    fn dead_channels_hold_their_addend() {
        let clamp = Clamp { zero_point: -7, min: -128, max: 127 };
        let sums = Sums { min: -200_000, max: 300_000 };
        for (factor, addend) in [(1e-10, 15.2), (1e-17, -300.0), (1e-10, 1e12), (3e-7, 20.499_999), (1e-7, 7.5)] {
            let rule = |sum: i32| nearest(f64::from(sum) * factor + addend, &clamp);
            let fit = fit(rule, &clamp, sums, factor, addend).unwrap_or_else(|| panic!("{factor} {addend}"));
            let fixed = Offset { multipliers: &[fit.multiplier], shifts: &[fit.shift], offsets: &[fit.offset] };
            for sum in (sums.min..=sums.max).step_by(17) {
                assert_eq!(fixed.requantize(sum + fit.bias, 0, &clamp), rule(sum), "{sum} * {factor} + {addend}");
            }
        }
    }
}
