//! Counts of values in equal steps, over a range that grows with them.

/// Bins of a histogram; at least half of them lie over the range of the values.
const BINS: usize = 4096;

/// How often values lie in each of equal steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    low: f64,
    /// The width of a bin; 0 as long as all values are equal.
    step: f64,
    bins: Vec<u64>,
}

impl Histogram {
    /// Counts values, which lie from `min` to `max`.
    pub(super) fn add(&mut self, values: &[f32], min: f32, max: f32) {
        self.cover(min.into(), max.into());
        let (low, inverse) = (self.low as f32, if self.step > 0.0 { (1.0 / self.step) as f32 } else { 0.0 });
        for &value in values {
            let bin = ((value - low) * inverse) as usize;
            self.bins[bin.min(BINS - 1)] += 1;
        }
    }

    /// Grows the range, by doubling the bins' width, until it holds `min` and `max`.
    fn cover(&mut self, min: f64, max: f64) {
        if self.bins.is_empty() {
            (self.low, self.step, self.bins) = (min, (max - min) / BINS as f64, vec![0; BINS]);
        } else if self.step == 0.0 {
            let (value, count) = (self.low, self.bins[0]);
            (self.low, self.bins[0]) = (value.min(min), 0);
            self.step = (value.max(max) - self.low) / BINS as f64;
            let bin = if self.step > 0.0 { ((value - self.low) / self.step) as usize } else { 0 };
            self.bins[bin.min(BINS - 1)] = count;
        }
        // Values of float32: the range is wide enough after some hundred doublings.
        while self.step > 0.0 && self.low > min {
            self.low -= BINS as f64 * self.step;
            self.halve(BINS / 2);
        }
        while self.step > 0.0 && self.low + BINS as f64 * self.step < max {
            self.halve(0);
        }
    }

    /// Joins bins in pairs; those that were there come to lie from bin `first` on.
    fn halve(&mut self, first: usize) {
        let pairs: Vec<u64> = self.bins.chunks_exact(2).map(|pair| pair.iter().sum()).collect();
        self.bins.fill(0);
        self.bins[first..first + BINS / 2].copy_from_slice(&pairs);
        self.step *= 2.0;
    }

    /// The lower edge of a bin.
    pub(super) fn edge(&self, bin: usize) -> f64 {
        self.low + bin as f64 * self.step
    }

    /// Counts by bin.
    pub(super) fn bins(&self) -> &[u64] {
        &self.bins
    }

    /// The middles of the bins that hold values, with their counts.
    pub(super) fn filled(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let middle = |bin: usize| self.low + (bin as f64 + 0.5) * self.step;
        self.bins.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(bin, &count)| (middle(bin), count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_where_they_are_when_the_range_grows() {
        let mut made = Histogram::default();
        let mut all = Vec::new();
        for values in [vec![0.5; 3], vec![0.5, 0.75], vec![-3.0, 0.1], vec![100.0], vec![-1e6, 7.0]] {
            let (min, max) = values.iter().fold((f32::MAX, f32::MIN), |(min, max), &value| (min.min(value), max.max(value)));
            made.add(&values, min, max);
            all.extend(values);
            // In order, each value is no further from the middle of its bin than the bin is wide.
            all.sort_by(f32::total_cmp);
            let found: Vec<f64> = made.filled().flat_map(|(middle, count)| (0..count).map(move |_| middle)).collect();
            assert_eq!(found.len(), all.len());
            assert!(found.iter().zip(&all).all(|(a, b)| (a - f64::from(*b)).abs() <= made.step), "{found:?} {all:?}");
            let (low, high) = (f64::from(all[0]), f64::from(all[all.len() - 1]));
            assert!(made.step * BINS as f64 <= 4.0 * (high - low), "{made:?}");
        }
    }
}
