//! Sums of products over weights that are not zero, of two pixels at a time in one 32-bit multiplication, as in [`super::lanes`].
//!
//! A word of the window is `x0 + (x1 << SHIFT)` of an element of two pixels, and an element has as many words as the core's
//! kernel has registers for. `portable` is the specification; `dsp`, `thumb1` and `riscv` are assembly. The last two sum words in
//! runs, as `lanes` does; `dsp` sums in 64 bits, where all products of a channel fit.

#[cfg(tinybake_core = "dsp")]
mod dsp;
mod portable;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(tinybake_core = "thumb1")]
mod thumb1;

#[cfg(tinybake_core = "dsp")]
pub(crate) use dsp::outputs;
#[cfg(not(any(tinybake_core = "dsp", tinybake_core = "thumb1", target_arch = "riscv32")))]
pub(crate) use portable::outputs;
pub(crate) use portable::{fill, place};
#[cfg(target_arch = "riscv32")]
pub(crate) use riscv::outputs;
#[cfg(tinybake_core = "thumb1")]
pub(crate) use thumb1::outputs;

use crate::generated::Aligned;

/// How far the second pixel's element is shifted.
const SHIFT: u32 = if cfg!(tinybake_core = "dsp") { 23 } else { 16 };

/// Most words of an element.
const MOST_WORDS: usize = 8;

/// The weights of output channels that are not zero, as halves of words: first the number of words of an element, in the low byte,
/// and in the high byte where steps begin; then of each channel its runs, and 0. A run is the number of its weights, and so many
/// weights, each in the high byte over the step to its element in bytes of the window. A step is from the window's start for
/// the first weight of a channel; then from the start of the element before, or from its end if the high byte is 1.
#[derive(Clone, Copy, Debug)]
pub struct Nonzero<'a> {
    bytes: &'a [u8],
    words: usize,
    /// Words from where an element starts to where the step to the next is from.
    advance: usize,
    /// Whole channels.
    channels: usize,
    /// Elements of a window that has all that the weights are for.
    reach: usize,
    /// Whether all runs are of an even number of weights.
    even: bool,
}

impl<'a> Nonzero<'a> {
    /// Looks through `bytes` once, which the generator has written. To be called at compile time.
    pub const fn new<const N: usize>(bytes: &'a Aligned<[u8; N]>) -> Self {
        let bytes = &bytes.0;
        let mut found = Self { bytes, words: 0, advance: 0, channels: 0, reach: 0, even: true };
        if N < 2 || bytes[0] == 0 || bytes[0] as usize > MOST_WORDS || bytes[1] > 1 {
            return found;
        }
        found.words = bytes[0] as usize;
        found.advance = found.words * bytes[1] as usize;
        let element = 4 * found.words;
        let mut at = 2;
        let (mut place, mut even, mut reach) = (0, true, 0);
        while at + 1 < N {
            let left = bytes[at] as usize | (bytes[at + 1] as usize) << 8;
            at += 2;
            if left == 0 {
                found.channels += 1;
                if reach > found.reach {
                    found.reach = reach;
                }
                found.even = found.even && even;
                (place, even, reach) = (0, true, 0);
                continue;
            }
            even = even && left.is_multiple_of(2);
            let end = at + 2 * left;
            if end > N {
                break;
            }
            while at < end {
                let step = bytes[at] as usize;
                if !step.is_multiple_of(element) {
                    return found;
                }
                place += step / element;
                reach = place + 1;
                place += bytes[1] as usize;
                at += 2;
            }
        }
        found
    }

    /// Words of an element.
    pub(crate) const fn words(&self) -> usize {
        self.words
    }

    /// Whether they are weights of `columns` channels for such a window, and scales and places of `count` outputs each are there.
    fn fit(&self, window: &[u32], scales: &[[i32; 4]], (count, columns): (usize, usize), out: &[i8]) -> bool {
        let outputs = count.checked_mul(columns);
        self.words > 0
            && columns <= self.channels
            && columns <= scales.len()
            && count <= 2 * self.words
            && self.reach.checked_mul(self.words).is_some_and(|words| words <= window.len())
            && outputs.is_some_and(|outputs| outputs <= out.len())
    }
}

/// What the assembly is given.
#[cfg(any(tinybake_core = "dsp", tinybake_core = "thumb1", target_arch = "riscv32"))]
#[repr(C)]
struct Block {
    x: *const u32,
    weights: *const u8,
    scales: *const [i32; 4],
    /// Where the outputs of the first pixel begin.
    out: *mut i8,
    /// Elements between the outputs of neighbouring pixels.
    columns: usize,
    /// Pixels of which there are outputs.
    count: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_looked_through_whatever_the_bytes() {
        // Two words an element: a channel of two runs, one of none, and one of one.
        static BYTES: Aligned<[u8; 24]> = Aligned([2, 1, 2, 0, 8, 5, 0, 6, 1, 0, 16, 7, 0, 0, 0, 0, 1, 0, 40, 9, 0, 0, 1, 0]);
        let found = Nonzero::new(&BYTES);
        assert_eq!((found.words, found.channels, found.reach, found.even), (2, 3, 6, false));
        let cut = |length: usize| {
            let mut bytes = BYTES.0;
            bytes[length..].fill(255);
            let bytes = Aligned(bytes);
            let found = Nonzero::new(&bytes);
            (found.channels, found.reach)
        };
        assert_eq!([2, 8, 12, 14, 16, 20, 22].map(cut), [(0, 0), (0, 0), (0, 0), (1, 6), (2, 6), (2, 6), (3, 6)]);
        // Steps between elements are no places of any.
        let mut bytes = BYTES.0;
        bytes[10] = 17;
        assert_eq!(Nonzero::new(&Aligned(bytes)).channels, 0);
    }
}
