//! Products with weights that are not zero, in plain Rust.

use super::{Four, Row};

/// Adds to each of four sums the products of `row` with its pixel.
#[cfg_attr(any(tinybake_core = "dsp", tinybake_core = "thumb1"), allow(dead_code))]
#[inline(always)]
pub(crate) fn add_four(row: Row<'_>, x: &[Four], sums: &mut [i32; 4]) {
    let mut place = 0;
    let mut one = |weight: u8, step: u8, sums: &mut [i32; 4]| {
        place += step as usize;
        let Some(Four(x)) = x.get(place) else { return };
        for (sum, &x) in sums.iter_mut().zip(x) {
            *sum = sum.wrapping_add(weight as i8 as i32 * x as i32);
        }
    };
    for &[first, second, steps] in row.twos {
        one(first, steps & 15, sums);
        one(second, steps >> 4, sums);
    }
}

/// `sum` with the products of `row` and one pixel.
#[inline(always)]
pub(crate) fn add(row: Row<'_>, x: &[i8], sum: i32) -> i32 {
    let (mut place, mut sum) = (0, sum);
    let mut one = |weight: u8, step: u8| {
        place += step as usize;
        let Some(&x) = x.get(place) else { return };
        sum = sum.wrapping_add(weight as i8 as i32 * x as i32);
    };
    for &[first, second, steps] in row.twos {
        one(first, steps & 15);
        one(second, steps >> 4);
    }
    sum
}
