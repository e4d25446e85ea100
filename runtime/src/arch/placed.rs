//! A model's memory in a link section, handed out once.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// Memory for a `T` that start-up code need neither load nor zero.
#[repr(transparent)]
pub struct Placed<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: the memory is reached through `zeroed` only, whose caller is the only one to have it.
unsafe impl<T: Send> Sync for Placed<T> {}

impl<T> Placed<T> {
    /// Memory, of which nothing is known.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// The memory as a `T` of zero bytes.
    ///
    /// # Safety
    /// It is called at most once, and zero bytes are a `T`.
    #[allow(clippy::mut_from_ref)] // Nobody else has the memory.
    pub unsafe fn zeroed(&'static self) -> &'static mut T {
        let memory = self.0.get().cast::<T>();
        // SAFETY: the pointer is that of a static of the type's size and alignment; nobody else has it, and zero bytes are a
        // value, as the caller says.
        unsafe {
            memory.write_bytes(0, 1);
            &mut *memory
        }
    }
}

impl<T> Default for Placed<T> {
    fn default() -> Self {
        Self::new()
    }
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

/// Writes a generated module's `take`, whose model lies in a link section. Only for modules that tinybake generates, whose `Model`
/// is zero bytes before its first inference.
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
            // SAFETY: nobody else has these two statics, so this is the first call; `Model::new()` is zero bytes.
            ::core::option::Option::Some(unsafe { MEMORY.zeroed() })
        }
    };
}
