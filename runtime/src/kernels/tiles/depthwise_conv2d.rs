//! Depthwise convolutions of 3 by 3 taps.

use super::positive;
use crate::arch::tiles::{self, Rows};
use crate::kernels::depthwise_conv2d::DepthwiseConv2d;
use crate::kernels::lanes::{Channel, Plane, image, row_words};

/// The depthwise convolution `p`, as [`lanes::depthwise_conv2d`](crate::kernels::lanes::depthwise_conv2d) takes it, but for
/// `scales`: those of [`super::finish`].
#[inline(never)]
pub fn depthwise_conv2d(
    p: &DepthwiseConv2d,
    input: Option<&[i8]>,
    filter: &[i32],
    scales: &[i32],
    lent: &mut [i32],
    output: &mut [i8],
) {
    image::<Together>(p, input, filter, scales, lent, output);
}

/// The plane of cores that load elements one by one: neighbours are neighbours.
struct Together;

impl Plane for Together {
    #[inline(always)]
    fn fill(p: &DepthwiseConv2d, x: &[i8], rows: usize, plane: &mut [i32]) {
        let (width, pitch) = (p.input.width as usize, row_words(p));
        tiles::spread(x, p.input.channels as usize, [rows, width], plane.get_mut(p.pad[1] as usize..).unwrap_or(&mut []), pitch);
    }

    #[inline(always)]
    fn outputs(channel: &Channel<'_>, plane: &[i32], rows: usize, _sums: &mut [[i32; 4]], out: &mut [i8]) {
        let Channel { p, w, scale } = *channel;
        let size = [rows, p.output.width as usize];
        let shape = Rows { size, stride: p.stride[1] as usize, pitch: row_words(p), channels: p.output.channels as usize };
        tiles::rows(plane, &shape, w, scale, positive(&p.clamp), out);
    }
}
