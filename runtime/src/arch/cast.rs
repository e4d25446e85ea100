//! Bytes seen as signed integers.

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
