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

/// Index along the axis of the greatest element, the first of equals. Source: TFLM `reference/arg_min_max.h`.
#[inline(always)]
pub fn arg_max(params: &ArgMax, input: &[i8], output: &mut [i32]) {
    let inner = params.inner as usize;
    let mut outputs = output.iter_mut();
    let mut base = 0usize;
    for _ in 0..params.outer {
        for offset in 0..inner {
            let Some(y) = outputs.next() else { return };
            let mut position = base.wrapping_add(offset);
            let mut best = i32::MIN;
            *y = 0;
            for index in 0..params.axis {
                if let Some(&x) = input.get(position)
                    && i32::from(x) > best
                {
                    best = i32::from(x);
                    *y = index as i32;
                }
                position = position.wrapping_add(inner);
            }
        }
        base = base.wrapping_add((params.axis as usize).wrapping_mul(inner));
    }
}

/// One copy of the code for all layers.
pub mod shared {
    use super::ArgMax;

    /// [`super::arg_max()`], outlined.
    #[inline(never)]
    pub fn arg_max(params: &ArgMax, input: &[i8], output: &mut [i32]) {
        super::arg_max(params, input, output);
    }
}
