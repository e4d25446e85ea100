//! Outputs that may lie over the input that they consume, because the kernel makes them row by row.

use super::layout::ALIGN;
use super::storage::Storage;
use crate::ir::{DType, TensorId};
use crate::lower::{Int16, Kernel, Operand, Program, Step};
use crate::options::CoreClass;
use tinybake_runtime::kernels::rows::Rows;

/// Most overlaps that are looked at, of the storages that are largest together: it bounds the search.
const MOST: usize = 64;

/// Most output rows of a step that may overlap: it bounds the replay of a plan.
const ROWS: usize = 1 << 14;

/// Rows that are made at a time at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bands {
    /// Those of a depthwise convolution.
    rows: usize,
    /// Pixels of a convolution of one tap.
    pixels: usize,
}

impl Bands {
    /// The least memory, but for pixels, since it is worth it what these share.
    pub(super) const LEAST: Self = Self { rows: 1, pixels: 8 };

    /// Where there is room: neighbouring rows read the same rows, and tiles of pixels are to be whole, of which the forms of the steps make
    /// at most so many a pass.
    pub(super) fn roomy(core: CoreClass, pass: Option<usize>) -> Self {
        let tiles = match core {
            CoreClass::Riscv32 => 12,
            CoreClass::Generic | CoreClass::Host | CoreClass::Armv6M | CoreClass::Armv7M | CoreClass::Dsp | CoreClass::Mve => {
                Self::LEAST.pixels
            }
        };
        Self { rows: 5, pixels: pass.map_or(tiles, |pass| tiles.next_multiple_of(pass)) }
    }
}

/// Two storages, one dying at the step that first writes the other, and how they may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    /// The step.
    pub(super) step: usize,
    /// Index of the storage that the step consumes.
    pub(super) input: usize,
    /// Index of the storage that it makes.
    pub(super) output: usize,
    /// Where the output begins.
    pub(super) begins: Begins,
}

/// Where an output begins that lies over the input of its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Some way from the input, so that rows are made one after the other.
    Apart {
        /// Bytes by which the output begins below the input at least; more than its size needs never be.
        below: usize,
        /// Bytes by which the output begins above the input at least.
        above: usize,
    },
    /// Where the input does: channels are made one after the other.
    There,
}

/// How outputs may lie over inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The arena's element type: only such outputs lie over such inputs, but for those that only change the type.
    pub(super) dtype: DType,
    /// How many rows are to be made at a time at least.
    pub(super) bands: Bands,
    /// For each step whether its output is to begin where its input does, if [`Rows::in_place`] allows.
    pub(super) there: &'a [bool],
}

/// The overlaps that steps allow, by step. `storages` are those of the arena.
pub(super) fn overlaps(program: &Program, storages: &[Storage], wanted: Wanted<'_>) -> Vec<Overlap> {
    let mut by_tensor = vec![None; program.tensors.len()];
    for (index, storage) in storages.iter().enumerate() {
        storage.tensors.iter().for_each(|id| by_tensor[id.0 as usize] = Some(index));
    }
    let storage_of = |id: TensorId| by_tensor.get(id.0 as usize).copied().flatten();
    let mut found: Vec<Overlap> = Vec::new();
    for (step, Step { kernel, reads, writes, .. }) in program.steps.iter().enumerate() {
        let ([Operand::Activation(input)], [output]) = (reads.as_slice(), writes.as_slice()) else { continue };
        let (Some(input), Some(output)) = (storage_of(*input), storage_of(*output)) else { continue };
        let (from, to) = (&storages[input], &storages[output]);
        if input == output || from.last != step + 1 || to.first != step + 1 {
            continue;
        }
        if kernel.changes_type() {
            found.push(Overlap { step, input, output, begins: Begins::There });
            continue;
        }
        let Some((rows, together)) = by_rows(kernel, wanted.bands) else { continue };
        if from.dtype != wanted.dtype || to.dtype != wanted.dtype || rows.output > ROWS {
            continue;
        }
        let size = from.dtype.size();
        if (from.bytes, to.bytes) != (rows.input * rows.input_bytes * size, rows.output * rows.output_bytes * size) {
            continue;
        }
        if wanted.there.get(step).is_some_and(|&there| there) && rows.in_place() {
            found.push(Overlap { step, input, output, begins: Begins::There });
            continue;
        }
        let round = |bytes: usize| bytes.next_multiple_of(ALIGN);
        let (below, above) = (round(rows.below(together) * size).max(ALIGN), round(rows.above(together) * size).max(ALIGN));
        if below < round(to.bytes) || above < round(from.bytes) {
            found.push(Overlap { step, input, output, begins: Begins::Apart { below, above } });
        }
    }
    if found.len() > MOST {
        found.sort_by_key(|overlap| {
            (core::cmp::Reverse(storages[overlap.input].bytes + storages[overlap.output].bytes), overlap.step)
        });
        found.truncate(MOST);
        found.sort_by_key(|overlap| overlap.step);
    }
    found
}

/// For kernels that can make their output row by row over their input: what each row depends on, and how many are to be made at
/// a time at least.
fn by_rows(kernel: &Kernel, bands: Bands) -> Option<(Rows, usize)> {
    match kernel {
        Kernel::Conv2d { params, weights: _ } => Some((params.rows(), 1)),
        Kernel::DepthwiseConv2d { params, weights: _ } => Some((params.rows(), bands.rows)),
        Kernel::FullyConnected { params, weights: _ } => Some((params.rows(), bands.pixels)),
        Kernel::AveragePool2d(params) => Some((params.rows(), 1)),
        Kernel::MaxPool2d(params) => Some((params.rows(), 1)),
        Kernel::Int16(kernel) => match kernel {
            Int16::Conv2d { params, weights: _ }
            | Int16::DepthwiseConv2d { params, weights: _ }
            | Int16::AveragePool2d(params)
            | Int16::MaxPool2d(params) => Some((params.rows(), 1)),
            Int16::FullyConnected { params, weights: _ } => Some((params.rows(), 1)),
            Int16::TransposeConv { .. }
            | Int16::Binary { .. }
            | Int16::Rectifier(_)
            | Int16::Logistic(_)
            | Int16::Tanh(_)
            | Int16::Softmax(_) => None,
        },
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
