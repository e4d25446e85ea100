//! Work on many samples, on all processors.

use crate::diag::Diagnostics;

/// Processors that there are.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes that samples which are run at a time may take together.
const KEPT: usize = 64 << 20;

/// Samples of so many bytes that are run at a time.
pub(crate) fn at_a_time(bytes: usize) -> usize {
    (KEPT / bytes.max(1)).max(1)
}

/// The results of `one` for each of the first `count` samples, in order.
///
/// # Errors
/// The first error of `one`.
pub(crate) fn each<T: Send>(count: usize, one: impl Fn(usize) -> Result<T, Diagnostics> + Sync) -> Result<Vec<T>, Diagnostics> {
    each_of(count, 0, one)
}

/// As [`each`], where a sample takes so many bytes while it is run.
///
/// # Errors
/// The first error of `one`.
pub(crate) fn each_of<T: Send>(
    count: usize,
    bytes: usize,
    one: impl Fn(usize) -> Result<T, Diagnostics> + Sync,
) -> Result<Vec<T>, Diagnostics> {
    let part = count.div_ceil(processors().min(at_a_time(bytes))).max(1);
    let mut made: Vec<Option<Result<T, Diagnostics>>> = (0..count).map(|_| None).collect();
    std::thread::scope(|scope| {
        for (number, part_of) in made.chunks_mut(part).enumerate() {
            let one = &one;
            scope.spawn(move || part_of.iter_mut().enumerate().for_each(|(at, made)| *made = Some(one(number * part + at))));
        }
    });
    made.into_iter().flatten().collect()
}
