//! The arena of a program: which storages lie in it, and where.

use super::layout::{Budget, Layout, layout};
use super::overlap::{Bands, Begins, Overlap, Wanted, overlaps};
use super::storage::{Storage, storages};
use crate::ir::DType;
use crate::lower::Program;
use crate::options::{Optimize, Options};

/// Work of all searches for one arena.
const WORK: usize = 8_000_000;

/// The part of an arena by which it may be larger for the sake of speed.
const ROOM: usize = 6;

/// All memory of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arena {
    /// The element type of the arena; what lies in it as another is seen through views.
    pub(super) dtype: DType,
    /// The storages in the arena.
    pub(super) storages: Vec<Storage>,
    /// Where they lie.
    pub(super) layout: Layout,
    /// Bytes of the arena that would be needed if no output could lie over an input.
    pub(super) bytes_apart: usize,
    /// The storages outside of it.
    pub(super) others: Vec<Storage>,
}

/// Lays out a program's memory. `there` says of each step whether its form can work in the place of its input: that takes no
/// more instructions. Otherwise an output lies over the input that its step consumes only where the arena would be larger
/// without, since to be made in bands costs a step some instructions. Unless code is to be small, bands are larger where that
/// takes little more memory: whole passes of kernels that make `pass` pixels at a time.
pub(super) fn arena(program: &Program, options: &Options, there: &[bool], pass: Option<usize>) -> Arena {
    let all = storages(program);
    let dtype = element(&all);
    let (storages, others): (Vec<Storage>, Vec<Storage>) = all.into_iter().partition(|storage| viewed(storage.dtype));
    let mut budget = Budget(WORK);
    let apart = layout(&storages, &[], 0, &mut budget);
    let bytes_apart = apart.bytes;
    let (mut allowed, mut best) =
        least(program, &storages, Wanted { dtype, bands: Bands::LEAST, there: &[] }, &apart, &mut budget);
    let mut chosen: &[bool] = &[];
    if there.contains(&true) {
        let (overlaps, found) = least(program, &storages, Wanted { dtype, bands: Bands::LEAST, there }, &apart, &mut budget);
        if found.bytes <= best.bytes {
            (allowed, best, chosen) = (overlaps, found, there);
        }
    }
    let roomy = match options.optimize {
        Optimize::Size => None,
        Optimize::Speed | Optimize::Balanced => {
            Some(overlaps(program, &storages, Wanted { dtype, bands: Bands::roomy(options.core, pass), there: chosen }))
        }
    };
    if let Some(roomy) = roomy.filter(|roomy| *roomy != allowed) {
        let found = layout(&storages, &roomy, best.bytes, &mut budget);
        if found.bytes.saturating_sub(best.bytes) <= best.bytes / ROOM {
            (allowed, best) = (roomy, found);
        }
    }
    if best.bytes >= bytes_apart {
        return Arena { dtype, storages, layout: apart, bytes_apart, others };
    }
    // The last first: where either of two overlaps would do, the earlier one is of the larger image as a rule.
    for index in (0..allowed.len()).rev() {
        match allowed[index].begins {
            Begins::Apart { .. } => {}
            Begins::There => continue,
        }
        let mut fewer = allowed.clone();
        fewer.remove(index);
        let found = layout(&storages, &fewer, best.bytes, &mut budget);
        if found.bytes <= best.bytes {
            best = Layout { lower_bound: best.lower_bound, ..found };
            allowed = fewer;
        }
    }
    Arena { dtype, storages, layout: best, bytes_apart, others }
}

/// Whether elements of a type lie in the arena: those of at most its alignment of which every bit pattern is a value.
fn viewed(dtype: DType) -> bool {
    match dtype {
        DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::F32 => true,
        DType::I64 | DType::Bool => false,
    }
}

/// The element type of most bytes of activations: `int16` or `int8`. Kernels that make outputs over their inputs take an arena of it.
fn element(storages: &[Storage]) -> DType {
    let bytes = |dtype| storages.iter().filter(|storage| storage.dtype == dtype).map(|storage| storage.bytes).sum::<usize>();
    if bytes(DType::I16) > bytes(DType::I8) { DType::I16 } else { DType::I8 }
}

/// The overlaps of a program, and the layout with them: `apart` where there are none.
fn least(
    program: &Program,
    storages: &[Storage],
    wanted: Wanted<'_>,
    apart: &Layout,
    budget: &mut Budget,
) -> (Vec<Overlap>, Layout) {
    let overlaps = overlaps(program, storages, wanted);
    let layout = if overlaps.is_empty() { apart.clone() } else { layout(storages, &overlaps, 0, budget) };
    (overlaps, layout)
}
