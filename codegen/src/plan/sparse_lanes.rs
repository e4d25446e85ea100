//! Weights in the arrangement of the runtime's `kernels/sparse_lanes/`, which its `arch/sparse_lanes/` tells: those only that are not
//! zero, with steps in bytes of the window that the core's kernel has.

use super::packed::{self, Arranged, Convolution, MOST_WEIGHT};
use crate::ir::Data;
use crate::lower::{Kernel, Program, Step};
use crate::options::CoreClass;

/// Most weights of a thousand that may be left of a layer: with more, no core is faster.
const DENSE: usize = 700;

/// Sum of magnitudes of weights up to which products with elements of `int8` fit 23 bits.
const MOST_OF_CHANNEL: i32 = (1 << 15) - 1;

/// How a core's kernel reads its weights.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Words of an element.
    words: usize,
    /// Elements that the window's pointer has moved on behind an element: 1 or 0.
    advance: usize,
    /// Sum of magnitudes of weights up to which their products are summed in a word.
    most: i32,
    /// Whether runs are of pairs of weights.
    pairs: bool,
}

impl Reading {
    fn of(core: CoreClass) -> Option<Self> {
        match core {
            CoreClass::Armv6M => Some(Self { words: 4, advance: 1, most: MOST_WEIGHT, pairs: false }),
            CoreClass::Dsp => Some(Self { words: 3, advance: 1, most: MOST_OF_CHANNEL, pairs: true }),
            CoreClass::Riscv32 => Some(Self { words: 7, advance: 0, most: MOST_WEIGHT, pairs: false }),
            CoreClass::Generic | CoreClass::Host | CoreClass::Armv7M | CoreClass::Mve => None,
        }
    }

    /// The halves of a channel: runs, and 0 behind them. `None` where they do not fit.
    fn channel(&self, row: &[i8]) -> Option<Vec<u16>> {
        let mut halves = Vec::new();
        let mut rest = self.entries(row);
        if self.pairs && rest.len() % 2 == 1 {
            // The element behind the last: the window has one more than there are weights.
            rest.push((0, 1 - self.advance));
        }
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = |entry: &&(i8, usize)| {
                sum += i32::from(entry.0).abs();
                sum <= self.most
            };
            // One always fits: no magnitude is above 128.
            let count = rest.iter().take_while(fits).count().max(1);
            if self.pairs && count < rest.len() {
                return None;
            }
            let after = rest.split_off(count);
            halves.push(u16::try_from(count).ok()?);
            for (weight, step) in rest {
                halves.push(u16::from_le_bytes([u8::try_from(4 * self.words * step).ok()?, weight as u8]));
            }
            rest = after;
        }
        halves.push(0);
        Some(halves)
    }

    /// The weights of a row that are not zero, with steps in elements; zeros bridge gaps.
    fn entries(&self, row: &[i8]) -> Vec<(i8, usize)> {
        let longest = usize::from(u8::MAX) / (4 * self.words);
        let mut entries = Vec::new();
        let mut place = 0;
        for (index, &weight) in row.iter().enumerate().filter(|&(_, &weight)| weight != 0) {
            while index - place > longest {
                entries.push((0, longest));
                place += longest + self.advance;
            }
            entries.push((weight, index - place));
            place = index + self.advance;
        }
        entries
    }
}

/// The arrangement of a step's constants; `None` where the step has no such kernel that is exact, or too few zeros.
pub(super) fn arrange(program: &Program, step: &Step, core: CoreClass) -> Option<Arranged> {
    let reading = Reading::of(core)?;
    if matches!(&step.kernel, Kernel::Conv2d { params, .. } if params.dilation != [1, 1]) {
        return None;
    }
    let Convolution { weights, clamp, size, channels } = packed::convolution(&step.kernel)?;
    let filter = packed::int8(program, weights)?;
    let left = filter.iter().filter(|&&weight| weight != 0).count();
    let exact = step.bounded
        && !weights.requantizer.rounds_once()
        && packed::small(program, weights, filter.len(), |at| at / size.max(1));
    if size == 0 || filter.len() != size * channels || left * 1000 > filter.len() * DENSE || !exact {
        return None;
    }
    let mut bytes = vec![reading.words as i8, reading.advance as i8];
    for row in filter.chunks(size) {
        bytes.extend(reading.channel(row)?.iter().flat_map(|half| half.to_le_bytes()).map(|byte| byte as i8));
    }
    let scales = packed::scales(program, weights, clamp, channels, 1)?;
    packed::of_layer(program, weights, Data::I8(bytes), scales, reading.words * (size + 1), "sparse_lanes")
}
