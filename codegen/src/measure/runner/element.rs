//! Elements of inputs and outputs as little-endian bytes.

/// One element.
pub trait Element: Copy {
    /// Its bytes.
    const SIZE: usize;
    /// From [`Self::SIZE`] bytes.
    fn decode(bytes: &[u8]) -> Self;
    /// Into [`Self::SIZE`] bytes.
    fn encode(self, bytes: &mut [u8]);
}

macro_rules! number {
    ($($number:ty)*) => {$(
        impl Element for $number {
            const SIZE: usize = size_of::<$number>();
            fn decode(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("an element's bytes"))
            }
            fn encode(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

number!(i8 u8 i16 i32 i64 f32);

impl Element for bool {
    const SIZE: usize = 1;
    fn decode(bytes: &[u8]) -> Self {
        bytes != [0]
    }
    fn encode(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&[self.into()]);
    }
}
