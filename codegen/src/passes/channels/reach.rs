//! Bounds on what each channel can hold, whatever the input.

use super::PerChannel;
use super::relation::{Layer, Relation, Tie};
use crate::ir::{DType, Data, Graph, Node, TensorId};
use crate::lower::{BinaryFn, Kernel, Operand, Program, Requantizer, Step, Weights, apply};
use crate::valid::Range;
use tinybake_runtime::kernels::reduce::{self, Mean, Reduce};
use tinybake_runtime::requantize::{Clamp, Multiplier, Once, PerChannel as Multipliers, Requantize, Rint, RintPerChannel};

/// What a tensor that is not `int8` may hold.
const ANY: Range = Range { min: i32::MIN, max: i32::MAX };

/// Pairs of operands that are tried one by one.
const TRIED: i32 = 256;

/// The range of each channel of each tensor, never tighter than the truth.
pub(super) fn ranges(graph: &Graph, program: &Program, relations: &[Relation]) -> PerChannel<Range> {
    let mut ranges = PerChannel::filled(graph, ANY);
    for (index, tensor) in graph.tensors.iter().enumerate() {
        let id = TensorId(index as u32);
        match graph.value(id) {
            Some(Data::I8(values)) => of_constant(values, ranges.of_mut(id)),
            Some(_) => {}
            None if tensor.dtype == DType::I8 => ranges.of_mut(id).fill(Range::INT8),
            None => {}
        }
    }
    for ((node, step), relation) in graph.nodes.iter().zip(&program.steps).zip(relations) {
        match relation {
            Relation::Layer(layer) => of_layer(graph, program, step, layer, &mut ranges),
            Relation::Channelwise { ties, whole } => channelwise(node, step, program, ties, whole, &mut ranges),
            Relation::Mixed => {}
        }
    }
    ranges
}

/// The sum of each output channel of a layer, bias included: its least and its greatest.
pub(super) fn sums(graph: &Graph, layer: &Layer, ranges: &PerChannel<Range>) -> Vec<(i64, i64)> {
    let zero_point = graph.tensor(layer.input).quantization.as_ref().map_or(0, |quantization| quantization.zero_point());
    let mut sums: Vec<(i64, i64)> = layer.biases(graph).iter().map(|&bias| (bias.into(), bias.into())).collect();
    let inputs = ranges.of(layer.input);
    for (index, &weight) in layer.weights(graph).iter().enumerate().filter(|&(_, &weight)| weight != 0) {
        let place = layer.place(index);
        let range = inputs[place.channel];
        // A tap in the padding adds nothing, as one on the zero point.
        let zero = if layer.inside[place.tap] { range } else { range.union(Range { min: zero_point, max: zero_point }) };
        let term = |value: i32| i64::from(weight) * (i64::from(value) - i64::from(zero_point));
        let (a, b) = (term(zero.min), term(zero.max));
        let sum = &mut sums[place.out];
        *sum = (sum.0 + a.min(b), sum.1 + a.max(b));
    }
    sums
}

fn of_constant(values: &[i8], ranges: &mut [Range]) {
    let channels = ranges.len().max(1);
    for (channel, range) in ranges.iter_mut().enumerate() {
        let values = values.iter().skip(channel).step_by(channels).map(|&value| Range { min: value.into(), max: value.into() });
        *range = values.reduce(Range::union).unwrap_or(Range::INT8);
    }
}

fn of_layer(graph: &Graph, program: &Program, step: &Step, layer: &Layer, ranges: &mut PerChannel<Range>) {
    let Some((weights, clamp)) = rule(step) else { return };
    let sums = sums(graph, layer, ranges);
    for (channel, (range, (min, max))) in ranges.of_mut(layer.output).iter_mut().zip(sums).enumerate() {
        *range = requantized(program, weights, clamp, channel, min, max);
    }
}

/// A sum that gives the constant output `value` of a channel whose least sum is `least`: zero where that does, so that the accumulator is
/// seen to be small, as after a converter has saturated the bias of a dead channel.
pub(super) fn sum_of_constant(program: &Program, step: &Step, channel: usize, value: i32, least: i64) -> i32 {
    let of_zero = rule(step).map(|(weights, clamp)| requantized(program, weights, clamp, channel, 0, 0));
    // Sums wrap.
    if of_zero == Some(Range { min: value, max: value }) { 0 } else { least as i32 }
}

/// How a layer's sums become outputs.
fn rule(step: &Step) -> Option<(&Weights, &Clamp)> {
    match &step.kernel {
        Kernel::Conv2d { params, weights } => Some((weights, &params.clamp)),
        Kernel::DepthwiseConv2d { params, weights } => Some((weights, &params.clamp)),
        Kernel::FullyConnected { params, weights } => Some((weights, &params.clamp)),
        Kernel::TransposeConv { params, weights } => Some((weights, &params.clamp)),
        _ => None,
    }
}

/// The outputs of all sums from `min` to `max`, which wrap. Requantization rises with the sum, but where a left shift or the zero point
/// makes it wrap.
fn requantized(program: &Program, weights: &Weights, clamp: &Clamp, channel: usize, min: i64, max: i64) -> Range {
    let whole = Range { min: clamp.min.into(), max: clamp.max.into() };
    let (min, max) = match (i32::try_from(min), i32::try_from(max)) {
        (Ok(min), Ok(max)) => (min, max),
        (Err(_), _) | (_, Err(_)) => (i32::MIN, i32::MAX),
    };
    let between = |requantize: &dyn Fn(i32) -> i8| {
        let (low, high) = (i32::from(requantize(min)), i32::from(requantize(max)));
        Range { min: low.min(high), max: low.max(high) }
    };
    let multiplied = |multiplier: Multiplier| {
        let shift = multiplier.shift.clamp(0, 31) as u32;
        let wraps = |sum: i32| {
            let shifted = (i64::from(sum) << shift) != i64::from(sum.wrapping_shl(shift));
            shifted || multiplier.apply(sum).checked_add(clamp.zero_point).is_none()
        };
        if wraps(min) || wraps(max) { whole } else { between(&|sum| multiplier.requantize(sum, channel, clamp)) }
    };
    match weights.requantizer {
        Requantizer::Multiplier(multiplier) => multiplied(multiplier),
        Requantizer::PerChannel { multipliers, shifts } => {
            let (Data::I32(multipliers), Data::I8(shifts)) =
                (&program.constant(multipliers).data, &program.constant(shifts).data)
            else {
                return whole;
            };
            match (multipliers.get(channel), shifts.get(channel)) {
                (Some(&multiplier), Some(&shift)) => multiplied(Multiplier { multiplier, shift }),
                (None, _) | (_, None) => between(&|sum| Multipliers { multipliers, shifts }.requantize(sum, channel, clamp)),
            }
        }
        Requantizer::Once(multiplier) => between(&|sum| Once(multiplier).requantize(sum, channel, clamp)),
        Requantizer::OncePerChannel { multipliers, shifts } => {
            match (&program.constant(multipliers).data, &program.constant(shifts).data) {
                (Data::I32(multipliers), Data::I8(shifts)) => {
                    between(&|sum| Once(Multipliers { multipliers, shifts }).requantize(sum, channel, clamp))
                }
                _ => whole,
            }
        }
        Requantizer::Rint(scale) => between(&|sum| Rint { scale }.requantize(sum, channel, clamp)),
        Requantizer::RintPerChannel(scales) => match &program.constant(scales).data {
            Data::F32(scales) => between(&|sum| RintPerChannel { scales }.requantize(sum, channel, clamp)),
            _ => whole,
        },
        // Their sums hold part of a bias in floats, which is not among those that are looked at.
        Requantizer::Offset { .. } | Requantizer::RintAdded { .. } => whole,
    }
}

/// Ranges of what a channelwise node makes, by the arithmetic of its kernel.
fn channelwise(node: &Node, step: &Step, program: &Program, ties: &[Tie], whole: &[TensorId], ranges: &mut PerChannel<Range>) {
    match &step.kernel {
        // Elements move; some are filled in.
        Kernel::Copy { fill, pieces: _ } => {
            let fill = fill.map(|value| Range { min: value.into(), max: value.into() });
            moved(node, ties, ranges, |range| fill.map_or(range, |fill| range.union(fill)));
            let (Some(fill), &[output]) = (fill, node.outputs.as_slice()) else { return };
            let mut tied = vec![false; ranges.of(output).len()];
            ties.iter().flat_map(Tie::pairs).for_each(|(_, written)| tied[written] = true);
            let untied = ranges.of_mut(output).iter_mut().zip(tied).filter(|(_, tied)| !tied);
            untied.for_each(|(range, _)| *range = fill);
        }
        Kernel::MirrorPad(_) | Kernel::ResizeNearestNeighbor { .. } | Kernel::View | Kernel::ReduceMax(_) => {
            moved(node, ties, ranges, |range| range);
        }
        // A mean of equals, by weights whose sum is one, is that value, and a rounded mean lies between the extremes.
        Kernel::ResizeBilinear { .. } => moved(node, ties, ranges, |range| if single(range) { range } else { Range::INT8 }),
        Kernel::AveragePool2d(params) => {
            moved(node, ties, ranges, |range| clamped(range, params.min, params.max));
        }
        Kernel::MaxPool2d(params) => moved(node, ties, ranges, |range| clamped(range, params.min, params.max)),
        Kernel::Mean { shape, params } => moved(node, ties, ranges, |range| mean(shape, params, range)),
        Kernel::Lut(table) => {
            let Some(&[Operand::Activation(read)]) = Some(step.reads.as_slice()) else { return };
            let (Some(tie), Some(table)) = (ties.iter().find(|tie| tie.from == read), program.constant(*table).data.as_i8())
            else {
                return;
            };
            moved(node, core::slice::from_ref(tie), ranges, |range| {
                let answers = (range.min..=range.max).filter_map(|value| table.get(usize::from(value as u8)));
                let answers = answers.map(|&answer| Range { min: answer.into(), max: answer.into() });
                answers.reduce(Range::union).unwrap_or(Range::INT8)
            });
        }
        Kernel::Binary { function, broadcast: _ } => {
            let &[a, b] = node.op.inputs().as_slice() else { return };
            let &[output] = node.outputs.as_slice() else { return };
            let operand = |id: TensorId, channel: usize| {
                let of = ranges.of(id);
                if whole.contains(&id) { of.iter().copied().reduce(Range::union) } else { of.get(channel).copied() }
            };
            let made = (0..ranges.of(output).len()).map(|channel| match (operand(a, channel), operand(b, channel)) {
                (Some(a), Some(b)) => binary(function, a, b),
                (None, _) | (_, None) => Range::INT8,
            });
            let made: Vec<Range> = made.collect();
            ranges.of_mut(output).copy_from_slice(&made);
        }
        Kernel::Conv2d { .. }
        | Kernel::DepthwiseConv2d { .. }
        | Kernel::FullyConnected { .. }
        | Kernel::TransposeConv { .. }
        | Kernel::Softmax(_)
        | Kernel::SoftmaxF32 { .. }
        | Kernel::SoftmaxReals { .. }
        | Kernel::AveragePoolReals(_)
        | Kernel::ArgMax(_)
        | Kernel::Quantize(_)
        | Kernel::QuantizeToEven(_)
        | Kernel::QuantizeByInverse(_)
        | Kernel::MeanReal { .. }
        | Kernel::Dequantize(_)
        | Kernel::Requantize(_)
        | Kernel::Int16(_) => {}
    }
}

/// Each output channel holds what `change` makes of the channels tied to it.
fn moved(node: &Node, ties: &[Tie], ranges: &mut PerChannel<Range>, change: impl Fn(Range) -> Range) {
    for &output in &node.outputs {
        let mut made: Vec<Option<Range>> = vec![None; ranges.of(output).len()];
        for tie in ties.iter().filter(|tie| tie.to == output) {
            let from = ranges.of(tie.from);
            for (read, written) in tie.pairs() {
                let range = change(from[read]);
                made[written] = Some(made[written].map_or(range, |other| other.union(range)));
            }
        }
        for (range, made) in ranges.of_mut(output).iter_mut().zip(made) {
            *range = made.unwrap_or(*range);
        }
    }
}

fn single(range: Range) -> bool {
    range.min == range.max
}

fn clamped(range: Range, min: i8, max: i8) -> Range {
    let clamp = |value: i32| value.max(min.into()).min(max.into());
    Range { min: clamp(range.min), max: clamp(range.max) }
}

/// The mean of equal elements, as the kernel computes it.
fn mean(shape: &Reduce, params: &Mean, range: Range) -> Range {
    let (true, Ok(value)) = (single(range), i8::try_from(range.min)) else { return Range::INT8 };
    // All elements are one.
    let row = Reduce { kept: [1; 3], kept_strides: [0; 3], reduced: shape.reduced, reduced_strides: [0; 3] };
    let mut output = [0];
    reduce::mean(&row, params, &[value], &mut output);
    Range { min: output[0].into(), max: output[0].into() }
}

/// All answers of a function of two operands, tried one by one where there are few.
fn binary(function: &BinaryFn, a: Range, b: Range) -> Range {
    let within = |range: Range| range.min >= -128 && range.max <= 127;
    let of = |[min, max]: [i8; 2]| Range { min: min.into(), max: max.into() };
    if !within(a) || !within(b) {
        return Range::INT8;
    }
    if (a.max - a.min + 1) * (b.max - b.min + 1) <= TRIED {
        let answers = (a.min..=a.max).flat_map(|a| (b.min..=b.max).map(move |b| apply(function, a as i8, b as i8)));
        let answers = answers.map(|answer| Range { min: answer.into(), max: answer.into() });
        return answers.reduce(Range::union).unwrap_or(Range::INT8);
    }
    let clamp = match function {
        BinaryFn::Add(op) => &op.clamp,
        BinaryFn::Sub(op) => &op.clamp,
        BinaryFn::Mul(op) => &op.clamp,
        BinaryFn::XnnAdd(op) => &op.clamp,
        BinaryFn::XnnMul(op) => &op.clamp,
        BinaryFn::RealAdd(op) => &op.clamp,
        BinaryFn::RealMul(op) => &op.clamp,
        BinaryFn::RealSum(op) => return of(op.range),
        BinaryFn::RealProduct(op) => return of(op.range),
        BinaryFn::Maximum => return Range { min: a.min.max(b.min), max: a.max.max(b.max) },
        BinaryFn::Minimum => return Range { min: a.min.min(b.min), max: a.max.min(b.max) },
        BinaryFn::Prelu(_) => return Range::INT8,
    };
    Range { min: clamp.min.into(), max: clamp.max.into() }
}
