//! Convolution of an image with a filter per output channel, in groups.

use super::products::{add_products, channels};
use super::rescale::Rescale;
use super::windows::Windows;
use crate::kernels::dims::inside;

/// Elements of a window that are gathered on the stack, so that small windows are one run: 3 by 3 taps of 10 channels.
const WINDOW: usize = 96;

/// Convolves `input` (HWC) into `output` (HWC), for dimensions known at compile time.
///
/// `filter` is `[output channel][kernel row][kernel column][input channel of the group]`. Slices that are too short end the
/// computation early.
///
/// Source: TFLM `reference/integer_ops/conv.h`, `ConvPerChannel` of 16-bit data.
#[inline(always)]
pub fn conv2d<R: Rescale>(p: &Windows, input: &[i16], filter: &[i8], bias: &[R::Sum], rescale: R, output: &mut [i16]) {
    let (Some(depth), Some(filters)) = (p.input.channels.checked_div(p.groups), p.output.channels.checked_div(p.groups)) else {
        return;
    };
    let (depth, filters) = (depth as usize, filters as usize);
    let size = p.kernel[0] as usize * p.kernel[1] as usize * depth;
    if size == 0 || filters == 0 {
        return;
    }
    let mut window = [0; WINDOW];
    let mut output = output;
    for (y, x) in p.origins() {
        let Some(out) = output.split_off_mut(..p.output.channels as usize) else { return };
        for (group, out) in out.chunks_mut(filters).enumerate() {
            let first = group * filters;
            let rows = |channel: usize| filter.get(channel * size..).unwrap_or(&[]);
            if let Some(window) = window.get_mut(..size) {
                window.fill(0);
                each_run(p, input, (y, x), group * depth, depth, |run, at| {
                    if let Some(window) = window.get_mut(at..) {
                        window.iter_mut().zip(run).for_each(|(window, &x)| *window = x);
                    }
                });
                channels(first, [p.min, p.max], bias, rescale, out, |channel, sums| {
                    add_products(sums, window, rows(channel), size);
                });
            } else {
                channels(first, [p.min, p.max], bias, rescale, out, |channel, sums| {
                    each_run(p, input, (y, x), group * depth, depth, |run, at| {
                        add_products(sums, run, rows(channel).get(at..).unwrap_or(&[]), size);
                    });
                });
            }
        }
    }
}

/// Calls `f` with each run of neighbouring elements that the window at `(y, x)` reads, and with the place of its first in the filter.
#[inline(always)]
fn each_run(p: &Windows, input: &[i16], (y, x): (isize, isize), offset: usize, depth: usize, mut f: impl FnMut(&[i16], usize)) {
    let [rows, columns] = p.kernel.map(usize::from);
    // Without groups and dilation, neighbouring taps of a row are neighbours in the image.
    let whole_rows = p.groups == 1 && p.dilation[1] == 1;
    let (left, right) = if whole_rows { inside(x, columns, p.input.width) } else { (0, columns) };
    let taps = if whole_rows { right - left } else { 1 };
    if taps == 0 {
        return;
    }
    for ky in 0..rows {
        let mut kx = left;
        while kx < right {
            let run = p.tap((y, x), ky, kx).and_then(|start| input.get(start + offset..)?.get(..taps * depth));
            if let Some(run) = run {
                f(run, (ky * columns + kx) * depth);
            }
            kx += taps;
        }
    }
}

/// One copy for all layers.
pub(super) mod shared {
    use super::*;

    /// [`super::conv2d`] with dimensions as arguments.
    #[inline(never)]
    pub fn conv2d<R: Rescale>(p: &Windows, input: &[i16], filter: &[i8], bias: &[R::Sum], rescale: R, output: &mut [i16]) {
        super::conv2d(p, input, filter, bias, rescale, output);
    }
}
