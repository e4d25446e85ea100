//! Tensors of several element types in one arena: its bytes seen as elements of another type.

use crate::generated::Aligned;

/// Element types of which every bit pattern is a value, without padding.
///
/// # Safety
/// Both are so, and its alignment is at most 4.
pub unsafe trait Plain: Copy {}

// SAFETY: numbers without padding, of which every bit pattern is one, of at most 4 bytes.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for i16 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for f32 {}

/// Whether `LEN` elements of `T` at byte `at` lie in `count` elements of `E`, and are aligned where these lie at a multiple of 4.
const fn lies<E, T>(at: usize, length: usize, count: usize) -> bool {
    let (Some(bytes), Some(room)) = (length.checked_mul(size_of::<T>()), count.checked_mul(size_of::<E>())) else { return false };
    at.is_multiple_of(align_of::<T>()) && bytes <= room && at <= room - bytes
}

/// Whether two tensors of so many elements, at these bytes, have none in common.
const fn apart<A, B>(a: usize, a_length: usize, b: usize, b_length: usize) -> bool {
    a + a_length * size_of::<A>() <= b || b + b_length * size_of::<B>() <= a
}

/// The tensor of `LEN` elements at byte `AT` of the arena.
#[inline(always)]
pub fn view<E: Plain, T: Plain, const AT: usize, const LEN: usize, const N: usize>(arena: &Aligned<[E; N]>) -> &[T; LEN] {
    const { assert!(lies::<E, T>(AT, LEN, N), "a tensor lies outside the arena") }
    let arena: *const u8 = core::ptr::from_ref(arena).cast();
    // SAFETY: the array lies within that of the argument, whose lifetime it has, and is aligned, since `Aligned` is to 4 bytes and `AT` is a
    // multiple of its alignment, as just asserted; every bit pattern is a value of `T`, as that is of `E`, without padding.
    unsafe { &*arena.add(AT).cast::<[T; LEN]>() }
}

/// The tensor of `LEN` elements at byte `AT` of the arena, to change.
#[inline(always)]
pub fn view_mut<E: Plain, T: Plain, const AT: usize, const LEN: usize, const N: usize>(
    arena: &mut Aligned<[E; N]>,
) -> &mut [T; LEN] {
    const { assert!(lies::<E, T>(AT, LEN, N), "a tensor lies outside the arena") }
    let arena: *mut u8 = core::ptr::from_mut(arena).cast();
    // SAFETY: as in `view`, the argument being borrowed mutably as long as the result lives; what is written are values of `E` too.
    unsafe { &mut *arena.add(AT).cast::<[T; LEN]>() }
}

/// A tensor to read and another to write, which the compiler checks to be apart.
#[inline(always)]
pub fn views<
    E: Plain,
    A: Plain,
    Y: Plain,
    const A_AT: usize,
    const A_LEN: usize,
    const Y_AT: usize,
    const Y_LEN: usize,
    const N: usize,
>(
    arena: &mut Aligned<[E; N]>,
) -> (&[A; A_LEN], &mut [Y; Y_LEN]) {
    const { assert!(lies::<E, A>(A_AT, A_LEN, N) && lies::<E, Y>(Y_AT, Y_LEN, N), "a tensor lies outside the arena") }
    const { assert!(apart::<A, Y>(A_AT, A_LEN, Y_AT, Y_LEN), "tensors overlap") }
    let arena: *mut u8 = core::ptr::from_mut(arena).cast();
    // SAFETY: as in `view_mut`; the two have no byte in common, as just asserted.
    unsafe { (&*arena.add(A_AT).cast::<[A; A_LEN]>(), &mut *arena.add(Y_AT).cast::<[Y; Y_LEN]>()) }
}

/// Two tensors to read and another to write, which the compiler checks to be apart from both.
#[inline(always)]
pub fn views3<
    E: Plain,
    T: Plain,
    const A_AT: usize,
    const A_LEN: usize,
    const B_AT: usize,
    const B_LEN: usize,
    const Y_AT: usize,
    const Y_LEN: usize,
    const N: usize,
>(
    arena: &mut Aligned<[E; N]>,
) -> (&[T; A_LEN], &[T; B_LEN], &mut [T; Y_LEN]) {
    const { assert!(lies::<E, T>(A_AT, A_LEN, N) && lies::<E, T>(B_AT, B_LEN, N), "a tensor lies outside the arena") }
    const { assert!(lies::<E, T>(Y_AT, Y_LEN, N), "a tensor lies outside the arena") }
    const { assert!(apart::<T, T>(A_AT, A_LEN, Y_AT, Y_LEN) && apart::<T, T>(B_AT, B_LEN, Y_AT, Y_LEN), "tensors overlap") }
    let arena: *mut u8 = core::ptr::from_mut(arena).cast();
    // SAFETY: as in `view_mut`; what is written has no byte in common with what is read, as just asserted.
    unsafe {
        let (a, b) = (arena.add(A_AT).cast::<[T; A_LEN]>(), arena.add(B_AT).cast::<[T; B_LEN]>());
        (&*a, &*b, &mut *arena.add(Y_AT).cast::<[T; Y_LEN]>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_the_bytes_of_the_arena() {
        let mut arena = Aligned([0i8; 16]);
        *view_mut::<_, f32, 4, 2, 16>(&mut arena) = [1.5, -2.0];
        assert_eq!(arena.0[4..8], 1.5f32.to_ne_bytes().map(|byte| byte as i8));
        assert_eq!(view::<_, f32, 8, 1, 16>(&arena), &[-2.0]);
        let (x, y) = views::<_, f32, i16, 4, 2, 12, 2, 16>(&mut arena);
        assert_eq!(x, &[1.5, -2.0]);
        *y = [-2, 0x102];
        let bytes = [(-2i16).to_ne_bytes(), 0x102i16.to_ne_bytes()].concat();
        assert_eq!(view::<_, u8, 12, 4, 16>(&arena)[..], bytes[..]);
        let (a, b, y) = views3::<_, i16, 12, 2, 14, 1, 0, 1, 16>(&mut arena);
        assert_eq!((a, b), (&[-2, 0x102], &[0x102]));
        *y = [7];
        assert_eq!(view::<_, i16, 0, 2, 16>(&arena), &[7, 0]);
        let mut words = Aligned([0i16; 8]);
        *view_mut::<_, i32, 12, 1, 8>(&mut words) = [-1];
        assert_eq!(words.0, [0, 0, 0, 0, 0, 0, -1, -1]);
    }

    #[test]
    fn only_what_lies_inside_is_seen() {
        assert!(lies::<i8, f32>(12, 1, 16) && !lies::<i8, f32>(12, 2, 16) && !lies::<i8, f32>(16, 1, 16));
        assert!(
            !lies::<i8, f32>(2, 1, 16) && lies::<i8, i16>(2, 7, 16) && !lies::<i16, i8>(1, 16, 8) && lies::<i16, i8>(0, 16, 8)
        );
        assert!(!lies::<i8, f32>(0, usize::MAX / 2, 16) && !lies::<i8, i8>(usize::MAX, 1, 16) && lies::<i8, i8>(16, 0, 16));
        assert!(apart::<f32, i8>(0, 2, 8, 1) && !apart::<f32, i8>(0, 2, 7, 1) && apart::<i8, f32>(8, 1, 0, 2));
        assert!(!apart::<i8, f32>(3, 1, 0, 2));
    }
}
