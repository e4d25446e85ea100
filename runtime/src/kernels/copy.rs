//! Ops that only move elements: transpose, slice, split, unpack, concatenation, pack and pad are strided copies.

/// Five nested loops that copy one element a step. Strides are in elements and may be negative; unused outer dims are 1.
/// Concatenation and pack run one copy for each input, split and unpack one for each output, pad one after [`fill`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StridedCopy {
    /// Loop counts, outermost first.
    pub dims: [u32; 5],
    /// Steps in the input.
    pub input_strides: [i32; 5],
    /// Steps in the output.
    pub output_strides: [i32; 5],
    /// Position in the input of the first element.
    pub input_offset: u32,
    /// Position in the output of the first element.
    pub output_offset: u32,
}

/// Copies the innermost loop: a run where both strides are 1, element by element otherwise.
#[inline(always)]
fn run<T: Copy>(count: usize, input: &[T], i: usize, step_i: usize, output: &mut [T], o: usize, step_o: usize) {
    if step_i == 1 && step_o == 1 {
        let from = input.get(i..).and_then(|rest| rest.get(..count));
        let to = output.get_mut(o..).and_then(|rest| rest.get_mut(..count));
        if let (Some(from), Some(to)) = (from, to) {
            // Both have `count` elements, which the optimizer sees: no panic path is left.
            to.copy_from_slice(from);
        }
        return;
    }
    let (mut i, mut o) = (i, o);
    for _ in 0..count {
        if let (Some(&x), Some(y)) = (input.get(i), output.get_mut(o)) {
            *y = x;
        }
        i = i.wrapping_add(step_i);
        o = o.wrapping_add(step_o);
    }
}

/// Copies the elements that `params` visits. Positions outside a slice are skipped.
#[inline(always)]
pub fn copy<T: Copy>(params: &StridedCopy, input: &[T], output: &mut [T]) {
    let [d0, d1, d2, d3, d4] = params.dims;
    // Sign-extended, so that a wrapping addition of a negative step steps back.
    let [i0, i1, i2, i3, i4] = params.input_strides.map(|stride| stride as isize as usize);
    let [o0, o1, o2, o3, o4] = params.output_strides.map(|stride| stride as isize as usize);
    let (mut pi0, mut po0) = (params.input_offset as usize, params.output_offset as usize);
    for _ in 0..d0 {
        let (mut pi1, mut po1) = (pi0, po0);
        for _ in 0..d1 {
            let (mut pi2, mut po2) = (pi1, po1);
            for _ in 0..d2 {
                let (mut pi3, mut po3) = (pi2, po2);
                for _ in 0..d3 {
                    run(d4 as usize, input, pi3, i4, output, po3, o4);
                    pi3 = pi3.wrapping_add(i3);
                    po3 = po3.wrapping_add(o3);
                }
                pi2 = pi2.wrapping_add(i2);
                po2 = po2.wrapping_add(o2);
            }
            pi1 = pi1.wrapping_add(i1);
            po1 = po1.wrapping_add(o1);
        }
        pi0 = pi0.wrapping_add(i0);
        po0 = po0.wrapping_add(o0);
    }
}

/// Writes `value` to every element.
#[inline(always)]
pub fn fill<T: Copy>(value: T, output: &mut [T]) {
    for y in output {
        *y = value;
    }
}

/// One copy of the code for all layers of one element type.
pub mod shared {
    use super::StridedCopy;

    /// [`super::copy()`], outlined.
    #[inline(never)]
    pub fn copy<T: Copy>(params: &StridedCopy, input: &[T], output: &mut [T]) {
        super::copy(params, input, output);
    }

    /// [`super::fill`], outlined.
    #[inline(never)]
    pub fn fill<T: Copy>(value: T, output: &mut [T]) {
        super::fill(value, output);
    }
}
