//! Weights and scales in the arrangement of the packed kernels, and which layers it is exact for.
//!
//! The arrangements are told in the runtime's `arch/packed/`, for DSP cores, `arch/lanes/`, for Armv6-M, and `arch/tiles/`, for
//! RV32.

mod tiles;

use crate::ir::Data;
use crate::lower::{Constant, Kernel, Layer, Program, Requantizer, Step, Weights};
use crate::options::CoreClass;
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::packed::ONCE;
use tinybake_runtime::kernels::{lanes, packed};
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// Most words lent to a depthwise convolution: 2 kB of the stack.
const PLANES: usize = 512;

/// Words lent to fully connected layers of several rows, for as many pairs of rows as fit, but one at least.
const PAIRS: usize = 256;

/// Most words lent to the others: two windows of 576 elements.
const WINDOWS: usize = 576;

/// Words lent for eight pixels of two lanes a word at most: above it, four are made at a time.
const LANES: usize = 576;

/// Sum of magnitudes of weights up to which products with elements of `int8` fit 16 bits.
pub(super) const MOST_WEIGHT: i32 = 255;

/// Shift of the least scale: the zero point is shifted left by as much.
const MOST_SHIFT: u32 = 20;

/// The constants of a layer, arranged, and what its kernel is lent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arranged {
    /// The module of the runtime's `kernels` that it is for.
    pub(super) module: &'static str,
    /// Weights, as the kernel reads them.
    pub(super) filter: Constant,
    /// Words of an element, if the kernel takes them as the module's `Channels`.
    pub(super) channels: Option<usize>,
    /// Four numbers a channel.
    pub(super) scales: Constant,
    /// Words of memory that the kernel is lent.
    pub(super) words: usize,
}

/// The arrangement of a step's constants; `None` where the step has no packed kernel that is exact.
pub(super) fn arrange(program: &Program, step: &Step, core: CoreClass) -> Option<Arranged> {
    if !step.bounded {
        return None;
    }
    match core {
        CoreClass::Dsp => for_dsp(program, step),
        CoreClass::Armv6M => for_lanes(program, step, &ONE_CHANNEL),
        CoreClass::Riscv32 => for_lanes(program, step, &tiles::TWO_CHANNELS),
        CoreClass::Generic | CoreClass::Host | CoreClass::Armv7M | CoreClass::Mve => None,
    }
}

/// The channel of a weight, by its place in the filter.
type Owner<'a> = dyn Fn(usize) -> usize + 'a;

/// How layers are arranged for kernels of two pixels in a word.
struct Lanes {
    /// The module of the kernels.
    module: &'static str,
    /// Whether kernels take weights in runs as the module's `Channels`.
    in_channels: bool,
    /// Weights in runs, and the words of a window, from weights and how many a channel has.
    runs: fn(&[i8], usize) -> (Vec<i8>, usize),
    /// Four numbers a channel, of which there are so many; the function tells whose a weight is.
    scales: fn(&Program, &Weights, &Clamp, usize, &Owner<'_>) -> Option<Vec<i32>>,
}

/// Channel by channel.
const ONE_CHANNEL: Lanes = Lanes {
    module: "lanes",
    in_channels: false,
    runs: one_channel,
    scales: |program, weights, clamp, channels, _| scales(program, weights, clamp, channels, 1),
};

/// A convolution of one group, or fully connected layer of several rows: what is done for each of several pixels.
pub(super) struct Convolution<'a> {
    pub(super) weights: &'a Weights,
    pub(super) clamp: &'a Clamp,
    /// Weights of an output channel.
    pub(super) size: usize,
    /// Output channels.
    pub(super) channels: usize,
}

/// That of a kernel. A single row has nothing to share a word with.
pub(super) fn convolution(kernel: &Kernel) -> Option<Convolution<'_>> {
    let (layer, weights) = kernel.layer()?;
    let (clamp, size, channels) = match layer {
        Layer::FullyConnected(p) if p.rows > 1 => (&p.clamp, p.depth as usize, p.columns as usize),
        Layer::Conv2d(p) if p.groups == 1 => {
            let size = p.kernel.map(usize::from).iter().product::<usize>() * usize::from(p.input.channels);
            (&p.clamp, size, usize::from(p.output.channels))
        }
        Layer::FullyConnected(_) | Layer::Conv2d(_) | Layer::DepthwiseConv2d(_) | Layer::TransposeConv(_) => return None,
    };
    Some(Convolution { weights, clamp, size, channels })
}

/// Two pixels in a word, over weights in runs.
fn for_lanes(program: &Program, step: &Step, way: &Lanes) -> Option<Arranged> {
    if let Some((Layer::DepthwiseConv2d(params), weights)) = step.kernel.layer() {
        let (words, channels) = (lanes::planes_words(params, PLANES), usize::from(params.output.channels));
        let filter = int8(program, weights)?;
        if !three_by_three(params) || words > PLANES || !small(program, weights, filter.len(), |at| at % channels) {
            return None;
        }
        let filter = (0..channels).flat_map(|channel| filter.iter().skip(channel).step_by(channels).map(|&w| w.into()));
        let scales = (way.scales)(program, weights, &params.clamp, channels, &|at| at % channels)?;
        return of_layer(program, weights, Data::I32(filter.collect()), scales, words, way.module);
    }
    let Convolution { weights, clamp, size, channels } = convolution(&step.kernel)?;
    let filter = int8(program, weights)?;
    if size == 0 || size > lanes::MOST_SIZE || filter.len() != size * channels {
        return None;
    }
    if !small(program, weights, filter.len(), |at| at / size) {
        return None;
    }
    let (bytes, words) = (way.runs)(filter, size);
    let scales = (way.scales)(program, weights, clamp, channels, &|at| at / size)?;
    let arranged = of_layer(program, weights, Data::I8(bytes), scales, words, way.module)?;
    Some(Arranged { channels: way.in_channels.then_some(words / size), ..arranged })
}

/// Runs of each channel, of `size` weights.
fn one_channel(filter: &[i8], size: usize) -> (Vec<i8>, usize) {
    let words = if 4 * size <= LANES { 4 * size } else { 2 * size };
    (filter.chunks(size).flat_map(runs).collect(), words)
}

/// Whether all sums are so small that the multiplication in halves holds, `channel` telling whose a weight is.
pub(super) fn small(program: &Program, weights: &Weights, count: usize, channel: impl Fn(usize) -> usize) -> bool {
    let (Some(filter), Some(bias)) = (int8(program, weights), program.constant(weights.bias).data.as_i32()) else { return false };
    let mut most: Vec<i64> = bias.iter().map(|&bias| i64::from(bias).abs()).collect();
    for (at, &w) in filter.iter().enumerate().take(count) {
        match most.get_mut(channel(at)) {
            Some(most) => *most += 128 * i64::from(w).abs(),
            None => return false,
        }
    }
    most.iter().all(|&most| most < 1 << 29)
}

/// Whether the depthwise kernels are for this.
fn three_by_three(p: &DepthwiseConv2d) -> bool {
    let strides = [[1, 1], [2, 2]].contains(&p.stride);
    p.kernel == [3, 3] && strides && p.dilation == [1, 1] && p.multiplier == 1 && p.pad[1] <= 1 && p.output.channels > 0
}

/// The weights of a channel in runs of which the products' sums fit 16 bits, each after its length.
fn runs(weights: &[i8]) -> Vec<i8> {
    let mut bytes = Vec::with_capacity(weights.len() + weights.len() / 4);
    let mut rest = weights;
    while !rest.is_empty() {
        let mut sum = 0;
        let fits = |w: &&i8| {
            sum += i32::from(**w).abs();
            sum <= MOST_WEIGHT
        };
        // One always fits: no magnitude is above 128.
        let count = rest.iter().take(255).take_while(fits).count().max(1);
        let (run, after) = rest.split_at(count);
        bytes.push(count as u8 as i8);
        bytes.extend(run);
        rest = after;
    }
    bytes
}

/// Pairs of channels and of taps.
fn for_dsp(program: &Program, step: &Step) -> Option<Arranged> {
    let (layer, weights) = step.kernel.layer()?;
    match layer {
        Layer::FullyConnected(params) => {
            let depth = params.depth as usize;
            let pixels = match params.rows {
                0 | 1 => 1,
                rows => 2 * (PAIRS / (2 * packed::halves(depth)).max(1)).clamp(1, rows as usize / 2),
            };
            let (filter, signs) = paired(int8(program, weights)?, depth, depth)?;
            let scales = signed(scales(program, weights, &params.clamp, params.columns as usize, 2)?, &signs);
            of_layer(program, weights, Data::I32(filter), scales, pixels * packed::halves(depth), "packed")
        }
        Layer::Conv2d(params) => {
            let run = usize::from(params.kernel[1]) * usize::from(params.input.channels);
            if params.groups != 1 || params.dilation != [1, 1] || run == 0 || run > packed::MOST_RUN {
                return None;
            }
            let (filter, signs) = paired(int8(program, weights)?, run, run * usize::from(params.kernel[0]))?;
            let scales = signed(scales(program, weights, &params.clamp, params.output.channels.into(), 2)?, &signs);
            of_layer(program, weights, Data::I32(filter), scales, 2 * packed::window_words(params), "packed")
        }
        Layer::DepthwiseConv2d(params) => {
            let channels = usize::from(params.output.channels);
            if !three_by_three(params) || channels < 4 {
                return None;
            }
            let (words, filter) = (packed::planes_words(params, PLANES), Data::I32(tapped(int8(program, weights)?, channels)));
            let scales = scales(program, weights, &params.clamp, channels, 2)?;
            (words <= PLANES).then(|| of_layer(program, weights, filter, scales, words, "packed"))?
        }
        Layer::TransposeConv(_) => None,
    }
}

pub(super) fn int8<'a>(program: &'a Program, weights: &Weights) -> Option<&'a [i8]> {
    program.constant(weights.filter).data.as_i8()
}

pub(super) fn of_layer(
    program: &Program,
    weights: &Weights,
    filter: Data,
    scales: Vec<i32>,
    words: usize,
    module: &'static str,
) -> Option<Arranged> {
    let label = |id| program.constant(id).label.clone();
    (words <= 2 * WINDOWS).then(|| Arranged {
        module,
        channels: None,
        filter: Constant { label: format!("{}, arranged", label(weights.filter)), data: filter },
        scales: Constant { label: format!("scales and {}", label(weights.bias)), data: Data::I32(scales) },
        words,
    })
}

/// Weights of rows of `size` elements, in runs of `run`, in pairs of channels, the partner of an odd one being zeros; and of each
/// channel, whether its weights are as they are, 1, or negated, -1: so a -128 beside a negative weight fits a half word too.
fn paired(filter: &[i8], run: usize, size: usize) -> Option<(Vec<i32>, Vec<i32>)> {
    if run == 0 || size == 0 {
        return None;
    }
    let zeros = vec![0; size];
    let (mut words, mut signs) = (Vec::new(), Vec::new());
    for two in filter.chunks(2 * size) {
        let (a, b) = two.split_at_checked(size)?;
        let b = if b.is_empty() { &zeros } else { b };
        // Sums over the second channel lie within `-2^23..2^23`, whatever the input.
        if b.len() < size || b.iter().map(|&w| i64::from(w).abs() * 128).sum::<i64>() >= 1 << 23 {
            return None;
        }
        let half = |a: i8, b: i8, sign: i32| i16::try_from(i32::from(a) + 256 * sign * i32::from(b)).ok();
        let sign = [1, -1].into_iter().find(|&sign| a.iter().zip(b).all(|(&a, &b)| half(a, b, sign).is_some()))?;
        signs.extend([1, sign]);
        for (a, b) in a.chunks(run).zip(b.chunks(run)) {
            for (low, high) in packed::places(run) {
                let half = |place: Option<usize>| place.map_or(Some(0), |place| half(a[place], b[place], sign));
                let (low, high) = (half(Some(low))?, half(high)?);
                words.push(i32::from(low as u16) | i32::from(high) << 16);
            }
        }
    }
    Some((words, signs))
}

/// The scales of channels whose sums have these signs: the products of sums and multipliers stay as they are.
fn signed(mut scales: Vec<i32>, signs: &[i32]) -> Vec<i32> {
    for (scale, sign) in scales.as_chunks_mut::<4>().0.iter_mut().zip(signs) {
        let [bias, multiplier, _, _] = scale;
        (*bias, *multiplier) = (bias.wrapping_mul(*sign), *multiplier * sign);
    }
    scales
}

/// Six words of three rows of three taps, of each channel.
fn tapped(filter: &[i8], channels: usize) -> Vec<i32> {
    let of_channel = |channel: usize| {
        (0..3).flat_map(move |row| {
            let tap = |column: usize| filter.get((3 * row + column) * channels + channel).copied().unwrap_or(0);
            let pair = |low: i8, high: i8| i32::from(i16::from(low) as u16) | i32::from(high) << 16;
            [pair(tap(0), tap(1)), pair(tap(1), tap(2))]
        })
    };
    (0..channels).flat_map(of_channel).collect()
}

/// The rules of as many channels, whether they round once or twice.
fn rules(program: &Program, weights: &Weights, channels: usize) -> Option<Vec<Multiplier>> {
    let rules: Vec<Multiplier> = match weights.requantizer {
        Requantizer::Multiplier(rule) | Requantizer::Once(rule) => vec![rule; channels],
        Requantizer::PerChannel { multipliers, shifts }
        | Requantizer::OncePerChannel { multipliers, shifts }
        | Requantizer::Offset { multipliers, shifts, offsets: _ } => {
            let (multipliers, shifts) = (program.constant(multipliers).data.as_i32()?, program.constant(shifts).data.as_i8()?);
            multipliers.iter().zip(shifts).map(|(&multiplier, &shift)| Multiplier { multiplier, shift }).collect()
        }
        Requantizer::Rint(_) | Requantizer::RintPerChannel(_) | Requantizer::RintAdded { .. } => return None,
    };
    let bias = program.constant(weights.bias).data.as_i32()?;
    (rules.len() == channels && bias.len() == channels).then_some(rules)
}

/// Of each channel, once or twice the bias, the multiplier, the zero point and half, and the shift, with [`ONCE`] where that is how
/// it rounds; for a whole number of pairs.
pub(super) fn scales(program: &Program, weights: &Weights, clamp: &Clamp, channels: usize, times: i32) -> Option<Vec<i32>> {
    let (rules, bias) = (rules(program, weights, channels)?, program.constant(weights.bias).data.as_i32()?);
    let once = weights.requantizer.rounds_once();
    let mut scales = Vec::with_capacity(4 * channels.next_multiple_of(2));
    let own = offsets(program, weights, channels)?;
    for (channel, (rule, bias)) in rules.iter().zip(bias).enumerate() {
        let shift = u32::from(rule.shift.unsigned_abs());
        if rule.shift >= 0 || shift > MOST_SHIFT {
            return None;
        }
        // The high word of the product lies within `-2^30..2^30`, so the sum with this does not wrap.
        let offset = own.map_or_else(|| offset_of(clamp, shift), |own| own[channel]);
        let marked = if once { shift as i32 | ONCE } else { shift as i32 };
        scales.extend([bias.wrapping_mul(times), rule.multiplier, offset, marked]);
    }
    scales.resize(4 * channels.next_multiple_of(2), 0);
    Some(scales)
}

/// What is added before the shift: the zero point and a half.
fn offset_of(clamp: &Clamp, shift: u32) -> i32 {
    (clamp.zero_point << shift) + (1 << (shift - 1))
}

/// What each channel adds before the shift, where that is of its own; `None` outside where there are not as many as channels.
fn offsets<'a>(program: &'a Program, weights: &Weights, channels: usize) -> Option<Option<&'a [i32]>> {
    let Requantizer::Offset { offsets, .. } = weights.requantizer else { return Some(None) };
    let offsets = program.constant(offsets).data.as_i32()?;
    (offsets.len() == channels).then_some(Some(offsets))
}

#[cfg(test)]
mod tests;
