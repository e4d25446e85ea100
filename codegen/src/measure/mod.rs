//! Builds emitted code for the host or a core, runs it there or on an emulator, and compares what it says.
//!
//! [`run`] takes a [`Program`] (the text of an emitted module and how to reach its inputs and outputs) and [`Samples`], writes
//! a small cargo project around it, builds that for a [`Target`], runs it (QEMU for bare-metal cores), and returns a [`Run`]:
//! outputs, instructions, RAM, stack and the image's sections. [`run_many`] does the same for many programs in one image.
//! `Golden` reads recorded outputs and `compare` counts the elements that differ. `build` stops at the ELF file, and
//! `footprint` tells a model's own bytes in it from those of the runner; `cost` does both and runs it, and a
//! [`Cache`] keeps what it says. [`breaches`] looks in a linked image for what generated code promises not to do.
//!
//! ```no_run
//! use tinybake_codegen::{boards::Catalogue, ir::DType, measure};
//!
//! let golden = measure::Golden::parse(&std::fs::read("kws.golden.safetensors").unwrap()).unwrap();
//! let program = measure::Program {
//!     source: std::fs::read_to_string("kws.rs").unwrap(),
//!     inputs: vec![measure::Port { accessor: "model.input_mut()".into(), dtype: DType::I8, elements: 490, converted: None }],
//!     outputs: vec![measure::Port { accessor: "model.output()".into(), dtype: DType::I8, elements: 12, converted: None }],
//! };
//! let samples = golden.samples(&program.inputs, None).unwrap();
//! let catalogue = Catalogue::builtin();
//! let target = catalogue.find("cortex-m4").unwrap();
//! let run = measure::run(&program, &samples, &target, &measure::Options::default()).unwrap();
//! let comparison = measure::compare(&run, &program.outputs, &golden, "tflm").unwrap();
//! println!("{} of {} elements differ", comparison.unequal, comparison.elements);
//! ```
//!
//! # What the figures mean
//! - *Instructions*, not cycles: QEMU counts executed guest instructions, and the same image gives the same count every time.
//!   Each run first counts a loop of known length and fails where that is off by more than 0.1 %.
//! - *RAM* is the size of the `Model` struct, which lies in a static. *Stack* is what `run` uses below its caller, seen by
//!   painting the memory below the stack pointer before each inference; the largest of all samples is reported.
//! - Sections are those of a release build: fat LTO, one codegen unit, `panic = "abort"`.
//!
//! # What is needed
//! `cargo`; for a core also its Rust target and a QEMU program. What is missing is a [`MeasureError`] for which
//! [`MeasureError::is_missing_tool`] holds and whose help is the command that installs it.

mod build;
mod cache;
pub mod children;
mod command;
mod compare;
mod cost;
mod elf;
mod emulate;
mod error;
mod exchange;
mod golden;
mod guarantee;
mod manifest;
mod of_plan;
mod project;

pub use build::{Image, build};
pub use cache::Cache;
pub use compare::{Comparison, compare, compare_within};
pub use cost::{Cost, cost};
pub use elf::Sections;
pub use error::MeasureError;
pub use golden::{Golden, GoldenError};
pub use guarantee::{Breaches, breaches};
#[cfg(feature = "cli")]
pub(crate) use manifest::checkout;
#[cfg(feature = "cli")]
pub(crate) use project::memory_x;

#[cfg(test)]
mod tests;

use crate::boards::Target;
use crate::ir::DType;
use crate::options::Reference;
use std::path::PathBuf;
use std::time::Duration;
use tinybake_runtime::kernels::quantize::Affine;

/// An emitted module, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Text of a module that has a `pub struct Model` with `const fn new()` and `fn run(&mut self)`, whatever `run` returns,
    /// a `pub const STACK_BYTES: usize`, and that names the runtime `::tinybake`.
    pub source: String,
    /// The inputs, in the order of the samples.
    pub inputs: Vec<Port>,
    /// The outputs, in the order of the results.
    pub outputs: Vec<Port>,
}

/// One input or output of a [`Program`].
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// A Rust expression of type `&mut [T; elements]` (inputs) or `&[T; elements]` (outputs), in the scope of a variable
    /// `model: &mut Model`, as `model.input_mut()`.
    pub accessor: String,
    /// The type of its elements.
    pub dtype: DType,
    /// Number of its elements.
    pub elements: usize,
    /// How float32 elements of a recording become the elements, where the model's own interface is float32 and the program's is not.
    pub converted: Option<Converted>,
}

/// What an operator at the end of a model does that a program leaves to its caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converted {
    /// The quantization of the integers.
    pub affine: Affine,
    /// The engine whose rounding it has.
    pub reference: Reference,
}

impl Port {
    /// Bytes of one sample.
    pub fn bytes(&self) -> usize {
        self.elements.saturating_mul(self.dtype.size())
    }
}

/// Inputs of a number of inferences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Number of inferences.
    pub count: usize,
    /// For each input, that many times its elements, little-endian, one sample after the other.
    pub inputs: Vec<Vec<u8>>,
}

/// How to build and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Compile for size (`opt-level = "s"`) and not for speed (3).
    pub size: bool,
    /// Where projects and builds are kept, so that what has not changed is not built again.
    pub directory: PathBuf,
    /// How long one image may run.
    pub time_limit: Duration,
    /// How long cargo may take to build one image.
    pub build_limit: Duration,
}

impl Default for Options {
    /// For speed, in `tinybake` of cargo's target directory; at most ten minutes to run, and half an hour to build.
    fn default() -> Self {
        let [time_limit, build_limit] = [600, 1800].map(Duration::from_secs);
        Self { size: false, directory: manifest::default_directory(), time_limit, build_limit }
    }
}

/// What a program said and took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Number of inferences.
    pub samples: usize,
    /// For each output, its elements, little-endian, one sample after the other.
    pub outputs: Vec<Vec<u8>>,
    /// Instructions of an inference; absent on the host, and where there were no samples.
    pub instructions: Option<Instructions>,
    /// Bytes of the `Model` struct.
    pub ram_bytes: u64,
    /// Most bytes of stack that an inference used below its caller; absent on the host.
    pub stack_bytes: Option<u64>,
    /// Bytes of stack that the program says an inference takes at most; absent where the image is no ELF file.
    pub stack_bound_bytes: Option<u64>,
    /// Sections of the whole image, with the runner and, in a batch, the other programs.
    pub image: Sections,
}

/// Instructions executed by one inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// Mean over the samples, rounded to the nearest.
    pub mean: u64,
    /// Least of any sample.
    pub min: u64,
    /// Most of any sample.
    pub max: u64,
}

/// Builds `program` for `target` and runs it on `samples`.
///
/// # Errors
/// A missing tool, code that does not build, samples that do not fit the inputs, or a run that fails.
pub fn run(program: &Program, samples: &Samples, target: &Target<'_>, options: &Options) -> Result<Run, MeasureError> {
    let mut runs = run_many(&[(program, samples)], target, options)?;
    runs.pop().ok_or(MeasureError::Report { message: "it has no record".into() })
}

/// Builds all of `programs` into one image for `target` and runs each on its samples; one result for each, in order.
///
/// # Errors
/// As [`run`]; one program that does not build or run fails the batch, and a failed run names the program.
pub fn run_many(programs: &[(&Program, &Samples)], target: &Target<'_>, options: &Options) -> Result<Vec<Run>, MeasureError> {
    let inputs = exchange::inputs(programs)?;
    available(target)?;
    let sources: Vec<&Program> = programs.iter().map(|&(program, _)| program).collect();
    let image = build::build_with(&sources, target, options, project::Runner::Telling)?;
    let files = emulate::run(&image, &inputs, target, options)?;
    exchange::runs(&sources, &files, &image, target)
}

/// Whether what `target` needs is installed: its Rust target, and its emulator.
///
/// # Errors
/// [`MeasureError::TargetMissing`], [`MeasureError::EmulatorMissing`] or [`MeasureError::NoEmulator`].
pub fn available(target: &Target<'_>) -> Result<(), MeasureError> {
    build::target_available(target)?;
    emulate::available(target)
}

/// Whether the Rust target of `target` is installed, which is all that linking needs.
///
/// # Errors
/// [`MeasureError::TargetMissing`].
pub fn installed(target: &Target<'_>) -> Result<(), MeasureError> {
    build::target_available(target)
}

/// What a model adds to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// The image with the model.
    pub with: Sections,
    /// The image with a model of the same inputs and outputs that computes nothing.
    pub without: Sections,
}

impl Footprint {
    /// Bytes of code and of constants that the model adds, and of initialized variables.
    pub fn model(&self) -> Sections {
        self.with.minus(self.without)
    }
}

/// Builds `program` for `target` with and without what it computes. Panics have no message in these images.
///
/// # Errors
/// As `build`.
pub fn footprint(program: &Program, target: &Target<'_>, options: &Options) -> Result<Footprint, MeasureError> {
    let with = build(&[program], target, options)?.sections;
    let without = build(&[&project::hollow(program)], target, options)?.sections;
    Ok(Footprint { with, without })
}
