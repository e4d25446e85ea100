//! An output in the memory of the input that is consumed: row by row, the kernel writes over rows that it needs no more.
//!
//! Where the output begins below the input, rows are made from the first to the last, and each must end before the first
//! input row that it or a later one reads. Where it begins above, they are made from the last to the first, and each must
//! begin behind the last input row that it or an earlier one reads. So at every moment what is written lies wholly on one
//! side of what is still to be read, and is split from it as any two slices are.

use super::average_pool2d::AveragePool2d;
use super::conv2d::Conv2d;
use super::depthwise_conv2d::DepthwiseConv2d;
use super::dims::Dims;
use super::fully_connected::FullyConnected;
use super::int16::{self, Windows};
use super::max_pool2d::MaxPool2d;

/// Which rows of its input each row of a kernel's output depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows of the input.
    pub input: usize,
    /// Elements of each: bytes, where they are `int8`.
    pub input_bytes: usize,
    /// Rows of the output.
    pub output: usize,
    /// Elements of each: bytes, where they are `int8`.
    pub output_bytes: usize,
    /// Input rows between the first ones of neighbouring output rows.
    pub stride: usize,
    /// Rows of padding before the first input row.
    pub pad: usize,
    /// Rows from the first that an output row depends on to the last, both included.
    pub span: usize,
}

/// Neighbouring output rows, which a kernel makes from the input rows that any of them depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Rows of the output.
    pub output: u32,
    /// Rows of the input.
    pub input: u16,
    /// Rows of padding before the first of them.
    pub pad: u16,
}

impl Rows {
    /// The first input row that output row `y` or a later one depends on.
    #[inline(always)]
    pub const fn needed_from(&self, y: usize) -> usize {
        let row = y.wrapping_mul(self.stride).saturating_sub(self.pad);
        if row < self.input { row } else { self.input }
    }

    /// The end of the input rows that output row `y` or an earlier one depends on.
    #[inline(always)]
    pub const fn needed_to(&self, y: usize) -> usize {
        let row = y.wrapping_mul(self.stride).wrapping_add(self.span).saturating_sub(self.pad);
        if row < self.input { row } else { self.input }
    }

    /// The least number of elements by which the output must begin below the input, so that the rows can be made from the first
    /// to the last, `together` at a time: the most that the end of a band lies behind the first input row needed, each from
    /// its base.
    pub const fn below(&self, together: usize) -> usize {
        let mut most = 0;
        let turns = self.turns(together, 0);
        let mut turn = 0;
        while turn < turns.len() {
            let y = turns[turn];
            let end = least(y.saturating_add(together), self.output).saturating_mul(self.output_bytes);
            let distance = end.saturating_sub(self.needed_from(y).saturating_mul(self.input_bytes));
            if distance > most {
                most = distance;
            }
            turn += 1;
        }
        most
    }

    /// The least number of elements by which the output must begin above the input, so that the rows can be made from the last to
    /// the first, `together` at a time: the most that the end of the input rows needed lies behind a band, each from its base.
    pub const fn above(&self, together: usize) -> usize {
        let mut most = 0;
        let turns = self.turns(together, self.span);
        let mut turn = 0;
        while turn < turns.len() {
            let y = turns[turn];
            let first = (y + 1).saturating_sub(together).saturating_mul(self.output_bytes);
            let distance = self.needed_to(y).saturating_mul(self.input_bytes).saturating_sub(first);
            if distance > most {
                most = distance;
            }
            turn += 1;
        }
        most
    }

    /// These rows with the input and the output at two offsets.
    ///
    /// # Panics
    /// Where [`Rows::apart`] says no: generated code calls it at compile time only.
    pub const fn at(self, input: usize, output: usize) -> Overlapping {
        assert!(self.apart(input, output), "an output lies over input rows that are needed");
        Overlapping { rows: self, input, output }
    }

    /// Whether the kernel may run with its input and its output at these offsets. They may be wholly apart.
    pub const fn apart(&self, input: usize, output: usize) -> bool {
        if output < input { input - output >= self.below(1) } else { output - input >= self.above(1) }
    }

    /// Whether the output may begin where the input does, and each channel be made by itself, of a kernel that makes each
    /// channel of a pixel from the same channel, and copies what rows have in common before it makes the first of them.
    ///
    /// Both images have as many channels, so a channel's outputs lie over its own inputs only, pixel over pixel: every
    /// row must end before the first input row that no row up to it depends on.
    pub const fn in_place(&self) -> bool {
        let image = self.input.saturating_mul(self.input_bytes);
        let mut y = 0;
        while y < self.output {
            let end = least((y + 1).saturating_mul(self.output_bytes), image);
            if end > self.needed_to(y).saturating_mul(self.input_bytes) {
                return false;
            }
            y += 1;
        }
        true
    }

    /// The output rows between which distances grow or shrink evenly, so that the greatest is at one of them: the ends, where
    /// row `y * stride + add` leaves the padding and where it leaves the image, and where a band is cut short.
    const fn turns(&self, together: usize, add: usize) -> [usize; 12] {
        let (pad, stride) = (self.pad.saturating_sub(add), if self.stride > 0 { self.stride } else { 1 });
        let last = self.output.saturating_sub(1);
        let image = self.input.saturating_add(self.pad).saturating_sub(add) / stride;
        let short = self.output.saturating_sub(together);
        let turns = [
            0,
            pad / stride,
            pad / stride + 1,
            image.saturating_sub(1),
            image,
            image + 1,
            short,
            short + 1,
            together.saturating_sub(2),
            together.saturating_sub(1),
            together,
            last,
        ];
        let mut clamped = [0; 12];
        let mut turn = 0;
        while turn < turns.len() {
            clamped[turn] = least(turns[turn], last);
            turn += 1;
        }
        clamped
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// A kernel's rows with its input and its output at offsets of one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlapping {
    rows: Rows,
    input: usize,
    output: usize,
}

impl Overlapping {
    /// The number of output rows, all of which are still to be made.
    #[inline(always)]
    pub const fn all(&self) -> usize {
        self.rows.output
    }

    /// The next band to be made while `left` output rows are, which it counts down: with the band, memory that begins with its
    /// part of the input, and its part of the output. `None` when all are made.
    #[inline(never)]
    pub fn next<'a, T>(&self, left: &mut usize, memory: &'a mut [T]) -> Option<(Band, &'a [T], &'a mut [T])> {
        let Self { rows, input, output } = self;
        let (down, row) = (output < input, rows.output_bytes);
        // The rows made so far are the first ones or the last ones.
        let made = if down { rows.output.wrapping_sub(*left) } else { *left };
        let needed = if down { rows.needed_from(made) } else { rows.needed_to(made.wrapping_sub(1)) };
        let needed = input.wrapping_add(needed.wrapping_mul(rows.input_bytes));
        let free = output.wrapping_add(made.wrapping_mul(row));
        let room = if down { needed.saturating_sub(free) } else { free.saturating_sub(needed) };
        let mut count = room.checked_div(row).map_or(*left, |count| count.min(*left));
        // Kernels make several rows at a time faster than each.
        if count >= 8 && count < *left {
            count &= !3;
        }
        if count == 0 {
            return None;
        }
        *left = left.wrapping_sub(count);
        let first = if down { made } else { *left };
        let pad = rows.pad.saturating_sub(first.wrapping_mul(rows.stride)) as u16;
        let (from, end) = (rows.needed_from(first), rows.needed_to(first.wrapping_add(count).wrapping_sub(1)));
        let (read, written) = (end.saturating_sub(from), count.wrapping_mul(row));
        let band = Band { output: count as u32, input: read as u16, pad };
        let from = input.wrapping_add(from.wrapping_mul(rows.input_bytes));
        let to = output.wrapping_add(first.wrapping_mul(row));
        let (low, high) = memory.split_at_mut_checked(from.max(to))?;
        // All that follows of the memory, so that the last words of the input may be loaded whole.
        let (x, y) = if down { (&*high, low.get_mut(to..)?) } else { (low.get(from..)?, high) };
        Some((band, x, y.get_mut(..written)?))
    }
}

/// Rows of an image whose kernel has `taps` rows, `dilation` apart.
const fn image(input: Dims, output: Dims, taps: u16, dilation: u16, stride: u16, pad: u16) -> Rows {
    Rows {
        input: input.height as usize,
        input_bytes: (input.width as usize).saturating_mul(input.channels as usize),
        output: output.height as usize,
        output_bytes: (output.width as usize).saturating_mul(output.channels as usize),
        stride: stride as usize,
        pad: pad as usize,
        span: (taps as usize).saturating_sub(1).saturating_mul(dilation as usize).saturating_add(1),
    }
}

/// For kernels of windows over images, whose parameters have fields of the same names: `dilation` of their rows.
macro_rules! by_rows_of_images {
    ($params:ident, |$p:ident| $dilation:expr) => {
        impl $params {
            /// What each row of the output depends on.
            pub const fn rows(&self) -> Rows {
                let $p = self;
                image($p.input, $p.output, $p.kernel[0], $dilation, $p.stride[0], $p.pad[0])
            }

            /// The parameters of a band of its rows.
            #[inline(always)]
            pub fn of_band(&self, band: &Band) -> Self {
                let mut part = *self;
                part.input.height = band.input;
                part.output.height = band.output as u16;
                part.pad[0] = band.pad;
                part
            }
        }
    };
}

by_rows_of_images!(Conv2d, |p| p.dilation[0]);
by_rows_of_images!(DepthwiseConv2d, |p| p.dilation[0]);
by_rows_of_images!(AveragePool2d, |p| 1);
by_rows_of_images!(MaxPool2d, |p| 1);
by_rows_of_images!(Windows, |p| p.dilation[0]);

/// For fully connected layers, each of whose rows depends on one.
macro_rules! by_rows_of_a_matrix {
    ($params:ty) => {
        impl $params {
            /// What each row of the output depends on: the same row of the input.
            pub const fn rows(&self) -> Rows {
                let rows = self.rows as usize;
                let (input_bytes, output_bytes) = (self.depth as usize, self.columns as usize);
                Rows { input: rows, input_bytes, output: rows, output_bytes, stride: 1, pad: 0, span: 1 }
            }

            /// The parameters of a band of its rows.
            #[inline(always)]
            pub fn of_band(&self, band: &Band) -> Self {
                Self { rows: band.output, ..*self }
            }
        }
    };
}

by_rows_of_a_matrix!(FullyConnected);
by_rows_of_a_matrix!(int16::FullyConnected);
