//! Weights in the arrangement of the sparse kernels, which the runtime's `kernels/sparse/` tells: those only that are not zero.

use crate::ir::Data;
use crate::lower::{Constant, Layer, Program, Step, Weights};
use crate::options::CoreClass;

/// Most bytes of the stack that a kernel is lent: windows of 576 elements on cores with the DSP extension.
const LENT: usize = 4608;

/// Most weights of a thousand that may be left of a layer: with more, no core is faster.
const DENSE: usize = 600;

/// The weights of a layer, arranged, and what its kernel is lent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thinned {
    /// Weights that are not zero, and steps.
    pub(super) filter: Constant,
    /// Elements of the window of four pixels that the kernel is lent.
    pub(super) window: usize,
    /// Bytes of that window.
    pub(super) lent: usize,
    /// Products of an output pixel, those with the weights that bridge gaps among them.
    pub(super) products: usize,
}

/// The arrangement of a step's weights; `None` where it has no sparse kernel, or too few zeros.
pub(super) fn thin(program: &Program, step: &Step, core: CoreClass) -> Option<Thinned> {
    let (layer, weights) = step.kernel.layer()?;
    match layer {
        Layer::FullyConnected(params) => {
            let depth = params.depth as usize;
            of_layer(program, weights, depth, if params.rows > 1 { depth } else { 0 }, core)
        }
        Layer::Conv2d(params) => {
            let depth: usize = params.kernel.map(usize::from).iter().product::<usize>() * usize::from(params.input.channels);
            let whole = params.groups == 1 && params.dilation == [1, 1];
            if whole { of_layer(program, weights, depth, depth, core) } else { None }
        }
        Layer::DepthwiseConv2d(_) | Layer::TransposeConv(_) => None,
    }
}

fn of_layer(program: &Program, weights: &Weights, depth: usize, window: usize, core: CoreClass) -> Option<Thinned> {
    let filter = program.constant(weights.filter);
    let all = filter.data.as_i8()?;
    let left = all.iter().filter(|&&weight| weight != 0).count();
    // As the runtime keeps an element of four pixels; the widest where the core is not known.
    let lent = window
        * match core {
            CoreClass::Generic | CoreClass::Armv6M => 16,
            CoreClass::Dsp => 8,
            CoreClass::Host | CoreClass::Armv7M | CoreClass::Mve | CoreClass::Riscv32 => 4,
        };
    if depth == 0 || lent > LENT || left * 1000 > all.len() * DENSE {
        return None;
    }
    let (mut bytes, mut products) = (Vec::new(), 0);
    for row in all.chunks_exact(depth) {
        let row = entries(row);
        products += row.len();
        bytes.extend(u16::try_from(row.len() / 2).ok()?.to_le_bytes());
        for two in row.as_chunks::<2>().0 {
            let [(first, near), (second, far)] = *two;
            bytes.extend([first as u8, second as u8, near | far << 4]);
        }
    }
    let data = Data::I8(bytes.into_iter().map(|byte| byte as i8).collect());
    Some(Thinned { filter: Constant { label: format!("{}, sparse", filter.label), data }, window, lent, products })
}

/// The weights of a row that are not zero with their steps, a whole number of pairs of them; zeros bridge gaps.
fn entries(row: &[i8]) -> Vec<(i8, u8)> {
    const LONGEST: usize = 15;
    let mut entries = Vec::new();
    let mut place = 0;
    for (index, &weight) in row.iter().enumerate().filter(|&(_, &weight)| weight != 0) {
        while index - place > LONGEST {
            entries.push((0, LONGEST as u8));
            place += LONGEST;
        }
        entries.push((weight, (index - place) as u8));
        place = index;
    }
    if entries.len() % 2 == 1 {
        entries.push((0, 0));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row that entries stand for.
    fn row(entries: &[(i8, u8)], depth: usize) -> Vec<i8> {
        let (mut row, mut place) = (vec![0; depth], 0);
        for &(weight, step) in entries {
            place += usize::from(step);
            row[place] += weight;
        }
        row
    }

    #[test]
    fn entries_stand_for_the_row() {
        let mut long = vec![0; 100];
        (long[3], long[50], long[51], long[99]) = (-128, 127, 1, -1);
        for dense in [vec![], vec![0; 40], vec![5], vec![0, 0, 7], vec![1, 2, 3], long] {
            let found = entries(&dense);
            assert_eq!(row(&found, dense.len()), dense);
            assert!(found.len().is_multiple_of(2) && found.iter().all(|&(_, step)| step <= 15), "{found:?}");
        }
        assert_eq!(entries(&[0; 40]), []);
    }
}
