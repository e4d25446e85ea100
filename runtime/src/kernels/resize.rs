//! `resize_nearest_neighbor` and `resize_bilinear` of `[1, height, width, channels]` images, by tables that the host makes.

/// The parts of the shapes that the tables do not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resize {
    /// Width of the input.
    pub input_width: u32,
    /// Channels of both images.
    pub channels: u32,
}

/// Where an output row or column lies between two of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// The row or column below.
    pub lower: u16,
    /// The row or column above; may equal `lower`.
    pub upper: u16,
    /// Weight of `upper` in units of 1/1024; `lower` has the rest. -512 to 1023, not below 0 unless both are equal.
    pub fraction: i16,
}

/// The channels of one pixel; empty where it is outside the image.
#[inline(always)]
fn pixel<'a, T>(params: &Resize, input: &'a [T], row: u16, column: u16) -> &'a [T] {
    let index = u32::from(row).wrapping_mul(params.input_width).wrapping_add(u32::from(column));
    let start = index.wrapping_mul(params.channels) as usize;
    input.get(start..start.wrapping_add(params.channels as usize)).unwrap_or(&[])
}

/// Output `[rows.len(), columns.len(), channels]`, each pixel the input's at `(rows[y], columns[x])`.
#[inline(always)]
pub fn nearest_neighbor<T: Copy>(params: &Resize, rows: &[u16], columns: &[u16], input: &[T], output: &mut [T]) {
    let mut rest = output;
    for &row in rows {
        for &column in columns {
            let from = pixel(params, input, row, column);
            let Some((to, tail)) = rest.split_at_mut_checked(params.channels as usize) else { return };
            for (y, &x) in to.iter_mut().zip(from) {
                *y = x;
            }
            rest = tail;
        }
    }
}

/// Output `[rows.len(), columns.len(), channels]`, each pixel the weighted mean of four, rounded half away from zero.
/// Source: TFLM `reference/resize_bilinear.h`, `ResizeBilinearInteger`; 20 fractional bits and int8 fit in 32 bits.
#[inline(always)]
pub fn bilinear(params: &Resize, rows: &[Tap], columns: &[Tap], input: &[i8], output: &mut [i8]) {
    let mut rest = output;
    for row in rows {
        let down = i32::from(row.fraction);
        let up = 1024 - down;
        for column in columns {
            let right = i32::from(column.fraction);
            let left = 1024 - right;
            let weights = [up * left, down * left, up * right, down * right];
            let from = pixel(params, input, row.lower, column.lower)
                .iter()
                .zip(pixel(params, input, row.upper, column.lower))
                .zip(pixel(params, input, row.lower, column.upper))
                .zip(pixel(params, input, row.upper, column.upper));
            let Some((to, tail)) = rest.split_at_mut_checked(params.channels as usize) else { return };
            for (y, (((&ll, &ul), &lu), &uu)) in to.iter_mut().zip(from) {
                let sum = [ll, ul, lu, uu]
                    .into_iter()
                    .zip(weights)
                    .fold(0i32, |sum, (x, weight)| sum.wrapping_add(i32::from(x).wrapping_mul(weight)));
                let half = if sum > 0 { 1 << 19 } else { -(1 << 19) };
                *y = (sum.wrapping_add(half) / (1 << 20)) as i8;
            }
            rest = tail;
        }
    }
}

/// One copy of the code for all layers.
pub mod shared {
    use super::{Resize, Tap};

    /// [`super::nearest_neighbor`], outlined.
    #[inline(never)]
    pub fn nearest_neighbor<T: Copy>(params: &Resize, rows: &[u16], columns: &[u16], input: &[T], output: &mut [T]) {
        super::nearest_neighbor(params, rows, columns, input, output);
    }

    /// [`super::bilinear`], outlined.
    #[inline(never)]
    pub fn bilinear(params: &Resize, rows: &[Tap], columns: &[Tap], input: &[i8], output: &mut [i8]) {
        super::bilinear(params, rows, columns, input, output);
    }
}
