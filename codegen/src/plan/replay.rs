//! What each output row of a kernel reads and writes, told from the definition of the op: the checker replays by it the steps
//! whose output lies over their input.

use crate::lower::{Int16, Kernel, Layer};
use core::ops::Range;
use tinybake_runtime::kernels::Dims;

/// The bytes, from the tensor's base, of a row of the output, and of the input rows that it is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) reads: Vec<Range<usize>>,
    pub(super) writes: Range<usize>,
}

/// Elements of a pixel, of the input as of the output, of a kernel that makes each channel from the same one; `None` for others.
pub(super) fn channels(kernel: &Kernel) -> Option<usize> {
    match kernel.layer()?.0 {
        Layer::DepthwiseConv2d(p) if p.multiplier == 1 && p.input.channels == p.output.channels => Some(p.input.channels.into()),
        Layer::DepthwiseConv2d(_) | Layer::Conv2d(_) | Layer::FullyConnected(_) | Layer::TransposeConv(_) => None,
    }
}

/// The rows of the output, first to last; `None` for a kernel that is not made row by row.
pub(super) fn rows(kernel: &Kernel) -> Option<Vec<Row>> {
    match kernel {
        Kernel::Conv2d { params: p, weights: _ } => {
            Some(windows(p.input, p.output, p.kernel[0], p.dilation[0], p.stride[0], p.pad[0]))
        }
        Kernel::DepthwiseConv2d { params: p, weights: _ } => {
            Some(windows(p.input, p.output, p.kernel[0], p.dilation[0], p.stride[0], p.pad[0]))
        }
        Kernel::AveragePool2d(p) => Some(windows(p.input, p.output, p.kernel[0], 1, p.stride[0], p.pad[0])),
        Kernel::MaxPool2d(p) => Some(windows(p.input, p.output, p.kernel[0], 1, p.stride[0], p.pad[0])),
        Kernel::FullyConnected { params: p, weights: _ } => {
            let (depth, columns) = (p.depth as usize, p.columns as usize);
            let row = |row: usize| {
                let reads = row * depth..(row + 1) * depth;
                Row { reads: vec![reads], writes: row * columns..(row + 1) * columns }
            };
            Some((0..p.rows as usize).map(row).collect())
        }
        Kernel::Int16(kernel) => int16(kernel),
        Kernel::TransposeConv { .. }
        | Kernel::Softmax(_)
        | Kernel::SoftmaxF32 { .. }
        | Kernel::SoftmaxReals { .. }
        | Kernel::AveragePoolReals(_)
        | Kernel::Lut(_)
        | Kernel::Binary { .. }
        | Kernel::Mean { .. }
        | Kernel::MeanReal { .. }
        | Kernel::ReduceMax(_)
        | Kernel::ArgMax(_)
        | Kernel::Copy { .. }
        | Kernel::MirrorPad(_)
        | Kernel::ResizeNearestNeighbor { .. }
        | Kernel::ResizeBilinear { .. }
        | Kernel::Quantize(_)
        | Kernel::QuantizeToEven(_)
        | Kernel::QuantizeByInverse(_)
        | Kernel::Dequantize(_)
        | Kernel::Requantize(_)
        | Kernel::View => None,
    }
}

/// The same for kernels of 16 bits, whose elements have two bytes.
fn int16(kernel: &Int16) -> Option<Vec<Row>> {
    let rows = match kernel {
        Int16::Conv2d { params: p, weights: _ }
        | Int16::DepthwiseConv2d { params: p, weights: _ }
        | Int16::AveragePool2d(p)
        | Int16::MaxPool2d(p) => windows(p.input, p.output, p.kernel[0], p.dilation[0], p.stride[0], p.pad[0]),
        Int16::FullyConnected { params: p, weights: _ } => {
            let (depth, columns) = (p.depth as usize, p.columns as usize);
            let row = |row: usize| {
                let reads = row * depth..(row + 1) * depth;
                Row { reads: vec![reads], writes: row * columns..(row + 1) * columns }
            };
            (0..p.rows as usize).map(row).collect()
        }
        Int16::TransposeConv { .. }
        | Int16::Binary { .. }
        | Int16::Rectifier(_)
        | Int16::Logistic(_)
        | Int16::Tanh(_)
        | Int16::Softmax(_) => return None,
    };
    let twice = |range: Range<usize>| 2 * range.start..2 * range.end;
    let row = |row: Row| Row { reads: row.reads.into_iter().map(twice).collect(), writes: twice(row.writes) };
    Some(rows.into_iter().map(row).collect())
}

/// Tap `t` of output row `y` reads input row `y * stride + t * dilation - pad`, where the image has it.
fn windows(input: Dims, output: Dims, taps: u16, dilation: u16, stride: u16, pad: u16) -> Vec<Row> {
    let size = |dims: Dims| usize::from(dims.width) * usize::from(dims.channels);
    let (read, written) = (size(input), size(output));
    let row = |y: usize| {
        let tap = |tap: u16| {
            let row = y as i64 * i64::from(stride) + i64::from(tap) * i64::from(dilation) - i64::from(pad);
            let row = usize::try_from(row).ok().filter(|&row| row < usize::from(input.height))?;
            Some(row * read..(row + 1) * read)
        };
        Row { reads: (0..taps).filter_map(tap).collect(), writes: y * written..(y + 1) * written }
    };
    (0..usize::from(output.height)).map(row).collect()
}
