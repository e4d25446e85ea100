//! Sums of products over weights of which up to two in four neighbours are not zero: two products in one instruction of the DSP
//! extension of Arm cores, whichever two they are.
//!
//! The window has each two of four neighbours in a word, in the order of [`PAIRS`], for six pixels. `portable` is the specification;
//! `dsp` is assembly.

#[cfg(tinybake_core = "dsp")]
mod dsp;
mod portable;

#[cfg(tinybake_core = "dsp")]
pub(crate) use dsp::outputs;
pub(crate) use portable::fill;
#[cfg(not(tinybake_core = "dsp"))]
pub(crate) use portable::outputs;

/// Which two of four neighbours are together in a word, in its low and its high half, in order.
pub const PAIRS: [[usize; 2]; 6] = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

/// Pixels that are made at a time.
pub const PIXELS: usize = 6;

/// Words of the window of all pixels' pairs of four neighbours.
pub const FOUR: usize = PAIRS.len() * PIXELS;

/// Words of the steps and the weights of four pairs.
const CHUNK: usize = 5;

/// The weights of output channels, in words: of each channel the number of its chunks, at least one, and the chunks. A chunk is of
/// four pairs of weights: a word of four steps, the first one's in the low byte, and four words of two weights, each in a
/// half. A step is the bytes of the window between the end of the pair before, or the window's start, and the pair.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    words: &'a [i32],
    /// Whole channels.
    channels: usize,
    /// Words of a window that has all that the weights are for.
    reach: usize,
}

impl<'a> Pairs<'a> {
    /// Looks through `words` once, which the generator has written. To be called at compile time.
    pub const fn new(words: &'a [i32]) -> Self {
        let mut found = Self { words, channels: 0, reach: 0 };
        let mut at = 0;
        while at < words.len() {
            let chunks = words[at] as u32 as usize;
            at += 1;
            if chunks == 0 || chunks > (words.len() - at) / CHUNK {
                break;
            }
            let mut place = 0;
            let end = at + CHUNK * chunks;
            while at < end {
                let steps = words[at].to_le_bytes();
                let mut index = 0;
                while index < steps.len() {
                    if !(steps[index] as usize).is_multiple_of(4 * PIXELS) {
                        return found;
                    }
                    place += steps[index] as usize / 4 + PIXELS;
                    index += 1;
                }
                at += CHUNK;
            }
            if place > found.reach {
                found.reach = place;
            }
            found.channels += 1;
        }
        found
    }

    /// Whether they are weights of `columns` channels for such a window, and scales and places of `count` outputs each are there.
    fn fit(&self, window: &[u32], scales: &[[i32; 4]], (count, columns): (usize, usize), out: &[i8]) -> bool {
        let outputs = count.checked_mul(columns);
        columns <= self.channels
            && columns <= scales.len()
            && count <= PIXELS
            && self.reach <= window.len()
            && outputs.is_some_and(|outputs| outputs <= out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_looked_through_whatever_the_words() {
        // A channel of one chunk, and one of two.
        let chunk = [0x0018_3000, 1, 2, 3, 4];
        let words = [&[1][..], &chunk, &[2], &chunk, &chunk].concat();
        let found = Pairs::new(&words);
        assert_eq!((found.channels, found.reach), (2, 2 * (6 + 12 + 4 * 6)));
        let cut = |length: usize| Pairs::new(&words[..length]).channels;
        assert_eq!([0, 1, 5, 6, 7, 16, 17].map(cut), [0, 0, 0, 1, 1, 1, 2]);
        // Steps between pairs are no places of any.
        let mut wrong = words.clone();
        wrong[7] += 1;
        assert_eq!(Pairs::new(&wrong).channels, 1);
    }
}
