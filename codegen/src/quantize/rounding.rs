//! Rounds the weights of every layer to those integers with which its sums are closest to the float network's, given what the layers before
//! it make of the samples once they are quantized.
//!
//! A layer's squared error is a quadratic of its weights ([`crate::fit`]). From the nearest integers on, one weight after the other goes to
//! the integer that is best for all others as they are, no further than one from the nearest, until nothing changes; the bias is that of least
//! error at any time. As the error falls with every step, this ends. Weights that are zero stay zero, for sparse kernels.

use super::stored::{StoredLayer, least_scale};
use super::{Activations, Ranges, Recipe, Width};
use crate::diag::Diagnostics;
use crate::fit::{self, Geometry, Quadratic};
use crate::ir::{Data, Graph, Layer, Quantization, TensorId};
use crate::samples::Dataset;

/// How strongly weights are drawn to where they were, see [`Quadratic::ridge`].
const RIDGE: f64 = 0.02;
/// Rounds over the weights of a row, at the most.
const ROUNDS: usize = 12;

/// A layer's integers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rounded {
    /// The filter.
    pub(super) stored: StoredLayer,
    /// The biases, as reals.
    pub(super) biases: Vec<f32>,
}

/// The rounded weights of each node; `None` for what is no layer, and for layers whose sums [`Geometry`] does not know.
///
/// # Errors
/// What keeps the graph from being run.
pub(super) fn fitted(
    float: &Graph,
    quantization: impl Fn(TensorId) -> Option<Quantization> + Sync,
    data: &Dataset,
    recipe: &Recipe,
    width: impl Fn(usize) -> Width,
    count: usize,
) -> Result<Vec<Option<Rounded>>, Diagnostics> {
    let mut changed = float.clone();
    let mut all: Vec<Option<Rounded>> = vec![None; float.nodes.len()];
    let (least, most) = match recipe.activations {
        Activations::Int8 => (-128.0, 127.0),
        Activations::Int16 => (-32768.0, 32767.0),
    };
    let settle = |id: TensorId, data: &mut Data| {
        if let (Data::F32(values), Some(quantization)) = (data, quantization(id)) {
            let (scale, zero) = (quantization.scale(), quantization.zero_point() as f32);
            values.iter_mut().for_each(|value| *value = scale * (((*value / scale).round() + zero).clamp(least, most) - zero));
        }
    };
    fit::walk(float, &mut changed, data, count, settle, |graph, index, geometry, quadratics| {
        let input = float.nodes[index].op.layer().and_then(|layer| quantization(layer.input));
        let input_scale = input.map_or(1.0, |input| input.scale());
        let rounded = layer(
            float,
            index,
            geometry,
            quadratics,
            input_scale,
            |weights| width(index).scale(weights, recipe.ranges),
            width(index),
        );
        if let (Some(Layer { filter, bias: Some(bias), .. }), Some(rounded)) = (graph.nodes[index].op.layer(), &rounded) {
            graph.floats_mut(filter).copy_from_slice(&rounded.stored.reals());
            graph.floats_mut(bias).copy_from_slice(&rounded.biases);
        }
        all[index] = rounded;
    })?;
    Ok(all)
}

fn layer(
    float: &Graph,
    index: usize,
    geometry: &Geometry,
    mut quadratics: Vec<Quadratic>,
    input_scale: f32,
    scale: impl Fn(&[f32]) -> f32,
    width: Width,
) -> Option<Rounded> {
    let Layer { filter, bias, .. } = float.nodes[index].op.layer()?;
    let (weights, biases) = (float.floats(filter), float.floats(bias?));
    quadratics.iter_mut().for_each(Quadratic::centre);
    let stored = StoredLayer::of(vec![1.0; geometry.outs()], vec![0; weights.len()], geometry.inner());
    let mut made = Rounded { stored, biases: biases.to_vec() };
    for out in 0..geometry.outs() {
        let (group, row) = geometry.slot(out);
        let quadratic = quadratics.get(group)?;
        let own: Vec<f32> = (0..geometry.size()).map(|k| weights[geometry.weight(out, k)]).collect();
        // Twice the bias, since it will be another.
        let scale = scale(&own).max(least_scale(2.0 * biases.get(out).copied().unwrap_or(0.0), input_scale));
        let (stored, bias) = row_of(quadratic, row, &own, scale, width);
        stored.iter().enumerate().for_each(|(k, &stored)| made.stored.weights[geometry.weight(out, k)] = stored);
        made.stored.scales[out] = scale;
        *made.biases.get_mut(out)? = bias as f32;
    }
    Some(made)
}

/// The integers of one row, and its bias.
fn row_of(quadratic: &Quadratic, row: usize, weights: &[f32], scale: f32, width: Width) -> (Vec<i8>, f64) {
    let (low, high) = width.bounds();
    let size = weights.len();
    let ridge = quadratic.ridge(RIDGE);
    let step = f64::from(scale);
    let nearest: Vec<f64> = weights.iter().map(|weight| f64::from((weight / scale).round()).clamp(low, high)).collect();
    let mut stored = nearest.clone();
    // The slope of half the error along each weight.
    let mut slope: Vec<f64> = (0..size).map(|k| -quadratic.target(row, k)).collect();
    for (k, stored) in stored.iter().enumerate().filter(|(_, stored)| **stored != 0.0) {
        slope.iter_mut().zip(quadratic.line(k)).for_each(|(slope, both)| *slope += stored * step * both);
    }
    for _ in 0..ROUNDS {
        let mut changed = false;
        for k in (0..size).filter(|&k| weights[k] != 0.0) {
            let curvature = quadratic.line(k)[k] + ridge;
            let here = stored[k] * step;
            let wanted = here - (slope[k] + ridge * (here - f64::from(weights[k]))) / curvature;
            let next = (wanted / step).round().clamp(nearest[k] - 1.0, nearest[k] + 1.0).clamp(low, high);
            if next != stored[k] && next.is_finite() {
                let by = (next - stored[k]) * step;
                slope.iter_mut().zip(quadratic.line(k)).for_each(|(slope, both)| *slope += by * both);
                stored[k] = next;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let reals: Vec<f64> = stored.iter().map(|stored| stored * step).collect();
    (stored.iter().map(|&stored| stored as i8).collect(), quadratic.bias(row, &reals))
}

/// What rounding a layer costs, as a share of the variance of its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Costs {
    two: f64,
    four: f64,
    eight: f64,
}

impl Costs {
    pub(super) fn of(&self, width: Width) -> f64 {
        match width {
            Width::Two => self.two,
            Width::Four => self.four,
            Width::Eight => self.eight,
        }
    }
}

/// What rounding each layer alone costs; `None` for what is no layer, or one that cannot be fitted.
///
/// # Errors
/// What keeps the graph from being run.
pub(super) fn costs(float: &Graph, data: &Dataset, count: usize) -> Result<Vec<Option<Costs>>, Diagnostics> {
    let mut all = vec![None; float.nodes.len()];
    let settle = |_, _: &mut _| {};
    fit::walk(float, &mut float.clone(), data, count, settle, |_, index, geometry, mut quadratics| {
        let Some(Layer { filter, .. }) = float.nodes[index].op.layer() else { return };
        let weights = float.floats(filter);
        quadratics.iter_mut().for_each(Quadratic::centre);
        let cost = |width: Width| {
            let (mut error, mut signal) = (0.0, f64::MIN_POSITIVE);
            for out in 0..geometry.outs() {
                let (group, row) = geometry.slot(out);
                let Some(quadratic) = quadratics.get(group) else { continue };
                let own: Vec<f32> = (0..geometry.size()).map(|k| weights[geometry.weight(out, k)]).collect();
                let scale = width.scale(&own, Ranges::MinMax);
                let (stored, _) = row_of(quadratic, row, &own, scale, width);
                let off = |(stored, weight): (&i8, &f32)| f64::from(*stored) * f64::from(scale) - f64::from(*weight);
                error += quadratic.square(&stored.iter().zip(&own).map(off).collect::<Vec<_>>());
                signal += quadratic.square(&own.iter().map(|&weight| weight.into()).collect::<Vec<_>>());
            }
            error / signal
        };
        all[index] = Some(Costs { two: cost(Width::Two), four: cost(Width::Four), eight: cost(Width::Eight) });
    })?;
    Ok(all)
}
