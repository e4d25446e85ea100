//! Weights and scales in the arrangement of the packed kernels, and which layers it is exact for.
//!
//! The arrangement is told in the runtime's `arch/packed/`.

use crate::ir::Data;
use crate::lower::{Constant, Kernel, Program, Requantizer, Step, Weights};
use crate::options::CoreClass;
use tinybake_runtime::kernels::packed;
use tinybake_runtime::requantize::{Clamp, Multiplier};

/// Most words lent to a depthwise convolution: 2 kB of the stack.
const PLANES: usize = 512;

/// Words lent to fully connected layers of several rows, for as many pairs of rows as fit, but one at least.
const PAIRS: usize = 256;

/// Most words lent to the others: two windows of 576 elements.
const WINDOWS: usize = 576;

/// Shift of the least scale: the zero point is shifted left by as much.
const MOST_SHIFT: u32 = 20;

/// The constants of a layer, arranged, and what its kernel is lent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arranged {
    /// Weights, as words.
    pub(super) filter: Constant,
    /// Four numbers a channel.
    pub(super) scales: Constant,
    /// Words of memory that the kernel is lent.
    pub(super) words: usize,
}

/// The arrangement of a step's constants; `None` where the step has no packed kernel that is exact.
pub(super) fn arrange(program: &Program, step: &Step, core: CoreClass) -> Option<Arranged> {
    if core != CoreClass::Dsp || !step.bounded {
        return None;
    }
    match &step.kernel {
        Kernel::FullyConnected { params, weights } => {
            let depth = params.depth as usize;
            let pixels = match params.rows {
                0 | 1 => 1,
                rows => 2 * (PAIRS / (2 * packed::halves(depth)).max(1)).clamp(1, rows as usize / 2),
            };
            let filter = paired(int8(program, weights)?, depth, depth)?;
            of_layer(program, weights, &params.clamp, filter, params.columns as usize, pixels * packed::halves(depth))
        }
        Kernel::Conv2d { params, weights } => {
            let run = usize::from(params.kernel[1]) * usize::from(params.input.channels);
            if params.groups != 1 || params.dilation != [1, 1] || run == 0 || run > packed::MOST_RUN {
                return None;
            }
            let filter = paired(int8(program, weights)?, run, run * usize::from(params.kernel[0]))?;
            let words = 2 * packed::window_words(params);
            of_layer(program, weights, &params.clamp, filter, params.output.channels.into(), words)
        }
        Kernel::DepthwiseConv2d { params, weights } => {
            let strides = [[1, 1], [2, 2]].contains(&params.stride);
            let channels = usize::from(params.output.channels);
            if params.kernel != [3, 3]
                || !strides
                || params.dilation != [1, 1]
                || params.multiplier != 1
                || channels < 4
                || params.pad[1] > 1
            {
                return None;
            }
            let (words, filter) = (packed::planes_words(params, PLANES), tapped(int8(program, weights)?, channels));
            (words <= PLANES).then(|| of_layer(program, weights, &params.clamp, filter, channels, words))?
        }
        Kernel::TransposeConv { .. }
        | Kernel::AveragePool2d(_)
        | Kernel::MaxPool2d(_)
        | Kernel::Softmax(_)
        | Kernel::SoftmaxF32 { .. }
        | Kernel::Lut(_)
        | Kernel::Binary { .. }
        | Kernel::Mean { .. }
        | Kernel::ReduceMax(_)
        | Kernel::ArgMax(_)
        | Kernel::Copy { .. }
        | Kernel::MirrorPad(_)
        | Kernel::ResizeNearestNeighbor { .. }
        | Kernel::ResizeBilinear { .. }
        | Kernel::Quantize(_)
        | Kernel::Dequantize(_)
        | Kernel::Requantize(_)
        | Kernel::View => None,
    }
}

fn int8<'a>(program: &'a Program, weights: &Weights) -> Option<&'a [i8]> {
    program.constant(weights.filter).data.as_i8()
}

fn of_layer(
    program: &Program,
    weights: &Weights,
    clamp: &Clamp,
    filter: Vec<i32>,
    channels: usize,
    words: usize,
) -> Option<Arranged> {
    let label = |id| program.constant(id).label.clone();
    let scales = scales(program, weights, clamp, channels)?;
    (words <= WINDOWS.max(PLANES) * 2).then(|| Arranged {
        filter: Constant { label: format!("{}, packed", label(weights.filter)), data: Data::I32(filter) },
        scales: Constant { label: format!("scales and {}", label(weights.bias)), data: Data::I32(scales) },
        words,
    })
}

/// Weights of rows of `size` elements, in runs of `run`, in pairs of channels, the partner of an odd one being zeros.
fn paired(filter: &[i8], run: usize, size: usize) -> Option<Vec<i32>> {
    if run == 0 || size == 0 {
        return None;
    }
    let zeros = vec![0; size];
    let mut words = Vec::new();
    for two in filter.chunks(2 * size) {
        let (a, b) = two.split_at_checked(size)?;
        let b = if b.is_empty() { &zeros } else { b };
        // Sums over the second channel lie within `-2^23..2^23`, whatever the input.
        if b.len() < size || b.iter().map(|&w| i64::from(w).abs() * 128).sum::<i64>() >= 1 << 23 {
            return None;
        }
        for (a, b) in a.chunks(run).zip(b.chunks(run)) {
            for (low, high) in packed::places(run) {
                let half = |place: Option<usize>| {
                    let (a, b) = place.map_or((0, 0), |place| (i32::from(a[place]), i32::from(b[place])));
                    i16::try_from(a + 256 * b).ok()
                };
                let (low, high) = (half(Some(low))?, half(high)?);
                words.push(i32::from(low as u16) | i32::from(high) << 16);
            }
        }
    }
    Some(words)
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

/// Of each channel, twice the bias, the multiplier, the zero point and half, and the shift; for a whole number of pairs.
fn scales(program: &Program, weights: &Weights, clamp: &Clamp, channels: usize) -> Option<Vec<i32>> {
    let rules: Vec<Multiplier> = match weights.requantizer {
        Requantizer::Multiplier(rule) => vec![rule; channels],
        Requantizer::PerChannel { multipliers, shifts } => {
            let (multipliers, shifts) = (program.constant(multipliers).data.as_i32()?, program.constant(shifts).data.as_i8()?);
            multipliers.iter().zip(shifts).map(|(&multiplier, &shift)| Multiplier { multiplier, shift }).collect()
        }
        Requantizer::Rint(_) | Requantizer::RintPerChannel(_) => return None,
    };
    let bias = program.constant(weights.bias).data.as_i32()?;
    if rules.len() != channels || bias.len() != channels {
        return None;
    }
    let mut scales = Vec::with_capacity(4 * channels.next_multiple_of(2));
    for (rule, bias) in rules.iter().zip(bias) {
        let shift = u32::from(rule.shift.unsigned_abs());
        if rule.shift >= 0 || shift > MOST_SHIFT {
            return None;
        }
        // The high word of the product lies within `-2^30..2^30`, so the sum with this does not wrap.
        let offset = (clamp.zero_point << shift) + (1 << (shift - 1));
        scales.extend([bias.wrapping_mul(2), rule.multiplier, offset, shift as i32]);
    }
    scales.resize(4 * channels.next_multiple_of(2), 0);
    Some(scales)
}

#[cfg(test)]
mod tests;
