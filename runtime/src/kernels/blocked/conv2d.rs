//! Convolutions by blocks of channels.

use super::{Layer, Run, VECTOR, WINDOW, interior};
use crate::arch::Pairs;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::dims::{inside, origin};
use crate::kernels::gather::gather;

/// [`crate::kernels::conv2d::conv2d`] in one group, of at least four output channels, from a stream whose blocks are of
/// [`Run::of_conv2d`], with at most [`WINDOW`] elements.
#[inline(always)]
pub fn conv2d(p: &Conv2d, input: &[i8], stream: &[i32], output: &mut [i8]) {
    let Some((run, in_image)) = Run::of_conv2d(p) else { return };
    let (channels, in_channels, in_width) = (p.output.channels as usize, p.input.channels as usize, p.input.width as usize);
    if channels < 4 || p.groups != 1 || in_channels == 0 {
        return;
    }
    let layer = Layer { run, stream, clamp: &p.clamp, channels };
    let reach = |taps: u16, dilation: u16| (taps as usize).saturating_sub(1).saturating_mul(dilation as usize).saturating_add(1);
    let (height, width) = (reach(p.kernel[0], p.dilation[0]), reach(p.kernel[1], p.dilation[1]));
    let (left, right) = interior(p.output.width, p.input.width, width, p.stride[1], p.pad[1]);
    let step = p.stride[1] as usize * in_channels;
    // A copy, since nothing is known any more of what a reference escapes to.
    let escaped = &{ *p };
    let mut window = [0; WINDOW];
    let mut output = output;
    for out_y in 0..p.output.height as usize {
        let y = origin(out_y, p.stride[0], p.pad[0]);
        let Some(row) = output.split_off_mut(..channels * p.output.width as usize) else { return };
        let (mut first, mut end) = (0, 0);
        if in_image && inside(y, height, p.input.height) == (0, height) {
            let start = (y as usize * in_width + (left * p.stride[1] as usize).wrapping_sub(p.pad[1] as usize)) * in_channels;
            // Pixels whose last vector ends within the input.
            let room = input.len().checked_sub(start).and_then(|room| room.checked_sub(run.span()));
            let count = room.map_or(0, |room| room.checked_div(step).unwrap_or(0) + 1).min(right - left);
            (first, end) = (left, left + count);
            let (Some(x), Some(out)) = (input.get(start..), row.get_mut(first * channels..)) else { return };
            layer.pairs(&Pairs { count: count / 2, second: step, next: 2 * step, row: channels }, x, out);
            if count % 2 != 0 {
                let last = count - 1;
                let (Some(x), Some(out)) = (x.get(last * step..), out.get_mut(last * channels..)) else { return };
                layer.pixel(&run, x, out);
            }
        }
        for (out_x, out) in row.chunks_exact_mut(channels).enumerate() {
            if out_x < first || out_x >= end {
                let pitch = if in_image { VECTOR * run.vectors() } else { p.kernel[1] as usize * in_channels };
                gather(escaped, input, (y, origin(out_x, p.stride[1], p.pad[1])), pitch, &mut window);
                layer.pixel(&run.gathered(), &window, out);
            }
        }
    }
}
