//! `arg_max` over one axis.

/// The input as `[outer, axis, inner]`; the output is `[outer, inner]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgMax {
    /// Product of the dimensions before the axis.
    pub outer: u32,
    /// Size of the axis.
    pub axis: u32,
    /// Product of the dimensions after the axis.
    pub inner: u32,
}

/// Index along the axis of the greatest element, the first of equals, as `i32` or `i64`. Source: TFLM `reference/arg_min_max.h`.
#[inline(always)]
pub fn arg_max<T: From<i32>>(params: &ArgMax, input: &[i8], output: &mut [T]) {
    let inner = params.inner as usize;
    let mut outputs = output.iter_mut();
    let mut base = 0usize;
    for _ in 0..params.outer {
        for offset in 0..inner {
            let Some(y) = outputs.next() else { return };
            let mut position = base.wrapping_add(offset);
            let mut best = i32::MIN;
            let mut place = 0;
            for index in 0..params.axis {
                if let Some(&x) = input.get(position)
                    && i32::from(x) > best
                {
                    best = i32::from(x);
                    place = index as i32;
                }
                position = position.wrapping_add(inner);
            }
            *y = T::from(place);
        }
        base = base.wrapping_add((params.axis as usize).wrapping_mul(inner));
    }
}

/// One copy of the code for all layers.
pub mod shared {
    use super::ArgMax;

    /// [`super::arg_max()`], outlined.
    #[inline(never)]
    pub fn arg_max<T: From<i32>>(params: &ArgMax, input: &[i8], output: &mut [T]) {
        super::arg_max(params, input, output);
    }
}
