//! What can go wrong between a program and its figures.

use crate::diag::Explain;
use std::path::PathBuf;
use std::time::Duration;

/// Why a program could not be built, run or measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Cargo is not there.
    #[error("`{program}` could not be started")]
    CargoMissing {
        /// What was called.
        program: String,
    },
    /// The standard library of a Rust target is not installed.
    #[error("the Rust target `{triple}` is not installed")]
    TargetMissing {
        /// The target.
        triple: String,
    },
    /// QEMU is not there.
    #[error("`{program}`, which emulates this core, could not be started")]
    EmulatorMissing {
        /// What was called.
        program: String,
    },
    /// Nothing emulates the core.
    #[error("no machine emulates the core `{core}`")]
    NoEmulator {
        /// The core's name.
        core: String,
    },
    /// The code does not build.
    #[error("the generated code does not build for `{target}`:\n{log}")]
    Build {
        /// The core or board.
        target: String,
        /// What cargo said.
        log: String,
    },
    /// Cargo took too long.
    #[error("cargo did not build for `{target}` within {} s", limit.as_secs())]
    BuildLimit {
        /// The core or board.
        target: String,
        /// The limit.
        limit: Duration,
    },
    /// The samples do not fit the program's inputs.
    #[error("program {program}: {message}")]
    Samples {
        /// Index of the program.
        program: usize,
        /// Expected and given.
        message: String,
    },
    /// The image ended with a failure.
    #[error("program {program} failed on `{target}` ({status}):\n{log}")]
    Failed {
        /// Index of the first program without a record.
        program: usize,
        /// The core or board.
        target: String,
        /// How it ended.
        status: String,
        /// What it, or the emulator, said.
        log: String,
    },
    /// The image ran too long.
    #[error("program {program} did not end within {} s on `{target}`", limit.as_secs())]
    TimeLimit {
        /// Index of the first program without a record.
        program: usize,
        /// The core or board.
        target: String,
        /// The limit.
        limit: Duration,
    },
    /// The counter does not count instructions.
    #[error("a loop of {expected} instructions counted as {counted} on `{target}`")]
    Calibration {
        /// The core or board.
        target: String,
        /// The loop's instructions.
        expected: u64,
        /// The counter's.
        counted: u64,
    },
    /// An inference used more stack than is watched.
    #[error("program {program} used at least {watched} bytes of stack")]
    StackTooDeep {
        /// Index of the program.
        program: usize,
        /// Bytes watched.
        watched: u64,
    },
    /// The runner's files are not what it should write.
    #[error("the runner's report cannot be used: {message}")]
    Report {
        /// What is wrong with it.
        message: String,
    },
    /// The ELF file cannot be read.
    #[error("`{}` is not a usable ELF file: {message}", path.display())]
    Elf {
        /// The file.
        path: PathBuf,
        /// The reader's message.
        message: String,
    },
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl MeasureError {
    /// Whether the cause is something that is not installed here, and not the program: a caller may skip the target.
    pub fn is_missing_tool(&self) -> bool {
        match self {
            Self::CargoMissing { .. } | Self::TargetMissing { .. } | Self::EmulatorMissing { .. } | Self::NoEmulator { .. } => {
                true
            }
            Self::Build { .. }
            | Self::BuildLimit { .. }
            | Self::Samples { .. }
            | Self::Failed { .. }
            | Self::TimeLimit { .. }
            | Self::Calibration { .. }
            | Self::StackTooDeep { .. }
            | Self::Report { .. }
            | Self::Elf { .. }
            | Self::File { .. } => false,
        }
    }
}

impl Explain for MeasureError {
    fn code(&self) -> &'static str {
        match self {
            Self::CargoMissing { .. } => "measure::cargo_missing",
            Self::TargetMissing { .. } => "measure::target_missing",
            Self::EmulatorMissing { .. } => "measure::emulator_missing",
            Self::NoEmulator { .. } => "measure::no_emulator",
            Self::Build { .. } => "measure::build",
            Self::BuildLimit { .. } => "measure::build_limit",
            Self::Samples { .. } => "measure::samples",
            Self::Failed { .. } => "measure::failed",
            Self::TimeLimit { .. } => "measure::time_limit",
            Self::Calibration { .. } => "measure::calibration",
            Self::StackTooDeep { .. } => "measure::stack_too_deep",
            Self::Report { .. } => "measure::report",
            Self::Elf { .. } => "measure::elf",
            Self::File { .. } => "measure::file",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::CargoMissing { .. } => "install Rust from https://rustup.rs, or name cargo in the variable CARGO".into(),
            Self::TargetMissing { triple } if triple.starts_with("xtensa") => {
                "install the vendor's toolchain: `cargo install espup && espup install`".into()
            }
            Self::TargetMissing { triple } => format!("`rustup target add {triple}`"),
            Self::EmulatorMissing { program } if program.contains("riscv") => {
                "`apt-get install qemu-system-misc` (Debian, Ubuntu), or QEMU 7.2 or later by other means".into()
            }
            Self::EmulatorMissing { .. } => {
                "`apt-get install qemu-system-arm` (Debian, Ubuntu), or QEMU 7.2 or later by other means".into()
            }
            Self::NoEmulator { .. } => {
                "run on `host` or on a core that is emulated: cortex-m0plus, cortex-m3, cortex-m4, cortex-m7, cortex-m33, \
                 cortex-m55, riscv32imc"
                    .into()
            }
            Self::Build { .. } => "generated code should always build: please report this with the model".into(),
            Self::BuildLimit { .. } => "look for another cargo that holds a lock, or a network that does not answer".into(),
            Self::Samples { .. } => "each input takes its elements once for every sample".into(),
            Self::Failed { .. } => "generated code should not fail: please report this with the model".into(),
            Self::TimeLimit { .. } => "run fewer samples, or allow more time".into(),
            Self::Calibration { .. } => "use QEMU 7.2 or a version whose `-icount` counts likewise".into(),
            Self::StackTooDeep { .. } => "make the model's kernels keep large values in the model, not on the stack".into(),
            Self::Report { .. } => "delete the directory of measurements and run again".into(),
            Self::Elf { .. } => "delete the directory of measurements and run again".into(),
            Self::File { .. } => "check that the directory of measurements can be written and has room".into(),
        }
    }
}
