//! How a quantized graph compares with the float one it was made of.

use super::statistics::softmax_reach;
use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::{Evaluator, reals_of, stored_of};
use crate::eval::{self};
use crate::ir::{DType, Data, Graph, Op, TensorId};
use crate::lower::{self, Program};
use crate::options::Reference;
use crate::samples::Dataset;
use crate::{passes, valid};
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

/// The outputs of both graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Samples compared.
    pub samples: usize,
    /// Mean over all elements of all outputs of the squared difference, in reals.
    pub mean_squared_error: f64,
    /// Samples for which the same element of the first output is greatest.
    pub same_argmax: usize,
    /// Samples whose label the float graph finds, where there are labels.
    pub float_correct: Option<usize>,
    /// Samples whose label the quantized graph finds, where there are labels.
    pub quantized_correct: Option<usize>,
}

/// Everything that is told of a quantization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Activations in the order in which they are made.
    pub tensors: Vec<TensorReport>,
    /// The outputs.
    pub agreement: Agreement,
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

/// A graph whose outputs are what goes into a softmax, where they come out of one: errors there say more of a network than those of
/// probabilities, most of which are near 0 or 1. With each output, how far below the greatest element that counts, where it goes into one.
pub(super) fn before_softmax(graph: &Graph) -> (Graph, Vec<Option<f32>>) {
    let mut graph = graph.clone();
    let producers = graph.producers();
    let producer = |id: TensorId| producers.get(id.0 as usize).copied().flatten();
    let all = softmax_reach(&graph);
    let mut outputs = core::mem::take(&mut graph.outputs);
    let mut reach = vec![None; outputs.len()];
    for (output, reach) in outputs.iter_mut().zip(&mut reach) {
        if let Some(Op::Softmax { input, beta: _ }) = producer(*output).map(|node| &graph.nodes[node].op)
            && producer(*input).is_some()
        {
            (*output, *reach) = (*input, all[input.0 as usize]);
        }
    }
    graph.outputs = outputs;
    passes::remove_dead(&mut graph);
    (graph, reach)
}

/// What `one` makes of each of the first `count` samples, on all processors.
fn each<T: Send>(count: usize, one: impl Fn(usize) -> Result<T, Diagnostics> + Sync) -> Result<Vec<T>, Diagnostics> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let part = count.div_ceil(processors).max(1);
    let mut made: Vec<Option<Result<T, Diagnostics>>> = (0..count).map(|_| None).collect();
    std::thread::scope(|scope| {
        for (number, part_of) in made.chunks_mut(part).enumerate() {
            let one = &one;
            scope.spawn(move || part_of.iter_mut().enumerate().for_each(|(at, made)| *made = Some(one(number * part + at))));
        }
    });
    made.into_iter().flatten().collect()
}

/// The float graph's outputs for the first `count` samples.
pub(super) fn outputs(evaluator: &Evaluator<'_>, data: &Dataset, count: usize) -> Result<Vec<Vec<Vec<f32>>>, Diagnostics> {
    each(data.count.min(count), |sample| {
        let made = evaluator.run(&data.sample(sample)).map_err(|error| error.at(Place::default()))?;
        Ok(made.iter().map(|output| reals_of(output, None)).collect())
    })
}

/// The mean squared difference to `expected`, over its samples. Of an output for which `reach` has a number, elements count as no less than so
/// much below the greatest one expected: what goes into a softmax.
pub(super) fn mean_squared_error(
    graph: &Graph,
    data: &Dataset,
    expected: &[Vec<Vec<f32>>],
    reach: &[Option<f32>],
    reference: Reference,
) -> Result<f64, Diagnostics> {
    let runner = Runner::new(graph, reference)?;
    let sums = each(expected.len(), |sample| {
        let given = runner.run(&data.sample(sample))?;
        let squared = |((given, expected), reach): ((&Vec<f32>, &Vec<f32>), &Option<f32>)| {
            let peak = expected.iter().fold(f32::NEG_INFINITY, |most, &value| most.max(value));
            let floor = reach.map_or(f32::NEG_INFINITY, |reach| peak - reach);
            let least = |values: &[f32]| values.iter().map(|value| value.max(floor)).collect::<Vec<_>>();
            squares(&least(given), &least(expected))
        };
        Ok(given.iter().zip(&expected[sample]).zip(reach).map(squared).sum::<f64>())
    })?;
    let count = expected.iter().flatten().map(Vec::len).sum::<usize>();
    Ok(sums.iter().sum::<f64>() / count.max(1) as f64)
}

/// What the float graph says of the samples that graphs are compared on.
pub(super) struct Agreed<'a> {
    pub(super) data: &'a Dataset,
    /// The float graph's outputs for the first samples.
    pub(super) expected: &'a [Vec<Vec<f32>>],
    pub(super) reference: Reference,
}

impl Agreed<'_> {
    /// The element that should be greatest: the label, or without labels, that of the float graph.
    fn wanted(&self, sample: usize) -> Option<usize> {
        let label = self.data.labels.as_ref().and_then(|labels| labels.get(sample)).copied();
        label.or_else(|| self.expected.get(sample)?.first().map(|output| argmax(output)))
    }

    /// Samples for which a quantized graph is right.
    ///
    /// # Errors
    /// What keeps it from being run.
    pub(super) fn right(&self, graph: &Graph) -> Result<usize, Diagnostics> {
        let runner = Runner::new(graph, self.reference)?;
        let right = each(self.expected.len(), |sample| {
            let outputs = runner.run(&self.data.sample(sample))?;
            Ok(outputs.first().map(|output| argmax(output)) == self.wanted(sample))
        })?;
        Ok(right.into_iter().filter(|right| *right).count())
    }
}

fn squares(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

/// The first of the greatest.
fn argmax(values: &[f32]) -> usize {
    values.iter().enumerate().fold(0, |best, (index, value)| if *value > values[best] { index } else { best })
}

/// What one sample adds to the figures.
struct Seen {
    /// The sum of squared differences of all outputs, and of how many elements.
    squared: f64,
    elements: usize,
    /// The greatest element of the first output in floats, and quantized.
    theirs: Option<usize>,
    ours: Option<usize>,
    /// For each activation, the sum of its squares, and of the squares of its error.
    powers: Vec<(f64, f64)>,
}

/// All figures of a quantized graph and the float one that it stands for, over all samples of `data`.
///
/// # Errors
/// What keeps either from being run.
pub fn report(float: &Graph, quantized: &Graph, data: &Dataset, reference: Reference) -> Result<Report, Diagnostics> {
    let evaluator = Evaluator::new(float)?;
    // Every activation becomes an output of a copy.
    let mut watched = quantized.clone();
    watched.outputs = quantized.outputs.clone();
    let made = quantized.nodes.iter().flat_map(|node| node.outputs.iter().map(|&id| (id, node.op.name())));
    let activations: Vec<(TensorId, &'static str)> =
        made.filter(|(id, _)| matches!(quantized.tensor(*id).dtype, DType::I8 | DType::I16)).collect();
    watched.outputs.extend(activations.iter().map(|(id, _)| *id));
    let runner = Runner::new(&watched, reference)?;
    let names: BTreeMap<&str, usize> = float
        .tensors
        .iter()
        .enumerate()
        .filter(|(_, tensor)| tensor.value.is_none())
        .map(|(index, tensor)| (tensor.name.as_str(), index))
        .collect();
    let seen = each(data.count, |sample| {
        let inputs = data.sample(sample);
        let expected = evaluator.run_all(&inputs).map_err(|error| error.at(Place::default()))?;
        let given = runner.run(&inputs)?;
        let (outputs, watched) = given.split_at(quantized.outputs.len());
        let (mut squared, mut elements) = (0.0, 0usize);
        for (&id, given) in float.outputs.iter().zip(outputs) {
            if let Some(data) = &expected[id.0 as usize] {
                squared += squares(given, &reals_of(data, None));
                elements += given.len();
            }
        }
        let theirs =
            float.outputs.first().and_then(|id| expected[id.0 as usize].as_ref()).map(|data| argmax(&reals_of(data, None)));
        let ours = outputs.first().map(|output| argmax(output));
        let power = |((id, _), given): (&(TensorId, &'static str), &Vec<f32>)| {
            let index = names.get(quantized.tensor(*id).name.as_str());
            match index.and_then(|&index| expected[index].as_ref()) {
                Some(Data::F32(expected)) => (squares(expected, &vec![0.0; expected.len()]), squares(given, expected)),
                _ => (0.0, 0.0),
            }
        };
        let powers = activations.iter().zip(watched).map(power).collect();
        Ok(Seen { squared, elements, theirs, ours, powers })
    })?;
    let mut powers = vec![(0f64, 0f64); activations.len()];
    let mut agreement = Agreement { samples: data.count, ..Agreement::default() };
    let (mut elements, mut correct) = (0usize, (0usize, 0usize));
    for (sample, seen) in seen.iter().enumerate() {
        agreement.mean_squared_error += seen.squared;
        elements += seen.elements;
        agreement.same_argmax += usize::from(seen.theirs == seen.ours);
        if let Some(labels) = &data.labels {
            correct.0 += usize::from(seen.theirs == Some(labels[sample]));
            correct.1 += usize::from(seen.ours == Some(labels[sample]));
        }
        for ((signal, noise), own) in powers.iter_mut().zip(&seen.powers) {
            (*signal, *noise) = (*signal + own.0, *noise + own.1);
        }
    }
    agreement.mean_squared_error /= elements.max(1) as f64;
    if data.labels.is_some() {
        agreement.float_correct = Some(correct.0);
        agreement.quantized_correct = Some(correct.1);
    }
    let tensor = |((id, op), (signal, noise)): (&(TensorId, &'static str), &(f64, f64))| {
        let tensor = quantized.tensor(*id);
        let (scale, zero_point) = tensor.quantization.as_ref().map_or((0.0, 0), |q| (q.scale(), q.zero_point()));
        TensorReport { name: tensor.name.clone(), op, scale, zero_point, signal_to_noise: 10.0 * (signal / noise).log10() }
    };
    Ok(Report { tensors: activations.iter().zip(&powers).map(tensor).collect(), agreement })
}
