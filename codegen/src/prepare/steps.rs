//! Fixed-point multipliers that make the same steps as another rule.
//!
//! A rule from sums to stored values rises in at most 255 steps. `floor(x * m / 2^(31 + shift) + 1/2)` rises at the same sums
//! where `m` lies in an interval for each step, so that equality over a whole range of sums is proved by intersecting them.

use tinybake_runtime::requantize::Clamp;

/// Sums from the least to the greatest that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The least.
    pub min: i32,
    /// The greatest.
    pub max: i32,
}

/// The multiplier nearest to `ideal` that makes the stored values of `rule`, which never falls, of all `sums` with
/// `2^(31 + shift)`; `None` where there is none below `2^31`.
pub fn multiplier(rule: impl Fn(i32) -> i8, clamp: &Clamp, sums: Sums, shift: u32, ideal: f64) -> Option<i32> {
    let (least, greatest) = (rule(sums.min), rule(sums.max));
    let mut bounds = Interval { low: 0, high: i128::from(i32::MAX) };
    // Half a step below the scaled value at which the output becomes `value`.
    let step = |value: i32| (2 * i128::from(value - clamp.zero_point) - 1) << (30 + shift);
    let mut from = sums.min;
    for value in i32::from(least) + 1..=i32::from(greatest) {
        let first = first(&rule, value, Sums { min: from, max: sums.max })?;
        bounds.at_least(first, step(value));
        bounds.below(first - 1, step(value));
        from = first;
    }
    // The ends, where the range of the output does not clamp them.
    if least > clamp.min {
        bounds.at_least(sums.min, step(least.into()));
    }
    if greatest < clamp.max {
        bounds.below(sums.max, step(i32::from(greatest) + 1));
    }
    let ideal = (ideal * (1i64 << (31 + shift)) as f64).round() as i128;
    (bounds.low <= bounds.high).then(|| ideal.clamp(bounds.low, bounds.high) as i32)
}

/// The least sum of which `rule` makes `value` or more.
pub(super) fn first(rule: &impl Fn(i32) -> i8, value: i32, Sums { min, max }: Sums) -> Option<i32> {
    let (mut low, mut high) = (i64::from(min), i64::from(max));
    while low < high {
        let middle = (low + high).div_euclid(2);
        if i32::from(rule(middle as i32)) >= value { high = middle } else { low = middle + 1 }
    }
    i32::try_from(low).ok().filter(|&sum| i32::from(rule(sum)) >= value)
}

/// The multipliers that are left.
struct Interval {
    low: i128,
    high: i128,
}

impl Interval {
    /// Leaves those with `sum * m >= bound`.
    fn at_least(&mut self, sum: i32, bound: i128) {
        let sum = i128::from(sum);
        match sum {
            1.. => self.low = self.low.max(-(-bound).div_euclid(sum)),
            0 if bound > 0 => self.high = -1,
            0 => {}
            // m <= bound / sum
            _ => self.high = self.high.min((-bound).div_euclid(-sum)),
        }
    }

    /// Leaves those with `sum * m < bound`.
    fn below(&mut self, sum: i32, bound: i128) {
        let sum = i128::from(sum);
        match sum {
            1.. => self.high = self.high.min(-(-bound).div_euclid(sum) - 1),
            0 if bound <= 0 => self.high = -1,
            0 => {}
            // m > bound / sum
            _ => self.low = self.low.max((-bound).div_euclid(-sum) + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinybake_runtime::requantize::{Multiplier, Requantize, Rint};

    /// A multiplier that is found answers as the rule for every sum; one that is not, with a scale that makes ties, does not exist.
    #[test]
    fn found_multipliers_are_equal_over_the_whole_range() {
        let mut found = 0;
        for index in 0..200 {
            let scale = 0.3 / (7.3 + index as f32 * 1.37);
            let clamp = Clamp { zero_point: index % 200 - 100, min: [-128, -7][index as usize % 2], max: 127 };
            let sums = Sums { min: -9000 - 11 * index, max: 12_000 };
            let rule = |sum| Rint { scale }.requantize(sum, 0, &clamp);
            let Some(multiplier) = multiplier(rule, &clamp, sums, 0, scale.into()) else { continue };
            found += 1;
            let fixed = Multiplier { multiplier, shift: 0 };
            for sum in sums.min..=sums.max {
                assert_eq!(fixed.requantize(sum, 0, &clamp), rule(sum), "{sum} * {scale}");
            }
        }
        assert!(found > 150, "{found}");
        let clamp = Clamp { zero_point: 0, min: -128, max: 127 };
        let ties = |sum| Rint { scale: 0.5 }.requantize(sum, 0, &clamp);
        assert_eq!(multiplier(ties, &clamp, Sums { min: -100, max: 100 }, 0, 0.5), None);
    }
}
