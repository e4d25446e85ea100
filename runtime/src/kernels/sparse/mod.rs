//! Layers most of whose weights are zero: they have the others only, with the steps between them, and multiply no more.
//!
//! Of each output channel come the weights that are not zero, two and two, in the order of their elements in a window: both
//! weights, then a byte of the two steps, each from the element before, the first from the window's first. A step is at most
//! 15; over a longer gap lead weights of zero. So a layer of which one weight in four is left takes three eighths of its bytes.
//!
//! Four pixels are made at a time, so that a weight and its step are loaded once for four products.

mod conv2d;
mod fully_connected;

pub use crate::arch::sparse::{Four, Sparse};
pub use conv2d::conv2d;
pub use fully_connected::fully_connected;

use crate::arch::sparse::{self, Lane};
use crate::requantize::{Clamp, Requantize};

/// The output channels of up to four pixels, of `channels` each, whose windows `x` holds.
#[inline(always)]
fn pixels<R: Requantize>(
    clamp: &Clamp,
    x: &[Four],
    filter: Sparse<'_>,
    bias: &[i32],
    requantize: R,
    channels: usize,
    out: &mut [i8],
) {
    let mut filter = filter;
    for (channel, &bias) in bias.iter().enumerate() {
        let mut sums = [bias; 4];
        sparse::add_four(filter.channel(), x, &mut sums);
        let mut place = channel;
        for sum in sums {
            let Some(out) = out.get_mut(place) else { break };
            *out = requantize.requantize_outlined(sum, channel, clamp);
            place += channels;
        }
    }
}
