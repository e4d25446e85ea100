//! Bytes seen as integers.

use crate::generated::Aligned;

/// The same bytes as `int8`.
#[inline(always)]
pub(crate) const fn signed<const N: usize>(bytes: &[u8; N]) -> &[i8; N] {
    let bytes: *const [u8; N] = bytes;
    // SAFETY: `u8` and `i8` have the same size and alignment and every bit pattern is a value of both; the lifetime is that of
    // the argument.
    #[allow(unsafe_code)]
    unsafe {
        &*bytes.cast::<[i8; N]>()
    }
}

/// The same bytes as words, in the order of the machine; as many as there are whole ones.
#[inline(always)]
pub(crate) const fn words<const N: usize>(bytes: &Aligned<[u8; N]>) -> &[i32] {
    let bytes: *const Aligned<[u8; N]> = bytes;
    // SAFETY: `Aligned` has the alignment of `i32`, its array lies at its beginning and is no shorter than the result, and every
    // bit pattern is a value of `i32`; the lifetime is that of the argument.
    #[allow(unsafe_code)]
    unsafe {
        core::slice::from_raw_parts(bytes.cast::<i32>(), N / 4)
    }
}

/// Sixteen bytes at any address, in the order of the machine.
#[derive(Clone, Copy)]
#[repr(C, packed)]
pub(crate) struct Word(pub(crate) u128);

/// The same bytes as words of 16 bytes; as many as there are whole ones.
pub(crate) const fn packed_words(bytes: &[u8]) -> &[Word] {
    let words: *const Word = bytes.as_ptr().cast();
    // SAFETY: a packed struct has the alignment of a byte, the words are no longer than the slice, and every bit pattern is a value of
    // `u128`; the lifetime is that of the argument.
    #[allow(unsafe_code)]
    unsafe {
        core::slice::from_raw_parts(words, bytes.len() / 16)
    }
}
