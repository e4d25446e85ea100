//! Element-wise functions of two tensors: what is computed ([`BinaryOp`]) and over which elements, apart.

use crate::requantize::{Clamp, Multiplier};

/// A function of two stored values, with its quantization.
pub trait BinaryOp<T = i8> {
    /// The stored result for the stored operands `a` and `b`.
    fn apply(&self, a: T, b: T) -> T;

    /// Makes elements of `y` from the first on, many at a time, on cores that can: how many.
    #[inline(always)]
    fn apply_many(&self, _a: &[T], _b: &[T], _y: &mut [T]) -> usize {
        0
    }

    /// The same for `y[i] = apply(y[i], b[i])`.
    #[inline(always)]
    fn apply_many_to_a(&self, _y: &mut [T], _b: &[T]) -> usize {
        0
    }

    /// The same for `y[i] = apply(a[i], y[i])`.
    #[inline(always)]
    fn apply_many_to_b(&self, _a: &[T], _y: &mut [T]) -> usize {
        0
    }
}

/// `a + b` of real values: both operands, shifted left by 20, are brought to twice the larger input scale, added, and
/// brought to the output's scale. Source: TFLM `reference/integer_ops/add.h`, `AddFunc`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add {
    /// Zero point of `a`.
    pub a_zero_point: i32,
    /// Zero point of `b`.
    pub b_zero_point: i32,
    /// Scale of `a` over twice the larger input scale.
    pub a: Multiplier,
    /// Scale of `b` over twice the larger input scale.
    pub b: Multiplier,
    /// Twice the larger input scale over `2^20` times the output's scale.
    pub output: Multiplier,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// `a - b` of real values, computed as [`Add`]. Source: TFLM `reference/sub.h`, `SubElementwise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sub {
    /// Zero point of `a`.
    pub a_zero_point: i32,
    /// Zero point of `b`.
    pub b_zero_point: i32,
    /// Scale of `a` over twice the larger input scale.
    pub a: Multiplier,
    /// Scale of `b` over twice the larger input scale.
    pub b: Multiplier,
    /// Twice the larger input scale over `2^20` times the output's scale.
    pub output: Multiplier,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// `a * b` of real values. Source: TFLM `reference/integer_ops/mul.h`, `MulElementwise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mul {
    /// Zero point of `a`.
    pub a_zero_point: i32,
    /// Zero point of `b`.
    pub b_zero_point: i32,
    /// Product of the input scales over the output's scale.
    pub output: Multiplier,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// The greater of the stored values, without rescaling. Source: TFLM `micro/kernels/maximum_minimum.h`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maximum;

/// The lesser of the stored values, without rescaling. Source: TFLM `micro/kernels/maximum_minimum.h`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum;

/// `a + b`, or `a - b` with a negative `b_multiplier`, as XNNPACK computes it. Source: XNNPACK `qs8-vadd/scalar.c.in`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XnnAdd {
    /// Half a unit of the shift, less each zero point times its multiplier.
    pub bias: i32,
    /// Scale of `a` over the output's, times `2^shift`; below `2^21`.
    pub a_multiplier: i32,
    /// Scale of `b` over the output's, times `2^shift`, negative for a difference.
    pub b_multiplier: i32,
    /// Right shift, 12 to 30.
    pub shift: u8,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// `a * b` as XNNPACK computes it, in single precision. Source: XNNPACK `qs8-vmul/scalar.c.in`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XnnMul {
    /// Zero point of `a`.
    pub a_zero_point: i32,
    /// Zero point of `b`.
    pub b_zero_point: i32,
    /// Product of the input scales over the output's scale.
    pub scale: f32,
    /// Zero point and range of the output.
    pub clamp: Clamp,
}

/// An operand of a sum less its zero point, with 20 fractional bits. Nine bits shifted by 20 fit; other zero points wrap.
#[inline(always)]
fn scaled(x: i8, zero_point: i32, multiplier: &Multiplier) -> i32 {
    multiplier.apply(i32::from(x).wrapping_sub(zero_point) << 20)
}

impl BinaryOp for Add {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let sum = scaled(a, self.a_zero_point, &self.a).wrapping_add(scaled(b, self.b_zero_point, &self.b));
        self.clamp.apply(self.output.apply(sum))
    }

    #[cfg(tinybake_core = "mve")]
    #[inline(always)]
    fn apply_many(&self, a: &[i8], b: &[i8], y: &mut [i8]) -> usize {
        crate::arch::add(self, a, b, y)
    }

    #[cfg(tinybake_core = "mve")]
    #[inline(always)]
    fn apply_many_to_a(&self, y: &mut [i8], b: &[i8]) -> usize {
        crate::arch::add_in_place(self, y, b)
    }

    #[cfg(tinybake_core = "mve")]
    #[inline(always)]
    fn apply_many_to_b(&self, a: &[i8], y: &mut [i8]) -> usize {
        let swapped = Add { a_zero_point: self.b_zero_point, b_zero_point: self.a_zero_point, a: self.b, b: self.a, ..*self };
        crate::arch::add_in_place(&swapped, y, a)
    }
}

impl BinaryOp for Sub {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let difference = scaled(a, self.a_zero_point, &self.a).wrapping_sub(scaled(b, self.b_zero_point, &self.b));
        self.clamp.apply(self.output.apply(difference))
    }
}

impl BinaryOp for Mul {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let (a, b) = (i32::from(a).wrapping_sub(self.a_zero_point), i32::from(b).wrapping_sub(self.b_zero_point));
        self.clamp.apply(self.output.apply(a.wrapping_mul(b)))
    }
}

impl BinaryOp for Maximum {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        a.max(b)
    }
}

impl BinaryOp for Minimum {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        a.min(b)
    }
}

impl BinaryOp for XnnAdd {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        let a = i32::from(a).wrapping_mul(self.a_multiplier);
        let b = i32::from(b).wrapping_mul(self.b_multiplier);
        self.clamp.apply(self.bias.wrapping_add(a).wrapping_add(b) >> (self.shift & 31))
    }
}

impl BinaryOp for XnnMul {
    #[inline(always)]
    fn apply(&self, a: i8, b: i8) -> i8 {
        // Adding 1.5 * 2^23 leaves the nearest integer, half to even, in the low bits: `core` has no rounding function.
        const MAGIC: f32 = 12_582_912.0;
        let (a, b) = (i32::from(a).wrapping_sub(self.a_zero_point), i32::from(b).wrapping_sub(self.b_zero_point));
        let low = (i32::from(self.clamp.min).wrapping_sub(self.clamp.zero_point)) as f32;
        let high = (i32::from(self.clamp.max).wrapping_sub(self.clamp.zero_point)) as f32;
        let real = a.wrapping_mul(b) as f32 * self.scale;
        // Plain comparisons: `f32::max` calls a library function for the sake of NaN.
        let real = if real < low { low } else { real };
        let real = if real > high { high } else { real };
        let rounded = ((real + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
        self.clamp.apply(rounded)
    }
}

/// How two operands of different shapes meet: four nested loops over the output, which is contiguous and row-major, with
/// the distance in elements that each operand moves per step; 0 where it is repeated. Unused outer dims are 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broadcast {
    /// Loop counts, outermost first; their product is the number of outputs.
    pub dims: [u32; 4],
    /// Steps of `a`.
    pub a_strides: [u32; 4],
    /// Steps of `b`.
    pub b_strides: [u32; 4],
}

/// `output[i] = op(a[i], b[i])`, over the shortest of the slices.
#[inline(always)]
pub fn elementwise<T: Copy, O: BinaryOp<T>>(op: &O, a: &[T], b: &[T], output: &mut [T]) {
    let done = op.apply_many(a, b, output);
    let (Some(a), Some(b), Some(output)) = (a.get(done..), b.get(done..), output.get_mut(done..)) else { return };
    for ((y, &a), &b) in output.iter_mut().zip(a).zip(b) {
        *y = op.apply(a, b);
    }
}

/// `a[i] = op(a[i], b[i])`.
#[inline(always)]
pub fn elementwise_in_place_a<T: Copy, O: BinaryOp<T>>(op: &O, a: &mut [T], b: &[T]) {
    let done = op.apply_many_to_a(a, b);
    let (Some(a), Some(b)) = (a.get_mut(done..), b.get(done..)) else { return };
    for (a, &b) in a.iter_mut().zip(b) {
        *a = op.apply(*a, b);
    }
}

/// `b[i] = op(a[i], b[i])`.
#[inline(always)]
pub fn elementwise_in_place_b<T: Copy, O: BinaryOp<T>>(op: &O, a: &[T], b: &mut [T]) {
    let done = op.apply_many_to_b(a, b);
    let (Some(a), Some(b)) = (a.get(done..), b.get_mut(done..)) else { return };
    for (b, &a) in b.iter_mut().zip(a) {
        *b = op.apply(a, *b);
    }
}

/// Calls `f(position of a, position of b, output)` for every output in order, until `output` or the loops end.
#[inline(always)]
fn visit<T>(shape: &Broadcast, output: &mut [T], mut f: impl FnMut(usize, usize, &mut T)) {
    let [d0, d1, d2, d3] = shape.dims;
    let [a0, a1, a2, a3] = shape.a_strides.map(|stride| stride as usize);
    let [b0, b1, b2, b3] = shape.b_strides.map(|stride| stride as usize);
    let mut outputs = output.iter_mut();
    let (mut pa0, mut pb0) = (0usize, 0usize);
    for _ in 0..d0 {
        let (mut pa1, mut pb1) = (pa0, pb0);
        for _ in 0..d1 {
            let (mut pa2, mut pb2) = (pa1, pb1);
            for _ in 0..d2 {
                let (mut pa3, mut pb3) = (pa2, pb2);
                for _ in 0..d3 {
                    let Some(y) = outputs.next() else { return };
                    f(pa3, pb3, y);
                    pa3 = pa3.wrapping_add(a3);
                    pb3 = pb3.wrapping_add(b3);
                }
                pa2 = pa2.wrapping_add(a2);
                pb2 = pb2.wrapping_add(b2);
            }
            pa1 = pa1.wrapping_add(a1);
            pb1 = pb1.wrapping_add(b1);
        }
        pa0 = pa0.wrapping_add(a0);
        pb0 = pb0.wrapping_add(b0);
    }
}

/// `output[i] = op(a[..], b[..])` with the operands broadcast. Positions outside an operand leave their output as it was.
#[inline(always)]
pub fn broadcast<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &[T], b: &[T], output: &mut [T]) {
    visit(shape, output, |pa, pb, y| {
        if let (Some(&a), Some(&b)) = (a.get(pa), b.get(pb)) {
            *y = op.apply(a, b);
        }
    });
}

/// [`broadcast`] into operand `a`, whose shape is the output's: only `b` is repeated.
#[inline(always)]
pub fn broadcast_in_place_a<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &mut [T], b: &[T]) {
    visit(shape, a, |_, pb, a| {
        if let Some(&b) = b.get(pb) {
            *a = op.apply(*a, b);
        }
    });
}

/// [`broadcast`] into operand `b`, whose shape is the output's: only `a` is repeated.
#[inline(always)]
pub fn broadcast_in_place_b<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &[T], b: &mut [T]) {
    visit(shape, b, |pa, _, b| {
        if let Some(&a) = a.get(pa) {
            *b = op.apply(a, *b);
        }
    });
}

/// One copy of the code for all layers of one op.
pub mod shared {
    use super::{BinaryOp, Broadcast};

    /// [`super::elementwise`], outlined.
    #[inline(never)]
    pub fn elementwise<T: Copy, O: BinaryOp<T>>(op: &O, a: &[T], b: &[T], output: &mut [T]) {
        super::elementwise(op, a, b, output);
    }

    /// [`super::elementwise_in_place_a`], outlined.
    #[inline(never)]
    pub fn elementwise_in_place_a<T: Copy, O: BinaryOp<T>>(op: &O, a: &mut [T], b: &[T]) {
        super::elementwise_in_place_a(op, a, b);
    }

    /// [`super::elementwise_in_place_b`], outlined.
    #[inline(never)]
    pub fn elementwise_in_place_b<T: Copy, O: BinaryOp<T>>(op: &O, a: &[T], b: &mut [T]) {
        super::elementwise_in_place_b(op, a, b);
    }

    /// [`super::broadcast`], outlined.
    #[inline(never)]
    pub fn broadcast<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &[T], b: &[T], output: &mut [T]) {
        super::broadcast(op, shape, a, b, output);
    }

    /// [`super::broadcast_in_place_a`], outlined.
    #[inline(never)]
    pub fn broadcast_in_place_a<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &mut [T], b: &[T]) {
        super::broadcast_in_place_a(op, shape, a, b);
    }

    /// [`super::broadcast_in_place_b`], outlined.
    #[inline(never)]
    pub fn broadcast_in_place_b<T: Copy, O: BinaryOp<T>>(op: &O, shape: &Broadcast, a: &[T], b: &mut [T]) {
        super::broadcast_in_place_b(op, shape, a, b);
    }
}
