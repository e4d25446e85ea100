//! Ops that move elements, as strided copies.

use super::Lowering;
use super::kernel::{Kernel, Piece};
use crate::ir::{Data, ResizeMode, TensorId};
use crate::prepare::movement;
use tinybake_runtime::kernels::copy::StridedCopy;

/// One copy of the one input to the one output.
fn single(copy: StridedCopy) -> Kernel {
    Kernel::Copy { fill: None, pieces: vec![Piece { read: 0, write: 0, copy }] }
}

impl Lowering<'_> {
    pub(super) fn pad(&mut self, input: TensorId, before: &[usize], after: &[usize], value: i32) -> Option<Kernel> {
        let copy = movement::pad(self.shape(input), before, after)?;
        let fill = Some(i16::try_from(value).ok()?);
        Some(Kernel::Copy { fill, pieces: vec![Piece { read: 0, write: 0, copy }] })
    }

    pub(super) fn concatenation(&mut self, inputs: &[TensorId], axis: usize, output: TensorId) -> Option<Kernel> {
        let mut start = 0;
        let mut pieces = Vec::with_capacity(inputs.len());
        for (read, &input) in inputs.iter().enumerate() {
            let size = self.dim(input, axis);
            pieces.push(Piece { read, write: 0, copy: movement::concatenation(self.shape(output), axis, start, size)? });
            start += size;
        }
        Some(Kernel::Copy { fill: None, pieces })
    }

    pub(super) fn pack(&mut self, inputs: &[TensorId], axis: usize, output: TensorId) -> Option<Kernel> {
        let piece =
            |read: usize| Some(Piece { read, write: 0, copy: movement::concatenation(self.shape(output), axis, read, 1)? });
        Some(Kernel::Copy { fill: None, pieces: (0..inputs.len()).map(piece).collect::<Option<_>>()? })
    }

    pub(super) fn split(&mut self, input: TensorId, axis: usize, outputs: &[TensorId]) -> Option<Kernel> {
        let mut start = 0;
        let mut pieces = Vec::with_capacity(outputs.len());
        for (write, &output) in outputs.iter().enumerate() {
            let size = self.dim(output, axis);
            pieces.push(Piece { read: 0, write, copy: movement::split(self.shape(input), axis, start, size)? });
            start += size;
        }
        Some(Kernel::Copy { fill: None, pieces })
    }

    pub(super) fn unpack(&mut self, input: TensorId, axis: usize, outputs: &[TensorId]) -> Option<Kernel> {
        let piece = |write: usize| Some(Piece { read: 0, write, copy: movement::split(self.shape(input), axis, write, 1)? });
        Some(Kernel::Copy { fill: None, pieces: (0..outputs.len()).map(piece).collect::<Option<_>>()? })
    }

    pub(super) fn slice(&mut self, input: TensorId, begin: &[usize], stride: &[isize], size: &[usize]) -> Option<Kernel> {
        movement::slice(self.shape(input), begin, stride, size).map(single)
    }

    pub(super) fn transpose(&mut self, input: TensorId, perm: &[usize]) -> Option<Kernel> {
        movement::transpose(self.shape(input), perm).map(single)
    }

    pub(super) fn resize(
        &mut self,
        mode: ResizeMode,
        input: TensorId,
        align_corners: bool,
        half_pixel_centers: bool,
        output: TensorId,
    ) -> Option<Kernel> {
        let params = movement::resize(self.shape(input))?;
        let sizes = |axis: usize| (self.dim(input, axis), self.dim(output, axis));
        let ((height, out_height), (width, out_width)) = (sizes(1), sizes(2));
        // The tables have an entry for each output row and column: an axis longer than any image would outgrow memory.
        if i16::try_from(out_height.max(out_width)).is_err() {
            return None;
        }
        match mode {
            ResizeMode::NearestNeighbor => {
                let table = |from, to| {
                    let indices = movement::nearest_neighbor(from, to, align_corners, half_pixel_centers)?;
                    indices.into_iter().map(|index| i16::try_from(index).ok()).collect::<Option<Vec<_>>>().map(Data::I16)
                };
                let (rows, columns) = (table(height, out_height)?, table(width, out_width)?);
                let rows = self.constants.add("source rows".into(), rows);
                let columns = self.constants.add("source columns".into(), columns);
                Some(Kernel::ResizeNearestNeighbor { params, rows, columns })
            }
            ResizeMode::Bilinear => {
                let table = |from, to| {
                    let taps = movement::bilinear(from, to, align_corners, half_pixel_centers)?;
                    let triple = |tap: tinybake_runtime::kernels::resize::Tap| {
                        Some([i16::try_from(tap.lower).ok()?, i16::try_from(tap.upper).ok()?, tap.fraction])
                    };
                    let triples = taps.into_iter().map(triple).collect::<Option<Vec<_>>>()?;
                    Some(Data::I16(triples.into_iter().flatten().collect()))
                };
                let (rows, columns) = (table(height, out_height)?, table(width, out_width)?);
                let rows = self.constants.add("row taps: lower, upper, fraction".into(), rows);
                let columns = self.constants.add("column taps: lower, upper, fraction".into(), columns);
                Some(Kernel::ResizeBilinear { params, rows, columns })
            }
        }
    }
}
