//! Bias correction: what the rounding of weights moves the mean of a channel by is taken off its bias.

use super::statistics::Statistics;
use crate::eval::float::Evaluator;
use crate::ir::{Activation, Data, Graph, Layer, Node, Tensor, TensorId, Weight};

/// For each output channel of a layer, the mean over samples and pixels of what `difference` (rounded weights less the weights)
/// adds to its sums. A layer is linear, so this is what it makes of the mean input.
pub(super) fn shift(graph: &Graph, node: &Node, statistics: &Statistics, difference: Vec<f32>) -> Vec<f32> {
    let found = || {
        let layer = node.op.layer()?;
        let mean = statistics.of(layer.input)?.mean.clone();
        let output = graph.tensor(*node.outputs.first()?);
        let made = alone(graph, node, layer, difference)?;
        let Data::F32(sums) = Evaluator::new(&made).ok()?.run(&[Data::F32(mean)]).ok()?.into_iter().next()? else { return None };
        let channels = *output.shape.0.last()?;
        let mut totals = vec![0f64; channels];
        for row in sums.chunks_exact(channels) {
            totals.iter_mut().zip(row).for_each(|(total, &sum)| *total += f64::from(sum));
        }
        let rows = (sums.len() / channels) as f64;
        Some(totals.into_iter().map(|total| (total / rows) as f32).collect())
    };
    found().unwrap_or_default()
}

/// A graph of one layer without bias or clamp, and with other weights.
fn alone(graph: &Graph, node: &Node, layer: Layer, weights: Vec<f32>) -> Option<Graph> {
    let mut made = Graph { name: graph.name.clone(), ..Graph::default() };
    let plain = |id: TensorId| Tensor { value: None, ..graph.tensor(id).clone() };
    let input = made.add_tensor(plain(layer.input));
    let value = made.add_weight(Weight { name: String::new(), data: Data::F32(weights) });
    let filter = made.add_tensor(Tensor { value: Some(value), ..graph.tensor(layer.filter).clone() });
    let output = made.add_tensor(plain(*node.outputs.first()?));
    let mut op = node.op.clone();
    let slots = op.layer_mut()?;
    (*slots.input, *slots.filter, *slots.bias, *slots.activation) = (input, filter, None, Activation::None);
    made.nodes.push(Node { op, outputs: vec![output], origin: node.origin.clone() });
    (made.inputs, made.outputs) = (vec![input], vec![output]);
    Some(made)
}
