//! What a user chooses for a generated module; every face fills in the same options.

use crate::nearest::did_you_mean;
use core::fmt;
use core::str::FromStr;

/// The engine whose outputs the generated code equals to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// TensorFlow Lite Micro's reference kernels: fixed-point requantization with two roundings.
    #[default]
    Tflm,
    /// LiteRT's default engine on convolutions, depthwise and fully connected layers: requantization in `f32`.
    Xnnpack,
    /// ONNX Runtime with graph optimizations off: every operator in reals between dequantization and quantization.
    Ort,
}

/// What the choice of kernels and forms is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimize {
    /// The least flash, of code that is compiled with `opt-level = "s"`.
    Size,
    /// The fewest instructions, of code that is compiled with `opt-level = 3`.
    Speed,
    /// The least product of flash and instructions, of code that is compiled with `opt-level = 3`: the middle, on a logarithmic scale,
    /// of what [`Optimize::Size`] and [`Optimize::Speed`] seek. A kernel that doubles the flash of the model, constants included, is
    /// selected only where it halves the instructions of an inference.
    #[default]
    Balanced,
}

/// The element types of a generated module's inputs and outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// Those of the model file.
    #[default]
    Model,
    /// The integers that the first operators quantize to and the last ones dequantize. An output that is computed in float32, as a last
    /// softmax can be, stays.
    Int8,
}

/// A class of cores with one cost model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CoreClass {
    /// Unknown: code that is good everywhere.
    #[default]
    Generic,
    /// x86-64, AArch64 and other hosts.
    Host,
    /// Cortex-M0, M0+: no multiply-accumulate, small register file.
    Armv6M,
    /// Cortex-M3.
    Armv7M,
    /// Cortex-M4, M7, M33: the DSP extension.
    Dsp,
    /// Cortex-M55, M85: the MVE extension.
    Mve,
    /// RV32IMC and relatives without vectors.
    Riscv32,
}

/// How a kernel is instantiated, without what it carries; see [`crate::plan::Form`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormKind {
    /// One outlined copy for all layers of its kind.
    Shared,
    /// Inlined with literal dimensions.
    Specialized,
    /// Over constants in an arrangement of its own, for the core's widest multiplications.
    Packed,
    /// For cores with vectors, its constants in one stream.
    Blocked,
    /// Over the weights that are not zero.
    Sparse,
    /// Over weights that are places in a table of their values.
    Palettized,
    /// Over the weights that are not zero, two pixels in a word.
    SparseLanes,
    /// Over pairs of weights in four neighbours that are not zero.
    SparsePairs,
    /// Straight-line code written from the weights.
    Unrolled,
}

/// Every choice that changes the generated code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The engine to equal; `None` is what models of the file's format follow: [`Reference::Ort`] for ONNX, else
    /// [`Reference::Tflm`].
    pub reference: Option<Reference>,
    /// What to spend flash on.
    pub optimize: Optimize,
    /// The core that the code is for.
    pub core: CoreClass,
    /// The most bytes of flash that the model may take: forms are chosen so that code, by the cost model, and constants fit.
    pub max_flash: Option<Bytes>,
    /// The most bytes of RAM that the `Model` struct may take: where it would be larger, layers are computed patch by patch, and some
    /// rows twice.
    pub max_ram: Option<Bytes>,
    /// The element types of inputs and outputs.
    pub interface: Interface,
    /// The only form to consider for steps that have it, whatever its cost; to measure forms with.
    pub form: Option<FormKind>,
    /// Whether the lossless passes run; off only to test them.
    pub passes: Passes,
    /// Link sections to put memory into, where the linker's default is not wanted.
    pub placement: Placement,
}

impl Options {
    /// The engine to equal, where it is given or has been found from the file.
    pub fn reference(&self) -> Reference {
        self.reference.unwrap_or_default()
    }
}

/// Link sections for what a model consists of; `None` leaves the place to the linker.
///
/// A section is an attribute that Rust counts as unsafe, since the linker script must give it memory that is there when the model
/// runs. A module with one does not compile under `forbid(unsafe_code)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Of the weights, biases and tables: external flash, or fast memory that start-up code loads. Those that a layer has
    /// in its code, as unrolled ones do, stay there.
    pub weights: Option<Section>,
    /// Of the model's memory, which `take` of the module then hands out: it need be neither loaded nor zeroed at start.
    pub arena: Option<Section>,
}

/// The name of a link section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section(String);

impl Section {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

/// A word that is no number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number of bytes; expected one like `20000` or `20k` (of 1024 each)")]
pub struct NoBytes(pub String);

impl FromStr for Bytes {
    type Err = NoBytes;

    /// Digits, and `k` for times 1024.
    fn from_str(word: &str) -> Result<Self, NoBytes> {
        let (digits, unit) = match word.strip_suffix(['k', 'K']) {
            Some(digits) => (digits, 1024),
            None => (word, 1),
        };
        let bytes = digits.parse::<usize>().ok().and_then(|count| count.checked_mul(unit));
        bytes.map(Self).ok_or_else(|| NoBytes(word.into()))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A word that names no link section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a link section; expected one like `.ccmram` or `.qspi.rodata`: letters, digits and . _ - $ ,")]
pub struct NoSection(pub String);

impl FromStr for Section {
    type Err = NoSection;

    /// Of letters, digits, `.`, `_`, `-`, `$` and, for Mach-O's segments, `,`; at most 255.
    fn from_str(name: &str) -> Result<Self, NoSection> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-$,".contains(&byte);
        if (1..=255).contains(&name.len()) && name.bytes().all(known) {
            Ok(Self(name.into()))
        } else {
            Err(NoSection(name.into()))
        }
    }
}

/// Whether the lossless passes run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passes {
    /// All of them.
    #[default]
    All,
    /// Only the removal of dead operators, which generation relies on.
    None,
}

/// A word that names no choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChoice {
    /// The option.
    pub option: &'static str,
    /// The word given.
    pub given: String,
    /// The words that there are.
    pub expected: String,
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meant = did_you_mean(&self.given, self.expected.split(", "));
        write!(f, "`{}` is no value of `{}`; {meant}expected one of {}", self.given, self.option, self.expected)
    }
}

impl core::error::Error for UnknownChoice {}

/// Gives an option its words: `FromStr`, `name` and the list of all.
macro_rules! words {
    ($type:ident, $option:literal, $($word:literal => $variant:ident),+ $(,)?) => {
        impl $type {
            /// The words that name a choice.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word of this choice.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownChoice;

            fn from_str(word: &str) -> Result<Self, UnknownChoice> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownChoice { option: $option, given: word.into(), expected: Self::WORDS.join(", ") }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words!(Reference, "reference", "tflm" => Tflm, "xnnpack" => Xnnpack, "ort" => Ort);
words!(Optimize, "optimize", "size" => Size, "speed" => Speed, "balanced" => Balanced);
words!(Interface, "interface", "model" => Model, "int8" => Int8);
words!(FormKind, "form", "shared" => Shared, "specialized" => Specialized, "packed" => Packed, "blocked" => Blocked,
    "sparse" => Sparse, "palettized" => Palettized, "sparse lanes" => SparseLanes, "sparse pairs" => SparsePairs,
    "unrolled" => Unrolled);
words!(CoreClass, "core",
    "generic" => Generic, "host" => Host, "armv6-m" => Armv6M, "armv7-m" => Armv7M, "dsp" => Dsp, "mve" => Mve, "riscv32" => Riscv32);

impl CoreClass {
    /// The class of a target triple and cpu, as Cargo and rustc name them; [`CoreClass::Generic`] where neither tells.
    pub fn of_target(triple: &str, cpu: &str) -> Self {
        let mve = ["cortex-m52", "cortex-m55", "cortex-m85"];
        let dsp = ["cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p"];
        match triple {
            _ if mve.iter().any(|name| cpu.starts_with(name)) => Self::Mve,
            _ if dsp.iter().any(|name| cpu.starts_with(name)) => Self::Dsp,
            _ if triple.starts_with("thumbv6m") || triple.starts_with("thumbv8m.base") => Self::Armv6M,
            _ if triple.starts_with("thumbv7em") => Self::Dsp,
            _ if triple.starts_with("thumbv7m") || triple.starts_with("thumbv8m.main") => Self::Armv7M,
            _ if triple.starts_with("riscv32") => Self::Riscv32,
            _ if triple.starts_with("x86_64") || triple.starts_with("aarch64") => Self::Host,
            _ => Self::Generic,
        }
    }
}
