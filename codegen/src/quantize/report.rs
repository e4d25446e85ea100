//! How a quantized graph compares with the float one it was made of.

use super::statistics::{NOTHING, bytes_of_sample, softmax_reach};
use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::{Evaluator, reals_of, stored_of};
use crate::eval::{self};
use crate::ir::{DType, Data, Graph, Op, TensorId, UnaryKind};
use crate::judge::{Judge, Outputs, Score, Task, squares};
use crate::lower::{self, Program};
use crate::options::Reference;
use crate::parallel::{each, each_of};
use crate::samples::Dataset;
use crate::{passes, valid};
use core::ops::Range;
use std::collections::BTreeMap;

/// One activation of both graphs.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorReport {
    /// Its name.
    pub name: String,
    /// The op that makes it; `input` for an input.
    pub op: &'static str,
    /// Scale of the quantized one.
    pub scale: f32,
    /// Zero point of the quantized one.
    pub zero_point: i32,
    /// Power of the signal over that of the error, in decibels; infinite where there is no error.
    pub signal_to_noise: f64,
}

/// Everything that is told of a quantization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Activations in the order in which they are made.
    pub tensors: Vec<TensorReport>,
    /// The quantized graph beside the float one.
    pub score: Score,
    /// The float graph itself, beside labels and targets.
    pub float: Score,
}

/// A quantized graph ready to be run on reals.
struct Runner<'g> {
    graph: &'g Graph,
    program: Program,
}

impl<'g> Runner<'g> {
    fn new(graph: &'g Graph, reference: Reference) -> Result<Self, Diagnostics> {
        let facts = valid::check(graph)?;
        Ok(Self { graph, program: lower::lower(graph, &facts, reference)? })
    }

    /// Outputs as reals.
    fn run(&self, sample: &[Data]) -> Result<Vec<Vec<f32>>, Diagnostics> {
        let quantization = |id: TensorId| self.graph.tensor(id).quantization.as_ref();
        let stored =
            |(&id, data): (&TensorId, &Data)| stored_of(&reals_of(data, None), self.graph.tensor(id).dtype, quantization(id));
        let inputs: Vec<Data> = self.graph.inputs.iter().zip(sample).map(stored).collect();
        let outputs = eval::run(&self.program, &inputs).map_err(|error| {
            Diagnostics::from(crate::samples::SampleError::Syntax { message: error.to_string() }.at(Place::default()))
        })?;
        Ok(self.graph.outputs.iter().zip(&outputs).map(|(&id, data)| reals_of(data, quantization(id))).collect())
    }
}

/// A graph whose outputs are what goes into a softmax or a logistic, where they come out of one.
pub(super) fn before_probabilities(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    (graph.outputs, _) = watched(&graph);
    passes::remove_dead(&mut graph);
    graph
}

/// The outputs of [`before_probabilities`], each with how it becomes probabilities.
pub(super) fn watched(graph: &Graph) -> (Vec<TensorId>, Vec<Option<Odds>>) {
    let producers = graph.producers();
    let producer = |id: TensorId| producers.get(id.0 as usize).copied().flatten();
    let reach = softmax_reach(graph);
    let mut outputs = graph.outputs.clone();
    let mut odds = vec![None; outputs.len()];
    for (output, odds) in outputs.iter_mut().zip(&mut odds) {
        let Some(node) = producer(*output).map(|node| &graph.nodes[node]) else { continue };
        let (input, made) = match node.op {
            Op::Softmax { input, beta: _ } => {
                let depth = graph.tensor(input).shape.0.last().copied().unwrap_or(1).max(1);
                (input, reach[input.0 as usize].map(|reach| Odds::Softmax { depth, reach }))
            }
            Op::Unary { kind: UnaryKind::Logistic, input } => (input, Some(Odds::Logistic)),
            _ => continue,
        };
        if producer(input).is_some() {
            (*output, *odds) = (input, made);
        }
    }
    (outputs, odds)
}

/// How probabilities come of an output.
#[derive(Clone, Copy, Debug)]
pub(super) enum Odds {
    /// Of each row of `depth` elements by a softmax, which makes nothing of those further than `reach` below the greatest.
    Softmax { depth: usize, reach: f32 },
    /// Of each element.
    Logistic,
}

/// The comparison of recipes: in place of probabilities that come out of a softmax or a logistic their logarithms are compared, those of next to
/// nothing as one. Most probabilities are near 0 or 1, and their own error would be that of the few that are not; what goes into the softmax can be
/// far off without changing a probability.
pub(super) struct Comparison<'a> {
    judge: Judge<'a>,
    data: &'a Dataset,
    odds: Vec<Option<Odds>>,
    reference: Reference,
}

impl<'a> Comparison<'a> {
    /// With the outputs of the float graph `judged` ([`before_probabilities`], with its `odds`) on the first samples.
    ///
    /// # Errors
    /// Outputs that are not finite.
    pub(super) fn new(
        judged: &Graph,
        odds: Vec<Option<Odds>>,
        data: &'a Dataset,
        mut expected: Vec<Outputs>,
        reference: Reference,
    ) -> Result<Self, Diagnostics> {
        expected.iter_mut().for_each(|outputs| logarithms(outputs, &odds));
        Ok(Self { judge: Judge::of(judged, data, expected, Task::Regression)?, data, odds, reference })
    }

    /// Samples that are compared.
    pub(super) fn samples(&self) -> usize {
        self.judge.samples()
    }

    /// How far quantized graphs, each on its part of the samples, are from the float one.
    ///
    /// # Errors
    /// What keeps one from being run.
    pub(super) fn score(&self, graphs: &[Graph], parts: &[Range<usize>]) -> Result<Score, Diagnostics> {
        let mut given = Vec::with_capacity(self.samples());
        for (graph, part) in graphs.iter().zip(parts) {
            let graph = before_probabilities(graph);
            let runner = Runner::new(&graph, self.reference)?;
            given.extend(each(part.len(), |sample| {
                let mut outputs = runner.run(&self.data.sample(part.start + sample))?;
                logarithms(&mut outputs, &self.odds);
                Ok(outputs)
            })?);
        }
        Ok(self.judge.score_of(&given))
    }
}

/// What goes into a softmax as the logarithms of what comes out, divided by its factor; into a logistic, as the logarithms of odds.
fn logarithms(outputs: &mut Outputs, odds: &[Option<Odds>]) {
    for (values, odds) in outputs.iter_mut().zip(odds) {
        match *odds {
            None => {}
            Some(Odds::Logistic) => values.iter_mut().for_each(|value| *value = value.clamp(-NOTHING, NOTHING)),
            Some(Odds::Softmax { depth, reach }) => {
                let beta = NOTHING / reach;
                for row in values.chunks_mut(depth) {
                    let peak = row.iter().fold(f32::NEG_INFINITY, |most, &value| most.max(value));
                    let sum: f32 = row.iter().map(|value| ((value - peak) * beta).exp()).sum();
                    let whole = peak + sum.ln() / beta;
                    row.iter_mut().for_each(|value| *value = (*value - whole).max(-reach));
                }
            }
        }
    }
}

/// The score of a quantized graph.
///
/// # Errors
/// What keeps it from being run.
pub(super) fn score(judge: &Judge<'_>, graph: &Graph, reference: Reference) -> Result<Score, Diagnostics> {
    let runner = Runner::new(graph, reference)?;
    judge.score(|sample| runner.run(sample))
}

/// What one sample adds to the figures.
struct Seen {
    /// The outputs in floats, and quantized.
    theirs: Outputs,
    ours: Outputs,
    /// For each activation, the sum of its squares, and of the squares of its error.
    powers: Vec<(f64, f64)>,
}

/// All figures of a quantized graph and the float one that it stands for, over all samples of `data`.
///
/// # Errors
/// What keeps either from being run.
pub fn report(float: &Graph, quantized: &Graph, data: &Dataset, task: Task, reference: Reference) -> Result<Report, Diagnostics> {
    crossed(float, quantized, core::slice::from_ref(quantized), core::slice::from_ref(&(0..data.count)), data, task, reference)
}

/// As [`report`], where figures are those of `graphs`, each on its part of the samples, and quantizations those of `quantized`.
pub(super) fn crossed(
    float: &Graph,
    quantized: &Graph,
    graphs: &[Graph],
    parts: &[Range<usize>],
    data: &Dataset,
    task: Task,
    reference: Reference,
) -> Result<Report, Diagnostics> {
    let evaluator = Evaluator::new(float)?;
    let names: BTreeMap<&str, usize> = float
        .tensors
        .iter()
        .enumerate()
        .filter(|(_, tensor)| tensor.value.is_none())
        .map(|(index, tensor)| (tensor.name.as_str(), index))
        .collect();
    let mut seen = Vec::with_capacity(data.count);
    for (graph, part) in graphs.iter().zip(parts) {
        let activations = activations(graph);
        // Every activation becomes an output of a copy.
        let mut watched = graph.clone();
        watched.outputs.extend(activations.iter().map(|(id, _)| *id));
        let runner = Runner::new(&watched, reference)?;
        seen.extend(each_of(part.len(), 2 * bytes_of_sample(float), |sample| {
            let inputs = data.sample(part.start + sample);
            let expected = evaluator.run_all(&inputs).map_err(|error| error.at(Place::default()))?;
            let mut ours = runner.run(&inputs)?;
            let watched = ours.split_off(graph.outputs.len());
            let value = |id: &TensorId| expected[id.0 as usize].as_ref().or_else(|| float.value(*id));
            let theirs = float.outputs.iter().map(|id| value(id).map(|data| reals_of(data, None)).unwrap_or_default()).collect();
            let power = |((id, _), given): (&(TensorId, &'static str), &Vec<f32>)| {
                let index = names.get(graph.tensor(*id).name.as_str());
                match index.and_then(|&index| expected[index].as_ref()) {
                    Some(Data::F32(expected)) => {
                        (expected.iter().map(|&value| f64::from(value).powi(2)).sum(), squares(given, expected))
                    }
                    _ => (0.0, 0.0),
                }
            };
            let powers = activations.iter().zip(&watched).map(power).collect();
            Ok(Seen { theirs, ours, powers })
        })?);
    }
    let activations = activations(quantized);
    let mut powers = vec![(0f64, 0f64); activations.len()];
    let (mut theirs, mut ours) = (Vec::with_capacity(seen.len()), Vec::with_capacity(seen.len()));
    for seen in seen {
        for ((signal, noise), own) in powers.iter_mut().zip(&seen.powers) {
            (*signal, *noise) = (*signal + own.0, *noise + own.1);
        }
        theirs.push(seen.theirs);
        ours.push(seen.ours);
    }
    let judge = Judge::of(float, data, theirs, task)?;
    let tensor = |((id, op), (signal, noise)): (&(TensorId, &'static str), &(f64, f64))| {
        let tensor = quantized.tensor(*id);
        let (scale, zero_point) = tensor.quantization.as_ref().map_or((0.0, 0), |q| (q.scale(), q.zero_point()));
        TensorReport { name: tensor.name.clone(), op, scale, zero_point, signal_to_noise: 10.0 * (signal / noise).log10() }
    };
    let tensors = activations.iter().zip(&powers).map(tensor).collect();
    Ok(Report { tensors, score: judge.score_of(&ours), float: judge.reference() })
}

/// The activations of a quantized graph, inputs first, each with the op that makes it.
fn activations(graph: &Graph) -> Vec<(TensorId, &'static str)> {
    let made = graph.nodes.iter().flat_map(|node| node.outputs.iter().map(|&id| (id, node.op.name())));
    let all = graph.inputs.iter().map(|&id| (id, "input")).chain(made);
    all.filter(|(id, _)| matches!(graph.tensor(*id).dtype, DType::I8 | DType::I16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_change_a_probability_is_no_error() {
        let odds = [Some(Odds::Softmax { depth: 3, reach: NOTHING / 2.0 }), None, Some(Odds::Logistic)];
        let made = |first: [f32; 3], second: f32| {
            let mut outputs = vec![first.to_vec(), vec![second], vec![40.0 * second, 0.5]];
            logarithms(&mut outputs, &odds);
            outputs
        };
        // A common offset, a greater lead, and less of what is nothing already.
        let same = made([10.0, 0.0, -3.0], 5.0);
        for other in [made([13.0, 3.0, 0.0], 5.0), made([20.0, 0.0, -30.0], 5.0)] {
            assert!(other[0].iter().zip(&same[0]).all(|(a, b)| (a - b).abs() < 1e-5), "{other:?} {same:?}");
        }
        assert_eq!((&same[1][..], &same[2][..]), (&[5.0][..], &[NOTHING, 0.5][..]));
        // The softmax has a factor of 2.
        let values = &made([0.5, 0.0, -0.5], 0.0)[0];
        let sum: f32 = values.iter().map(|value| (2.0 * value).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{values:?}");
    }
}
