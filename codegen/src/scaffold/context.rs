//! What templates are filled with.

use super::kit::Kit;
use super::ports::{Input, Log, Output};
use super::{Dependency, Request, samples};
use crate::boards::{Catalogue, Hal};
use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::emit::{accessors, snake_case};
use crate::eval;
use crate::measure::{Samples, memory_x};
use crate::options::{Optimize, Reference};
use crate::text::number;
use askama::Template;
use std::path::Path;

/// Everything that a template can ask for.
pub(super) struct Context<'a> {
    pub(super) name: &'a str,
    kit: Kit<'a>,
    /// Where the program runs, as "the Raspberry Pi Pico (RP2040)".
    on: String,
    title: String,
    /// Name of the board or core.
    target: &'a str,
    core: &'a str,
    pub(super) triple: &'a str,
    cpu: Option<&'a str>,
    pub(super) model_file: String,
    options: &'a crate::options::Options,
    pub(super) tinybake: Dependency<'a>,
    ram: String,
    weights: String,
    macs: String,
    pub(super) inputs: Vec<Input>,
    outputs: Vec<Output>,
    samples: usize,
    recorded: bool,
    /// What each sample gives.
    told: Vec<Vec<String>>,
}

/// Declares a template's type, all of one shape.
macro_rules! template {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> {
            p: &'a Context<'a>,
        }
    };
}
template!(Manifest, "Cargo.toml.j2");
template!(Config, "config.toml.j2");
template!(BuildScript, "build.rs.j2");
template!(Memory, "memory.x.j2");
template!(Readme, "README.md.j2");
template!(MainSemihosting, "main_semihosting.rs.j2");
template!(MainEmbassy, "main_embassy.rs.j2");
template!(MainEsp, "main_esp.rs.j2");

impl<'a> Context<'a> {
    pub(super) fn new(request: &Request<'a>, kit: Kit<'a>, samples: &Samples) -> Result<Self, Diagnostics> {
        let Request { name, model, topology: _, compiled, target, golden, tinybake } = *request;
        let plan = &compiled.plan;
        let accessors = accessors(plan);
        let sizes: Vec<usize> = plan.inputs.iter().map(crate::plan::Port::elements).collect();
        let alone = plan.outputs.len() == 1;
        let outputs: Vec<Output> = plan
            .outputs
            .iter()
            .zip(accessors.outputs.into_iter().zip(accessors.output_infos))
            .map(|(port, (method, info))| Output::new(port, method, info, &sizes, alone))
            .collect();
        let told = (0..samples.count).map(|index| {
            let data = eval::run(&compiled.program, &samples::data(plan, samples, index)).map_err(|error| broken(&error))?;
            Ok(outputs.iter().zip(&data).flat_map(|(output, data)| output.told(data)).collect())
        });
        let (on, title) = match kit {
            Kit::Emulated(machine) => (
                format!("an emulated {} (QEMU's {})", target.core.title, machine.name),
                format!("QEMU's machine {}", machine.name),
            ),
            Kit::Board(board, _) => (format!("the {}", board.title), board.title.clone()),
        };
        Ok(Self {
            name,
            kit,
            on,
            title,
            target: target.name(),
            core: &target.core.name,
            triple: target.core.triple.as_deref().unwrap_or_default(),
            cpu: target.core.cpu.as_deref(),
            model_file: format!("models/{}", file_name(model.0)),
            options: &plan.options,
            tinybake,
            ram: number(plan.ram_bytes() as u64),
            weights: number(plan.weight_bytes() as u64),
            macs: number(plan.macs),
            inputs: plan.inputs.iter().zip(accessors.inputs).map(|(port, method)| Input::new(port, method)).collect(),
            told: told.collect::<Result<_, Diagnostics>>()?,
            outputs,
            samples: samples.count,
            recorded: golden.is_some(),
        })
    }

    /// Every text file of the project, by path.
    pub(super) fn render(&self) -> Result<Vec<(&'static str, String)>, Diagnostics> {
        let mut files = vec![
            (".gitignore", Ok("/target\n".to_string())),
            (".cargo/config.toml", Config { p: self }.render()),
            ("Cargo.toml", Manifest { p: self }.render()),
            ("README.md", Readme { p: self }.render()),
            ("build.rs", BuildScript { p: self }.render()),
        ];
        match self.kit {
            Kit::Emulated(machine) => {
                files.push(("memory.x", Ok(format!("/* {} */\n{}", self.title, memory_x(machine, self.triple)))));
                files.push(("src/main.rs", MainSemihosting { p: self }.render()));
            }
            Kit::Board(_, firmware) => match firmware.hal {
                Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 => {
                    files.push(("memory.x", Memory { p: self }.render()));
                    files.push(("src/main.rs", MainEmbassy { p: self }.render()));
                }
                Hal::EspHal => files.push(("src/main.rs", MainEsp { p: self }.render())),
            },
        }
        files
            .into_iter()
            .map(|(path, text)| {
                let mut text = text.map_err(|error| broken(&error))?;
                text.truncate(text.trim_end().len());
                text.push('\n');
                Ok((path, text))
            })
            .collect()
    }

    pub(super) fn hal(&self) -> Option<Hal> {
        match self.kit {
            Kit::Emulated(_) => None,
            Kit::Board(_, firmware) => Some(firmware.hal),
        }
    }

    pub(super) fn feature(&self) -> &str {
        match self.kit {
            Kit::Emulated(_) => "",
            Kit::Board(_, firmware) => &firmware.feature,
        }
    }

    fn is_emulated(&self) -> bool {
        self.hal().is_none()
    }

    fn is_embassy(&self) -> bool {
        matches!(self.hal(), Some(Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32))
    }

    pub(super) fn is_riscv(&self) -> bool {
        self.triple.starts_with("riscv")
    }

    fn is_rp2040(&self) -> bool {
        self.feature() == "rp2040"
    }

    fn is_rp2350(&self) -> bool {
        self.feature().starts_with("rp235")
    }

    fn is_stm32f4(&self) -> bool {
        self.feature().starts_with("stm32f4")
    }

    fn has_memory(&self) -> bool {
        self.hal() != Some(Hal::EspHal)
    }

    fn clock_mhz(&self) -> u32 {
        match self.kit {
            Kit::Emulated(_) => 0,
            Kit::Board(board, _) => board.clock_mhz,
        }
    }

    /// The HAL as a name in Rust.
    fn hal_module(&self) -> String {
        self.kit.name().replace('-', "_")
    }

    fn entry(&self) -> &'static str {
        if self.is_riscv() { "riscv_rt::entry" } else { "cortex_m_rt::entry" }
    }

    /// The macro that tells.
    fn log(&self) -> Log {
        match self.is_embassy() {
            true => Log { name: "info!", inline: false },
            false => Log { name: "println!", inline: true },
        }
    }

    /// The arguments of `include_model!`. A board of the user's own table is not known to the macro, but its core may be.
    fn include(&self) -> String {
        let catalogue = Catalogue::builtin();
        let known = [self.target, self.core].into_iter().find(|name| catalogue.find(name).is_ok());
        let target = known.unwrap_or(self.triple);
        let reference = match self.options.reference {
            Reference::Tflm => String::new(),
            other @ Reference::Xnnpack => format!(", reference = \"{other}\""),
        };
        let optimize = self.options.optimize;
        format!("mod network = \"{}\", target = \"{target}\", optimize = \"{optimize}\"{reference}", self.model_file)
    }

    fn opt_level(&self) -> &'static str {
        match self.options.optimize {
            Optimize::Size => "\"s\"",
            Optimize::Speed | Optimize::Balanced => "3",
        }
    }

    /// What `cargo run` starts.
    fn runner(&self) -> String {
        match self.kit {
            Kit::Emulated(machine) => {
                let bios = if self.is_riscv() { " -bios none" } else { "" };
                format!(
                    "{} -machine {}{bios} -nographic -semihosting-config enable=on,target=native -kernel",
                    machine.emulator, machine.name
                )
            }
            Kit::Board(_, firmware) => match firmware.hal {
                Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32 => format!("probe-rs run --chip {}", firmware.chip),
                Hal::EspHal => format!("espflash flash --monitor --chip {}", firmware.chip),
            },
        }
    }

    fn link_arguments(&self) -> String {
        let mut arguments = vec!["-Tlink.x"];
        if self.is_embassy() {
            arguments.extend(["-Tdefmt.x", "--nmagic"]);
        }
        if self.is_rp2040() {
            arguments.push("-Tlink-rp.x");
        }
        arguments.iter().map(|argument| format!("{argument:?}")).collect::<Vec<_>>().join(", ")
    }

    /// First address and KiB of flash and of RAM, for boards with a linker script of the project's own.
    fn memory(&self) -> [(u32, u64); 2] {
        let (origin_flash, origin_ram) = match self.kit {
            Kit::Emulated(_) => (None, None),
            Kit::Board(_, firmware) => (firmware.flash_origin, firmware.ram_origin),
        };
        let (flash, ram) = self.kit.memory();
        let region = |origin: Option<u32>, bytes: u64| (origin.unwrap_or_default(), bytes / 1024);
        [region(origin_flash, flash.unwrap_or_default()), region(origin_ram, ram)]
    }

    fn limits(&self) -> String {
        match self.kit.memory() {
            (Some(flash), ram) => format!("{} bytes of flash and {} bytes of RAM", number(flash), number(ram)),
            (None, ram) => format!("{} bytes of RAM", number(ram)),
        }
    }

    /// How a real value becomes the input's, where there is one input of `int8`.
    fn quantizes(&self) -> bool {
        matches!(self.inputs.as_slice(), [input] if input.is_i8())
    }

    /// Commands that install what building and running takes.
    pub(super) fn install(&self) -> Vec<String> {
        let mut lines = vec![format!("rustup target add {}", self.triple)];
        match self.hal() {
            None if self.is_riscv() => lines.push("sudo apt-get install qemu-system-misc".into()),
            None => lines.push("sudo apt-get install qemu-system-arm".into()),
            Some(Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32) => {
                lines.push("cargo install probe-rs-tools --locked".into());
            }
            Some(Hal::EspHal) => lines.push("cargo install espflash --locked".into()),
        }
        lines
    }

    /// How the board is connected.
    fn connect(&self) -> String {
        match self.hal() {
            None => "QEMU has packages for other systems too: <https://www.qemu.org/download>.".into(),
            Some(Hal::EmbassyRp) => format!(
                "Connect a debug probe, such as the Raspberry Pi Debug Probe, to the board's SWD pins, and both to this computer. Without a probe,\n\
                 hold BOOTSEL while you plug the board in, and `picotool load -u -v -x -t elf target/{}/release/{}` starts the\n\
                 program; its log needs a probe.",
                self.triple, self.name
            ),
            Some(Hal::EmbassyNrf | Hal::EmbassyStm32) => {
                "Connect the board's debugger to this computer by USB; <https://probe.rs/docs/getting-started/probe-setup/> says what\n\
                 access to it takes."
                    .into()
            }
            Some(Hal::EspHal) => "Connect the board to this computer by USB.".into(),
        }
    }

    /// What a run prints.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (sample, told) in self.told.iter().enumerate() {
            lines.push(if self.is_emulated() { format!("sample {sample}:") } else { format!("sample {sample}: ... us") });
            lines.extend(told.iter().cloned());
        }
        lines
    }
}

/// The model's file name where it needs no escapes anywhere, or one like it.
fn file_name(given: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if given.chars().all(plain) && !given.starts_with('.') {
        return given.into();
    }
    let path = Path::new(given);
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| snake_case(&part.to_string_lossy())).unwrap_or_default();
    match path.extension() {
        Some(extension) => format!("{}.{}", part(path.file_stem()), part(Some(extension))),
        None => part(path.file_stem()),
    }
}

/// A template or an evaluation that fails: neither depends on what a user gives.
fn broken(error: &dyn std::error::Error) -> Diagnostics {
    Diagnostic {
        code: "new::broken",
        message: error.to_string(),
        place: Place::default(),
        help: "this is a fault of tinybake; please report it with the model".into(),
    }
    .into()
}
