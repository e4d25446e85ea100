//! What activations hold on the samples: bounds, histograms and means.

use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::Evaluator;
use crate::ir::{Data, Graph, Op, TensorId};
use crate::samples::{Dataset, SampleError};

/// Bins of a histogram.
pub(super) const BINS: usize = 2048;

/// One activation over all samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Activation {
    /// Least element.
    pub(super) min: f32,
    /// Greatest element.
    pub(super) max: f32,
    /// Elements in each of [`BINS`] equal steps from `min` to `max`.
    pub(super) histogram: Vec<u64>,
    /// The mean of each element over the samples.
    pub(super) mean: Vec<f32>,
    /// Of what a softmax alone reads: what is further below the greatest element of any row is next to nothing behind it.
    pub(super) floor: Option<f32>,
}

/// Elements of a softmax's input that are so far below the greatest one have a probability of less than a tenth of the least that int8
/// can say.
const NOTHING: f32 = 8.0;

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
    /// The middle of a bin.
    pub(super) fn middle(&self, bin: usize) -> f64 {
        f64::from(self.min) + (bin as f64 + 0.5) * self.step()
    }

    /// The width of a bin.
    pub(super) fn step(&self) -> f64 {
        (f64::from(self.max) - f64::from(self.min)) / BINS as f64
    }

    fn count(&mut self, value: f32) {
        let width = self.max - self.min;
        let bin = if width > 0.0 { ((value - self.min) / width * BINS as f32) as usize } else { 0 };
        self.histogram[bin.min(BINS - 1)] += 1;
    }
}

/// Statistics of every float activation, by tensor.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    activations: Vec<Option<Activation>>,
}

impl Statistics {
    /// What is known of an activation; `None` for constants and integers.
    pub(super) fn of(&self, id: TensorId) -> Option<&Activation> {
        self.activations.get(id.0 as usize)?.as_ref()
    }
}

/// Runs all samples twice: for the bounds and means, and for the histograms between the bounds.
///
/// # Errors
/// What the evaluator says of the graph, and tensors that are not finite.
pub(super) fn gather(graph: &Graph, data: &Dataset) -> Result<Statistics, Diagnostics> {
    let evaluator = Evaluator::new(graph)?;
    let mut activations: Vec<Option<Activation>> = vec![None; graph.tensors.len()];
    let share = 1.0 / data.count as f32;
    let reach = softmax_reach(graph);
    run(&evaluator, data, |index, values| {
        let all = activations[index].get_or_insert_with(|| Activation {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            histogram: vec![0; BINS],
            mean: vec![0.0; values.len()],
            floor: None,
        });
        if let Some(reach) = reach[index] {
            let row = graph.tensors[index].shape.0.last().copied().unwrap_or(1).max(1);
            let peaks = values.chunks(row).map(|row| row.iter().fold(f32::NEG_INFINITY, |most, &value| most.max(value)));
            let floor = peaks.fold(f32::INFINITY, f32::min) - reach;
            all.floor = Some(all.floor.map_or(floor, |least| least.min(floor)));
        }
        for (&value, mean) in values.iter().zip(&mut all.mean) {
            all.min = all.min.min(value);
            all.max = all.max.max(value);
            *mean += value * share;
        }
    })?;
    for (tensor, all) in graph.tensors.iter().zip(&activations) {
        if let Some(all) = all
            && !(all.min.is_finite() && all.max.is_finite() && all.mean.iter().all(|mean| mean.is_finite()))
        {
            return Err(SampleError::Diverges { tensor: tensor.name.clone() }.at(Place::default()).into());
        }
    }
    run(&evaluator, data, |index, values| {
        if let Some(all) = activations[index].as_mut() {
            values.iter().for_each(|&value| all.count(value));
        }
    })?;
    Ok(Statistics { activations })
}

fn run(evaluator: &Evaluator<'_>, data: &Dataset, mut see: impl FnMut(usize, &[f32])) -> Result<(), Diagnostics> {
    for sample in 0..data.count {
        let values = evaluator.run_all(&data.sample(sample)).map_err(|error| error.at(Place::default()))?;
        for (index, value) in values.iter().enumerate() {
            if let Some(Data::F32(values)) = value {
                see(index, values);
            }
        }
    }
    Ok(())
}
