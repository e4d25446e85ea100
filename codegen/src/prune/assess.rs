//! How far a pruned graph is from the dense one, on samples.

use super::PruneError;
use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::{Evaluator, reals_of};
use crate::ir::Graph;
use crate::samples::Dataset;

/// The outputs of a graph against those of the dense one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Samples compared.
    pub samples: usize,
    /// Samples whose label the graph finds, where there are labels.
    pub correct: Option<usize>,
    /// Samples for which the same element of the first output is greatest as in the dense graph.
    pub same_argmax: usize,
    /// The mean over all elements of all outputs of the squared difference.
    pub mean_squared_error: f64,
    /// The same, as a share of the variance of the dense graph's outputs.
    pub relative_error: f64,
}

impl Score {
    /// The share of samples that are right: those whose label is found, or without labels, those that agree with the dense graph.
    pub fn share(&self) -> f64 {
        self.correct.unwrap_or(self.same_argmax) as f64 / self.samples.max(1) as f64
    }
}

/// The dense graph's outputs, to compare with.
#[derive(Clone, Debug)]
pub struct Assessor<'d> {
    data: &'d Dataset,
    /// The outputs of each sample, one after the other, and the greatest element of the first.
    expected: Vec<(Vec<f32>, usize)>,
    variance: f64,
}

impl<'d> Assessor<'d> {
    /// Runs the dense graph on the first `count` samples.
    ///
    /// # Errors
    /// What keeps it from being run; outputs that are not finite.
    pub fn new(dense: &Graph, data: &'d Dataset, count: usize) -> Result<Self, Diagnostics> {
        let evaluator = Evaluator::new(dense)?;
        let expected = (0..data.count.min(count)).map(|sample| run(&evaluator, data, sample)).collect::<Result<Vec<_>, _>>()?;
        if let Some(sample) = expected.iter().position(|(values, _)| values.iter().any(|value| !value.is_finite())) {
            return Err(PruneError::Diverges { sample }.at(Place::default()).into());
        }
        let elements = || expected.iter().flat_map(|(values, _)| values).map(|&value| f64::from(value));
        let count = elements().count().max(1) as f64;
        let mean = elements().sum::<f64>() / count;
        let variance = elements().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Ok(Self { data, expected, variance })
    }

    /// Runs a graph on the same samples.
    ///
    /// # Errors
    /// What keeps it from being run.
    pub fn score(&self, graph: &Graph) -> Result<Score, Diagnostics> {
        let evaluator = Evaluator::new(graph)?;
        let mut score = Score { samples: self.expected.len(), correct: self.data.labels.as_ref().map(|_| 0), ..Score::default() };
        let (mut sum, mut count) = (0.0, 0usize);
        for (sample, (expected, most)) in self.expected.iter().enumerate() {
            let (given, ours) = run(&evaluator, self.data, sample)?;
            sum += given.iter().zip(expected).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
            count += expected.len();
            score.same_argmax += usize::from(ours == *most);
            if let (Some(correct), Some(labels)) = (&mut score.correct, &self.data.labels) {
                *correct += usize::from(labels.get(sample) == Some(&ours));
            }
        }
        score.mean_squared_error = sum / count.max(1) as f64;
        score.relative_error = score.mean_squared_error / self.variance.max(f64::MIN_POSITIVE);
        Ok(score)
    }
}

/// All outputs of one sample, and the first of the greatest elements of the first output.
fn run(evaluator: &Evaluator<'_>, data: &Dataset, sample: usize) -> Result<(Vec<f32>, usize), Diagnostics> {
    let made = evaluator.run(&data.sample(sample)).map_err(|error| error.at(Place::default()))?;
    let outputs: Vec<Vec<f32>> = made.iter().map(|output| reals_of(output, None)).collect();
    let first = outputs.first().map_or(&[][..], Vec::as_slice);
    let most = first.iter().enumerate().fold(0, |best, (index, value)| if *value > first[best] { index } else { best });
    Ok((outputs.concat(), most))
}
