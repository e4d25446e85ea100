//! The streams of layers in blocked form: biases, weights and scales in the order in which a vector core reads them, as
//! [`tinybake_runtime::kernels::blocked`] says.

use crate::ir::Data;
use crate::lower::{Constant, Layer as Kind, Program, Requantizer, Step, Weights};
use tinybake_runtime::kernels::blocked::{BLOCK_OF_TAPS, LANES_OF_BLOCK, Run, VECTOR, WINDOW, neighbours};
use tinybake_runtime::kernels::depthwise_conv2d::DepthwiseConv2d;
use tinybake_runtime::kernels::packed::ONCE;

/// A layer's numbers, by output channel.
struct Layer<'a> {
    filter: &'a [i8],
    bias: &'a [i32],
    /// Multiplier and shift.
    scales: Vec<(i32, i32)>,
}

/// The stream of a step; `None` where the step has no blocked form.
pub(super) fn stream(program: &Program, step: &Step) -> Option<Constant> {
    let (kind, weights) = step.kernel.layer()?;
    let words = match kind {
        Kind::FullyConnected(params) => {
            let (depth, columns) = (params.depth as usize, params.columns as usize);
            let run = Run::of_depth(depth)?;
            // Where the run ends behind the depth, the last row is read from a copy.
            let fits = run.elements() == depth || run.elements() <= WINDOW;
            Layer::new(program, weights, columns).filter(|_| fits)?.rows(&run, 1, depth, columns)?
        }
        Kind::Conv2d(params) => {
            let (run, in_image) = Run::of_conv2d(params)?;
            let columns = usize::from(params.output.channels);
            let row = usize::from(params.kernel[1]) * usize::from(params.input.channels);
            let rows = usize::from(params.kernel[0]);
            let (rows, row) = if in_image { (rows, row) } else { (1, rows * row) };
            let fits = params.groups == 1 && run.elements() <= WINDOW;
            Layer::new(program, weights, columns).filter(|_| fits)?.rows(&run, rows, row, columns)?
        }
        Kind::DepthwiseConv2d(params) => {
            let fits = params.kernel == [3, 3] && params.multiplier == 1 && params.input.channels == params.output.channels;
            let columns = usize::from(params.output.channels);
            Layer::new(program, weights, columns).filter(|_| fits)?.taps(params)?
        }
        Kind::TransposeConv(_) => return None,
    };
    let label = format!("stream of {}", program.constant(weights.filter).label);
    let bytes = words.into_iter().flat_map(|word| word.to_le_bytes().map(|byte| byte as i8)).collect();
    Some(Constant { label, data: Data::I8(bytes) })
}

impl<'a> Layer<'a> {
    /// `None` where scales are not multipliers with shifts to the right, or the numbers are not there.
    fn new(program: &'a Program, weights: &Weights, channels: usize) -> Option<Self> {
        let once = weights.requantizer.rounds_once();
        let scales: Vec<(i32, i32)> = match &weights.requantizer {
            Requantizer::Multiplier(one) | Requantizer::Once(one) => vec![(one.multiplier, i32::from(one.shift)); channels],
            Requantizer::PerChannel { multipliers, shifts } | Requantizer::OncePerChannel { multipliers, shifts } => {
                let multipliers = program.constant(*multipliers).data.as_i32()?;
                let shifts = program.constant(*shifts).data.as_i8()?;
                multipliers.iter().zip(shifts).map(|(&multiplier, &shift)| (multiplier, i32::from(shift))).collect()
            }
            Requantizer::Rint(_)
            | Requantizer::RintPerChannel(_)
            | Requantizer::Offset { .. }
            | Requantizer::RintAdded { .. } => return None,
        };
        // A multiplier of zero makes zero at any shift.
        let scales: Vec<_> = scales.into_iter().map(|scale| if scale.0 == 0 { (0, -1) } else { scale }).collect();
        let right = scales.iter().all(|&(multiplier, shift)| multiplier >= 0 && (-31..0).contains(&shift));
        // Shifts are bytes, so that there is room for a mark.
        let marked = |(multiplier, shift): (i32, i32)| (multiplier, if once { shift & 0xff | ONCE } else { shift });
        let scales: Vec<_> = scales.into_iter().map(marked).collect();
        let filter = program.constant(weights.filter).data.as_i8()?;
        let bias = program.constant(weights.bias).data.as_i32()?;
        (right && scales.len() == channels && bias.len() == channels).then_some(Self { filter, bias, scales })
    }

    /// The stream of a convolution whose filters have `rows` rows of `row` elements, each a segment of the run, or all of them
    /// one row. `None` where there are less than four channels.
    fn rows(&self, run: &Run, rows: usize, row: usize, channels: usize) -> Option<Vec<i32>> {
        if channels < 4 || self.filter.len() != channels * rows * row {
            return None;
        }
        let segment = run.elements() / rows;
        let mut words = Vec::with_capacity(channels.div_ceil(4) * run.block());
        for block in 0..channels.div_ceil(4) {
            let first = (4 * block).min(channels - 4);
            let channels = first..first + 4;
            words.extend(channels.clone().map(|channel| self.bias[channel]));
            for vector in 0..run.elements() / VECTOR {
                for channel in channels.clone() {
                    let lanes = (vector * VECTOR..(vector + 1) * VECTOR).map(|element| {
                        let (ky, at) = (element / segment, element % segment);
                        if at < row { self.filter[(channel * rows + ky) * row + at] } else { 0 }
                    });
                    extend_bytes(&mut words, lanes);
                }
            }
            words.extend(channels.clone().map(|channel| self.scales[channel].0));
            words.extend(channels.map(|channel| self.scales[channel].1));
        }
        Some(words)
    }

    /// The stream of a depthwise convolution of nine taps; `None` where products of two taps can leave 16 bits.
    fn taps(&self, params: &DepthwiseConv2d) -> Option<Vec<i32>> {
        let channels = self.bias.len();
        if channels == 0 || self.filter.len() != 9 * channels {
            return None;
        }
        let of = |tap: usize, channel: usize| self.filter[tap * channels + channel];
        // Inputs are at most 128 in size, so that two products are at most 128 times the sum of the weights' sizes.
        let size = |tap, channel| u32::from(of(tap, channel).unsigned_abs());
        let narrow = |channel| [0, 2, 4, 6].iter().all(|&tap| size(tap, channel) + size(tap + 1, channel) <= 255);
        if !(0..channels).all(narrow) {
            return None;
        }
        let lanes = neighbours(params) * channels;
        let channel = |block: usize, lane: usize| (block * VECTOR + lane < lanes).then(|| (block * VECTOR + lane) % channels);
        let mut words = Vec::with_capacity(lanes.div_ceil(VECTOR) * BLOCK_OF_TAPS);
        for block in 0..lanes.div_ceil(VECTOR) {
            let word = |lane: usize, value: &dyn Fn(usize) -> i32| channel(block, lane).map_or(0, value);
            words.extend(LANES_OF_BLOCK.iter().flatten().map(|&lane| word(lane, &|channel| self.bias[channel])));
            for tap in 0..9 {
                let weight = |lane: usize| channel(block, lane).map_or(0, |channel| of(tap, channel));
                extend_bytes(&mut words, (0..VECTOR).map(weight));
            }
            for vector in LANES_OF_BLOCK {
                words.extend(vector.iter().map(|&lane| word(lane, &|channel| self.scales[channel].0)));
                words.extend(vector.iter().map(|&lane| channel(block, lane).map_or(-1, |channel| self.scales[channel].1)));
            }
        }
        Some(words)
    }
}

/// Appends bytes, four to a word, the first one lowest.
fn extend_bytes(words: &mut Vec<i32>, bytes: impl Iterator<Item = i8>) {
    let bytes: Vec<u8> = bytes.map(|byte| byte as u8).collect();
    words.extend(bytes.as_chunks::<4>().0.iter().map(|&word| i32::from_le_bytes(word)));
}

#[cfg(test)]
mod tests;
