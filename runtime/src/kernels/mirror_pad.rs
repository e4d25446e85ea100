//! `mirror_pad`: a border that repeats the image, mirrored.

/// Shapes and paddings, outermost axis first; unused outer axes have size 1 and no padding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MirrorPad {
    /// Size of the input.
    pub dims: [u32; 4],
    /// Elements added before each axis; at most `dims - edge`.
    pub before: [u32; 4],
    /// Elements added after each axis; at most `dims - edge`.
    pub after: [u32; 4],
    /// 1 where the edge element is not repeated (reflect), 0 where it is (symmetric).
    pub edge: u32,
}

/// Index in the input of index `i` of the padded axis. Source: TFLM `micro/kernels/mirror_pad.cc`, `GetInputDimension`.
#[inline(always)]
fn source(i: u32, before: u32, size: u32, edge: u32) -> u32 {
    if i < before {
        return before.wrapping_add(edge).wrapping_sub(1).wrapping_sub(i);
    }
    let inside = i.wrapping_sub(before);
    if inside < size {
        return inside;
    }
    size.wrapping_sub(1).wrapping_sub(edge).wrapping_sub(inside.wrapping_sub(size))
}

/// Fills `output`, contiguous and row-major, from `input`. Paddings beyond their limit leave their outputs as they were.
#[inline(always)]
pub fn mirror_pad<T: Copy>(params: &MirrorPad, input: &[T], output: &mut [T]) {
    let MirrorPad { dims, before, after, edge } = *params;
    let [n0, n1, n2, n3] = [0, 1, 2, 3].map(|axis: usize| match (before.get(axis), dims.get(axis), after.get(axis)) {
        (Some(before), Some(size), Some(after)) => before.wrapping_add(*size).wrapping_add(*after),
        _ => 0,
    });
    let mut outputs = output.iter_mut();
    for i0 in 0..n0 {
        let p0 = source(i0, before[0], dims[0], edge).wrapping_mul(dims[1]);
        for i1 in 0..n1 {
            let p1 = p0.wrapping_add(source(i1, before[1], dims[1], edge)).wrapping_mul(dims[2]);
            for i2 in 0..n2 {
                let p2 = p1.wrapping_add(source(i2, before[2], dims[2], edge)).wrapping_mul(dims[3]);
                for i3 in 0..n3 {
                    let Some(y) = outputs.next() else { return };
                    if let Some(&x) = input.get(p2.wrapping_add(source(i3, before[3], dims[3], edge)) as usize) {
                        *y = x;
                    }
                }
            }
        }
    }
}

/// One copy of the code for all layers of one element type.
pub mod shared {
    use super::MirrorPad;

    /// [`super::mirror_pad()`], outlined.
    #[inline(never)]
    pub fn mirror_pad<T: Copy>(params: &MirrorPad, input: &[T], output: &mut [T]) {
        super::mirror_pad(params, input, output);
    }
}
