//! A model's memory in a link section, handed out once.

use crate::model::Model;
use core::cell::UnsafeCell;
use core::mem::{ManuallyDrop, MaybeUninit, size_of};

/// Memory for a `T` that start-up code need neither load nor zero.
#[repr(transparent)]
pub struct Placed<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: the memory is reached through `zeroed` only, whose caller is the only one to have it.
unsafe impl<T: Send> Sync for Placed<T> {}

impl<T: Model> Placed<T> {
    /// Memory whose content is not known yet. Compiles only where every byte of [`Model::NEW`] is zero and none is padding or part
    /// of a pointer: zeroed memory is then another `NEW`, whoever wrote the type.
    /// ```compile_fail,E0080
    /// use tinybake_runtime::{Model, TensorInfo};
    ///
    /// struct Counter(core::num::NonZeroU32);
    ///
    /// impl Model for Counter {
    ///     type Inputs<'a> = ();
    ///     type Outputs<'a> = ();
    ///     const INPUTS: &'static [TensorInfo] = &[];
    ///     const OUTPUTS: &'static [TensorInfo] = &[];
    ///     const RAM_BYTES: usize = 4;
    ///     const WEIGHT_BYTES: usize = 0;
    ///     const MACS: u64 = 0;
    ///     const NEW: Self = Self(core::num::NonZeroU32::MIN);
    ///     fn infer<'a>(&'a mut self, inputs: Self::Inputs<'_>) -> Self::Outputs<'a> {}
    /// }
    ///
    /// static MEMORY: tinybake_runtime::generated::Placed<Counter> = tinybake_runtime::generated::Placed::new();
    /// ```
    pub const fn new() -> Self {
        // SAFETY: this block is evaluated at compile time only.
        const { assert!(unsafe { is_zero(&ManuallyDrop::new(T::NEW)) }, "this model does not begin as zero bytes") }
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// The memory as a `T` of zero bytes.
    ///
    /// # Safety
    /// It is called at most once.
    #[allow(clippy::mut_from_ref)] // Nobody else has the memory.
    pub unsafe fn zeroed(&'static self) -> &'static mut T {
        let memory = self.0.get().cast::<T>();
        // SAFETY: the pointer is that of a static of the type's size and alignment; nobody else has it, as the caller says, and zero
        // bytes are `T::NEW`, as `new` has asserted.
        unsafe {
            memory.write_bytes(0, 1);
            &mut *memory
        }
    }
}

impl<T: Model> Default for Placed<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether all bytes of `value` are zero.
///
/// # Safety
/// It is called at compile time only, where the interpreter refuses to read padding and parts of pointers as numbers.
const unsafe fn is_zero<T>(value: &ManuallyDrop<T>) -> bool {
    /// Bytes that are compared at once: the interpreter limits the number of steps.
    const STEP: usize = size_of::<u128>();
    let bytes: *const u8 = core::ptr::from_ref(value).cast();
    let (mut at, mut zero) = (0, true);
    while at < size_of::<T>() {
        let whole = size_of::<T>() - at >= STEP;
        // SAFETY: the value has so many bytes from here on; those that are no numbers stop the compilation.
        zero &= unsafe { if whole { bytes.add(at).cast::<u128>().read_unaligned() == 0 } else { bytes.add(at).read() == 0 } };
        at += if whole { STEP } else { 1 };
    }
    zero
}

/// Whether something that there is one of has been handed out.
pub struct Taken {
    #[cfg(target_has_atomic = "8")]
    taken: core::sync::atomic::AtomicBool,
    #[cfg(all(not(target_has_atomic = "8"), feature = "critical-section"))]
    taken: critical_section::Mutex<core::cell::Cell<bool>>,
}

#[cfg(target_has_atomic = "8")]
impl Taken {
    /// Not yet.
    pub const fn new() -> Self {
        Self { taken: core::sync::atomic::AtomicBool::new(false) }
    }

    /// Whether this call is the first.
    pub fn first(&self) -> bool {
        !self.taken.swap(true, core::sync::atomic::Ordering::Relaxed)
    }
}

#[cfg(all(not(target_has_atomic = "8"), feature = "critical-section"))]
impl Taken {
    /// Not yet.
    pub const fn new() -> Self {
        Self { taken: critical_section::Mutex::new(core::cell::Cell::new(false)) }
    }

    /// Whether this call is the first.
    pub fn first(&self) -> bool {
        critical_section::with(|section| !self.taken.borrow(section).replace(true))
    }
}

#[cfg(all(not(target_has_atomic = "8"), not(feature = "critical-section")))]
impl Taken {
    /// Does not compile on these cores.
    ///
    /// # Panics
    /// At compile time.
    pub const fn new() -> Self {
        panic!("this core has no atomic swap: a model in a link section needs the feature `critical-section` of tinybake")
    }

    /// Nothing that `new` has made.
    pub fn first(&self) -> bool {
        false
    }
}

impl Default for Taken {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes a generated module's `take`, whose model lies in a link section. It compiles only where `Model` implements
/// [`Model`](crate::Model) and begins as zero bytes. Naming a section states, as the attribute does, that the linker script gives it
/// memory of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! place_model {
    ($section:literal) => {
        #[doc = concat!(" The model, whose memory lies in the link section `", $section, "`; `None` after the first call.")]
        #[doc = ""]
        #[doc = " Start-up code need neither load nor zero the section: `(NOLOAD)` in the linker script is right for it."]
        pub fn take() -> ::core::option::Option<&'static mut Model> {
            #[unsafe(link_section = $section)]
            static MEMORY: $crate::generated::Placed<Model> = $crate::generated::Placed::new();
            static TAKEN: $crate::generated::Taken = $crate::generated::Taken::new();
            if !TAKEN.first() {
                return ::core::option::Option::None;
            }
            // SAFETY: nobody else has these two statics, so this is the only call.
            ::core::option::Option::Some(unsafe { MEMORY.zeroed() })
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TensorInfo;

    struct Zeros([i8; 37]);

    impl Model for Zeros {
        type Inputs<'a> = ();
        type Outputs<'a> = &'a [i8; 37];
        const INPUTS: &'static [TensorInfo] = &[];
        const OUTPUTS: &'static [TensorInfo] = &[];
        const RAM_BYTES: usize = 37;
        const WEIGHT_BYTES: usize = 0;
        const MACS: u64 = 0;
        const NEW: Self = Self([0; 37]);

        fn infer(&mut self, (): ()) -> &[i8; 37] {
            &self.0
        }
    }

    #[test]
    fn memory_is_handed_out_zeroed_and_once() {
        static MEMORY: Placed<Zeros> = Placed::new();
        static TAKEN: Taken = Taken::new();
        assert!(TAKEN.first() && !TAKEN.first());
        // SAFETY: the only call.
        let model = unsafe { MEMORY.zeroed() };
        assert_eq!(*model.infer(()), [0; 37]);
    }

    /// The last byte counts too, whatever the size.
    #[test]
    fn every_byte_is_looked_at() {
        const fn last<const N: usize>() -> [u8; N] {
            let mut bytes = [0; N];
            bytes[N - 1] = 1;
            bytes
        }
        struct Bytes<const N: usize>;
        impl<const N: usize> Bytes<N> {
            // SAFETY: constants.
            const ZERO: [bool; 2] = unsafe { [is_zero(&ManuallyDrop::new([0u8; N])), is_zero(&ManuallyDrop::new(last::<N>()))] };
        }
        let found = [Bytes::<1>::ZERO, Bytes::<15>::ZERO, Bytes::<16>::ZERO, Bytes::<17>::ZERO, Bytes::<1000>::ZERO];
        assert_eq!(found, [[true, false]; 5]);
    }
}
