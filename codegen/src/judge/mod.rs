//! Judges a changed network (quantized, pruned) by what it makes of samples, beside the network that it stands for.
//!
//! Every output has an R²: one less the squared error as a share of the output's variance over the samples. 1 is without error, 0 is no better than
//! the mean, and it can be below that. Of a classifier, the first output counts by the share of samples with the right class. Where there are
//! labels, they say what is right; else the reference network does.

mod task;

pub use task::Task;

use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::{Evaluator, reals_of};
use crate::ir::{Data, Graph};
use crate::parallel::each;
use crate::samples::{Dataset, SampleError};

/// The outputs of one sample, as reals.
pub(crate) type Outputs = Vec<Vec<f32>>;

/// The error of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutputScore {
    /// Mean over samples and elements of the squared difference to the reference network.
    pub mean_squared_error: f64,
    /// R² with respect to the reference network.
    pub r2: f64,
    /// R² with respect to the targets, where there are some.
    pub target_r2: Option<f64>,
}

/// How a network does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Samples compared.
    pub samples: usize,
    /// One for each output.
    pub outputs: Vec<OutputScore>,
    /// Mean over all elements of all outputs of the squared difference to the reference network.
    pub mean_squared_error: f64,
    /// Samples with the class of the reference network; of classifiers.
    pub same_argmax: Option<usize>,
    /// Samples with the class that the label says; of classifiers with labels.
    pub correct: Option<usize>,
}

impl Score {
    /// The R² with respect to the reference network of the output where it is lowest.
    pub fn r2(&self) -> f64 {
        self.outputs.iter().map(|output| output.r2).fold(1.0, f64::min)
    }

    /// The mean over outputs of the squared error as a share of the variance.
    pub fn relative_error(&self) -> f64 {
        self.outputs.iter().map(|output| 1.0 - output.r2).sum::<f64>() / self.outputs.len().max(1) as f64
    }

    /// What each output is judged by, 1 at best: of a classifier's first output the share of samples that are right; else R², with respect to
    /// targets where there are some.
    pub fn measures(&self) -> Vec<f64> {
        let mut measures: Vec<f64> = self.outputs.iter().map(|output| output.target_r2.unwrap_or(output.r2)).collect();
        if let (Some(right), Some(first)) = (self.correct.or(self.same_argmax), measures.first_mut()) {
            *first = right as f64 / self.samples.max(1) as f64;
        }
        measures
    }

    /// Whether no measure is more than `drop` below that of `other`.
    pub fn keeps(&self, other: &Self, drop: f64) -> bool {
        self.measures().iter().zip(other.measures()).all(|(own, other)| *own >= other - drop - 1e-9)
    }
}

/// The outputs of the reference network, to compare with.
#[derive(Clone, Debug)]
pub struct Judge<'d> {
    data: &'d Dataset,
    task: Task,
    expected: Vec<Outputs>,
    /// The variance of the elements of each output, over samples.
    variances: Vec<f64>,
    /// The variance of the targets of each output.
    target_variances: Vec<Option<f64>>,
    /// Whether the first output is the index of a class.
    is_index: bool,
}

impl<'d> Judge<'d> {
    /// Runs the reference network on the first `count` samples.
    ///
    /// # Errors
    /// What keeps it from being run; outputs that are not finite.
    pub fn new(reference: &Graph, data: &'d Dataset, count: usize, task: Task) -> Result<Self, Diagnostics> {
        let evaluator = Evaluator::new(reference)?;
        let expected = each(data.count.min(count), |sample| {
            let made = evaluator.run(&data.sample(sample)).map_err(|error| error.at(Place::default()))?;
            Ok(made.iter().map(|output: &Data| reals_of(output, None)).collect::<Outputs>())
        })?;
        Self::of(reference, data, expected, task)
    }

    /// As [`Self::new`], of outputs for the first samples that are known already.
    ///
    /// # Errors
    /// Outputs that are not finite.
    pub(crate) fn of(reference: &Graph, data: &'d Dataset, expected: Vec<Outputs>, task: Task) -> Result<Self, Diagnostics> {
        let finite = |index: &usize| expected.iter().all(|outputs| outputs[*index].iter().all(|value| value.is_finite()));
        if let Some(bad) = (0..reference.outputs.len()).find(|index| !finite(index)) {
            let tensor = reference.tensor(reference.outputs[bad]).name.clone();
            return Err(SampleError::Diverges { tensor }.at(Place::default()).into());
        }
        let variance = |index: usize| variance(&expected.iter().map(|outputs| outputs[index].as_slice()).collect::<Vec<_>>());
        let target_variance = |index: usize| {
            let rows: Option<Vec<&[f32]>> = (0..expected.len()).map(|sample| data.target(index, sample)).collect();
            rows.map(|rows| self::variance(&rows))
        };
        Ok(Self {
            variances: (0..reference.outputs.len()).map(variance).collect(),
            target_variances: (0..reference.outputs.len()).map(target_variance).collect(),
            is_index: reference.outputs.first().is_some_and(|&id| task::is_index(reference, id)),
            data,
            task,
            expected,
        })
    }

    /// The task that it judges by.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Samples that it compares.
    pub fn samples(&self) -> usize {
        self.expected.len()
    }

    /// The score of the reference network itself.
    pub fn reference(&self) -> Score {
        self.score_of(&self.expected)
    }

    /// Runs a network on the same samples: `run` makes the outputs of one, as reals.
    ///
    /// # Errors
    /// What `run` says.
    pub fn score(&self, run: impl Fn(&[Data]) -> Result<Outputs, Diagnostics> + Sync) -> Result<Score, Diagnostics> {
        Ok(self.score_of(&each(self.expected.len(), |sample| run(&self.data.sample(sample)))?))
    }

    /// Runs a float graph on the same samples.
    ///
    /// # Errors
    /// What keeps it from being run.
    pub fn score_graph(&self, graph: &Graph) -> Result<Score, Diagnostics> {
        let evaluator = Evaluator::new(graph)?;
        self.score(|sample| {
            let outputs = evaluator.run(sample).map_err(|error| error.at(Place::default()))?;
            Ok(outputs.iter().map(|output| reals_of(output, None)).collect())
        })
    }

    /// The score of these outputs.
    pub(crate) fn score_of(&self, given: &[Outputs]) -> Score {
        let samples = self.expected.len();
        let (mut total, mut elements) = (0.0, 0usize);
        let output = |index: usize| {
            let (mut squared, mut count, mut off) = (0.0, 0usize, 0.0);
            for (sample, (given, expected)) in given.iter().zip(&self.expected).enumerate() {
                squared += squares(&given[index], &expected[index]);
                count += expected[index].len();
                off += self.data.target(index, sample).map_or(0.0, |target| squares(&given[index], target));
            }
            total += squared;
            elements += count;
            let mean = |sum: f64| sum / count.max(1) as f64;
            OutputScore {
                mean_squared_error: mean(squared),
                r2: 1.0 - mean(squared) / self.variances[index],
                target_r2: self.target_variances[index].map(|variance| 1.0 - mean(off) / variance),
            }
        };
        let outputs = (0..self.variances.len()).map(output).collect();
        let class = |outputs: &Outputs| outputs.first().map(|output| self.class(output));
        let count = |right: &dyn Fn(usize) -> bool| (0..samples).filter(|&sample| right(sample)).count();
        let classifies = self.task == Task::Classification;
        let same = |sample: usize| class(&given[sample]) == class(&self.expected[sample]);
        let correct = || count(&|sample| class(&given[sample]) == self.label(sample));
        Score {
            samples,
            outputs,
            mean_squared_error: total / elements.max(1) as f64,
            same_argmax: classifies.then(|| count(&same)),
            correct: (classifies && samples > 0 && self.label(0).is_some()).then(correct),
        }
    }

    /// The class of a sample: its label, or the greatest of its one-hot targets.
    fn label(&self, sample: usize) -> Option<usize> {
        match &self.data.labels {
            Some(labels) => labels.get(sample).copied(),
            None => self.data.target(0, sample).map(|target| self.class(target)),
        }
    }

    fn class(&self, output: &[f32]) -> usize {
        if self.is_index { output.first().map_or(0, |&index| index as usize) } else { argmax(output) }
    }
}

/// The first of the greatest.
fn argmax(values: &[f32]) -> usize {
    values.iter().enumerate().fold(0, |best, (index, value)| if *value > values[best] { index } else { best })
}

pub(crate) fn squares(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

/// The mean over elements of their variance over the rows, one a sample; of one row, the variance of its elements. An output that hardly changes
/// counts as if it did by a thousandth of its size, so that an error is measured by something.
pub(crate) fn variance(rows: &[&[f32]]) -> f64 {
    let each = rows.first().map_or(0, |row| row.len());
    let all = || rows.iter().flat_map(|row| row.iter()).map(|&value| f64::from(value));
    let count = all().count().max(1) as f64;
    let means: Vec<f64> = if rows.len() > 1 {
        (0..each).map(|at| rows.iter().map(|row| f64::from(row[at])).sum::<f64>() / rows.len() as f64).collect()
    } else {
        vec![all().sum::<f64>() / count; each]
    };
    let squared: f64 =
        rows.iter().flat_map(|row| row.iter().zip(&means)).map(|(&value, mean)| (f64::from(value) - mean).powi(2)).sum();
    let power = all().map(|value| value * value).sum::<f64>();
    (squared / count).max(1e-6 * power / count).max(1e-30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{DType, Shape, Tensor};

    /// A graph of outputs alone.
    fn graph(elements: &[usize]) -> Graph {
        let mut graph = Graph::default();
        for &size in elements {
            let tensor =
                Tensor { name: "y".into(), shape: Shape(vec![1, size]), dtype: DType::F32, quantization: None, value: None };
            let id = graph.add_tensor(tensor);
            graph.outputs.push(id);
        }
        graph
    }

    #[test]
    fn every_output_counts_by_its_own_variance() {
        let graph = graph(&[1, 2]);
        let data = Dataset { count: 4, ..Dataset::default() };
        assert_eq!(Task::of(&graph, &data).0, Task::Regression);
        // The second output is a thousandth of the first: its error still shows.
        let expected: Vec<Outputs> = (0..4).map(|i| vec![vec![i as f32], vec![0.001 * i as f32, -0.001 * i as f32]]).collect();
        let judge = Judge::of(&graph, &data, expected.clone(), Task::Regression).unwrap();
        let perfect = judge.reference();
        assert_eq!((perfect.r2(), perfect.same_argmax), (1.0, None));
        let mean: Vec<Outputs> = expected.iter().map(|outputs| vec![outputs[0].clone(), vec![0.0015, -0.0015]]).collect();
        let score = judge.score_of(&mean);
        assert!((score.outputs[0].r2 - 1.0).abs() < 1e-9 && score.outputs[1].r2.abs() < 1e-3, "{score:?}");
        assert!(score.mean_squared_error < 1e-5 && score.r2() < 1e-3);
        assert!(!score.keeps(&perfect, 0.01) && score.keeps(&perfect, 1.1));
    }

    #[test]
    fn labels_and_targets_say_what_is_right() {
        let graph = graph(&[2]);
        let outputs: Vec<Outputs> = vec![vec![vec![1.0, 0.0]], vec![vec![0.0, 1.0]], vec![vec![0.5, 0.6]]];
        let labels = Dataset { count: 3, labels: Some(vec![0, 1, 0]), ..Dataset::default() };
        let (task, _) = Task::of(&graph, &labels);
        let score = Judge::of(&graph, &labels, outputs.clone(), task).unwrap().reference();
        assert_eq!((score.same_argmax, score.correct, score.measures()), (Some(3), Some(2), vec![2.0 / 3.0]));
        let targets = vec![Some(vec![1.0, 0.0, 0.0, 1.0, 0.5, 0.6])];
        let targets = Dataset { count: 3, targets, ..Dataset::default() };
        let (task, _) = Task::of(&graph, &targets);
        let given = outputs.clone();
        let score = Judge::of(&graph, &targets, outputs, task).unwrap().reference();
        assert_eq!((score.same_argmax, score.correct, score.measures()), (None, None, vec![1.0]));
        // One-hot labels of a classifier.
        let score = Judge::of(&graph, &targets, given, Task::Classification).unwrap().reference();
        assert_eq!((score.same_argmax, score.correct), (Some(3), Some(3)));
    }
}
