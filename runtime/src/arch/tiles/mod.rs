//! Tiles of four or six pixels by two output channels, of which two pixels share each 32-bit multiplication: for cores with that
//! multiplication, its high word, and registers for the sums of a tile.
//!
//! Words of two pixels and their sums are those of [`super::lanes`]. Both channels of a tile have the same runs, so that a word
//! is loaded once for both: a run ends before the weights' magnitudes of either add up to more than 255.

mod portable;
#[cfg(target_arch = "riscv32")]
#[macro_use]
mod riscv_finish;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(target_arch = "riscv32")]
mod riscv_rows;

#[cfg(not(target_arch = "riscv32"))]
pub(crate) use portable::{outputs, rows, spread};
#[cfg(target_arch = "riscv32")]
pub(crate) use {
    riscv::outputs,
    riscv_rows::{rows, spread},
};

/// Most elements of a run: the assembly has code for each.
pub const MOST_RUN: usize = 16;

/// Bytes of a run before its weights.
pub const HEAD: usize = 2;

/// The bytes before the weights of a run of `elements`, at most [`MOST_RUN`], in a window of `words` an element, at most 3:
/// those of the run, and those of its elements in the window.
pub const fn head(elements: usize, words: usize) -> [u8; HEAD] {
    [(2 * elements + HEAD) as u8, (4 * words * elements) as u8]
}

/// Weights of pairs of output channels, for windows of `N` words an element. Of each pair, runs and a zero; of each run, its
/// [`head`], and of each element the weight of the first channel and that of the second.
#[derive(Clone, Copy, Debug)]
pub struct Channels<'a, const N: usize> {
    /// Whole pairs, of which the runs have `size` elements together.
    weights: &'a [u8],
    /// Elements of a channel.
    size: usize,
    /// Channels, an even number.
    count: usize,
}

impl<'a, const N: usize> Channels<'a, N> {
    /// Looks once through bytes that the generator has written: there are no channels where they are not whole pairs, of as many
    /// elements each and for such windows. To be called at compile time.
    pub const fn new(weights: &'a [u8]) -> Self {
        let none = Self { weights: &[], size: 0, count: 0 };
        let (mut at, mut size, mut count) = (0, 0, 0);
        while at < weights.len() {
            let mut elements = 0;
            while at + 1 < weights.len() && weights[at] > 0 {
                let run = (weights[at] as usize).saturating_sub(HEAD) / 2;
                if run == 0 || run > MOST_RUN {
                    return none;
                }
                let [bytes, of_window] = head(run, N);
                if weights[at] != bytes || weights[at + 1] != of_window {
                    return none;
                }
                at += bytes as usize;
                elements += run;
            }
            if count == 0 {
                size = elements;
            }
            if at >= weights.len() || weights[at] > 0 || elements != size || size == 0 {
                return none;
            }
            at += 1;
            count += 2;
        }
        Self { weights, size, count }
    }
}

/// Windows of three by three taps in a plane: one channel of some rows, an element a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// Rows and columns of windows.
    pub(crate) size: [usize; 2],
    /// Elements between neighbouring windows, in both directions: 1 or 2.
    pub(crate) stride: usize,
    /// Words of a row of the plane.
    pub(crate) pitch: usize,
    /// Elements between the outputs of neighbouring windows.
    pub(crate) channels: usize,
}

impl Rows {
    /// Whether all windows, of which there is one at least, lie in a plane of `length` words, and all outputs in as many as
    /// `places`.
    fn fit(&self, length: usize, places: usize) -> bool {
        let [rows, columns] = self.size;
        let end = |last: usize, rest: usize| last.checked_mul(self.stride)?.checked_add(rest);
        let rows_end = rows.checked_sub(1).and_then(|last| end(last, 2)?.checked_mul(self.pitch));
        let columns_end = columns.checked_sub(1).and_then(|last| end(last, 3));
        let plane_end = rows_end.zip(columns_end).and_then(|(rows, columns)| rows.checked_add(columns));
        let outputs = rows.checked_mul(columns).and_then(|outputs| outputs.checked_mul(self.channels));
        let last = outputs.and_then(|outputs| outputs.checked_sub(self.channels));
        plane_end.is_some_and(|end| end <= length) && last.is_some_and(|last| last < places)
    }
}

/// The output for a sum with its bias, saturated to `int8`.
///
/// `scale` is the bias; the multiplier, unsigned; what is added to the product's high word: the zero point, above -128, and the
/// half that rounds, scaled; and how far that is shifted right. With `positive`, nothing that comes of a sum up to zero is wanted
/// as it is, and the product's low word is lost, not rounded: the generator picks a bias, close to the layer's, with which all
/// outputs are those of the reference.
#[inline(always)]
pub const fn finish(sum: i32, scale: &[i32; 4], positive: bool) -> i8 {
    let [_, multiplier, offset, shift] = *scale;
    if positive && sum <= 0 {
        return i8::MIN;
    }
    let product = sum as i64 * multiplier as u32 as i64;
    let high = (product >> 32) as i32;
    let high = if positive {
        high
    } else {
        let rounded = high.wrapping_add((product as u32 >> 31) as i32);
        rounded.wrapping_add(rounded >> 31)
    };
    let output = high.wrapping_add(offset).wrapping_shr(shift as u32);
    let output = if output < 0 {
        0
    } else if output > 255 {
        255
    } else {
        output
    };
    (output - 128) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pairs_are_channels() {
        let whole = [6, 24, 1, 2, 3, 4, 4, 12, 5, 6, 0];
        let Channels { size, count, .. } = Channels::<3>::new(&whole);
        assert_eq!((size, count), (3, 2));
        assert_eq!(Channels::<2>::new(&whole).count, 0);
        for end in 0..whole.len() {
            assert_eq!(Channels::<3>::new(&whole[..end]).count, 0, "{end}");
        }
        // A pair for other windows, pairs of unlike sizes, and a run that is too long.
        let mut two = [[4, 12, 1, 1, 0], [4, 12, 1, 1, 0]];
        assert_eq!(Channels::<3>::new(two.as_flattened()).count, 4);
        two[1][1] = 8;
        assert_eq!(Channels::<3>::new(two.as_flattened()).count, 0);
        assert_eq!(Channels::<3>::new(&[4, 12, 1, 1, 0, 6, 24, 1, 1, 1, 1, 0]).count, 0);
        let mut long = [1; 2 * MOST_RUN + 5];
        (long[0], long[1], long[2 * MOST_RUN + 4]) = (2 * MOST_RUN as u8 + 4, (12 * (MOST_RUN + 1)) as u8, 0);
        assert_eq!(Channels::<3>::new(&long).count, 0);
    }
}
