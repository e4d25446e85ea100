//! The file of a module's large constants, read by the compiler alone.

use crate::arch::packed_words;

/// Files have a multiple of so many bytes.
pub const GROUP: usize = 16 * WORDS;

/// Words of 16 bytes in a group.
const WORDS: usize = 8;

/// Groups that one constant expression sums up: rustc takes evaluations of more than two million rounds for endless ones.
const PIECE: usize = 1 << 19;

/// How many [`sums`] a file has.
pub const fn pieces(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(PIECE * GROUP)
}

/// A checksum of the groups of the `piece`-th part of a file. It tells apart files that are not made to have the same: every change
/// within 16 bytes changes it, and so does another order of such words. rustc takes a sixth of a second for 1 MB.
#[allow(clippy::manual_rotate)] // `rotate_left` is a call, and the compiler interprets this.
pub const fn sums(bytes: &[u8], piece: usize) -> [u128; 2] {
    let groups = packed_words(bytes).as_chunks::<WORDS>().0;
    let mut index = piece * PIECE;
    let end = if groups.len() - index < PIECE { groups.len() } else { index + PIECE };
    let (mut mixed, mut sum) = (0_u128, 0);
    while index < end {
        let words = groups[index];
        mixed = (mixed << 7 | mixed >> 121) ^ words[0].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[1].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[2].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[3].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[4].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[5].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[6].0;
        mixed = (mixed << 7 | mixed >> 121) ^ words[7].0;
        // Rotations alone come round after 128 words; the sum of what they passed does not. It cannot overflow.
        sum += mixed >> 64;
        index += 1;
    }
    [mixed, sum]
}

/// Whether the `piece`-th part of a file has these [`sums`].
pub const fn holds(bytes: &[u8], piece: usize, expected: [u128; 2]) -> bool {
    let [mixed, sum] = sums(bytes, piece);
    mixed == expected[0] && sum == expected[1]
}

/// The `N` bytes at `at`.
///
/// # Panics
/// At compile time, where the file ends before.
pub const fn part<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    match bytes.split_at(at).1.first_chunk() {
        Some(part) => part,
        None => panic!("the file of constants is too short"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_where_it_was_put() {
        assert_eq!(part::<2>(b"0123", 1), b"12");
    }

    #[test]
    fn every_changed_bit_and_every_exchange_of_words_is_noticed() {
        let bytes: [u8; 4096] = core::array::from_fn(|index| (index.wrapping_mul(2_654_435_761) >> 7) as u8);
        let expected = sums(&bytes, 0);
        assert!(pieces(&bytes) == 1 && holds(&bytes, 0, expected));
        // Miri takes its time.
        for bit in (0..8 * bytes.len()).step_by(if cfg!(miri) { 1009 } else { 1 }) {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&changed, 0, expected), "bit {bit}");
        }
        for other in (1..bytes.len() / 16).step_by(if cfg!(miri) { 31 } else { 1 }) {
            let mut exchanged = bytes;
            let (first, rest) = exchanged.split_at_mut(16);
            first.swap_with_slice(&mut rest[16 * other - 16..16 * other]);
            assert!(!holds(&exchanged, 0, expected), "word {other}");
        }
    }
}
