//! Samples that are held out of calibration, to report on.

use super::Evaluation;
use crate::samples::Dataset;

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
    let mut order: Vec<usize> = (0..data.count).collect();
    // Multiples of a number far from any fraction: neighbours are scattered.
    order.sort_by_key(|&index| (index as u32).wrapping_add(1).wrapping_mul(0x9E37_79B1));
    let (held, calibration) = order.split_at_mut((data.count / SHARE).max(1));
    held.sort_unstable();
    calibration.sort_unstable();
    Some(Split { calibration: data.chosen(calibration), held: data.chosen(held) })
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
            let one = Dataset { count: 1, inputs: vec![vec![0.0]], ..Dataset::default() };
            assert!(split(&one, &Evaluation::HeldOut).is_none());
        }
    }
}
