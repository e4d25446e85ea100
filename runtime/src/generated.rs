//! Where generated code and the runtime meet. Hidden: its users are the modules that tinybake writes, which check
//! [`INTERFACE`] when they are compiled.

pub use crate::arch::{Placed, Taken, view, view_mut, views, views3};
pub use crate::kernels;
pub use crate::requantize::{self, Bounded, Offset, Once, PerChannel, Requantize, Rint, RintAdded, RintPerChannel};
pub use crate::stack;

pub mod blob;

/// Grows by one with every change that generated code could notice.
pub const INTERFACE: u32 = 13;

/// The types of kernel parameters, all in one scope, for literals.
pub mod params {
    pub use crate::kernels::Dims;
    pub use crate::kernels::arg_max::ArgMax;
    pub use crate::kernels::average_pool_reals::{AveragePoolReals, Order::*};
    pub use crate::kernels::average_pool2d::AveragePool2d;
    pub use crate::kernels::binary::{Add, Broadcast, Maximum, Minimum, Mul, Sub, XnnAdd, XnnMul};
    pub use crate::kernels::conv2d::Conv2d;
    pub use crate::kernels::copy::StridedCopy;
    pub use crate::kernels::depthwise_conv2d::DepthwiseConv2d;
    pub use crate::kernels::fully_connected::FullyConnected;
    pub use crate::kernels::max_pool2d::MaxPool2d;
    pub use crate::kernels::mirror_pad::MirrorPad;
    pub use crate::kernels::prelu::Prelu;
    pub use crate::kernels::quantize::{Affine, Requantize};
    pub use crate::kernels::reals::{RealAdd, RealMul, RealProduct, RealSum};
    pub use crate::kernels::reduce::{Mean, MeanReal, Reduce};
    pub use crate::kernels::resize::{Resize, Tap};
    pub use crate::kernels::rows::Overlapping;
    pub use crate::kernels::softmax::Softmax;
    pub use crate::kernels::softmax_reals::SoftmaxReals;
    pub use crate::kernels::transpose_conv::TransposeConv;
    pub use crate::requantize::{Clamp, Multiplier};
}

/// Data at an address that is a multiple of 4, so that kernels may load words.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(4))]
pub struct Aligned<T>(pub T);

/// A table of `int32` from its little-endian bytes, at compile time.
///
/// # Panics
/// At compile time, where `BYTES` is not `4 * N`.
pub const fn int32<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [i32; N] {
    assert!(BYTES == 4 * N);
    let mut table = [0; N];
    let mut index = 0;
    while index < N {
        let at = 4 * index;
        table[index] = i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        index += 1;
    }
    table
}

/// A table of `float32` from its little-endian bytes, at compile time.
///
/// # Panics
/// At compile time, where `BYTES` is not `4 * N`.
pub const fn float32<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [f32; N] {
    assert!(BYTES == 4 * N);
    let mut table = [0.0; N];
    let mut index = 0;
    while index < N {
        let at = 4 * index;
        table[index] = f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        index += 1;
    }
    table
}

/// A table of `int64` from its little-endian bytes, at compile time.
///
/// # Panics
/// At compile time, where `BYTES` is not `8 * N`.
pub const fn int64<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [i64; N] {
    assert!(BYTES == 8 * N);
    let mut table = [0; N];
    let mut index = 0;
    while index < BYTES {
        // The last byte is the highest and has the sign: the others are shifted in behind it.
        let at = index / 8 * 8 + 7 - index % 8;
        let before = if index % 8 == 0 { bytes[at] as i8 as i64 } else { table[index / 8] << 8 | bytes[at] as i64 };
        table[index / 8] = before;
        index += 1;
    }
    table
}

/// A table of `int16` from its little-endian bytes, at compile time.
///
/// # Panics
/// At compile time, where `BYTES` is not `2 * N`.
pub const fn int16<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [i16; N] {
    assert!(BYTES == 2 * N);
    let mut table = [0; N];
    let mut index = 0;
    while index < N {
        table[index] = i16::from_le_bytes([bytes[2 * index], bytes[2 * index + 1]]);
        index += 1;
    }
    table
}

/// Weights as the kernels read them: the same bytes, signed.
#[inline(always)]
pub const fn int8<const N: usize>(bytes: &'static Aligned<[u8; N]>) -> &'static [i8; N] {
    crate::arch::signed(&bytes.0)
}

/// A stream as the kernels of [`kernels::blocked`] read it: the same bytes, in little-endian words.
#[inline(always)]
pub const fn stream<const N: usize>(bytes: &'static Aligned<[u8; N]>) -> &'static [i32] {
    crate::arch::words(bytes)
}

/// The tensor of `LEN` elements at offset `AT` of the arena.
#[inline(always)]
pub fn tensor<T, const AT: usize, const LEN: usize, const N: usize>(arena: &[T; N]) -> &[T; LEN] {
    const { assert!(AT + LEN <= N, "a tensor lies outside the arena") }
    chunk(&arena[AT..])
}

/// The tensor of `LEN` elements at offset `AT` of the arena, to change.
#[inline(always)]
pub fn tensor_mut<T, const AT: usize, const LEN: usize, const N: usize>(arena: &mut [T; N]) -> &mut [T; LEN] {
    const { assert!(AT + LEN <= N, "a tensor lies outside the arena") }
    chunk_mut(&mut arena[AT..])
}

/// A tensor to read and another to write, which the compiler checks to be apart.
#[inline(always)]
pub fn tensors<T, const A: usize, const A_LEN: usize, const Y: usize, const Y_LEN: usize, const N: usize>(
    arena: &mut [T; N],
) -> (&[T; A_LEN], &mut [T; Y_LEN]) {
    const { assert!(A + A_LEN <= N && Y + Y_LEN <= N, "a tensor lies outside the arena") }
    const { assert!(A + A_LEN <= Y || Y + Y_LEN <= A, "tensors overlap") }
    if A < Y {
        let (low, high) = arena.split_at_mut(Y);
        (chunk(&low[A..]), chunk_mut(high))
    } else {
        let (low, high) = arena.split_at_mut(A);
        (chunk(high), chunk_mut(&mut low[Y..]))
    }
}

/// Two tensors to read and another to write, which the compiler checks to be apart from both.
#[inline(always)]
pub fn tensors3<
    T,
    const A: usize,
    const A_LEN: usize,
    const B: usize,
    const B_LEN: usize,
    const Y: usize,
    const Y_LEN: usize,
    const N: usize,
>(
    arena: &mut [T; N],
) -> (&[T; A_LEN], &[T; B_LEN], &mut [T; Y_LEN]) {
    const { assert!(A + A_LEN <= N && B + B_LEN <= N && Y + Y_LEN <= N, "a tensor lies outside the arena") }
    const { assert!((A + A_LEN <= Y || Y + Y_LEN <= A) && (B + B_LEN <= Y || Y + Y_LEN <= B), "tensors overlap") }
    let (low, high) = arena.split_at_mut(Y);
    let (output, high) = high.split_at_mut(Y_LEN);
    let (low, high): (&[T], &[T]) = (low, high);
    let a = if A < Y { chunk(&low[A..]) } else { chunk(&high[A - Y - Y_LEN..]) };
    let b = if B < Y { chunk(&low[B..]) } else { chunk(&high[B - Y - Y_LEN..]) };
    (a, b, chunk_mut(output))
}

/// The first `LEN` elements; the callers' constants say that there are as many, so that no check is left in optimized code.
#[inline(always)]
fn chunk<T, const LEN: usize>(slice: &[T]) -> &[T; LEN] {
    match slice.first_chunk() {
        Some(chunk) => chunk,
        None => unreachable!(),
    }
}

#[inline(always)]
fn chunk_mut<T, const LEN: usize>(slice: &mut [T]) -> &mut [T; LEN] {
    match slice.first_chunk_mut() {
        Some(chunk) => chunk,
        None => unreachable!(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_lie_where_their_offsets_say() {
        let mut arena: [i8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(tensor::<_, 2, 3, 10>(&arena), &[2, 3, 4]);
        let (a, y) = tensors::<_, 0, 2, 6, 4, 10>(&mut arena);
        assert_eq!((&a[..], &y[..]), (&[0, 1][..], &[6, 7, 8, 9][..]));
        let (a, y) = tensors::<_, 6, 4, 0, 2, 10>(&mut arena);
        assert_eq!((&a[..], &y[..]), (&[6, 7, 8, 9][..], &[0, 1][..]));
        let (a, b, y) = tensors3::<_, 8, 2, 0, 4, 4, 4, 10>(&mut arena);
        assert_eq!((&a[..], &b[..], &y[..]), (&[8, 9][..], &[0, 1, 2, 3][..], &[4, 5, 6, 7][..]));
    }

    #[test]
    fn tables_are_little_endian() {
        const TABLE: [i32; 2] = int32(b"\x01\x00\x00\x00\xfe\xff\xff\xff");
        assert_eq!(TABLE, [1, -2]);
        const WIDE: [i64; 2] = int64(b"\x01\x02\x00\x00\x00\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff");
        assert_eq!(WIDE, [0x201, -2]);
        const SHORT: [i16; 2] = int16(b"\x01\x02\xfe\xff");
        assert_eq!(SHORT, [0x201, -2]);
        static BYTES: Aligned<[u8; 2]> = Aligned([255, 1]);
        assert_eq!(int8(&BYTES), &[-1, 1]);
    }
}
