//! Samples that are held out of calibration, to compare recipes and to report on.

use super::Evaluation;
use crate::samples::Dataset;
use core::ops::Range;

/// One sample in so many is held out.
const SHARE: usize = 5;

/// Samples in two parts.
pub(super) struct Split {
    pub(super) calibration: Dataset,
    pub(super) held: Dataset,
}

/// Holds samples out where the report is to be of such, and there are at least two. Which ones depends on their number alone; they are
/// scattered, so that data in some order are held out in all their parts.
pub(super) fn split(data: &Dataset, evaluation: &Evaluation) -> Option<Split> {
    if *evaluation != Evaluation::HeldOut || data.count < 2 {
        return None;
    }
    let mut order = scattered(data.count);
    let (held, calibration) = order.split_at_mut((data.count / SHARE).max(1));
    held.sort_unstable();
    calibration.sort_unstable();
    Some(Split { calibration: data.chosen(calibration), held: data.chosen(held) })
}

/// All indices, neighbours far from each other.
fn scattered(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // Multiples of a number far from any fraction.
    order.sort_by_key(|&index| (index as u32).wrapping_add(1).wrapping_mul(0x9E37_79B1));
    order
}

/// Parts of samples for cross-validation, at the most.
const FOLDS: usize = 4;

/// Samples in parts, each of which is compared by what the others calibrate.
pub(super) struct Folds {
    /// All samples, part after part.
    pub(super) all: Dataset,
    /// The places in `all` of each part.
    pub(super) parts: Vec<Range<usize>>,
}

impl Folds {
    /// At least two samples in parts that differ by one sample at most.
    pub(super) fn of(data: &Dataset) -> Self {
        let order = scattered(data.count);
        let count = FOLDS.min(data.count).max(1);
        let ends = (0..=count).map(|part| part * data.count / count).collect::<Vec<_>>();
        Self { all: data.chosen(&order), parts: ends.windows(2).map(|ends| ends[0]..ends[1]).collect() }
    }

    /// The samples outside a part.
    pub(super) fn others(&self, part: &Range<usize>) -> Dataset {
        self.all.chosen(&(0..self.all.count).filter(|index| !part.contains(index)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_held_out_and_every_class_is_in_both_parts() {
        for count in [2, 3, 8, 16, 100, 1000] {
            // Sorted by class, and cycling through the classes.
            for labels in [(0..count).map(|i| i * 5 / count).collect::<Vec<_>>(), (0..count).map(|i| i % 5).collect()] {
                let inputs = vec![(0..count).map(|i| i as f32).collect()];
                let data = Dataset { count, inputs, labels: Some(labels), ..Dataset::default() };
                let Split { calibration, held } = split(&data, &Evaluation::HeldOut).unwrap();
                assert_eq!((held.count, calibration.count + held.count), ((count / 5).max(1), count));
                let mut all = [calibration.inputs[0].clone(), held.inputs[0].clone()].concat();
                all.sort_by(f32::total_cmp);
                assert_eq!(all, data.inputs[0]);
                if count >= 100 {
                    for class in 0..5 {
                        let of = |part: &Dataset| part.labels.as_ref().unwrap().iter().filter(|label| **label == class).count();
                        assert!(of(&calibration) > count / 10 && of(&held) > 0, "{count} {class}");
                    }
                }
            }
            let inputs = vec![(0..count).map(|i| i as f32).collect()];
            let folds = Folds::of(&Dataset { count, inputs, ..Dataset::default() });
            assert_eq!((folds.parts.len(), folds.parts.iter().map(Range::len).sum::<usize>()), (count.min(4), count));
            for part in &folds.parts {
                let (others, own) = (folds.others(part), &folds.all.inputs[0][part.clone()]);
                assert!(others.count + own.len() == count && own.iter().all(|value| !others.inputs[0].contains(value)));
            }
            let one = Dataset { count: 1, inputs: vec![vec![0.0]], ..Dataset::default() };
            assert!(split(&one, &Evaluation::HeldOut).is_none());
        }
    }
}
