//! Products of matrices, computed in blocks: what convolutions and fully connected layers come to on hosts.
//!
//! Every sum adds its products one after the other in the order of its row, as a plain loop does, so results do not depend on how the work
//! is cut into blocks, nor on the machine. Sums of products of int8 are exact: a block of a row is short enough for the 24 bits that
//! float32 is exact in.

/// Columns that are computed at a time: two registers of four.
const COLUMNS: usize = 8;
/// Rows that are computed at a time: with [`COLUMNS`], as many sums as 16 registers hold beside the operands.
const ROWS: usize = 6;
/// Products that are added before sums go back to memory. At most 1024: that many products of int8 stay below 2^24.
const DEPTH: usize = 512;
/// Groups of [`ROWS`] rows that share a panel while it is near.
const GROUPS: usize = 8;

/// A matrix `[out][depth]`, in the order in which it is read: panels of [`COLUMNS`] rows, transposed.
#[derive(Clone, Debug)]
pub(super) struct Panels {
    outs: usize,
    depth: usize,
    values: Vec<[f32; COLUMNS]>,
}

/// What products are added to.
pub(super) trait Sum: Copy {
    /// The part of the sum that a block begins with.
    fn begin(self) -> f32;
    /// The sum after a block.
    fn end(self, block: f32) -> Self;
}

impl Sum for f32 {
    fn begin(self) -> f32 {
        self
    }

    fn end(self, block: f32) -> Self {
        block
    }
}

impl Sum for i32 {
    fn begin(self) -> f32 {
        0.0
    }

    fn end(self, block: f32) -> Self {
        self.wrapping_add(block as i32)
    }
}

impl Panels {
    /// `matrix` has `outs` rows.
    pub(super) fn new<T: Copy + Into<f32>>(matrix: &[T], outs: usize) -> Self {
        let depth = matrix.len() / outs.max(1);
        let mut values = vec![[0.0; COLUMNS]; outs.div_ceil(COLUMNS) * depth];
        if depth > 0 {
            for (panel, rows) in values.chunks_exact_mut(depth).zip(matrix.chunks(COLUMNS * depth)) {
                for (column, row) in rows.chunks_exact(depth).enumerate() {
                    panel.iter_mut().zip(row).for_each(|(slot, &value)| slot[column] = value.into());
                }
            }
        }
        Self { outs, depth, values }
    }

    /// Adds to `sums`, `[row][out]`, the products of rows with all rows of the matrix; `fill` writes row `index` to a slice of `depth`.
    pub(super) fn multiply<S: Sum>(&self, sums: &mut [S], mut fill: impl FnMut(usize, &mut [f32])) {
        let Self { outs, depth, values } = self;
        let (outs, depth) = (*outs, *depth);
        if outs == 0 || depth == 0 {
            return;
        }
        let mut row = vec![0.0; depth];
        let mut packed = Vec::new();
        for (block, sums) in sums.chunks_mut(GROUPS * ROWS * outs).enumerate() {
            let count = sums.len() / outs;
            let mut next = block * GROUPS * ROWS;
            let (groups, rest) = (count / ROWS, count % ROWS);
            packed.clear();
            packed.resize(groups * depth, [0.0; ROWS]);
            for group in packed.chunks_exact_mut(depth) {
                for slot in 0..ROWS {
                    fill(next, &mut row);
                    group.iter_mut().zip(&row).for_each(|(group, &value)| group[slot] = value);
                    next += 1;
                }
            }
            let mut single = vec![[0.0; 1]; rest * depth];
            for single in single.chunks_exact_mut(depth) {
                fill(next, &mut row);
                single.iter_mut().zip(&row).for_each(|(single, &value)| *single = [value]);
                next += 1;
            }
            for first in (0..depth).step_by(DEPTH) {
                let part = first..depth.min(first + DEPTH);
                for (panel, values) in values.chunks_exact(depth).enumerate() {
                    let panel_values = &values[part.clone()];
                    let columns = panel * COLUMNS..outs.min((panel + 1) * COLUMNS);
                    let (whole, single_sums) = sums.split_at_mut(groups * ROWS * outs);
                    for (group, sums) in packed.chunks_exact(depth).zip(whole.chunks_exact_mut(ROWS * outs)) {
                        tile::<ROWS, S>(&group[part.clone()], panel_values, sums, outs, columns.clone());
                    }
                    for (row, sums) in single.chunks_exact(depth).zip(single_sums.chunks_exact_mut(outs)) {
                        tile::<1, S>(&row[part.clone()], panel_values, sums, outs, columns.clone());
                    }
                }
            }
        }
    }
}

/// `R` rows by [`COLUMNS`] columns of the sums.
fn tile<const R: usize, S: Sum>(
    rows: &[[f32; R]],
    panel: &[[f32; COLUMNS]],
    sums: &mut [S],
    outs: usize,
    columns: core::ops::Range<usize>,
) {
    let mut own = [[0f32; COLUMNS]; R];
    for (own, sums) in own.iter_mut().zip(sums.chunks_exact(outs)) {
        own.iter_mut().zip(&sums[columns.clone()]).for_each(|(own, sum)| *own = sum.begin());
    }
    for (row, panel) in rows.iter().zip(panel) {
        for (own, value) in own.iter_mut().zip(row) {
            for (own, weight) in own.iter_mut().zip(panel) {
                *own += value * weight;
            }
        }
    }
    for (own, sums) in own.iter().zip(sums.chunks_exact_mut(outs)) {
        sums[columns.clone()].iter_mut().zip(own).for_each(|(sum, &own)| *sum = sum.end(own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes on both sides of every edge of a block.
    const SIZES: [[usize; 3]; 6] = [[1, 1, 1], [6, 8, 512], [7, 9, 513], [49, 3, 5], [100, 17, 1100], [2, 64, 31]];

    #[test]
    fn floats_are_added_in_the_order_of_a_row() {
        for [rows, outs, depth] in SIZES {
            let a: Vec<f32> = (0..rows * depth).map(|i| (i * 37 % 101) as f32 * 0.013 - 0.6).collect();
            let b: Vec<f32> = (0..outs * depth).map(|i| (i * 53 % 97) as f32 * 0.017 - 0.8).collect();
            let mut sums = vec![0.25f32; rows * outs];
            Panels::new(&b, outs).multiply(&mut sums, |row, to| to.copy_from_slice(&a[row * depth..][..depth]));
            for (index, sum) in sums.iter().enumerate() {
                let (row, out) = (index / outs, index % outs);
                let plain = (0..depth).fold(0.25f32, |sum, k| sum + a[row * depth + k] * b[out * depth + k]);
                assert_eq!(*sum, plain, "{rows} {outs} {depth}: {index}");
            }
        }
    }

    #[test]
    fn sums_of_int8_are_exact() {
        for [rows, outs, depth] in SIZES {
            let a: Vec<i8> = (0..rows * depth).map(|i| if i % 5 == 0 { (i * 37) as i8 } else { -128 }).collect();
            let b: Vec<i8> = (0..outs * depth).map(|i| if i % 7 == 0 { (i * 53) as i8 } else { -128 }).collect();
            let mut sums = vec![3i32; rows * outs];
            Panels::new(&b, outs).multiply(&mut sums, |row, to| {
                to.iter_mut().zip(&a[row * depth..]).for_each(|(to, &value)| *to = value.into());
            });
            for (index, sum) in sums.iter().enumerate() {
                let (row, out) = (index / outs, index % outs);
                let plain = (0..depth).map(|k| i32::from(a[row * depth + k]) * i32::from(b[out * depth + k])).sum::<i32>();
                assert_eq!(*sum, 3 + plain, "{rows} {outs} {depth}: {index}");
            }
        }
    }
}
