//! Layers whose weights have few distinct values: they carry a table of the values and, for each weight, its place in the table,
//! in four or two bits.
//!
//! Weights of four output channels are looked up at a time, a part of a window of each, and multiplied with the same part of up to
//! eight pixels, so that a look-up serves as many products.

mod conv2d;
mod fully_connected;

pub use conv2d::conv2d;
pub use fully_connected::fully_connected;

use crate::arch;
use crate::requantize::{Clamp, Requantize};

/// Pixels that are made at a time at most.
const PIXELS: usize = 8;

/// Elements of a window that are multiplied at a time at most: a whole number of bytes of places.
const PART: usize = 64;

/// Elements of memory for weights of four channels, and for windows.
const MEMORY: usize = 5 * PART;

/// The weights of a layer: of each output channel in turn the places of its weights in a table of values, the first in the lowest bits of
/// a byte; each channel begins with a byte.
#[derive(Clone, Copy, Debug)]
pub struct Palette<'a> {
    table: &'a [u8],
    places: &'a [u8],
    per_byte: usize,
}

impl<'a> Palette<'a> {
    /// Of `bits` each, 2 or 4, after a table of as many values as that tells apart; without any weights where `bytes` is too
    /// short.
    pub const fn new(bits: u32, bytes: &'a [u8]) -> Self {
        let values = if bits == 2 { 4 } else { 16 };
        let (table, places) = match bytes.split_at_checked(values) {
            Some(both) => both,
            None => (bytes, bytes.split_at(0).0),
        };
        Self { table, places, per_byte: if bits == 2 { 4 } else { 2 } }
    }

    /// The values, of which a place of four bits tells one.
    #[inline(always)]
    fn values(&self) -> [i8; 16] {
        let mut values = [0; 16];
        for (value, &byte) in values.iter_mut().zip(self.table) {
            *value = byte as i8;
        }
        values
    }

    /// Bytes of the places of `size` weights.
    #[inline(always)]
    fn bytes(&self, size: usize) -> usize {
        if self.per_byte == 4 { size.div_ceil(4) } else { size.div_ceil(2) }
    }

    /// Looks up the weights that begin with byte `at` of the places.
    #[inline(never)]
    fn look_up(&self, values: &[i8; 16], at: usize, weights: &mut [i8]) {
        let places = self.places.get(at..).unwrap_or(&[]);
        // No `map` of arrays, which stays a call where code is to be small.
        let value = |place: u8| values[place as usize & 15];
        if self.per_byte == 4 {
            fill(weights, places, |byte| [value(byte & 3), value(byte >> 2 & 3), value(byte >> 4 & 3), value(byte >> 6)]);
        } else {
            fill(weights, places, |byte| [value(byte & 15), value(byte >> 4)]);
        }
    }
}

/// Fills `weights` with those that each byte stands for.
#[inline(always)]
fn fill<const N: usize>(weights: &mut [i8], places: &[u8], of: impl Fn(u8) -> [i8; N]) {
    let (whole, rest) = weights.as_chunks_mut::<N>();
    let last = places.get(whole.len()).copied().unwrap_or(0);
    for (weights, &byte) in whole.iter_mut().zip(places) {
        *weights = of(byte);
    }
    for (weight, value) in rest.iter_mut().zip(of(last)) {
        *weight = value;
    }
}

/// What pixels are made of.
trait Windows {
    /// Elements of the window of pixel `index` of those that are made at a time, from element `first` on, as many as `buffer`
    /// holds, in it or elsewhere.
    fn part<'a>(&'a self, index: usize, first: usize, buffer: &'a mut [i8]) -> &'a [i8];
}

/// How pixels are made.
struct Layer<'a, R> {
    palette: Palette<'a>,
    /// Elements of a window.
    size: usize,
    /// Whether the windows of all pixels that are made at a time find room beside the weights, so that each is gathered once.
    kept: bool,
    channels: usize,
    bias: &'a [i32],
    requantize: R,
    clamp: Clamp,
}

impl<R: Requantize> Layer<'_, R> {
    /// Pixels, up to [`PIXELS`], as many as `out` is of.
    #[inline(never)]
    fn pixels(&self, windows: &dyn Windows, out: &mut [i8]) {
        let Self { palette, size, kept, channels, bias, requantize, clamp } = self;
        let (size, channels, values) = (*size, (*channels).max(1), palette.values());
        let bytes = palette.bytes(size);
        let mut memory = [0; MEMORY];
        let Some((weights, buffer)) = memory.split_at_mut_checked(4 * PART.min(size)) else { return };
        if *kept {
            for (index, (window, _)) in buffer.chunks_exact_mut(size.max(1)).zip(out.chunks(channels)).enumerate() {
                windows.part(index, 0, window);
            }
        }
        let mut channel = 0;
        while channel < channels {
            let mut sums = [[0; 4]; PIXELS];
            let mut first = 0;
            while first < size {
                let length = PART.min(size - first);
                let mut at = channel.wrapping_mul(bytes).wrapping_add(palette.bytes(first));
                for weights in weights.chunks_exact_mut(length.max(1)).take(4) {
                    palette.look_up(&values, at, weights);
                    at = at.wrapping_add(bytes);
                }
                for (index, (sums, _)) in sums.iter_mut().zip(out.chunks(channels)).enumerate() {
                    let from = if *kept { index * size } else { 0 };
                    let Some(buffer) = buffer.get_mut(from..).and_then(|buffer| buffer.get_mut(..length)) else { return };
                    let part = if *kept { buffer } else { windows.part(index, first, buffer) };
                    arch::dot_1x4(sums, part, weights, length);
                }
                first += length;
            }
            for (sums, out) in sums.iter().zip(out.chunks_mut(channels)) {
                let (out, bias) = (out.get_mut(channel..).unwrap_or(&mut []), bias.get(channel..).unwrap_or(&[]));
                for (lane, ((out, &sum), &bias)) in out.iter_mut().zip(sums).zip(bias).enumerate() {
                    *out = requantize.requantize_outlined(bias.wrapping_add(sum), channel + lane, clamp);
                }
            }
            channel += 4;
        }
    }
}
