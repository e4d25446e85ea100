//! The part that the shared forms have in common: from sums of products to pixels.

use crate::requantize::{Clamp, Requantize};

/// Most channels that are summed at a time.
const SUMS: usize = 16;

/// Neighbouring output channels of one pixel, whose sums are wanted.
pub(crate) struct Block {
    /// Input row of tap row 0; negative in the padding.
    pub(crate) y: isize,
    /// Input column of tap column 0.
    pub(crate) x: isize,
    /// The first output channel.
    pub(crate) channel: usize,
    /// The group that the channels are in.
    pub(crate) group: usize,
    /// Whether it is the first block of its group.
    pub(crate) first: bool,
}

/// Adds to each sum the products of one output channel of the block: the first of the first channel, and so on.
pub(crate) type AddProducts<'a> = dyn FnMut(&Block, &mut [i32]) + 'a;

/// How pixels are made of sums.
pub(crate) struct Pixels<'a, R> {
    /// Output channels of each group; the sums asked for at a time are of one group.
    pub(crate) group_size: usize,
    pub(crate) bias: &'a [i32],
    pub(crate) requantize: R,
    pub(crate) clamp: Clamp,
}

impl<R: Requantize> Pixels<'_, R> {
    /// The channels `out` of the output pixel whose tap 0 is at `(y, x)`.
    #[inline(never)]
    pub(crate) fn pixel(&self, (y, x): (isize, isize), out: &mut [i8], add_products: &mut AddProducts<'_>) {
        let mut block = Block { y, x, channel: 0, group: 0, first: true };
        let mut left = self.group_size;
        while let (Some(out), Some(bias)) = (out.get_mut(block.channel..), self.bias.get(block.channel..)) {
            let count = left.min(SUMS).min(out.len());
            let mut sums = [0; SUMS];
            let Some(sums) = sums.get_mut(..count).filter(|sums| !sums.is_empty()) else { return };
            add_products(&block, sums);
            for (lane, ((out, &sum), &bias)) in out.iter_mut().zip(&*sums).zip(bias).enumerate() {
                *out = self.requantize.requantize_outlined(bias.wrapping_add(sum), block.channel + lane, &self.clamp);
            }
            block.channel += count;
            left -= count;
            block.first = left == 0;
            if left == 0 {
                left = self.group_size;
                block.group += 1;
            }
        }
    }

    /// All pixels of an output of `[rows, columns, channels]`, whose windows are `stride` apart and begin `pad` before the
    /// input. Pairs are `[height, width]`.
    #[inline(never)]
    pub(crate) fn image(
        &self,
        [rows, columns, channels]: [usize; 3],
        stride: [u16; 2],
        pad: [u16; 2],
        output: &mut [i8],
        add_products: &mut AddProducts<'_>,
    ) {
        if channels == 0 {
            return;
        }
        let mut output = output;
        let mut y = -(pad[0] as isize);
        for _ in 0..rows {
            let mut x = -(pad[1] as isize);
            for _ in 0..columns {
                let Some(out) = output.split_off_mut(..channels) else { return };
                self.pixel((y, x), out, add_products);
                x = x.wrapping_add(stride[1] as isize);
            }
            y = y.wrapping_add(stride[0] as isize);
        }
    }
}

/// Copies from `x` as much as `out` holds; nothing where `x` is shorter.
#[inline(always)]
pub(crate) fn copy(out: &mut [i8], x: &[i8]) {
    // Not `copy_from_slice`, whose check that lengths are equal outlives optimization for the least size.
    if let Some(x) = x.get(..out.len()) {
        let ((out_words, out), (words, x)) = (out.as_chunks_mut::<4>(), x.as_chunks::<4>());
        for (out, &word) in out_words.iter_mut().zip(words) {
            *out = word;
        }
        for (out, &x) in out.iter_mut().zip(x) {
            *out = x;
        }
    }
}
