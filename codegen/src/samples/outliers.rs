//! Samples that lie far outside the others.

use super::Dataset;

/// A sample that stretches the range of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlier {
    /// Its index.
    pub sample: usize,
    /// The index of the input.
    pub input: usize,
    /// Its least and greatest element.
    pub range: (f32, f32),
    /// The median over samples of the least and of the greatest element.
    pub usual: (f32, f32),
}

/// Fewer samples say nothing of what is usual.
const LEAST: usize = 4;
/// Spreads beyond the median that are far.
const FAR: f32 = 3.0;

impl Dataset {
    /// Samples whose least or greatest element is further from the median of the samples' than three times what an ordinary sample spans, and
    /// what those of the samples differ by.
    pub fn outliers(&self) -> Vec<Outlier> {
        if self.count < LEAST {
            return Vec::new();
        }
        let mut found = Vec::new();
        for input in 0..self.inputs.len() {
            let extremes = |sample: usize| {
                let values = self.input(input, sample);
                values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &value| (min.min(value), max.max(value)))
            };
            let all: Vec<(f32, f32)> = (0..self.count).map(extremes).collect();
            let usual = (median(all.iter().map(|one| one.0)), median(all.iter().map(|one| one.1)));
            let span = median(all.iter().map(|one| one.1 - one.0));
            // 3 standard deviations of a normal distribution are 4.45 median absolute ones.
            let deviation =
                |middle: f32, of: &dyn Fn(&(f32, f32)) -> f32| 4.45 * median(all.iter().map(|one| (of(one) - middle).abs()));
            let low = FAR * span.max(deviation(usual.0, &|one| one.0));
            let high = FAR * span.max(deviation(usual.1, &|one| one.1));
            let far = |range: &(f32, f32)| low > 0.0 && range.0 < usual.0 - low || high > 0.0 && range.1 > usual.1 + high;
            let outliers = all.iter().enumerate().filter(|(_, range)| far(range));
            found.extend(outliers.map(|(sample, &range)| Outlier { sample, input, range, usual }));
        }
        found
    }
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_far_outside_is_named() {
        // Pictures from 0 to 1, one of which was never scaled, and one that is a little brighter.
        let mut rows: Vec<Vec<f32>> = (0..20).map(|index| vec![0.0, 0.2, 0.9 + 0.005 * index as f32]).collect();
        rows[7] = vec![0.0, 30.0, 255.0];
        rows[11] = vec![0.0, 0.5, 1.4];
        let data = Dataset { count: 20, inputs: vec![rows.concat()], ..Dataset::default() };
        let found = data.outliers();
        assert_eq!(found.iter().map(|outlier| outlier.sample).collect::<Vec<_>>(), [7]);
        assert_eq!(found[0].range, (0.0, 255.0));
        // One number a sample: what they differ by says what is far.
        let values: Vec<f32> = (0..40).map(|index| (index * 7 % 40) as f32 * 0.1 - 2.0).chain([90.0]).collect();
        let data = Dataset { count: 41, inputs: vec![values], ..Dataset::default() };
        assert_eq!(data.outliers().iter().map(|outlier| outlier.sample).collect::<Vec<_>>(), [40]);
        // Features that are mostly zero are none.
        let values: Vec<f32> = (0..40).map(|index| f32::from(u8::from(index % 10 == 0))).collect();
        assert!(Dataset { count: 40, inputs: vec![values], ..Dataset::default() }.outliers().is_empty());
    }
}
