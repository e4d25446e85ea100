//! What activations hold on the samples: bounds, histograms and means.

use super::Activations;
use super::histogram::Histogram;
use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::Evaluator;
use crate::ir::{self, Data, Graph, Op, TensorId, UnaryKind};
use crate::judge::Outputs;
use crate::parallel::{at_a_time, each};
use crate::samples::{Dataset, SampleError};

/// Of fewer samples nothing is clipped: what is rare among them may be common, and they are too few to tell.
pub(super) const FEW: usize = 16;
/// The same, where recipes are not compared on samples that they did not see.
pub(super) const FEW_UNCROSSED: usize = 64;
/// Ranges of fewer samples are wider than theirs: those that so many would have, and the wider the fewer they are.
pub(super) const MANY: usize = 256;

/// One activation over all samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Activation {
    /// Least element.
    pub(super) min: f32,
    /// Greatest element.
    pub(super) max: f32,
    /// Elements by value.
    pub(super) histogram: Histogram,
    /// The mean of each element over the samples, of what layers read.
    pub(super) mean: Vec<f32>,
    /// Of what a softmax alone reads: what is further below the greatest element of any row is next to nothing behind it.
    pub(super) floor: Option<f32>,
    /// The range that the user states.
    pub(super) stated: Option<(f32, f32)>,
    /// Least and greatest element of each sample.
    extremes: Vec<(f32, f32)>,
    /// What the op that makes it can make, and those that read it can tell apart.
    possible: (f32, f32),
    /// Samples that these are taken for.
    samples: usize,
}

/// Elements of a softmax's input that are so far below the greatest one have a probability of less than a tenth of the least that int8
/// can say.
pub(super) const NOTHING: f32 = 8.0;

/// For each tensor that a softmax alone reads, the distance below the greatest element of a row that counts.
pub(super) fn softmax_reach(graph: &Graph) -> Vec<Option<f32>> {
    let uses = graph.uses();
    let mut reach = vec![None; graph.tensors.len()];
    for node in &graph.nodes {
        if let Op::Softmax { input, beta } = node.op
            && uses.get(input.0 as usize) == Some(&1)
            && beta > 0.0
        {
            reach[input.0 as usize] = Some(NOTHING / beta);
        }
    }
    reach
}

impl Activation {
    /// From the least to the greatest element that matters.
    pub(super) fn seen(&self) -> (f64, f64) {
        self.within((self.min.into(), self.max.into()))
    }

    /// Bounds cut to what is possible.
    pub(super) fn within(&self, (low, high): (f64, f64)) -> (f64, f64) {
        let (least, most) = (f64::from(self.possible.0), f64::from(self.possible.1));
        (low.clamp(least, most), high.clamp(least, most))
    }

    /// From the least to the greatest element that further samples are likely to have. The fewer samples there are, and the more their
    /// own extremes differ, the further that is from those seen; from [`MANY`] on it is those.
    pub(super) fn bounds(&self) -> (f64, f64) {
        let count = self.extremes.len();
        let (min, max) = (f64::from(self.min), f64::from(self.max));
        if self.samples >= MANY || count == 0 {
            return self.seen();
        }
        // Greatest elements of samples follow about a Gumbel distribution: of `n` draws, the greatest is expected 0.78 ln(n) deviations above
        // the mean. Few samples say little of the deviation itself, and one says nothing.
        let reach = 0.78 * (MANY as f64).ln() * (1.0 + 2.0 / count as f64);
        let share = (1.0 - self.samples as f64 / MANY as f64).powi(2);
        let end = |of: &dyn Fn(&(f32, f32)) -> f32| {
            let mean = self.extremes.iter().map(|sample| f64::from(of(sample))).sum::<f64>() / count as f64;
            let squares = self.extremes.iter().map(|sample| (f64::from(of(sample)) - mean).powi(2)).sum::<f64>();
            let deviation = (squares / count.saturating_sub(1).max(1) as f64).sqrt();
            if count > 1 { mean + reach * deviation } else { mean + 0.5 * (max - min).max(mean.abs()) }
        };
        // Beyond three times what was seen, rounding would cost more than clipping.
        let most = 2.0 * (max - min).max(max.abs()).max(min.abs());
        let high = max + share * (end(&|sample| sample.1) - max).clamp(0.0, most);
        let low = min - share * (end(&|sample| -sample.0) + min).clamp(0.0, most);
        self.within((low, high))
    }

    /// Adds one sample.
    fn add(&mut self, values: &[f32], share: f32) {
        let (min, max) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &v| (min.min(v), max.max(v)));
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
        self.extremes.push((min, max));
        self.mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += value * share);
        if min.is_finite() && max.is_finite() {
            self.histogram.add(values, min, max);
        }
    }
}

/// Statistics of every float activation, by tensor.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    activations: Vec<Option<Activation>>,
    /// Whether the samples are too few to clip.
    pub(super) few: bool,
    /// Whether ranges may be narrower than what few samples hold.
    pub(super) clips: bool,
}

impl Statistics {
    /// What is known of an activation; `None` for constants and integers.
    pub(super) fn of(&self, id: TensorId) -> Option<&Activation> {
        self.activations.get(id.0 as usize)?.as_ref()
    }

    /// Takes the range that the user states for an input in place of that of the samples.
    pub(super) fn state(&mut self, id: TensorId, range: (f32, f32)) {
        if let Some(Some(activation)) = self.activations.get_mut(id.0 as usize) {
            activation.stated = Some(range);
        }
    }
}

/// Runs all samples, which are taken for `samples`; with the statistics come, of the first `count` samples, the values of the tensors in
/// `watched`.
///
/// # Errors
/// What the evaluator says of the graph, and tensors that are not finite.
pub(super) fn gather(
    graph: &Graph,
    data: &Dataset,
    (watched, count): (&[TensorId], usize),
    samples: usize,
    activations_are: Activations,
) -> Result<(Statistics, Vec<Outputs>), Diagnostics> {
    let evaluator = Evaluator::new(graph)?;
    let mut activations: Vec<Option<Activation>> = vec![None; graph.tensors.len()];
    let mut outputs = Vec::new();
    let share = 1.0 / data.count as f32;
    let reach = softmax_reach(graph);
    let read: Vec<TensorId> = graph.nodes.iter().filter_map(|node| Some(node.op.layer()?.input)).collect();
    let possible = possible(graph, activations_are);
    let block = at_a_time(bytes_of_sample(graph)).min(64);
    for first in (0..data.count).step_by(block) {
        let made = each(block.min(data.count - first), |sample| {
            evaluator.run_all(&data.sample(first + sample)).map_err(|error| error.at(Place::default()).into())
        })?;
        for (sample, values) in made.iter().enumerate() {
            if first + sample < count {
                let reals = |id: &TensorId| match &values[id.0 as usize] {
                    Some(data) => crate::eval::float::reals_of(data, None),
                    None => graph.value(*id).map(|data| crate::eval::float::reals_of(data, None)).unwrap_or_default(),
                };
                outputs.push(watched.iter().map(reals).collect());
            }
            for (index, value) in values.iter().enumerate() {
                let Some(Data::F32(values)) = value else { continue };
                let all = activations[index].get_or_insert_with(|| Activation {
                    min: f32::INFINITY,
                    max: f32::NEG_INFINITY,
                    mean: if read.contains(&TensorId(index as u32)) { vec![0.0; values.len()] } else { Vec::new() },
                    possible: possible[index],
                    samples,
                    ..Activation::default()
                });
                if let Some(reach) = reach[index] {
                    let row = graph.tensors[index].shape.0.last().copied().unwrap_or(1).max(1);
                    let peaks = values.chunks(row).map(|row| row.iter().fold(f32::NEG_INFINITY, |most, &value| most.max(value)));
                    let floor = peaks.fold(f32::INFINITY, f32::min) - reach;
                    all.floor = Some(all.floor.map_or(floor, |least| least.min(floor)));
                }
                all.add(values, share);
            }
        }
    }
    for (tensor, all) in graph.tensors.iter().zip(&activations) {
        if let Some(all) = all
            && !(all.min.is_finite() && all.max.is_finite() && all.mean.iter().all(|mean| mean.is_finite()))
        {
            return Err(SampleError::Diverges { tensor: tensor.name.clone() }.at(Place::default()).into());
        }
    }
    Ok((Statistics { activations, few: false, clips: false }, outputs))
}

/// Bytes of all activations of a float graph.
pub(super) fn bytes_of_sample(graph: &Graph) -> usize {
    graph.tensors.iter().filter(|tensor| tensor.value.is_none()).map(|tensor| 4 * tensor.shape.elements()).sum()
}

/// The least and the greatest number that each tensor can hold, by the op that makes it, or that those which read it tell from infinity: beyond
/// them, a logistic or a tanh is within a fifth of a step of its end.
fn possible(graph: &Graph, activations: Activations) -> Vec<(f32, f32)> {
    const ALL: (f32, f32) = (f32::NEG_INFINITY, f32::INFINITY);
    let mut possible = vec![ALL; graph.tensors.len()];
    for node in &graph.nodes {
        let fused = match &node.op {
            Op::Unary { kind: UnaryKind::Relu6, .. } => ir::Activation::Relu6,
            Op::Unary { kind: UnaryKind::ReluN1To1, .. } => ir::Activation::ReluN1To1,
            Op::Unary { kind: UnaryKind::Relu, .. } => ir::Activation::Relu,
            Op::Binary { activation, .. } | Op::Pool2d { activation, .. } | Op::Concatenation { activation, .. } => *activation,
            other => other.clone().layer_mut().map_or(ir::Activation::None, |layer| *layer.activation),
        };
        let range = match fused {
            ir::Activation::Relu => (0.0, f32::INFINITY),
            ir::Activation::Relu6 => (0.0, 6.0),
            ir::Activation::ReluN1To1 => (-1.0, 1.0),
            ir::Activation::None | ir::Activation::Clamp { min: _, max: _ } => ALL,
        };
        node.outputs.iter().for_each(|output| possible[output.0 as usize] = range);
    }
    let uses = graph.uses();
    for node in &graph.nodes {
        let most: f32 = match (&node.op, activations) {
            (Op::Unary { kind: UnaryKind::Logistic, .. }, Activations::Int8) => 8.0,
            (Op::Unary { kind: UnaryKind::Logistic, .. }, Activations::Int16) => 12.0,
            (Op::Unary { kind: UnaryKind::Tanh, .. }, Activations::Int8) => 4.0,
            (Op::Unary { kind: UnaryKind::Tanh, .. }, Activations::Int16) => 6.0,
            _ => continue,
        };
        for input in node.op.inputs().into_iter().filter(|input| uses.get(input.0 as usize) == Some(&1)) {
            let (low, high) = &mut possible[input.0 as usize];
            (*low, *high) = (low.max(-most), high.min(most));
        }
    }
    possible
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The activation that holds these samples.
    fn of(samples: &[&[f32]]) -> Activation {
        let mut made = Activation {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            mean: vec![0.0; samples[0].len()],
            possible: (f32::NEG_INFINITY, f32::INFINITY),
            samples: samples.len(),
            ..Activation::default()
        };
        samples.iter().for_each(|sample| made.add(sample, 1.0));
        made
    }

    #[test]
    fn few_samples_that_differ_widen_the_range() {
        let (few, many) = ([-1.0f32, 0.5, 1.2, -0.4, 0.1, 0.9, -0.7, 0.3], 600);
        let rows: Vec<[f32; 1]> = few.map(|value| [value]).to_vec();
        let made = of(&rows.iter().map(|row| &row[..]).collect::<Vec<_>>());
        let (low, high) = made.bounds();
        assert!(low < -2.4 && high > 2.5, "{low} {high}");
        assert!(low > -8.0 && high < 8.0, "{low} {high}");
        let rows: Vec<[f32; 1]> = (0..many).map(|index| [few[index % 8]]).collect();
        assert_eq!(of(&rows.iter().map(|row| &row[..]).collect::<Vec<_>>()).bounds(), (-1.0, f64::from(1.2f32)));
    }

    #[test]
    fn samples_of_one_range_are_believed() {
        // All reach from 0 to about 1, as pictures do.
        let rows: Vec<[f32; 3]> = (0..8).map(|index| [0.0, 0.5, 1.0 - 0.001 * index as f32]).collect();
        let (low, high) = of(&rows.iter().map(|row| &row[..]).collect::<Vec<_>>()).bounds();
        assert!(low == 0.0 && high < 1.02, "{low} {high}");
    }

    #[test]
    fn what_a_logistic_cannot_tell_apart_is_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/float/logistic.tflite");
        let files = crate::script::Files::read(&path).unwrap();
        let graph = crate::pipeline::read(&files.source("logistic.tflite")).unwrap();
        let input = graph.inputs[0];
        let values = [40.0, -2.0].repeat(graph.tensor(input).shape.elements() / 2 + 1);
        let values = values[..graph.tensor(input).shape.elements()].to_vec();
        let data = Dataset { count: 1, inputs: vec![values], ..Dataset::default() };
        for (activations, most) in [(Activations::Int8, 8.0), (Activations::Int16, 12.0)] {
            let (statistics, _) = gather(&graph, &data, (&[], 0), 1000, activations).unwrap();
            assert_eq!(statistics.of(input).unwrap().bounds(), (-2.0, most));
        }
    }
}
