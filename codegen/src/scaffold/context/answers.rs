//! What templates ask about the target: what it is, what it takes, what it prints.

use super::super::kit::Kit;
use super::super::ports::Log;
use super::Context;
use crate::boards::{Catalogue, Hal};
use crate::options::{Interface, Optimize};
use crate::pipeline;
use crate::text::number;

impl Context<'_> {
    pub(in crate::scaffold) fn hal(&self) -> Option<Hal> {
        match self.kit {
            Kit::Emulated(_) => None,
            Kit::Board(_, firmware) => Some(firmware.hal),
        }
    }

    pub(in crate::scaffold) fn feature(&self) -> &str {
        match self.kit {
            Kit::Emulated(_) => "",
            Kit::Board(_, firmware) => &firmware.feature,
        }
    }

    pub(super) fn is_emulated(&self) -> bool {
        self.hal().is_none()
    }

    pub(super) fn is_embassy(&self) -> bool {
        matches!(self.hal(), Some(Hal::EmbassyRp | Hal::EmbassyNrf | Hal::EmbassyStm32))
    }

    pub(in crate::scaffold) fn is_riscv(&self) -> bool {
        self.triple.starts_with("riscv")
    }

    pub(super) fn is_rp2040(&self) -> bool {
        self.feature() == "rp2040"
    }

    pub(super) fn is_rp2350(&self) -> bool {
        self.feature().starts_with("rp235")
    }

    pub(super) fn is_stm32f4(&self) -> bool {
        self.feature().starts_with("stm32f4")
    }

    pub(super) fn has_memory(&self) -> bool {
        self.hal() != Some(Hal::EspHal)
    }

    pub(super) fn clock_mhz(&self) -> u32 {
        match self.kit {
            Kit::Emulated(_) => 0,
            Kit::Board(board, _) => board.clock_mhz,
        }
    }

    /// The HAL as a name in Rust.
    pub(super) fn hal_module(&self) -> String {
        self.kit.name().replace('-', "_")
    }

    pub(super) fn entry(&self) -> &'static str {
        if self.is_riscv() { "riscv_rt::entry" } else { "cortex_m_rt::entry" }
    }

    /// The macro that tells.
    pub(super) fn log(&self) -> Log {
        match self.is_embassy() {
            true => Log { name: "info!", inline: false },
            false => Log { name: "println!", inline: true },
        }
    }

    /// The arguments of `include_model!`. A board of the user's own table is not known to the macro, but its core may be.
    pub(super) fn include(&self) -> String {
        let catalogue = Catalogue::builtin();
        let known = [self.target, self.core].into_iter().find(|name| catalogue.find(name).is_ok());
        let target = known.unwrap_or(self.triple);
        let reference = match self.options.reference {
            Some(reference) if reference != pipeline::reference_of(&self.model_file) => format!(", reference = \"{reference}\""),
            Some(_) | None => String::new(),
        };
        let interface = match self.options.interface {
            Interface::Model => "",
            Interface::Int8 => ", interface = \"int8\"",
        };
        let optimize = self.options.optimize;
        format!("mod network = \"{}\", target = \"{target}\", optimize = \"{optimize}\"{reference}{interface}", self.model_file)
    }

    pub(super) fn opt_level(&self) -> &'static str {
        match self.options.optimize {
            Optimize::Size => "\"s\"",
            Optimize::Speed | Optimize::Balanced => "3",
        }
    }

    /// What `cargo run` starts.
    pub(super) fn runner(&self) -> String {
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

    pub(super) fn link_arguments(&self) -> String {
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
    pub(super) fn memory(&self) -> [(u32, u64); 2] {
        let (origin_flash, origin_ram) = match self.kit {
            Kit::Emulated(_) => (None, None),
            Kit::Board(_, firmware) => (firmware.flash_origin, firmware.ram_origin),
        };
        let (flash, ram) = self.kit.memory();
        let region = |origin: Option<u32>, bytes: u64| (origin.unwrap_or_default(), bytes / 1024);
        [region(origin_flash, flash.unwrap_or_default()), region(origin_ram, ram)]
    }

    pub(super) fn limits(&self) -> String {
        match self.kit.memory() {
            (Some(flash), ram) => format!("{} bytes of flash and {} bytes of RAM", number(flash), number(ram)),
            (None, ram) => format!("{} bytes of RAM", number(ram)),
        }
    }

    /// How a real value becomes the input's, where there is one input of `int8`.
    pub(super) fn quantizes(&self) -> bool {
        matches!(self.inputs.as_slice(), [input] if input.is_i8())
    }

    /// Commands that install what building and running takes.
    pub(in crate::scaffold) fn install(&self) -> Vec<String> {
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
    pub(super) fn connect(&self) -> String {
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
            Some(Hal::EspHal) => "Connect the board to this computer by USB. esp-hal needs Rust 1.95 or newer.".into(),
        }
    }

    /// What a run prints.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (sample, told) in self.told.iter().enumerate() {
            lines.push(if self.is_emulated() { format!("sample {sample}:") } else { format!("sample {sample}: ... us") });
            lines.extend(told.iter().cloned());
        }
        lines
    }
}
