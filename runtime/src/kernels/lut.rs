//! Element-wise functions of one int8 tensor, as tables of all 256 answers.
//!
//! An element `x` reads entry `x as u8`: entries 0 to 127 answer 0 to 127, entries 128 to 255 answer -128 to -1. That
//! order costs no arithmetic on the index, and an index of 8 bits needs no bounds check.

/// The entry of `table` for `x`.
#[inline(always)]
fn entry(table: &[i8; 256], x: i8) -> i8 {
    table[usize::from(x as u8)]
}

/// `output[i] = table[input[i] as u8]`, over the shorter of the two slices.
#[inline(always)]
pub fn lut(table: &[i8; 256], input: &[i8], output: &mut [i8]) {
    for (y, &x) in output.iter_mut().zip(input) {
        *y = entry(table, x);
    }
}

/// `data[i] = table[data[i] as u8]`.
#[inline(always)]
pub fn lut_in_place(table: &[i8; 256], data: &mut [i8]) {
    for x in data {
        *x = entry(table, *x);
    }
}

/// One copy of the code for all layers.
pub mod shared {
    /// [`super::lut()`], outlined.
    #[inline(never)]
    pub fn lut(table: &[i8; 256], input: &[i8], output: &mut [i8]) {
        super::lut(table, input, output);
    }

    /// [`super::lut_in_place`], outlined.
    #[inline(never)]
    pub fn lut_in_place(table: &[i8; 256], data: &mut [i8]) {
        super::lut_in_place(table, data);
    }
}
