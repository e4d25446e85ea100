//! Layers of int8 whose sums hosts take from products of matrices, many times as fast as the kernels made for devices.
//!
//! Sums are exact, and what becomes of them is the runtime's own [`Requantize`]: outputs are those of the kernel.

use super::float::window_of;
use super::gemm::Panels;
use crate::ir::Window;
use tinybake_runtime::kernels::Dims;
use tinybake_runtime::kernels::{conv2d as kernel, fully_connected as dense};
use tinybake_runtime::requantize::{Clamp, Requantize};

/// Rows of a product from which on it pays to arrange the weights anew.
const LEAST_ROWS: usize = 12;

fn sizes(Dims { height, width, channels }: Dims) -> [usize; 3] {
    [height, width, channels].map(usize::from)
}

/// As [`kernel::shared::conv2d`].
pub(super) fn conv2d<R: Requantize>(
    p: &kernel::Conv2d,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let [height, width, channels] = sizes(p.input);
    let [out_height, out_width, outs] = sizes(p.output);
    let depth = usize::from(p.kernel[0]) * usize::from(p.kernel[1]) * channels;
    let lengths = [input.len(), filter.len(), bias.len(), output.len()];
    let expected = [height * width * channels, outs * depth, outs, out_height * out_width * outs];
    if p.groups != 1 || out_height * out_width < LEAST_ROWS || lengths != expected {
        return kernel::shared::conv2d(p, input, filter, bias, requantize, output);
    }
    let pair = |pair: [u16; 2]| pair.map(usize::from);
    let window = Window {
        kernel: pair(p.kernel),
        stride: pair(p.stride),
        dilation: pair(p.dilation),
        pad_before: pair(p.pad),
        pad_after: [0; 2],
    };
    let outside = f32::from(p.input_zero_point);
    products(filter, bias, (requantize, &p.clamp), output, |pixel, taps| {
        window_of(input, [height, width, channels], &window, [pixel / out_width, pixel % out_width], outside, taps);
    });
}

/// As [`dense::shared::fully_connected`].
pub(super) fn fully_connected<R: Requantize>(
    p: &dense::FullyConnected,
    input: &[i8],
    filter: &[i8],
    bias: &[i32],
    requantize: R,
    output: &mut [i8],
) {
    let [rows, depth, columns] = [p.rows, p.depth, p.columns].map(|size| size as usize);
    let lengths = [input.len(), filter.len(), bias.len(), output.len()];
    if rows < LEAST_ROWS || lengths != [rows * depth, columns * depth, columns, rows * columns] {
        return dense::shared::fully_connected(p, input, filter, bias, requantize, output);
    }
    products(filter, bias, (requantize, &p.clamp), output, |row, to| {
        to.iter_mut().zip(&input[row * depth..]).for_each(|(to, &value)| *to = value.into());
    });
}

/// Rows of outputs; `fill` writes what a row's sums are made of.
fn products<R: Requantize>(
    filter: &[i8],
    bias: &[i32],
    (requantize, clamp): (R, &Clamp),
    output: &mut [i8],
    fill: impl FnMut(usize, &mut [f32]),
) {
    let mut sums: Vec<i32> = bias.iter().copied().cycle().take(output.len()).collect();
    Panels::new(filter, bias.len()).multiply(&mut sums, fill);
    for (sums, output) in sums.chunks_exact(bias.len().max(1)).zip(output.chunks_exact_mut(bias.len().max(1))) {
        for (channel, (&sum, output)) in sums.iter().zip(output).enumerate() {
            *output = requantize.requantize(sum, channel, clamp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinybake_runtime::requantize::PerChannel;

    const CLAMP: Clamp = Clamp { zero_point: -3, min: -128, max: 127 };

    fn int8(count: usize, seed: u32) -> Vec<i8> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i8
        };
        core::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn convolutions_equal_the_kernel() {
        for (case, (stride, dilation, pad, channels, outs)) in
            [([1, 1], [1, 1], [1, 1], 3, 5), ([2, 1], [1, 2], [0, 2], 8, 16), ([1, 2], [2, 1], [2, 0], 70, 9)]
                .into_iter()
                .enumerate()
        {
            let dims = |height, width, channels| Dims { height, width, channels };
            let size = |axis: usize, size: u16| (size + 2 * pad[axis] - dilation[axis] * 2 - 1) / stride[axis] + 1;
            let p = kernel::Conv2d {
                input: dims(9, 11, channels),
                output: dims(size(0, 9), size(1, 11), outs),
                kernel: [3, 3],
                stride,
                dilation,
                pad,
                groups: 1,
                input_zero_point: 7,
                clamp: CLAMP,
            };
            let (outs, depth) = (outs as usize, 9 * channels as usize);
            let (input, filter) = (int8(99 * channels as usize, 1), int8(outs * depth, 2));
            let bias: Vec<i32> = int8(outs, 3).into_iter().map(|value| i32::from(value) * 100).collect();
            let (multipliers, shifts) = (vec![1_500_000_000; outs], vec![-8 - case as i8; outs]);
            let requantize = PerChannel { multipliers: &multipliers, shifts: &shifts };
            let count = usize::from(p.output.height) * usize::from(p.output.width) * outs;
            let (mut theirs, mut ours) = (vec![0; count], vec![1; count]);
            kernel::shared::conv2d(&p, &input, &filter, &bias, requantize, &mut theirs);
            conv2d(&p, &input, &filter, &bias, requantize, &mut ours);
            assert_eq!(ours, theirs, "case {case}");
            assert!(ours.iter().any(|value| *value != ours[0]));
        }
    }

    #[test]
    fn rows_equal_the_kernel() {
        let (rows, depth, columns) = (13, 1100, 9);
        let p = dense::FullyConnected { rows, depth, columns, clamp: CLAMP };
        let (input, filter) = (int8(13 * 1100, 4), int8(9 * 1100, 5));
        let bias = vec![1000; 9];
        let requantize = tinybake_runtime::requantize::Rint { scale: 0.0003 };
        let (mut theirs, mut ours) = (vec![0; 13 * 9], vec![1; 13 * 9]);
        dense::shared::fully_connected(&p, &input, &filter, &bias, requantize, &mut theirs);
        fully_connected(&p, &input, &filter, &bias, requantize, &mut ours);
        assert_eq!(ours, theirs);
    }
}
