//! Sums of products over weights that are not zero, of four pixels at a time.
//!
//! `portable` is the specification; `dsp` and `thumb1` are assembly.

#[cfg(tinybake_core = "dsp")]
mod dsp;
mod portable;
#[cfg(tinybake_core = "thumb1")]
mod thumb1;

#[cfg(tinybake_core = "dsp")]
pub(crate) use dsp::add_four;
pub(crate) use portable::add;
#[cfg(not(any(tinybake_core = "dsp", tinybake_core = "thumb1")))]
pub(crate) use portable::add_four;
#[cfg(tinybake_core = "thumb1")]
pub(crate) use thumb1::add_four;

/// An element as it is kept for four pixels: of the width that the core multiplies.
#[cfg(tinybake_core = "thumb1")]
pub(crate) type Lane = i32;
/// An element as it is kept for four pixels: of the width that the core multiplies.
#[cfg(tinybake_core = "dsp")]
pub(crate) type Lane = i16;
/// An element as it is kept for four pixels: of the width that the core multiplies.
#[cfg(not(any(tinybake_core = "dsp", tinybake_core = "thumb1")))]
pub(crate) type Lane = i8;

/// One element of each of four pixels, at an address from which all can be loaded at once.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(4))]
pub struct Four(pub(crate) [Lane; 4]);

impl Four {
    /// Zeros.
    pub const ZERO: Self = Self([0; 4]);
}

/// Two weights and the steps to their elements: the first's in the low, the second's in the high four bits.
pub(crate) type Two = [u8; 3];

/// The weights of one output channel, of which `reach` is known: no element that they are multiplied with is further from
/// the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    twos: &'a [Two],
    #[cfg_attr(not(any(tinybake_core = "dsp", tinybake_core = "thumb1")), allow(dead_code))] // Slices say it to plain Rust.
    reach: usize,
}

/// The weights of all output channels, one after the other: each as a number of pairs in two bytes, low one first,
/// and the pairs: two weights, and a byte of the steps to their elements.
#[derive(Clone, Copy, Debug)]
pub struct Sparse<'a> {
    bytes: &'a [u8],
    reach: usize,
}

impl<'a> Sparse<'a> {
    /// Looks through `bytes` once, which the generator has written, for the furthest element of any channel. To be called at
    /// compile time.
    pub const fn new(bytes: &'a [u8]) -> Self {
        let (mut at, mut reach) = (0, 0);
        while at + 1 < bytes.len() {
            let end = at + 2 + 3 * (bytes[at] as usize | (bytes[at + 1] as usize) << 8);
            at += 2;
            let mut place = 0;
            while at + 2 < bytes.len() && at < end {
                place += (bytes[at + 2] & 15) as usize + (bytes[at + 2] >> 4) as usize;
                at += 3;
            }
            if place > reach {
                reach = place;
            }
            if at != end {
                break;
            }
        }
        Self { bytes, reach }
    }

    /// The weights of the next channel; none after the last.
    #[inline(always)]
    pub(crate) fn channel(&mut self) -> Row<'a> {
        let none = Row { twos: &[], reach: self.reach };
        let Some(&[low, high]) = self.bytes.split_off(..2) else { return none };
        let Some(twos) = self.bytes.split_off(..3 * (low as usize | (high as usize) << 8)) else { return none };
        Row { twos: twos.as_chunks().0, reach: self.reach }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_furthest_element_is_known_whatever_the_bytes() {
        let bytes = [1, 0, 5, 6, 0x21, 2, 0, 1, 1, 0xff, 1, 1, 0x10];
        let mut sparse = Sparse::new(&bytes);
        assert_eq!(sparse.reach, 31);
        let rows: Vec<usize> = [sparse.channel(), sparse.channel(), sparse.channel()].iter().map(|row| row.twos.len()).collect();
        assert_eq!(rows, [1, 2, 0]);
        for end in 0..bytes.len() {
            let mut sparse = Sparse::new(&bytes[..end]);
            for _ in 0..3 {
                let row = sparse.channel();
                let steps = row.twos.iter().map(|two| usize::from(two[2] & 15) + usize::from(two[2] >> 4));
                assert!(steps.sum::<usize>() <= sparse.reach, "{end}");
            }
        }
    }
}
