//! Makes the weights of a changed network do what those of the network it stands for did: layer after layer, by least squares on
//! samples.
//!
//! A layer of the changed network reads what the layers before it make by now, and is to make what its twin makes of what that reads. The
//! squared difference is a [`Quadratic`] of the weights: pruning finds the least of it on the weights that are left, quantization
//! the least on the numbers that integers stand for. What each adjusts is the next layer's concern, so errors do not add up.

mod geometry;
mod quadratic;

pub(crate) use geometry::Geometry;
pub(crate) use quadratic::Quadratic;

use crate::diag::{Diagnostics, Explain, Place};
use crate::eval::float::{Evaluator, NodeRunner};
use crate::ir::{Data, Graph, Layer, TensorId};
use crate::parallel::processors;
use crate::samples::{Dataset, SampleError};

/// Pixels, of all samples together, that a layer's squares are summed over, at the least; and for each weight of a sum.
const ROWS: usize = 4096;
const ROWS_PER_WEIGHT: usize = 8;

/// Multiplications that the squares of a layer may take, and weights of a sum: other layers keep their weights. The squares of 2048 weights
/// are 32 MB.
const MOST: u64 = 4_000_000_000;
const MOST_WEIGHTS: usize = 2048;
/// Bytes that the squares of one layer may take, of all threads together: fewer threads work on a wide layer.
const SQUARES_BYTES: usize = 128 << 20;
/// Bytes that the activations of all samples may take: of a network with larger ones, fewer samples are run.
const ACTIVATION_BYTES: usize = 512 << 20;

/// What one sample has made so far, in the reference and in the changed graph.
struct Made {
    reference: Vec<Option<Data>>,
    changed: Vec<Option<Data>>,
}

/// A layer that [`visit`] has come to, with what it reads on the samples.
pub(crate) struct Visited<'a> {
    reference: &'a Graph,
    /// Index of its node.
    pub(crate) index: usize,
    pub(crate) geometry: &'a Geometry,
    samples: &'a [Made],
}

/// Goes through both graphs, which have the same nodes and tensors, on the first `count` samples, or as many as there is memory for.
/// `layer` gets every layer that sums products of constants, before it is run in the changed graph; `settle` may change what a node of the
/// changed graph has made, and its inputs.
///
/// # Errors
/// What keeps either graph from being run; outputs that are not finite.
pub(crate) fn visit(
    reference: &Graph,
    changed: &mut Graph,
    data: &Dataset,
    count: usize,
    settle: impl Fn(TensorId, &mut Data) + Sync,
    mut layer: impl FnMut(&mut Graph, &Visited<'_>),
) -> Result<(), Diagnostics> {
    Evaluator::check(reference)?;
    Evaluator::check(changed)?;
    let last = last_uses(reference);
    let start = |sample| {
        let mut made = Made { reference: vec![None; reference.tensors.len()], changed: vec![None; changed.tensors.len()] };
        for (&id, input) in reference.inputs.iter().zip(data.sample(sample)) {
            made.changed[id.0 as usize] = Some(input.clone());
            if let Some(input) = &mut made.changed[id.0 as usize] {
                settle(id, input);
            }
            made.reference[id.0 as usize] = Some(input);
        }
        made
    };
    let most = (ACTIVATION_BYTES / (2 * live_bytes(reference, &last)).max(1)).max(1);
    let mut samples: Vec<Made> = (0..data.count.min(count).min(most)).map(start).collect();
    for index in 0..reference.nodes.len() {
        if let Some(geometry) = &Geometry::of(reference, &reference.nodes[index]) {
            layer(changed, &Visited { reference, index, geometry, samples: &samples });
        }
        let ours = NodeRunner::new(changed, index);
        let theirs = NodeRunner::new(reference, index);
        let outputs = &reference.nodes[index].outputs;
        each(&mut samples, |made| {
            for (&id, data) in outputs.iter().zip(theirs.run(&made.reference)) {
                made.reference[id.0 as usize] = Some(data);
            }
            for (&id, mut data) in outputs.iter().zip(ours.run(&made.changed)) {
                settle(id, &mut data);
                made.changed[id.0 as usize] = Some(data);
            }
            for (tensor, last) in last.iter().enumerate() {
                if *last <= index {
                    (made.reference[tensor], made.changed[tensor]) = (None, None);
                }
            }
        });
    }
    let bad = |id: &&TensorId| samples.iter().any(|made| !finite(made.changed[id.0 as usize].as_ref()));
    match reference.outputs.iter().find(bad) {
        Some(&id) => Err(SampleError::Diverges { tensor: reference.tensor(id).name.clone() }.at(Place::default()).into()),
        None => Ok(()),
    }
}

/// As [`visit`], where `adjust` gets the layers that are not too large, with their squared differences: one quadratic, or for a depthwise
/// convolution one for each output channel.
///
/// # Errors
/// As [`visit`].
pub(crate) fn walk(
    reference: &Graph,
    changed: &mut Graph,
    data: &Dataset,
    count: usize,
    settle: impl Fn(TensorId, &mut Data) + Sync,
    mut adjust: impl FnMut(&mut Graph, usize, &Geometry, Vec<Quadratic>),
) -> Result<(), Diagnostics> {
    visit(reference, changed, data, count, settle, |changed, layer| {
        if let Some(quadratics) = layer.quadratics() {
            adjust(changed, layer.index, layer.geometry, quadratics);
        }
    })
}

impl Visited<'_> {
    /// The squared differences; `None` of a layer that is too large.
    pub(crate) fn quadratics(&self) -> Option<Vec<Quadratic>> {
        let small = self.geometry.size() <= MOST_WEIGHTS && products(self.geometry, self.samples.len()) <= MOST;
        small.then(|| quadratics(self.reference, self.index, self.geometry, self.samples))
    }

    /// The mean square of what each weight of a sum is multiplied with in the changed graph: `[size]`, or for a depthwise convolution
    /// `[outs, size]`.
    pub(crate) fn mean_squares(&self) -> Vec<f64> {
        let Self { reference, index, geometry, samples } = *self;
        let Some(Layer { input, .. }) = reference.nodes[index].op.layer() else { return Vec::new() };
        let size = geometry.size();
        let mut squares = vec![0.0; geometry.groups() * size];
        let mut row = vec![0.0; size];
        let stride = stride(geometry, samples.len());
        let mut count = 0usize;
        for (sample, made) in samples.iter().enumerate() {
            let now = floats(&made.changed, input);
            for pixel in (sample % stride..geometry.pixels()).step_by(stride) {
                count += 1;
                for (group, squares) in squares.chunks_exact_mut(size.max(1)).enumerate() {
                    geometry.row(now, pixel, group, &mut row);
                    squares.iter_mut().zip(&row).for_each(|(sum, &input)| *sum += f64::from(input).powi(2));
                }
            }
        }
        squares.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
        squares
    }
}

fn floats(values: &[Option<Data>], id: TensorId) -> &[f32] {
    match &values[id.0 as usize] {
        Some(Data::F32(values)) => values,
        _ => &[],
    }
}

/// The most bytes of activations of a sample that are there at a time.
fn live_bytes(graph: &Graph, last: &[usize]) -> usize {
    let bytes = |id: TensorId| 4 * graph.tensor(id).shape.elements();
    let mut live: usize = graph.inputs.iter().map(|&id| bytes(id)).sum();
    let mut most = live;
    for (index, node) in graph.nodes.iter().enumerate() {
        live += node.outputs.iter().map(|&id| bytes(id)).sum::<usize>();
        most = most.max(live);
        let mut read: Vec<TensorId> = node.op.inputs().into_iter().chain(node.outputs.iter().copied()).collect();
        read.sort_unstable_by_key(|id| id.0);
        read.dedup();
        let over = |id: &TensorId| last[id.0 as usize] == index && graph.value(*id).is_none();
        live = live.saturating_sub(read.into_iter().filter(over).map(bytes).sum());
    }
    most
}

fn finite(data: Option<&Data>) -> bool {
    match data {
        Some(Data::F32(values)) => values.iter().all(|value| value.is_finite()),
        Some(Data::I8(_) | Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_)) | None => true,
    }
}

/// The last node that reads each tensor; those that are outputs are never given up.
fn last_uses(graph: &Graph) -> Vec<usize> {
    let mut last = vec![0; graph.tensors.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        node.op.inputs().into_iter().chain(node.outputs.iter().copied()).for_each(|id| last[id.0 as usize] = index);
    }
    graph.outputs.iter().for_each(|id| last[id.0 as usize] = usize::MAX);
    last
}

/// Parts of the samples on all processors.
fn each(samples: &mut [Made], work: impl Fn(&mut Made) + Sync) {
    let part = samples.len().div_ceil(processors()).max(1);
    std::thread::scope(|scope| {
        for part in samples.chunks_mut(part) {
            scope.spawn(|| part.iter_mut().for_each(&work));
        }
    });
}

/// One in so many pixels of each sample is enough.
fn stride(geometry: &Geometry, samples: usize) -> usize {
    let wanted = ROWS.max(ROWS_PER_WEIGHT * geometry.size()).div_ceil(samples.max(1));
    (geometry.pixels() / wanted.max(1)).max(1)
}

/// Multiplications that the squared differences of a layer take, and finding the weights with the least.
fn products(geometry: &Geometry, samples: usize) -> u64 {
    let [size, outs, rows] = [geometry.size(), geometry.outs(), samples * geometry.pixels().div_ceil(stride(geometry, samples))];
    let of_depthwise = if geometry.outs_of_group() == 1 { outs } else { 1 } as u64;
    let (size, outs, rows) = (size as u64, outs as u64, rows as u64);
    of_depthwise * rows * size * size / 2 + 2 * rows * size * outs + 2 * outs * size * size
}

/// Multiplications that [`walk`] takes on so many samples, of those layers that it fits, beyond running both graphs.
pub(crate) fn effort(graph: &Graph, samples: usize) -> u64 {
    let layers = graph.nodes.iter().filter_map(|node| Geometry::of(graph, node));
    let each = layers.filter(|geometry| geometry.size() <= MOST_WEIGHTS).map(|geometry| products(&geometry, samples));
    each.filter(|&products| products <= MOST).sum()
}

/// The squared differences of a layer over some pixels of all samples.
fn quadratics(reference: &Graph, index: usize, geometry: &Geometry, samples: &[Made]) -> Vec<Quadratic> {
    let Some(Layer { input, filter, bias, channel_axis: _ }) = reference.nodes[index].op.layer() else { return Vec::new() };
    let (weights, biases) = (reference.floats(filter), bias.map_or(&[][..], |bias| reference.floats(bias)));
    let size = geometry.size();
    let stride = stride(geometry, samples.len());
    let one = |part: &[Made], first: usize| {
        let mut sums = geometry.quadratics();
        let (mut theirs, mut ours) = (vec![0.0; size + 1], vec![1.0; size + 1]);
        let mut targets = vec![0.0; geometry.outs_of_group()];
        for (offset, made) in part.iter().enumerate() {
            let (before, now) = (floats(&made.reference, input), floats(&made.changed, input));
            // Another pixel of each sample is the first.
            for pixel in ((first + offset) % stride..geometry.pixels()).step_by(stride) {
                for (group, sums) in sums.iter_mut().enumerate() {
                    geometry.row(before, pixel, group, &mut theirs[..size]);
                    geometry.row(now, pixel, group, &mut ours[..size]);
                    for (slot, target) in targets.iter_mut().enumerate() {
                        let out = group + slot;
                        let bias = f64::from(biases.get(out).copied().unwrap_or(0.0));
                        let products = |weights: &[f32]| {
                            weights.iter().zip(&theirs).map(|(weight, input)| f64::from(weight * input)).sum::<f64>()
                        };
                        *target = bias
                            + match geometry.row_of(out) {
                                Some(row) => products(&weights[row]),
                                None => (0..size).map(|k| f64::from(weights[geometry.weight(out, k)] * theirs[k])).sum(),
                            };
                    }
                    sums.add(&ours, &targets);
                }
            }
        }
        sums.iter_mut().for_each(Quadratic::settle);
        sums
    };
    let threads = processors().min(SQUARES_BYTES / geometry.quadratic_bytes().max(1)).max(1);
    let part = samples.len().div_ceil(threads).max(1);
    let parts: Vec<Vec<Quadratic>> = std::thread::scope(|scope| {
        let parts = samples.chunks(part).enumerate();
        let running: Vec<_> = parts.map(|(number, samples)| scope.spawn(move || one(samples, number * part))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let merged = parts.into_iter().reduce(|mut all, part| {
        all.iter_mut().zip(&part).for_each(|(all, part)| all.merge(part));
        all
    });
    merged.unwrap_or_else(|| geometry.quadratics())
}
