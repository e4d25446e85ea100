//! How much stack an inference takes at most.
//!
//! The compiler decides what a function keeps in registers, so no formula tells what it keeps on the stack. The table is
//! therefore measured: for every kernel the most that an inference of it used, the run and the step around it included, on each
//! kind of core, built with `opt-level` `"s"` and 3, with a quarter and [`MARGIN`] bytes on top. Steps do not call each other, so
//! the bound of a model is that of its deepest kernel. It holds for optimized builds.

mod table;

pub use table::*;

/// Bytes on top of what was measured and a quarter of it: a few registers more than the largest case needed.
pub const MARGIN: usize = 64;

/// Bytes of stack that an inference of one kernel takes at most, in the order of [`CORES`].
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// In modules generated for size.
    pub size: [u16; 5],
    /// In modules generated for speed or balanced.
    pub speed: [u16; 5],
}

/// The kinds of cores: Armv6-M, Armv7-M, those with the DSP extension, those with MVE, RV32.
pub const CORES: [&str; 5] = ["thumb1", "thumb2", "dsp", "mve", "riscv32"];

/// The kind of core that this is compiled for; `None` for others, as hosts are.
const CORE: Option<usize> = if cfg!(tinybake_core = "thumb1") {
    Some(0)
} else if cfg!(tinybake_core = "thumb2") {
    Some(1)
} else if cfg!(tinybake_core = "dsp") {
    Some(2)
} else if cfg!(tinybake_core = "mve") {
    Some(3)
} else if cfg!(target_arch = "riscv32") {
    Some(4)
} else {
    None
};

/// Bytes of stack of an inference that calls `kernels` one after the other, in a module generated for size or not. On cores that
/// are not measured, four times the most of those that are. `lent` are kernels with the bytes that
/// they are lent on top of their own.
pub const fn deepest(size: bool, kernels: &[Frames], lent: &[(Frames, usize)]) -> usize {
    deepest_on(CORE, size, kernels, lent)
}

/// [`deepest`] on a kind of core: an index into [`CORES`], or `None` for those that are not measured.
pub const fn deepest_on(core: Option<usize>, size: bool, kernels: &[Frames], lent: &[(Frames, usize)]) -> usize {
    let mut most = bound(core, size, VIEW);
    let mut index = 0;
    while index < kernels.len() {
        let own = bound(core, size, kernels[index]);
        if own > most {
            most = own;
        }
        index += 1;
    }
    index = 0;
    while index < lent.len() {
        let own = bound(core, size, lent[index].0) + lent[index].1;
        if own > most {
            most = own;
        }
        index += 1;
    }
    most
}

const fn bound(core: Option<usize>, size: bool, kernel: Frames) -> usize {
    let frames = if size { kernel.size } else { kernel.speed };
    if let Some(core) = core {
        return frames[core] as usize;
    }
    let mut most = 0;
    let mut core = 0;
    while core < CORES.len() {
        if frames[core] as usize > most {
            most = frames[core] as usize;
        }
        core += 1;
    }
    4 * most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_kernel_counts() {
        let low = Frames { size: [1, 2, 3, 4, 60_000], speed: [0; 5] };
        let high = Frames { size: [9, 8, 7, 60_001, 5], speed: [0; 5] };
        assert_eq!(deepest(true, &[low, high], &[]), 4 * 60_001);
        assert_eq!(deepest(false, &[low, high], &[]), deepest(false, &[], &[]));
        assert_eq!(deepest(true, &[], &[(low, 70_000)]), 4 * 60_000 + 70_000);
        assert_eq!(deepest_on(Some(4), true, &[low, high], &[(high, 3)]), 60_000);
        assert_eq!(deepest_on(Some(3), true, &[low, high], &[(high, 3)]), 60_004);
    }
}
