//! Windows that move over an image.

use super::{Frame, Plan, indices, tensor};
use burn_tensor::Tensor;
use tinybake_codegen::ir::{Graph, TensorId, Window};

/// Which pixel of the input each tap of each output pixel reads; the pixel behind the last one is the border's.
#[derive(Debug)]
pub(super) struct Taps {
    /// `[output pixels, taps]`.
    pixels: Vec<usize>,
    taps: usize,
    border: usize,
    padded: bool,
    /// Each output pixel reads the input pixel of its own index, and no other.
    alone: bool,
}

impl Taps {
    pub(super) fn new(graph: &Graph, input: TensorId, window: &Window) -> Self {
        let size = match graph.tensor(input).shape.0[..] {
            [_, height, width, _] => [height, width],
            _ => [0, 0],
        };
        let [rows, columns] = window.output(size).unwrap_or([0, 0]);
        let [kernel_rows, kernel_columns] = window.kernel;
        let border = size[0] * size[1];
        let at = |axis: usize, out: usize, tap: usize| {
            (out * window.stride[axis] + tap * window.dilation[axis])
                .checked_sub(window.pad_before[axis])
                .filter(|&at| at < size[axis])
        };
        let mut pixels = Vec::with_capacity(rows * columns * kernel_rows * kernel_columns);
        for row in 0..rows {
            for column in 0..columns {
                for i in 0..kernel_rows {
                    for j in 0..kernel_columns {
                        let pixel = at(0, row, i).zip(at(1, column, j)).map(|(y, x)| y * size[1] + x);
                        pixels.push(pixel.unwrap_or(border));
                    }
                }
            }
        }
        let padded = pixels.contains(&border);
        let alone = pixels.iter().copied().eq(0..border);
        Self { pixels, taps: kernel_rows * kernel_columns, border, padded, alone }
    }

    /// Taps of a window.
    pub(super) fn count(&self) -> usize {
        self.taps
    }

    /// Pixels of the output.
    pub(super) fn pixels(&self) -> usize {
        self.pixels.len() / self.taps.max(1)
    }

    /// What every tap reads, `[samples, pixels * taps, channels]`, with `border` outside the image.
    pub(super) fn gather(&self, frame: &Frame<'_>, input: TensorId, border: f32) -> Tensor<3> {
        let channels = frame.dims(input).last().copied().unwrap_or(1);
        let image = frame.value(input).reshape([frame.samples, self.border, channels]);
        if self.alone {
            return image;
        }
        let image = if self.padded {
            Tensor::cat(vec![image, Tensor::full([frame.samples, 1, channels], border, frame.device)], 1)
        } else {
            image
        };
        image.select(1, indices(&self.pixels, frame.device))
    }

    /// One over the number of pixels inside the image, for each output pixel.
    fn shares(&self) -> Vec<f32> {
        let share = |taps: &[usize]| 1.0 / taps.iter().filter(|&&pixel| pixel != self.border).count().max(1) as f32;
        self.pixels.chunks(self.taps.max(1)).map(share).collect()
    }
}

/// The mean of the pixels inside the image.
pub(super) fn average(frame: &Frame<'_>, input: TensorId) -> Tensor<2> {
    let Plan::Taps(taps) = frame.plan else { return frame.value(input) };
    let channels = frame.dims(input).last().copied().unwrap_or(1);
    let seen = taps.gather(frame, input, 0.0).reshape([frame.samples, taps.pixels(), taps.count(), channels]);
    let shares = tensor(taps.shares(), [1, taps.pixels(), 1, 1], frame.device);
    (seen.sum_dim(2) * shares).reshape([frame.samples as i64, -1])
}

/// The greatest pixel.
pub(super) fn greatest(frame: &Frame<'_>, input: TensorId) -> Tensor<2> {
    let Plan::Taps(taps) = frame.plan else { return frame.value(input) };
    let channels = frame.dims(input).last().copied().unwrap_or(1);
    let seen = taps.gather(frame, input, f32::MIN).reshape([frame.samples, taps.pixels(), taps.count(), channels]);
    seen.max_dim(2).reshape([frame.samples as i64, -1])
}
