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
use super::max_pool2d::MaxPool2d;

/// Which rows of its input each row of a kernel's output depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows of the input.
    pub input: usize,
    /// Bytes of each.
    pub input_bytes: usize,
    /// Rows of the output.
    pub output: usize,
    /// Bytes of each.
    pub output_bytes: usize,
    /// Input rows between the first ones of neighbouring output rows.
    pub stride: usize,
    /// Rows of padding before the first input row.
    pub pad: usize,
    /// Rows from the first that an output row depends on to the last, both included.
    pub span: usize,
}

/// Neighbouring output rows, and the input rows that any of them depends on; ends are not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The first output row.
    pub first: usize,
    /// The end of the output rows.
    pub end: usize,
    /// The first input row.
    pub input_first: usize,
    /// The end of the input rows.
    pub input_end: usize,
    /// Rows of padding that the first output row has before the first input row.
    pub pad: usize,
}

impl Rows {
    /// The first input row that output row `y` or a later one depends on.
    #[inline(always)]
    pub const fn needed_from(&self, y: usize) -> usize {
        let row = y.saturating_mul(self.stride).saturating_sub(self.pad);
        if row < self.input { row } else { self.input }
    }

    /// The end of the input rows that output row `y` or an earlier one depends on.
    #[inline(always)]
    pub const fn needed_to(&self, y: usize) -> usize {
        let row = y.saturating_mul(self.stride).saturating_add(self.span).saturating_sub(self.pad);
        if row < self.input { row } else { self.input }
    }

    /// The least number of bytes by which the output must begin below the input, so that the rows can be made from the first
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

    /// The least number of bytes by which the output must begin above the input, so that the rows can be made from the last to
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

    /// Whether the kernel may run with its input and its output at these offsets. They may be wholly apart.
    pub const fn apart(&self, input: usize, output: usize) -> bool {
        if output < input { input - output >= self.below(1) } else { output - input >= self.above(1) }
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

    /// The band of the output rows `first..end`.
    #[inline(always)]
    fn band(&self, first: usize, end: usize) -> Band {
        let (input_first, input_end) = (self.needed_from(first), self.needed_to(end.saturating_sub(1)));
        let pad = self.pad.saturating_sub(first.wrapping_mul(self.stride));
        Band { first, end, input_first, input_end: input_end.max(input_first), pad }
    }

    /// As many rows as can be made while `done` are: their first and end; none where the offsets are too close.
    #[inline(always)]
    fn next(&self, done: usize, input: usize, output: usize) -> (usize, usize) {
        let mut count = 0;
        let left = self.output.wrapping_sub(done);
        if output < input {
            let limit = input.wrapping_add(self.needed_from(done).wrapping_mul(self.input_bytes));
            let mut end = output.wrapping_add(done.wrapping_mul(self.output_bytes));
            while count < left {
                end = end.wrapping_add(self.output_bytes);
                if end > limit {
                    break;
                }
                count += 1;
            }
        } else {
            let limit = input.wrapping_add(self.needed_to(left.wrapping_sub(1)).wrapping_mul(self.input_bytes));
            let mut first = output.wrapping_add(left.wrapping_mul(self.output_bytes));
            while count < left {
                first = first.wrapping_sub(self.output_bytes);
                if first < limit {
                    break;
                }
                count += 1;
            }
        }
        // Kernels make several rows at a time faster than each.
        if count > 4 && count < left {
            count &= !3;
        }
        if output < input { (done, done.wrapping_add(count)) } else { (left.wrapping_sub(count), left) }
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// The parameters of a kernel that makes its output row by row.
pub trait ByRows: Copy {
    /// What each row depends on.
    fn by_rows(&self) -> Rows;

    /// The parameters with which the kernel makes a band of its rows, from the band's input rows.
    fn of_band(&self, band: &Band) -> Self;
}

/// Runs `kernel` for bands of rows, its input and its output being at these offsets of `memory`, which [`Rows::apart`] says
/// are far enough from each other; where they are not, it ends early.
#[inline(always)]
pub fn overlapping<P: ByRows>(
    p: &P,
    memory: &mut [i8],
    input: usize,
    output: usize,
    mut kernel: impl FnMut(&P, &[i8], &mut [i8]),
) {
    let rows = p.by_rows();
    let mut done = 0;
    while done < rows.output {
        let (first, end) = rows.next(done, input, output);
        if first >= end {
            return;
        }
        let band = rows.band(first, end);
        let from = input.wrapping_add(band.input_first.wrapping_mul(rows.input_bytes));
        let to = output.wrapping_add(first.wrapping_mul(rows.output_bytes));
        let (read, written) =
            ((band.input_end - band.input_first).wrapping_mul(rows.input_bytes), (end - first).wrapping_mul(rows.output_bytes));
        let Some((low, high)) = memory.split_at_mut_checked(from.max(to)) else { return };
        let (x, y) = if to < from { (high.get(..read), low.get_mut(to..)) } else { (low.get(from..), Some(high)) };
        let (Some(x), Some(y)) = (x.and_then(|x| x.get(..read)), y.and_then(|y| y.get_mut(..written))) else { return };
        kernel(&p.of_band(&band), x, y);
        done = done.wrapping_add(end - first);
    }
}

/// One copy for all layers of one kind.
pub mod shared {
    use super::ByRows;

    /// Makes a band: its parameters, what it reads, what it writes.
    pub type Kernel<'a, P> = dyn FnMut(&P, &[i8], &mut [i8]) + 'a;

    /// [`super::overlapping`] with offsets as arguments.
    #[inline(never)]
    pub fn overlapping<P: ByRows>(p: &P, memory: &mut [i8], input: usize, output: usize, kernel: &mut Kernel<'_, P>) {
        super::overlapping(p, memory, input, output, kernel);
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

/// The images of a band and its padding of rows.
#[inline(always)]
fn cut(band: &Band, input: Dims, output: Dims, pad: [u16; 2]) -> (Dims, Dims, [u16; 2]) {
    let input = Dims { height: (band.input_end - band.input_first) as u16, ..input };
    let output = Dims { height: (band.end - band.first) as u16, ..output };
    (input, output, [band.pad as u16, pad[1]])
}

/// For kernels of windows over images, whose parameters have fields of the same names: `dilation` of their rows.
macro_rules! by_rows_of_images {
    ($params:ident, |$p:ident| $dilation:expr) => {
        impl $params {
            /// What each row of the output depends on.
            #[inline(always)]
            pub const fn rows(&self) -> Rows {
                let $p = self;
                image($p.input, $p.output, $p.kernel[0], $dilation, $p.stride[0], $p.pad[0])
            }
        }

        impl ByRows for $params {
            #[inline(always)]
            fn by_rows(&self) -> Rows {
                self.rows()
            }

            #[inline(always)]
            fn of_band(&self, band: &Band) -> Self {
                let (input, output, pad) = cut(band, self.input, self.output, self.pad);
                Self { input, output, pad, ..*self }
            }
        }
    };
}

by_rows_of_images!(Conv2d, |p| p.dilation[0]);
by_rows_of_images!(DepthwiseConv2d, |p| p.dilation[0]);
by_rows_of_images!(AveragePool2d, |p| 1);
by_rows_of_images!(MaxPool2d, |p| 1);

impl FullyConnected {
    /// What each row of the output depends on: the same row of the input.
    #[inline(always)]
    pub const fn rows(&self) -> Rows {
        let rows = self.rows as usize;
        let (input_bytes, output_bytes) = (self.depth as usize, self.columns as usize);
        Rows { input: rows, input_bytes, output: rows, output_bytes, stride: 1, pad: 0, span: 1 }
    }
}

impl ByRows for FullyConnected {
    #[inline(always)]
    fn by_rows(&self) -> Rows {
        self.rows()
    }

    #[inline(always)]
    fn of_band(&self, band: &Band) -> Self {
        Self { rows: (band.end - band.first) as u32, ..*self }
    }
}
