//! What a measuring runner needs of the core it runs on: an instruction counter, the depth of the stack, a way to fail.
//!
//! For bare-metal images under QEMU only, behind the cargo feature `harness`; no firmware links it. The counters belong to
//! emulated boards: elsewhere they read other registers or fault, and [`Harness::start`] then fails its calibration.

mod counter;
mod fault;
mod stack;

pub use counter::Counter;
pub use stack::WINDOW_BYTES as STACK_WINDOW_BYTES;

/// Iterations of the calibration loop.
const LOOPS: u32 = 100_000;

/// What one inference took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Instructions executed, without the counter's own.
    pub instructions: u64,
    /// Bytes of stack below the caller's frame; [`STACK_WINDOW_BYTES`] where it reached the end of what is watched.
    pub stack_bytes: u32,
}

/// The loop of known length did not count as it should: the emulator's time or the counter is not what is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Instructions that the loop executes.
    pub expected: u64,
    /// Instructions that the counter says.
    pub counted: u64,
}

impl Calibration {
    /// Whether the count is within 0.1 % of what it should be.
    pub fn holds(self) -> bool {
        self.expected.abs_diff(self.counted) <= self.expected / 1000
    }
}

/// A running counter, calibrated.
#[derive(Clone, Copy, Debug)]
pub struct Harness {
    counter: Counter,
    overhead: u64,
}

impl Harness {
    /// Starts `counter` and counts a loop of known length with it. Whether the calibration holds is the caller's to check.
    pub fn start(counter: Counter) -> (Self, Calibration) {
        counter.start();
        let mut harness = Self { counter, overhead: 0 };
        harness.overhead = harness.infer(&mut (), |()| {}).instructions;
        let counted = harness.infer(&mut (), |()| counter::spin(LOOPS)).instructions;
        (harness, Calibration { expected: u64::from(LOOPS) * counter::SPIN_INSTRUCTIONS, counted })
    }

    /// Runs `run` on `model` once, counting its instructions and watching its stack.
    ///
    /// The call is through a pointer that the compiler cannot see through, so nothing of `run` moves out of what is counted,
    /// and its whole frame lies below the stack pointer at which the watched window begins.
    #[inline(never)]
    pub fn infer<M>(&self, model: &mut M, run: fn(&mut M)) -> Measured {
        let run = core::hint::black_box(run);
        let model = core::hint::black_box(model);
        let window = stack::Window::paint();
        let start = self.counter.read();
        run(model);
        let end = self.counter.read();
        Measured { instructions: self.counter.instructions(start, end).saturating_sub(self.overhead), stack_bytes: window.used() }
    }
}
