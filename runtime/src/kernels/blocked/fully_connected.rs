//! Fully connected layers, and convolutions of one tap, by blocks of channels.

use super::{Layer, Run, WINDOW};
use crate::arch::Pairs;
use crate::kernels::fully_connected::FullyConnected;
use crate::kernels::pixels::copy;

/// [`crate::kernels::fully_connected::fully_connected`], of at least four columns, from a stream whose blocks are of
/// [`Run::of_depth`].
///
/// The depth is that of the run's elements, or these are at most [`WINDOW`]; otherwise the last rows are not made.
#[inline(always)]
pub fn fully_connected(p: &FullyConnected, input: &[i8], stream: &[i32], output: &mut [i8]) {
    let (depth, columns, rows) = (p.depth as usize, p.columns as usize, p.rows as usize);
    let Some(run) = Run::of_depth(depth) else { return };
    if columns < 4 {
        return;
    }
    let layer = Layer { run, stream, clamp: &p.clamp, channels: columns };
    // Rows whose last vector ends within the input; weights behind the depth are zero.
    let room = input.len().checked_sub(run.span());
    let readable = room.map_or(0, |room| room / depth + 1).min(rows);
    let paired = readable / 2 * 2;
    if paired > 0 {
        layer.pairs(&Pairs { count: paired / 2, second: depth, next: 2 * depth, row: columns }, input, output);
    }
    let input = input.get(paired * depth..).unwrap_or(&[]);
    let Some(mut output) = output.get_mut(paired * columns..) else { return };
    let mut input = input;
    for row in paired..rows {
        let Some(out) = output.split_off_mut(..columns) else { return };
        if row < readable {
            layer.pixel(&run, input, out);
        } else {
            let Some(x) = input.get(..depth) else { return };
            // A window no larger than the run needs: its bytes are written before those of the row are.
            match run.elements() {
                0..=16 => layer.copied::<16>(x, out),
                17..=64 => layer.copied::<64>(x, out),
                65.. => layer.copied::<WINDOW>(x, out),
            }
        }
        input = input.get(depth..).unwrap_or(&[]);
    }
}

impl Layer<'_> {
    /// One row, from a copy that its last vector may be read behind.
    #[inline(always)]
    fn copied<const N: usize>(&self, x: &[i8], out: &mut [i8]) {
        let mut window = [0; N];
        let Some(part) = window.get_mut(..x.len()) else { return };
        copy(part, x);
        self.pixel(&self.run, &window, out);
    }
}
