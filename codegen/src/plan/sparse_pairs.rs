//! Weights in the arrangement of the runtime's `kernels/sparse_pairs/`, which its `arch/sparse_pairs/` tells: two in four neighbours.

use super::packed::{self, Arranged, Convolution};
use crate::ir::Data;
use crate::lower::{Program, Step};
use crate::options::CoreClass;
use tinybake_runtime::kernels::sparse_pairs::{FOUR, MOST_SIZE, PAIRS, PIXELS};

/// Most pairs of a thousand that a layer may have for the half of its weights: with more, no core is faster.
const DENSE: usize = 1300;

/// Bytes of the window of a pair.
const PAIR: usize = 4 * PIXELS;

/// Pairs of a chunk.
const CHUNK: usize = 4;

/// The arrangement of a step's constants; `None` where the step has no such kernel that is exact, or too few zeros.
pub(super) fn arrange(program: &Program, step: &Step, core: CoreClass) -> Option<Arranged> {
    let Convolution { weights, clamp, size, channels } = packed::convolution(&step.kernel)?;
    let filter = packed::int8(program, weights)?;
    let exact = step.bounded
        && !weights.requantizer.rounds_once()
        && packed::small(program, weights, filter.len(), |at| at / size.max(1));
    if core != CoreClass::Dsp || size == 0 || size > MOST_SIZE || filter.len() != size * channels || !exact {
        return None;
    }
    let rows: Vec<Vec<Pair>> = filter.chunks(size).map(pairs).collect();
    if rows.iter().map(Vec::len).sum::<usize>() * 4000 > filter.len() * DENSE {
        return None;
    }
    let mut words = Vec::new();
    for row in &rows {
        words.push(i32::try_from(row.len().div_ceil(CHUNK).max(1)).ok()?);
        words.extend(chunks(row));
    }
    let scales = packed::scales(program, weights, clamp, channels, 1)?;
    packed::of_layer(program, weights, Data::I32(words), scales, FOUR * (size.div_ceil(4) + 1), "sparse_pairs")
}

/// Two weights, and the pairs of the window between them and those before.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair {
    weights: [i8; 2],
    step: usize,
}

/// The pairs of a row; pairs of zeros bridge gaps.
fn pairs(row: &[i8]) -> Vec<Pair> {
    const LONGEST: usize = u8::MAX as usize / PAIR;
    let mut pairs = Vec::new();
    let mut end = 0;
    for (four, weights) in row.chunks(4).enumerate() {
        let places: Vec<usize> = (0..weights.len()).filter(|&place| weights[place] != 0).collect();
        for two in places.chunks(2) {
            // Of a single weight, the pair that comes last, so that it is behind that of the two before.
            let has = |pair: &[usize; 2]| two.iter().all(|place| pair.contains(place));
            let index = PAIRS.iter().rposition(has).unwrap_or(0);
            let weight = |place: usize| if two.contains(&place) { weights[place] } else { 0 };
            let at = PAIRS.len() * four + index;
            while at - end > LONGEST {
                pairs.push(Pair { weights: [0; 2], step: LONGEST });
                end += LONGEST + 1;
            }
            pairs.push(Pair { weights: PAIRS[index].map(weight), step: at - end });
            end = at + 1;
        }
    }
    pairs
}

/// The words of chunks of pairs, of one at least; what is left of the last is for no weights, behind the last pair.
fn chunks(row: &[Pair]) -> Vec<i32> {
    let none = Pair { weights: [0; 2], step: 0 };
    let (empty, mut words) = ([none], Vec::new());
    for chunk in if row.is_empty() { &empty } else { row }.chunks(CHUNK) {
        let pair = |index: usize| chunk.get(index).copied().unwrap_or(none);
        words.push(i32::from_le_bytes([0, 1, 2, 3].map(|index| (PAIR * pair(index).step) as u8)));
        words.extend([0, 1, 2, 3].map(|index| {
            let [low, high] = pair(index).weights.map(i32::from);
            low & 0xffff | high << 16
        }));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row that pairs stand for.
    fn row(pairs: &[Pair], size: usize) -> Vec<i8> {
        let (mut row, mut end) = (vec![0; size], 0);
        for &Pair { weights, step } in pairs {
            let at = end + step;
            for (weight, place) in weights.into_iter().zip(PAIRS[at % PAIRS.len()]) {
                if weight != 0 {
                    row[4 * (at / PAIRS.len()) + place] += weight;
                }
            }
            end = at + 1;
        }
        row
    }

    #[test]
    fn pairs_stand_for_the_row() {
        // Every way in which four neighbours may be zero or not, alone and before another.
        for first in 0..16usize {
            for second in 0..16 {
                let weight = |of: usize, place: usize| if of >> place & 1 == 1 { 5 + place as i8 - of as i8 } else { 0 };
                let dense: Vec<i8> =
                    (0..4).map(|place| weight(first, place)).chain((0..4).map(|place| weight(second, place))).collect();
                let found = pairs(&dense);
                assert_eq!(row(&found, 8), dense);
                assert!(found.iter().all(|pair| PAIR * pair.step <= 255), "{found:?}");
            }
        }
        let mut long = vec![0; 99];
        (long[3], long[50], long[98]) = (-128, 127, 1);
        assert_eq!(row(&pairs(&long), 99), long);
        assert!(pairs(&[0; 40]).is_empty());
        assert_eq!(chunks(&[]), [0; 5]);
    }
}
