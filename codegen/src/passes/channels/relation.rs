//! How an op relates the channels that it reads to those that it makes.

use crate::ir::{Data, Graph, Node, Op, Tensor, TensorId, Window};

/// Channels of a tensor: the length of its last axis; one where there is no axis.
pub(super) fn channels(tensor: &Tensor) -> usize {
    tensor.shape.0.last().copied().unwrap_or(1)
}

/// What a node does with channels.
pub(crate) enum Relation {
    /// It sums products with weights.
    Layer(Layer),
    /// Each channel of an output holds what is made of the channels tied to it, and of the tensors `whole`. An output channel
    /// without a tie is padding.
    Channelwise {
        /// The ties.
        ties: Vec<Tie>,
        /// Tensors that all channels read whole.
        whole: Vec<TensorId>,
    },
    /// Nothing is known: it reads all channels of everything, and they must all be there.
    Mixed,
}

/// Pairs of channels of two tensors: that of `from` goes into that of `to`, and neither can be there without the other.
pub(crate) struct Tie {
    /// The tensor read.
    pub(super) from: TensorId,
    /// The tensor made.
    pub(super) to: TensorId,
    /// The first channel of each.
    firsts: [usize; 2],
    /// How many channels of `to` go with each of `from`.
    repeat: usize,
    /// After how many channels of each the first is next.
    moduli: [usize; 2],
    /// The number of pairs.
    count: usize,
}

impl Tie {
    /// Channel `firsts[0] + i` with channel `firsts[1] + i`, as many as both have.
    fn run(graph: &Graph, from: TensorId, to: TensorId, firsts: [usize; 2]) -> Self {
        let left = |id: TensorId, first: usize| channels(graph.tensor(id)).saturating_sub(first);
        let count = left(from, firsts[0]).min(left(to, firsts[1]));
        Self { from, to, firsts, repeat: 1, moduli: [count, count], count }
    }

    /// The channels that pair number `0..count` ties.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Self { from: _, to: _, firsts, repeat, moduli: [from, to], count } = *self;
        (0..count).map(move |pair| (firsts[0] + pair / repeat % from, firsts[1] + pair % to))
    }
}

/// Where a weight stands.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The output channel that it adds to.
    pub(crate) out: usize,
    /// Its tap.
    pub(crate) tap: usize,
    /// The input channel that it multiplies.
    pub(crate) channel: usize,
}

/// A layer with weights: a convolution without groups, of any kind, or a fully connected layer.
pub(crate) struct Layer {
    /// What it reads.
    pub(crate) input: TensorId,
    /// Its weights.
    pub(crate) filter: TensorId,
    /// Its biases.
    pub(crate) bias: Option<TensorId>,
    /// What it makes.
    pub(crate) output: TensorId,
    /// Output channels.
    pub(crate) outs: usize,
    /// Input channels. A fully connected layer over an image that is `k` pixels large has them `k` times: as taps.
    pub(crate) ins: usize,
    /// For each tap, whether it never reads the padding.
    pub(crate) inside: Vec<bool>,
    /// Output channels of each input channel, of a depthwise convolution; its weights lie `[tap][output channel]`, all others'
    /// `[output channel][tap][input channel]`.
    pub(crate) multiplier: Option<usize>,
}

impl Layer {
    /// Where the weight at `index` stands.
    pub(crate) fn place(&self, index: usize) -> Place {
        match self.multiplier {
            Some(multiplier) => {
                let out = index % self.outs;
                Place { out, tap: index / self.outs, channel: out / multiplier }
            }
            None => {
                let row = self.inside.len() * self.ins;
                Place { out: index / row, tap: index / self.ins % self.inside.len(), channel: index % self.ins }
            }
        }
    }

    /// Index of the filter's axis of output channels.
    pub(super) fn axis(&self) -> usize {
        if self.multiplier.is_some() { 3 } else { 0 }
    }

    /// A depthwise convolution's output channels go with their input channels, but where there is one input channel for all.
    pub(super) fn tie(&self) -> Option<Tie> {
        let tie = |repeat| Tie {
            from: self.input,
            to: self.output,
            firsts: [0, 0],
            repeat,
            moduli: [self.ins, self.outs],
            count: self.outs,
        };
        self.multiplier.filter(|_| self.ins > 1).map(tie)
    }

    /// The weights, in the order of [`Layer::place`]; none where they are floats.
    pub(super) fn weights<'a>(&self, graph: &'a Graph) -> &'a [i8] {
        graph.value(self.filter).and_then(|data| data.as_i8()).unwrap_or(&[])
    }

    /// The bias of each output channel.
    pub(super) fn biases(&self, graph: &Graph) -> Vec<i32> {
        let given = self.bias.and_then(|bias| graph.value(bias)).and_then(|data| data.as_i32()).unwrap_or(&[]);
        (0..self.outs).map(|channel| given.get(channel).copied().unwrap_or(0)).collect()
    }
}

/// The relation of a node of a valid graph.
pub(super) fn of(graph: &Graph, node: &Node) -> Relation {
    let &[output, ..] = node.outputs.as_slice() else { return Relation::Mixed };
    let shape = |id: TensorId| graph.tensor(id).shape.0.as_slice();
    let count = |id: TensorId| channels(graph.tensor(id));
    let last = |id: TensorId| shape(id).len().saturating_sub(1);
    let channelwise = |ties| Relation::Channelwise { ties, whole: Vec::new() };
    let equal =
        |input: TensorId| channelwise(node.outputs.iter().map(|&output| Tie::run(graph, input, output, [0, 0])).collect());
    // Where the last axis stays as it is, its channels do.
    let equal_if = |input: TensorId, kept: bool| {
        let same = node.outputs.iter().all(|&output| count(output) == count(input));
        if kept && same { equal(input) } else { Relation::Mixed }
    };
    match &node.op {
        Op::Conv2d { input, filter, bias, window, activation: _ } => {
            let inside = inside(window, shape(*input), shape(output));
            layer(graph, [*input, *filter, output], *bias, inside, None)
        }
        Op::DepthwiseConv2d { input, filter, bias, window, activation: _ } => {
            let inside = inside(window, shape(*input), shape(output));
            let multiplier = count(output).checked_div(count(*input));
            layer(graph, [*input, *filter, output], *bias, inside, multiplier.filter(|&multiplier| multiplier > 0))
        }
        Op::TransposeConv { input, filter, bias, window, activation: _ } => {
            // Every pixel has its own choice of taps.
            layer(graph, [*input, *filter, output], *bias, vec![false; window.kernel[0] * window.kernel[1]], None)
        }
        Op::FullyConnected { input, filter, bias, activation: _ } => {
            let pixels = count(*filter) / count(*input).max(1);
            layer(graph, [*input, *filter, output], *bias, vec![true; pixels], None)
        }
        Op::Binary { kind: _, a, b, activation: _ } => operands(graph, &[*a, *b], output),
        Op::Prelu { input, alpha } => operands(graph, &[*input, *alpha], output),
        Op::Unary { kind: _, input }
        | Op::Pool2d { kind: _, input, window: _, activation: _ }
        | Op::Resize { mode: _, input, align_corners: _, half_pixel_centers: _ }
        | Op::Quantize { input }
        | Op::Dequantize { input } => equal(*input),
        Op::Reduce { kind: _, input, axes } => equal_if(*input, !axes.contains(&last(*input))),
        Op::Pad { input, before, after: _, value: _ } => {
            let first = before.last().copied().unwrap_or(0);
            channelwise(vec![Tie::run(graph, *input, output, [0, first])])
        }
        Op::MirrorPad { input, before, after, mode: _ } => {
            equal_if(*input, before.last() == Some(&0) && after.last() == Some(&0))
        }
        Op::Concatenation { inputs, axis, activation: _ } => {
            let mut first = 0;
            let tie = |&input: &TensorId| {
                let tie = Tie::run(graph, input, output, [0, first]);
                first += if *axis == last(output) { count(input) } else { 0 };
                tie
            };
            channelwise(inputs.iter().map(tie).collect())
        }
        Op::Pack { inputs, axis } if *axis != last(output) => {
            channelwise(inputs.iter().map(|&input| Tie::run(graph, input, output, [0, 0])).collect())
        }
        Op::Split { input, axis } => {
            let mut first = 0;
            let tie = |&output: &TensorId| {
                let tie = Tie::run(graph, *input, output, [first, 0]);
                first += if *axis == last(*input) { count(output) } else { 0 };
                tie
            };
            channelwise(node.outputs.iter().map(tie).collect())
        }
        Op::Unpack { input, axis } => equal_if(*input, *axis != last(*input)),
        Op::Slice { input, begin, stride, size } => match (begin.last(), stride.last(), size.last()) {
            (Some(&begin), Some(&1), Some(&size)) if size == count(output) => {
                channelwise(vec![Tie::run(graph, *input, output, [begin, 0])])
            }
            _ => Relation::Mixed,
        },
        Op::Transpose { input, perm } => equal_if(*input, perm.last() == Some(&last(*input))),
        Op::Reshape { input } => {
            let moduli @ [from, to] = [count(*input), count(output)];
            if from == 0 || to == 0 || (!from.is_multiple_of(to) && !to.is_multiple_of(from)) {
                return Relation::Mixed;
            }
            channelwise(vec![Tie { from: *input, to: output, firsts: [0, 0], repeat: 1, moduli, count: from.max(to) }])
        }
        Op::Pack { inputs: _, axis: _ } | Op::Softmax { input: _, beta: _ } | Op::ArgMax { input: _, axis: _ } => Relation::Mixed,
        Op::Shape { input: _ } => Relation::Mixed,
    }
}

/// A layer of `[input, filter, output]`; the relation is unknown where channels fall into groups or rows.
fn layer(
    graph: &Graph,
    [input, filter, output]: [TensorId; 3],
    bias: Option<TensorId>,
    inside: Vec<bool>,
    multiplier: Option<usize>,
) -> Relation {
    let (ins, outs) = (channels(graph.tensor(input)), channels(graph.tensor(output)));
    let found = Layer { input, filter, bias, output, outs, ins, inside, multiplier };
    let row = if multiplier.is_some() { 1 } else { ins };
    let whole = graph.tensor(filter).shape.elements() == outs * found.inside.len() * row;
    let constant = match graph.value(filter) {
        Some(Data::I8(values)) => !values.is_empty(),
        Some(Data::F32(values)) => !values.is_empty(),
        Some(Data::U8(_) | Data::I16(_) | Data::I32(_) | Data::I64(_) | Data::Bool(_)) | None => false,
    };
    if whole && constant { Relation::Layer(found) } else { Relation::Mixed }
}

/// Operands that broadcast to `output`.
fn operands(graph: &Graph, operands: &[TensorId], output: TensorId) -> Relation {
    let count = |id: TensorId| channels(graph.tensor(id));
    let (tied, whole): (Vec<TensorId>, _) = operands.iter().partition(|&&operand| count(operand) == count(output));
    Relation::Channelwise { ties: tied.into_iter().map(|operand| Tie::run(graph, operand, output, [0, 0])).collect(), whole }
}

/// For each tap of a window, whether it lies in the image `[1, height, width, channels]` for every output.
fn inside(window: &Window, input: &[usize], output: &[usize]) -> Vec<bool> {
    let along = |axis: usize| {
        let size = |shape: &[usize]| shape.get(1 + axis).copied().unwrap_or(0);
        let farthest = size(output).saturating_sub(1).saturating_mul(window.stride[axis]);
        let (before, end) = (window.pad_before[axis], size(input).saturating_add(window.pad_before[axis]));
        (0..window.kernel[axis]).map(move |tap| {
            let offset = tap * window.dilation[axis];
            offset >= before && offset.saturating_add(farthest) < end
        })
    };
    along(0).flat_map(|row| along(1).map(move |column| row && column)).collect()
}
